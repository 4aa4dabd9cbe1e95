// The interface of an oracle: what it hears of an execution, and when it judges.
//
// An oracle derives from `oracle`, overrides the calls that it needs, names the kind of violation that it reports, and
// is made from an oracle_setting. Where a call answers a finding, one sentence says what is wrong: the execution ends
// there.
//
// Threads: called by the harness, one call at a time. Threads are numbered from 0; what runs before or after all of
// them has the next number.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "checks/explore/clock_vector.h"
#include "checks/subject/stats_consistency.h"
#include "checks/subject/subject.h"
#include "model/operation.h"
#include "model/state.h"

namespace triecheck::checks {

/// What is judged.
struct oracle_setting {
  model::config cache;
  std::size_t leases = 0;  ///< the operations name those below
  model::refusals rule = model::refusals::exact;
  stats_consistency together = stats_consistency::each;
  bool asks_stats = true;  ///< some thread asks for statistics, or for what is available
  bool tells_events = true;
};

/// An operation that returned.
struct returned_operation {
  std::size_t thread;
  const model::operation& op;
  const model::outcome& answer;
  const model::outcome& before;  ///< the answer to the operation before, of the same lease
  const interval& when;
  const std::optional<lease_view>& opened;  ///< of a lookup and a fork: the lease
  bool schedules;                           ///< the cache knows what a scheduler asks for (subject::schedules)

  /// Requires an operation with a lease. Of a fork it is the new one.
  model::lease lease() const { return op.kind == model::operation_kind::fork ? op.forked : op.subject; }
};

/// What a cache shows when no operation runs.
struct final_state {
  const structure& shown;
  const model::statistics& reported;
};

class oracle {
 public:
  using finding = std::optional<std::string>;

  /// Forgets the last execution.
  virtual void clear() {}

  /// The thread is about to begin the operation.
  virtual void begins(std::size_t, const model::operation&) {}

  /// Of an operation that may take pages from its lease: its first step.
  virtual void gives_up(model::lease, const moment&) {}

  virtual finding returned(const returned_operation&) { return {}; }

  // `stats`, `available` and a snapshot answered, while other operations may run.
  virtual finding stats_answered(const model::statistics&, const interval&) { return {}; }
  virtual finding available_answered(const model::availability&, const interval&) { return {}; }
  virtual finding snapshot_taken(const structure&, const interval&) { return {}; }

  /// All operations have returned, and no lease is open.
  virtual finding at_the_end(const final_state&) { return {}; }

  /// The cache was shut down after that state, by the thread of that number: it `begins` as a clear. How many pages it
  /// evicted is known where the cache reports events.
  virtual finding after_shutdown(const final_state&, std::size_t, std::size_t) { return {}; }

 protected:
  ~oracle() = default;
};

}  // namespace triecheck::checks
