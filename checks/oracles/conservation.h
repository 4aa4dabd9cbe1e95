// Oracle: conservation (I5, I10).
//
// What it proves: the counters are what the answers of the operations add up to. At rest they are exactly that, and
// free, private and cached pages are the pool (check_conservation, structure.h). While other operations run, an answer
// is held to what statistics.h says.
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <vector>

#include "checks/oracles/oracle.h"
#include "checks/oracles/statistics.h"
#include "checks/oracles/structure.h"

namespace triecheck::checks {

class conservation final : public oracle {
 public:
  static constexpr const char* kind = "conservation";

  explicit conservation(const oracle_setting& s) : setting_(s), attempts_(s.leases) {}

  void clear() override {
    counted_ = {};
    answers_.clear();
    attempts_.assign(attempts_.size(), {});
  }

  finding returned(const returned_operation& r) override {
    if (!model::has_lease(r.op.kind)) return std::nullopt;
    const std::size_t tokens_per_page = setting_.cache.tokens_per_page;
    lease_attempt& asked = attempts_[r.lease()];
    const lease_attempt attempt = r.schedules ? asked : lease_attempt{};
    tally(counted_, r.op, r.answer, r.before, tokens_per_page, attempt);
    if (setting_.asks_stats) {
      model::statistics counts;
      tally(counts, r.op, r.answer, r.before, tokens_per_page, attempt);
      answers_.record(counts, r.when, chain_growth(r.op, r.answer, r.before));
    }
    asked.follow(r.op, r.answer, tokens_per_page);
    return std::nullopt;
  }

  finding stats_answered(const model::statistics& reported, const interval& when) override {
    answers_.answer(reported, when);
    return check_statistics(reported, setting_.cache.pages, setting_.together);
  }

  finding available_answered(const model::availability& reported, const interval& when) override {
    answers_.answer_available(reported, when);
    return check_available(reported, setting_.cache.pages, setting_.together);
  }

  finding at_the_end(const final_state& s) override {
    if (auto wrong = check_conservation(s.shown, s.reported, counted_)) return wrong;
    return answers_.check();
  }

 private:
  const oracle_setting setting_;
  model::statistics counted_;
  counted_operations answers_;
  std::vector<lease_attempt> attempts_;  // by lease
};

}  // namespace triecheck::checks
