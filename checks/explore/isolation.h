// Runs an exploration in a process of its own, so that whatever the program under test does, the one who asked hears
// of it: a crash, a hang, a stack overflow come back as errors with the schedule so far.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

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

/// Tells the parent process something on the way: one line, without a line end.
using message_sender = std::function<void(const std::string&)>;
using isolated_body = std::function<std::string(progress&, const message_sender&)>;

/// What the parent process does meanwhile. Either may be missing.
struct isolation_listener {
  std::function<void(std::size_t child, const std::string& message)> heard;
  std::function<void(const std::vector<const progress*>&)> tick;  ///< about every tenth of a second
};

/// Runs each of `bodies` in a child process, all at once, and returns what they returned, in the same order. A child is
/// killed when it makes no step for `patience`; all die with the parent.
std::vector<isolated_run> run_isolated(const std::vector<isolated_body>& bodies, std::chrono::milliseconds patience,
                                       const isolation_listener& listener = {});

/// The same for one.
isolated_run run_isolated(const std::function<std::string(progress&)>& body, std::chrono::milliseconds patience,
                          const std::function<void(const progress&)>& tick = {});

}  // namespace triecheck::explore
