// Runs an exploration in a process of its own, so that whatever the program under test does, the one who asked hears
// of it: a crash, a hang, a stack overflow come back as errors with the schedule so far.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "checks/explore/schedule.h"

namespace triecheck::explore {

/// What the exploring process shows to the one that watches it; lives in shared memory.
struct progress {
  static constexpr std::size_t longest_path = 1U << 16;
  std::atomic<std::uint64_t> heartbeat{0};   ///< grows with every step
  std::atomic<std::uint64_t> executions{0};
  std::atomic<std::uint32_t> length{0};      ///< of the running execution's schedule
  std::atomic<std::uint32_t> preemptions{0};  ///< of the running execution so far
  choice path[longest_path];
  char fatal[256] = {};                      ///< what a signal handler has to say
};

/// How the process ended. Exactly one of `answer` and `error` is set.
struct isolated_run {
  std::string answer;          ///< what `body` returned
  std::string error;           ///< "crash", "hang", ... and one sentence
  std::string error_kind;
  schedule so_far;             ///< with error: of the execution that was running
  std::size_t preemptions = 0;  ///< with error: of the execution that was running
  std::uint64_t executions = 0;
};

/// Runs `body` in a child process and returns the string that it returned. The child is killed when it makes no
/// step for `patience`. `tick`, when given, is called about every tenth of a second with the progress.
isolated_run run_isolated(const std::function<std::string(progress&)>& body, std::chrono::milliseconds patience,
                          const std::function<void(const progress&)>& tick = {});

}  // namespace triecheck::explore
