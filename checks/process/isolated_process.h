// The inner side of checks/process/isolation.h: what runs in the child process.
#pragma once

#include <sys/types.h>

#include "checks/process/isolation.h"

namespace triecheck::checks {

/// What a child writes: lines, each after one of these.
inline constexpr char is_message = 'm';
inline constexpr char is_answer = 'a';

/// Runs `body` and ends the process. `out`: where its messages and its answer go. `parent`: whose end is also that of
/// this one.
[[noreturn]] void run_child(const isolated_body& body, progress& shared, int out, pid_t parent);

}  // namespace triecheck::checks
