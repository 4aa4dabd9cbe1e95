// A scenario as a program under test: runs its steps on a cache and asks the oracles.
//
// Every operation is announced to the oracles, recorded for the linearizability check and, when somebody reads, titled
// in the interleaving as the scenario writes it. The oracles are objects of their own (checks/oracles); this file only
// says when each is asked.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checks/explore/relacy_sync.h"
#include "checks/explore/session.h"
#include "checks/oracles/linearizability.h"
#include "checks/oracles/page_contents.h"
#include "checks/oracles/page_ownership.h"
#include "checks/oracles/statistics.h"
#include "checks/scenario/scenario.h"
#include "checks/subject.h"

namespace triecheck::explore {

/// How many operations of the cache a scenario holds, requests counted as what they consist of.
std::size_t count_operations(const checks::scenario& s);

class scenario_program final : public program {
 public:
  /// `rule`: what the refusals of the cache are held to; `together`: what the answers of `stats` are.
  scenario_program(const checks::scenario& s, checks::subject_factory make, model::refusals rule = model::refusals::exact,
                   checks::at_one_instant together = checks::at_one_instant::each);

  unsigned threads() const override { return static_cast<unsigned>(threads_.size()); }
  void setup() override;
  void thread(unsigned index) override { run(threads_[index]); }
  void finish() override;

  /// The oracle that judges the histories of all executions. Those that it gave up on make a run incomplete.
  const checks::linearizability& history() const { return history_; }

 private:
  /// A step with the numbers of its leases; `request` is already split.
  struct action {
    checks::step_kind kind;
    model::lease lease = 0;
    model::lease source = 0;
    std::vector<model::token> tokens;
    model::key_space space = 0;
    std::size_t count = 0;
    bool or_stop = false;
    std::string text;
  };

  /// What the harness knows of a lease. Lives on the harness's heap.
  struct lease_book {
    bool open = false;
    model::key_space space = 0;
    std::vector<model::token> wanted;  // of the request
    std::vector<model::token> held;    // of the lease
    model::outcome last;               // of its latest operation: the pages it has

    /// Assigning a fresh book would give up the memory of its vectors, execution after execution.
    void clear() {
      open = false;
      wanted.clear();
      held.clear();
      last.result = model::status::ok;
      last.pages.clear();
      last.cached = last.evicted = 0;
      last.copies.clear();
    }
  };

  using script = std::vector<action>;

  script prepare(const std::vector<checks::step>& steps);
  void run(const script& actions);
  bool run_action(const action& a);
  model::outcome perform(const model::operation& op);
  void stats();
  void check_events(const model::operation& op, const model::outcome& o);
  void lookup(const action& a);
  bool grow(const action& a, const std::vector<model::token>& tokens);
  bool may_refuse(const action& a, const model::outcome& o) const;
  bool fork(const action& a);
  void write(model::lease l);
  void read(const action& a);
  void release(model::lease l);
  std::uint64_t digest_of_page(const lease_book& book, std::size_t index) const;
  std::size_t written_pages(const lease_book& book) const;
  std::string meaning(std::uint64_t content) const;
  void check_end();
  std::optional<violation> check_contents(const checks::structure& s, const std::vector<std::uint64_t>& contents) const;

  const model::config config_;
  const bool events_;
  const checks::subject_factory make_;
  const model::refusals rule_;
  const checks::at_one_instant together_;
  bool asks_stats_ = false;  // whether some step does: only then is anything kept for it
  std::size_t leases_ = 0;
  script init_;
  std::vector<script> threads_;
  script final_;

  // Of one execution. The first two live inside the simulation: after a violation they are gone with it.
  checks::subject* subject_ = nullptr;
  checks::page_contents<relacy_sync>* contents_ = nullptr;
  std::vector<lease_book> books_;
  checks::page_ownership ownership_;
  checks::linearizability history_;
  model::statistics counted_;
  checks::counted_operations answers_;
  std::size_t clears_ = 0;         // as pages_cleared_, for the oracle of events
  std::size_t pages_cleared_ = 0;

  std::map<std::uint64_t, std::string> written_;  // what each digest stands for, of all executions
};

}  // namespace triecheck::explore
