// A simulation in a separate process: whatever the cache does to that process, there is a verdict.
//
// Threads: as run_isolated (checks/process/isolation.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "checks/simulate/simulate.h"

namespace triecheck::checks {

/// As `simulate`, and throws what it throws. A process that ends before it has an answer is an `error` with what
/// happened and at which line of the trace; so is an exception that the cache throws. An interrupt
/// (checks/process/interrupts.h) makes it `incomplete`, with the requests so far. `patience`: without a request for so
/// long, it hangs. `tick` hears the requests so far, and with `options.metrics` a line about the cache, empty at first.
simulation simulate_isolated(const trace& t, const simulation_options& options, std::chrono::milliseconds patience,
                             const std::function<void(std::uint64_t, const std::string&)>& tick = {});

}  // namespace triecheck::checks
