// A scenario as a program under test: runs its steps on a cache and asks the oracles.
//
// Every operation is announced to the oracles, recorded for the linearizability check and, when somebody reads, titled
// in the interleaving as the scenario writes it. The oracles are a list (checks/oracles/list.h); this file only says
// when each is called. What needs the layer is judged here: page contents, what a closed lease answers, pages that are
// lost.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checks/explore/relacy/sync.h"
#include "checks/explore/session.h"
#include "checks/oracles/list.h"
#include "checks/oracles/page_contents.h"
#include "checks/scenario/scenario.h"
#include "checks/subject/subject.h"
#include "checks/verify/failing_memory.h"
#include "checks/verify/hand_over.h"
#include "checks/verify/scenario_script.h"
#include "model/held_keys.h"

namespace triecheck::explore {

class scenario_program final : public program {
 public:
  /// `rule`: what the refusals of the cache are held to; `together`: what the answers of `stats` are.
  scenario_program(const checks::scenario& s, checks::subject_factory make,
                   model::refusals rule = model::refusals::exact,
                   checks::stats_consistency together = checks::stats_consistency::each);

  unsigned threads() const override { return static_cast<unsigned>(scripts_.threads.size()); }
  void setup() override;
  void thread(unsigned index) override { run(scripts_.threads[index]); }
  void finish() override;
  std::size_t undecided() const override { return history().undecided(); }

  /// The oracle that judges the histories of all executions. Those that it gave up on make a run incomplete.
  const checks::linearizability& history() const { return oracles_.get<checks::linearizability>(); }

 private:
  static constexpr unsigned nobody = max_threads + 1;  // on its way

  /// What the harness knows of a lease. Lives on the harness's heap.
  struct lease_book {
    bool open = false;
    unsigned owner = nobody;  // the thread of the session whose section has it now
    model::key_space space = 0;
    std::vector<model::token> wanted;  // of the request
    std::vector<model::block_key> wanted_keys;
    std::vector<model::token> held;  // of the lease
    model::held_keys keys;
    std::size_t computed = 0;  // of these, whose contents exist: found, or written
    model::outcome last;       // of its latest operation: the pages it has

    /// Assigning a fresh book would give up the memory of its vectors, execution after execution.
    void clear() {
      open = false;
      owner = nobody;
      wanted.clear();
      wanted_keys.clear();
      held.clear();
      keys.shrink(0, 1);
      computed = 0;
      last.result = model::status::ok;
      last.pages.clear();
      last.cached = last.evicted = 0;
      last.copies.clear();
    }
  };

  /// Enters the cache's events into the oracle's book. An event is a step of the layer: every order of them is tried.
  /// It is relaxed, so that it orders nothing that the cache does not.
  class subscriber final : public cache_events {
   public:
    explicit subscriber(checks::event_book& book) : book_(book) { relacy_sync::label(moment_, "events"); }
    void stored(const stored_page& p) noexcept override;
    void removed(page_id page) noexcept override;
    void cleared(std::size_t pages) noexcept override;

    /// A look at the book is a step, as an event is: both orders of the two are explored. Relaxed, so that it orders
    /// nothing that the cache does not; unlike a load it is never stale.
    void look() { static_cast<void>(moment_.fetch_add(0, memory_order::relaxed)); }

   private:
    template <class Entry>
    void enter(Entry entry);

    checks::event_book& book_;
    relacy_sync::atomic<std::uint64_t> moment_{0};
  };

  /// A subscriber that joins and leaves. Its book knows the events alone; the hub tells one at a time.
  class follower final : public cache_events {
   public:
    explicit follower(const model::config& c) : book_(c.pages, c.tokens_per_page) {}
    void stored(const stored_page& p) noexcept override;
    void removed(page_id page) noexcept override;
    void cleared(std::size_t pages) noexcept override;

    void clear() {
      book_.clear();
      is_member_ = has_left_ = was_told_late_ = false;
    }
    bool is_member() const { return is_member_; }
    void has_joined() { is_member_ = true; }
    void leaves() { is_member_ = false; }
    void has_left() { has_left_ = true; }

