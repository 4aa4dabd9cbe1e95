// Oracle: linearizability.
//
// What it proves: there is one order of the specification's atomic steps, each inside the interval of its operation, in
// which the sequential model gives every operation the answer that was observed and ends in the state that a snapshot
// shows. A prefix that was missed though it stood there all the time, a refusal without need, a page that two answers
// claim: none of these fits any order. Where the search gives up, the history is undecided, and the run incomplete.
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/linearizability.h"

namespace triecheck::checks {

class linearizability {
 public:
  explicit linearizability(const model::config& c) : config_(c) {}

  /// Forgets the history of the last execution.
  void clear() { recorded_ = 0; }

  void record(unsigned thread, const model::operation& op, const model::outcome& observed, std::size_t called,
              std::size_t returned) {
    if (recorded_ == events_.size()) events_.emplace_back();
    model::event& e = events_[recorded_++];
    e.thread = thread;
    e.op = op;
    e.observed = observed;
    e.called = called;
    e.returned = returned;
  }

  /// Judges the history; `pages` is what a snapshot showed behind the last operation.
  std::optional<std::string> check(const std::vector<model::page_view>& pages) {
    // Far above what a scenario needs, and done well before the watchdog takes the search for a hang.
    constexpr std::size_t most_states = 200'000;
    events_.resize(recorded_);
    const model::linearization found = model::check(config_, events_, &pages, most_states, false);
    undecided_ += found.verdict == model::linearizable::unknown;
    if (found.verdict != model::linearizable::no) return std::nullopt;
    return found.reason;
  }

  /// How many histories the search gave up on.
  std::size_t undecided() const { return undecided_; }

 private:
  const model::config config_;
  std::vector<model::event> events_;  // the first `recorded_` are the history; those behind are overwritten, not freed
  std::size_t recorded_ = 0;
  std::size_t undecided_ = 0;
};

}  // namespace triecheck::checks
