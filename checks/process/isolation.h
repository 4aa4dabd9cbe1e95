// Runs the program under test in a separate process, so that the caller hears of whatever it does: a crash, a hang, a
// stack overflow, a way out of the process come back as errors, with what the program was doing.
//
// A child process shows its progress in shared memory and answers through a pipe. Only an answer and the end of the
// process with status 0 after it count as an end; every other end is an error. A hang is the lack of progress, whatever
// the time of day.
//
// Threads: run_isolated belongs to the main thread of a process that has no other threads; a child may start some.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "checks/explore/schedule.h"

namespace triecheck::checks {

/// What one thread of the program under test is doing. That thread writes it, the watching process reads it.
struct alignas(64) activity {
  std::atomic<std::uint64_t> steps{0};      ///< grows with everything that the thread does
  std::atomic<std::uint64_t> unit{0};       ///< which case or line, counted from 1; 0 where there is none
  std::atomic<std::uint64_t> units{0};      ///< how many it began
  std::atomic<std::uint64_t> operation{0};  ///< its operations in this unit, with the running one
  std::atomic<std::uint64_t> subject{0};    ///< of the running operation: its lease
  std::atomic<const char*> kind{nullptr};   ///< of the running operation: a string literal; null between operations

  static constexpr std::uint64_t no_lease = ~std::uint64_t{0};

  /// `what` is a string literal: the child is a fork, so its address is valid in the parent, too.
  void begin(const char* what, std::uint64_t lease = no_lease) noexcept;
  void end() noexcept;
  void begin_unit(std::uint64_t number) noexcept;  ///< a step, too
};

/// What a child process shows to the one that watches it; lives in shared memory.
struct progress {
  static constexpr std::size_t longest_path = 1U << 16;
  static constexpr std::size_t longest_note = 1U << 18;
  static constexpr std::size_t most_activities = 256;
  std::atomic<std::uint64_t> heartbeat{0};  ///< grows with every step
  std::atomic<std::uint64_t> executions{0};
  std::atomic<std::uint32_t> length{0};       ///< of the running execution's schedule
  std::atomic<std::uint32_t> preemptions{0};  ///< of the running execution so far
  std::atomic<std::uint32_t> running{0};      ///< whose activity ended the process, or runs now
  std::atomic<std::uint32_t> note_length{0};
  std::atomic<bool> is_asked_to_end{false};  ///< by an interrupt (isolation_listener::grace)
  explore::choice path[longest_path];
  activity activities[most_activities];
  char note[longest_note];  ///< what is being run, in the words of the program that runs it
  char fatal[512] = {};     ///< what a signal handler has to say

  /// Notes nothing where `text` is too long.
  void set_note(const std::string& text) noexcept;
};

/// The first line of the note. It may be written meanwhile: then it is a mixture of two lines, which the next one
/// replaces.
std::string shown_note(const progress& p);

/// Where the program was when its process ended. `kind` is a word such as "publish", empty between two operations.
struct place_in_run {
  std::size_t thread = 0;
  std::uint64_t unit = 0;
  std::uint64_t operation = 0;
  std::uint64_t subject = 0;
  std::string kind;
};

/// " during operation 7 of case 12: publish #3", for a unit that is called a case; empty where nothing is known.
std::string in_words(const place_in_run& p, const std::string& unit);

/// How the process ended. Exactly one of `answer` and `error` is set.
struct isolated_run {
  std::string answer;           ///< what `body` returned
  std::string error;            ///< one sentence: what happened
  std::string error_kind;       ///< "crash", "hang", "exit", "stack-overflow", "exception", "killed", ...
  explore::schedule so_far;     ///< with error: of the execution that was running
  std::size_t preemptions = 0;  ///< with error: of the execution that was running
  std::uint64_t executions = 0;
  std::uint64_t units = 0;  ///< that were begun, by all threads together
  place_in_run where;       ///< with error
  std::string note;         ///< with error: the last one
};

/// Tells the parent process something on the way: one line, without a line end.
using message_sender = std::function<void(const std::string&)>;
using isolated_body = std::function<std::string(progress&, const message_sender&)>;

/// What the parent process does meanwhile. Either may be missing.
struct isolation_listener {
  std::function<void(std::size_t child, const std::string& message)> heard;
  std::function<void(const std::vector<const progress*>&)> tick;  ///< about every tenth of a second
  /// After an interrupt the children are asked to end, and have so long to answer with what they have.
  std::chrono::milliseconds grace{0};
};

/// Runs each of `bodies` in a child process, all at once, and returns what they returned, in the same order. A child is
/// killed when it makes no step for `patience`; all die with the parent. What the child prints goes to standard error.
/// Throws interruption where a signal asks for it (checks/process/interrupts.h), after the listener's grace, and
/// whatever a listener throws: then no child is left.
std::vector<isolated_run> run_isolated(const std::vector<isolated_body>& bodies, std::chrono::milliseconds patience,
                                       const isolation_listener& listener = {});

/// The same for one.
isolated_run run_isolated(const std::function<std::string(progress&)>& body, std::chrono::milliseconds patience,
                          const std::function<void(const progress&)>& tick = {});

/// What the calling thread shows of itself: a place in the shared memory of an isolated process, which `show_activity`
/// chose; in any other process one that nobody reads.
activity& my_activity() noexcept;

/// From now on the calling thread shows itself as number `index`, of any process; modulo what there is.
void show_activity(std::size_t index) noexcept;

/// Steps of all threads together, as a watcher counts them.
std::uint64_t steps_of(const progress& p) noexcept;

/// Units that all threads together have begun.
std::uint64_t units_of(const progress& p) noexcept;

/// An error of the program under test, of a body: the kind and one sentence.
struct program_error {
  std::string kind;
  std::string message;
};

}  // namespace triecheck::checks