    std::optional<std::string> violation() const;
    const checks::event_book& book() const { return book_; }

   private:
    template <class Entry>
    void enter(Entry entry);

    checks::event_book book_;
    bool is_member_ = false;  // it knows all that is cached
    bool has_left_ = false;
    bool was_told_late_ = false;
  };

  void run(const script& actions);
  bool run_action(const action& a);
  void decline(const action& a);
  bool is_cancelled() const;
  void cancel(std::size_t thread);
  void give(const action& a, bool is_there);
  bool take(const action& a);
  void foreign(const action& a);
  model::outcome perform(const model::operation& op, std::size_t failing = 0);
  std::optional<model::outcome> attempt(const model::operation& op, std::size_t failing);
  void check_unchanged(const model::operation& op);
  bool looks_beside_others() const;
  void stats();
  void available();
  void snapshot();
  void subscribe(std::size_t number);
  void unsubscribe(std::size_t number);
  std::uint32_t members() const;
  void check_followers() const;
  void check_followers(std::uint32_t members, const model::operation& op, const model::outcome& o) const;

  /// Fails with what `ask` finds wrong with one of them and its number.
  template <class Ask>
  void ask_followers(Ask ask) const {
    for (std::size_t i = 0; i < followers_.size(); ++i) {
      std::optional<std::string> wrong;
      {
        const outside_simulation heap;
        wrong = ask(followers_[i], i);
      }
      if (wrong) session::current().fail("events", "subscriber " + std::to_string(i) + ": " + *wrong);
    }
  }
  void shrink(const action& a);
  void lookup(const action& a);
  bool grow(const action& a, const std::vector<model::token>& tokens, const std::vector<model::block_key>& keys);
  std::optional<model::outcome> allocate_in_turn(const model::operation& op);
  bool may_refuse(const action& a, const model::outcome& o) const;
  bool fork(const action& a);
  void write(model::lease l);
  void read(const action& a);
  void release(const model::operation& op);
  std::vector<model::block_key> keys_up_to(const lease_book& book, std::size_t end) const;
  std::uint64_t digest_of_page(const lease_book& book, std::size_t index) const;
  std::size_t written_pages(const lease_book& book) const;
  std::string meaning(std::uint64_t content) const;
  void check_end();
  void shut_down(const checks::final_state& before);
  static void require_none(const std::optional<checks::objection>& wrong);
  std::optional<checks::objection> check_contents(const checks::structure& s,
                                                  const std::vector<std::uint64_t>& contents) const;

  const model::config config_;
  const std::size_t index_buckets_;
  const bool events_;
  const bool forgets_;
  const unsigned thread_indices_;
  const checks::subject_factory make_;
  const model::refusals rule_;
  const checks::stats_consistency together_;
  bool uses_foreign_ = false;
  const scenario_scripts scripts_;
  std::uint32_t cancellable_ = 0;  // bit per thread

  // Of one execution. The first five live inside the simulation: after a violation they are gone with it.
  checks::subject* subject_ = nullptr;
  checks::page_contents<relacy_sync>* contents_ = nullptr;
  subscriber* told_ = nullptr;
  hand_over* hand_overs_ = nullptr;
  relacy_sync::atomic<std::uint32_t>* cancelled_ = nullptr;  // by thread
  std::vector<lease_book> books_;
  std::vector<char> given_;               // by hand-over: whether it was given, or said that it does not come
  std::vector<char> taken_;               // by hand-over: whether it was taken, or does not come
  std::optional<failing_memory> memory_;  // where some step has a request for memory fail
  checks::scenario_oracles oracles_;
  std::vector<follower> followers_;      // by number; none where no step has one join
  const model::outcome nothing_before_;  // of an operation without a lease

  std::map<std::uint64_t, std::string> written_;  // the tokens of each digest, of all executions
};

}  // namespace triecheck::explore
