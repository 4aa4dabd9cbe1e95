// The property: whatever one thread does with a cache, or several that take turns, it does what the model does.
//
// RapidCheck draws workloads, runs each on a cache and on the model side by side, and shrinks a failing one to a
// minimal one. A vector of interpreted commands is used instead of RapidCheck's own state tests (rapidcheck/state.h),
// because these apply a command to the model before it runs, and the model follows a step only with what was observed.
//
// Everything that decides the run is in the options; RapidCheck's environment variable is not consulted.
// Threads: a check uses one thread, beside those that take turns; several may run at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "checks/properties/workload_run.h"
#include "checks/report/verdict.h"
#include "checks/subject/subject.h"

namespace triecheck::checks {

/// What is tested, and how the command line names it.
struct fuzz_target {
  std::string cache;  ///< what --cache takes
  subject_factory make = nullptr;
  std::string fault{};  ///< what --fault takes; empty for the cache as it ships
  model::eviction_policy policy = model::eviction_policy::recency;
  takers who{};
};

inline constexpr std::size_t default_cases = 10'000;
inline constexpr std::size_t default_length = 300;
inline constexpr std::size_t most_cases = 1'000'000'000;
inline constexpr std::size_t most_length = 1'000'000;

/// A workload that failed, and how.
struct failing_workload {
  workload what;
  deviation found;
  std::vector<std::string> lines;  ///< one per operation
};

struct fuzz_options {
  std::uint64_t seed = 0;
  std::size_t cases = default_cases;           ///< 1 .. most_cases
  std::size_t max_length = default_length;     ///< commands per workload; 1 .. most_length
  std::function<void(std::size_t)> on_case{};  ///< called with the number of cases done, where it is set
  std::function<void(std::uint64_t, const workload&)>
      on_workload{};                                          ///< before one runs: of which case, counted from 1
  std::function<void(const failing_workload&)> on_failure{};  ///< the first one, then each smaller one
};

struct sequential_check {
  result summary;                  ///< what reports hold; the schedule of a failure is its operations, in one line
  occurrence_counts seen;          ///< what happened in the cases that passed, or in the one replayed
  std::vector<std::string> lines;  ///< of a failure: one line per operation, then the violated rule
};

/// Verdicts: `pass` when every case ran and each occurrence happened at least once; `incomplete` when RapidCheck gave
/// up or something never happened, for then passing shows nothing about it; `error` when the cache threw, or when a
/// workload failed and passed when it ran again: then the first failure is what is reported.
sequential_check check_sequential(const fuzz_target& target, const fuzz_options& options);

/// Runs one workload, as --reproduce does. A pass says only that this workload passes. `before` as of run_workload.
sequential_check replay_sequential(const fuzz_target& target, const workload& w,
                                   const std::function<void(const std::vector<performed>&)>& before = {});

/// A result of this property before it has one: its names, and an error.
result blank_result(const fuzz_target& target, const std::string& strategy);

/// The command that runs one workload again.
std::string replay_command(const fuzz_target& target, const workload& w);

}  // namespace triecheck::checks
