// Which lease held which page when, as a log shows it, and where that is impossible.
//
// A lease holds a page from the return of the operation that got it to the call of the one that may give it up,
// at least. Two leases that hold a page at one moment must both hold it as published (I1, I2), as the node of
// one path, and no path has two nodes (I3, I7). These rules need no beginning: what came before the log can
// neither cause nor excuse a violation.
//
// The oracle of the explorer (checks/oracles/page_ownership.h) judges a class of executions by its
// happens-before order; here there is one execution, and its clock: equal times count as overlapping.
//
// Threads: plain functions of values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "checks/log/log_file.h"
#include "checks/log/run_state.h"

namespace triecheck::checks {

/// Two events that contradict each other, as indices into the run's events.
struct held_twice {
  std::size_t first;   ///< by which the one lease got the page
  std::size_t second;  ///< by which the other one got it
  model::page page;    ///< that the second one got
  std::string message;
};

/// The contradictions of the events `chosen`, indices in growing order, in the order of the second ends. At most
/// `most`.
std::vector<held_twice> find_held_twice(const logged_run& run, const std::vector<std::size_t>& chosen,
                                        std::size_t most = 100);

}  // namespace triecheck::checks
