// A log as a trace in the JSON that Chrome's tracing and Perfetto open: an operation is a slice on the line of
// its thread.
//
// Fields as the Trace Event Format documents them: "X" events with ts and dur in microseconds, "M" events with
// the names of threads, an "i" event of global scope where something is wrong.
//
// Threads: plain functions of values.
#pragma once

#include <string>
#include <vector>

#include "checks/log/check.h"
#include "checks/log/log_file.h"

namespace triecheck::checks {

std::string chrome_trace(const logged_run& run, const std::vector<log_finding>& findings = {});

}  // namespace triecheck::checks
