// Writes a history of a log as a scenario: its steps, thread by thread, and the [init] that builds what it found.
//
// Threads: plain functions of values.
#pragma once

#include "checks/log/log_file.h"
#include "checks/log/window.h"
#include "checks/scenario/scenario.h"

namespace triecheck::checks {

/// How it is written: cut.h. Throws cut_error where no scenario has room for it.
scenario scenario_of(const logged_run& run, const window_history& h);

}  // namespace triecheck::checks
