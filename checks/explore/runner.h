// Runs a program under a strategy, or under one of Relacy's own searches, until a violation, the end, or a budget.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "checks/explore/session.h"

namespace triecheck::explore {

/// What chooses: one of our strategies, or a search of Relacy itself, for comparison.
enum class search : std::uint8_t { guided, relacy_full, relacy_bound, relacy_random };

struct run_tally {
  std::uint64_t executions = 0;  ///< without the redundant ones
  std::uint64_t redundant = 0;
  std::uint64_t steps = 0;  ///< of both
};

struct run_options {
  search by = search::guided;
  limits bounds;
  unsigned context_bound = 2;         ///< of relacy_bound
  std::uint64_t executions = 0;       ///< of relacy_random; elsewhere the number after which to stop, 0 for none
  std::uint64_t first_iteration = 1;  ///< of relacy_random, whose seed is the number of the iteration
  std::function<bool(const run_tally&)> out_of_time;  ///< asked now and then, between two executions; may be missing
};

inline constexpr const char* stopped_by_budget = "its budget";

struct run_outcome : run_tally {
  std::optional<violation> found;
  std::string error;  ///< the program is not deterministic, threw, or the schedule does not fit
  std::string error_kind;
  bool complete = false;        ///< everything that was to run has run
  std::string stopped;          ///< what ended it before that, where a limit did: "its budget", "10 executions"
  schedule path;                ///< of the last execution
  std::size_t preemptions = 0;  ///< of the last execution
};

/// Requires that no other run is active in this process, and a program of 2 to max_threads threads. `record`, when
/// given, receives the interleaving of the last execution. A program that violated a rule is left where it stopped:
/// the process should end soon.
run_outcome run(program& p, strategy& s, const run_options& options, progress& shared, interleaving* record = nullptr);

}  // namespace triecheck::explore
