// Oracle: statistics, while other operations run.
//
// When nothing runs, every number is known (check_conservation). In between, the specification makes each number one
// atomic step, so that an answer need not be that of any one state. What must hold nevertheless:
//  - No number of pages exceeds the pool. It would if a page were counted twice, or counted out twice, as the number
//    wraps around.
//  - What a variant says belongs to one instant fits together.
//  - No page is pinned beyond what the chains of leases can hold.
//  - No counter lacks what its own thread did, or has what no thread had begun to do.
// A counter may lack what others did: counts are relaxed, and nothing else need order the two threads.
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checks/explore/clock_vector.h"
#include "checks/subject/stats_consistency.h"
#include "model/state.h"

namespace triecheck::checks {

/// The counters of which an operation's answer says what it added: all but those of evictions.
inline constexpr auto answered_counters = [] {
  std::array<model::named_statistic, model::named_counters - 2> counters{};
  std::copy_if(model::named_statistics.begin(), model::named_statistics.begin() + model::named_counters,
               counters.begin(), [](const model::named_statistic& s) {
                 return s.value != &model::statistics::evicted_pages && s.value != &model::statistics::forgotten_pages;
               });
  return counters;
}();

/// One answer alone, of a cache with so many pages.
std::optional<std::string> check_statistics(const model::statistics& reported, std::size_t pages,
                                            stats_consistency together);

/// What is available, as one of several threads sees it, in a cache with so many pages. Where not all of it is of one
/// instant, no number exceeds the pool; with `parts` they add up to it.
std::optional<std::string> check_available(const model::availability& reported, std::size_t pages,
                                           stats_consistency together);

/// "free 1, private 0, cached 2, open leases 1": the gauges, for people.
std::string show_gauges(const model::statistics& s);

/// The answers of one execution against what its operations counted.
class counted_operations {
 public:
  /// Forgets the last execution.
  void clear() {
    operations_.clear();
    answers_.clear();
    looks_.clear();
  }

  /// An operation returned, and counted `counts`: numbers below zero are those of a gauge that it lowered. Operations
  /// outside of the threads come before all of these or behind them.
  /// `chains`: by how much the chains of open leases grew, all together.
  void record(const model::statistics& counts, const interval& when, std::int64_t chains = 0) {
    operations_.push_back({counts, when, chains});
  }

  /// `stats` answered.
  void answer(const model::statistics& reported, const interval& when) {
    answers_.push_back({reported, when, operations_.size()});
  }

  /// `available` answered.
  void answer_available(const model::availability& reported, const interval& when) {
    looks_.push_back({reported, when, operations_.size()});
  }

  /// Judges every answer. Requires that all operations have returned.
  std::optional<std::string> check() const;

 private:
  struct recorded {
    model::statistics counts;
    interval when;
    std::int64_t chains;
  };
  template <class Answer>
  struct given {
    Answer reported;
    interval when;
    std::size_t operations_before;  // how many had returned
  };
  struct range {
    std::uint64_t least, most;
  };

  template <class Answer, class Number>
  range bounds(const given<Answer>& a, Number number) const;

  std::vector<recorded> operations_;
  std::vector<given<model::statistics>> answers_;
  std::vector<given<model::availability>> looks_;
};

}  // namespace triecheck::checks
