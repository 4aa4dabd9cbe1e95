// The exact cache on the operations of a run, in the order in which they took effect, by one thread: what the run would
// have hit if its cache had followed its eviction policy exactly.
//
// The hits of a run of several threads differ from those of one thread for two reasons: threads drift apart on the
// trace, so that the operations come in another order, and under concurrency a cache may evict another page than the
// policy names. The replay takes the first out of a comparison and leaves the second.
//
// The exact cache is `coarse`, which in one thread does what the model does, operation by operation (`simulate
// --verify` shows it); the model itself takes too long for large pools.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "checks/simulate/simulate.h"
#include "checks/trace/trace.h"
#include "model/operation.h"

namespace triecheck::checks {

/// A lookup, allocation, publication or release for a row of the trace.
struct noted_operation {
  std::size_t row = 0;
  model::operation_kind kind = model::operation_kind::lookup;
};

/// Replays `order` through a cache of the options' pages and policy. A row that the replay refuses is released at once
/// and its further operations are skipped; one that the run refused is released where the run released it.
exact_replay replay_exactly(const trace& t, const simulation_options& options, std::span<const noted_operation> order);

}  // namespace triecheck::checks
