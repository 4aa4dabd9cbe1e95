// The sequential property in a separate process: whatever the cache does to that process, the check has a verdict, the
// failing workload and the command that runs it again.
//
// Threads: as run_isolated (checks/process/isolation.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "checks/properties/sequential.h"

namespace triecheck::checks {

struct isolation_terms {
  std::chrono::milliseconds patience{10'000};  ///< without an operation: hang
  std::function<void(std::size_t)> tick{};     ///< now and then, with the number of cases done
};

/// As check_sequential. A process that ends before it has an answer is an `error`: the workload that it ran is run
/// again, made smaller as long as the process ends in the same way, and shown up to the operation that ended it. An
/// interrupt (checks/process/interrupts.h) makes the check `incomplete`, or `fail` where it had found something. The
/// functions of `options` are not called.
sequential_check check_sequential_isolated(const fuzz_target& target, const fuzz_options& options,
                                           const isolation_terms& terms);

/// As replay_sequential, likewise.
sequential_check replay_sequential_isolated(const fuzz_target& target, const workload& w, const isolation_terms& terms);

}  // namespace triecheck::checks
