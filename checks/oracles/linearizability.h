// Oracle: linearizability.
//
// What it proves: in every real-time order of the operations that some equivalent execution has (real_time.h), there is
// one order of the specification's atomic steps, each inside the interval of its operation, in which the sequential
// model gives every operation the answer that was observed and ends in the state that a snapshot shows. A prefix that
// was missed though it was cached throughout, a refusal without need, a page that two answers claim: none of these fits
// any order. Where the search gives up, the history is undecided, and the run incomplete.
//
// Where operations overlap, most executions repeat a history that an earlier one had: the same answers under the same
// happens-before order of first and last steps, and so the same real-time orders. Such a history is judged once. (Where
// one mutex guards everything, every execution has a different order, and nothing repeats.)
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checks/explore/clock_vector.h"
#include "checks/oracles/oracle.h"
#include "checks/oracles/real_time.h"
#include "model/linearizability.h"
#include "model/whole_operations.h"

namespace triecheck::checks {

class linearizability final : public oracle {
 public:
  static constexpr const char* kind = "linearizability";

  /// `rule`: what answers are held to. With `at_once`, whole operations have to fit an order
  /// (model/whole_operations.h), and the order of eviction is judged. With `crowded`, an operation may miss what others
  /// move that overlap it in the order that is judged.
  linearizability(const model::config& c, model::refusals rule) : config_(c), rule_(rule) {}
  explicit linearizability(const oracle_setting& s) : linearizability(s.cache, s.rule) {}

  void clear() override {
    recorded_ = 0;
    shown_.clear();
    intervals_.clear();
  }

  finding returned(const returned_operation& r) override {
    record(r.op, r.answer, r.when);
    return std::nullopt;
  }
  finding available_answered(const model::availability& seen, const interval& when) override {
    if (rule_ == model::refusals::at_once) record_available(seen, when);
    return std::nullopt;
  }
  finding snapshot_taken(const structure& s, const interval& when) override {
    record_snapshot(s.pages, s.eviction_order, when);
    return std::nullopt;
  }
  finding after_shutdown(const final_state& before, std::size_t, std::size_t) override {
    return check(before.shown.pages, before.shown.eviction_order);
  }

  /// An operation returned. Operations outside of the threads come before all of these or behind them.
  void record(const model::operation& op, const model::outcome& observed, const interval& when);

  /// A snapshot was taken while others ran. Judged with `at_once`.
  void record_snapshot(std::vector<model::page_view> pages, std::vector<model::page> eviction_order,
                       const interval& when) {
    record({.kind = model::operation_kind::evict}, {}, when);
    shown_.resize(recorded_);
    shown_.back() = model::end_state{std::move(pages), std::move(eviction_order)};
  }

  /// While others ran, it was seen how many pages are available. Judged with `at_once`.
  void record_available(const model::availability& seen, const interval& when) {
    record({.kind = model::operation_kind::evict}, {}, when);
    shown_.resize(recorded_);
    shown_.back() = model::end_state{.pages = {}, .eviction_order = {}, .available = seen};
  }

  /// Judges the history; a snapshot behind the last operation showed `pages` and, of interest with `at_once` only, the
  /// order.
  std::optional<std::string> check(const std::vector<model::page_view>& pages,
                                   const std::vector<model::page>& eviction_order = {});

  /// How many histories were judged, those that repeat another included, and how many real-time orders they had.
  std::size_t histories() const { return histories_; }
  std::size_t orders() const { return orders_; }

  /// How many histories the search gave up on: there the orders were too many, or one of them too hard.
  std::size_t undecided() const { return undecided_; }

 private:
  /// What became of a history, if nothing was wrong with it.
  struct judgement {
    std::size_t orders = 0;
    bool decided = true;
  };

  void note_key();
  void add_to_key(const model::end_state& s);
  void add_to_key(const model::event& e);
  judgement judge(std::optional<std::string>& wrong);
  model::linearization explain(std::size_t states) const;
  std::string show_order(std::span<const stages> order) const;

  const model::config config_;
  const model::refusals rule_;
  std::vector<model::event> events_;  // the first `recorded_` are the history; those behind are overwritten, not freed
  std::size_t recorded_ = 0;
  std::vector<std::optional<model::end_state>> shown_;  // by event: what a snapshot saw
  model::end_state end_;
  std::vector<interval> intervals_;  // of the operations of the threads, the first of which is events_[before_]
  std::size_t before_ = 0;
  real_time real_time_;

  std::string key_;  // all that the judgement of a history depends on
  std::unordered_map<std::string, judgement> judged_;
  std::size_t histories_ = 0;
  std::size_t orders_ = 0;
  std::size_t undecided_ = 0;
};

}  // namespace triecheck::checks
