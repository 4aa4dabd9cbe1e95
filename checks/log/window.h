// A part of a log as a separate history: what ran in it, and operations that build the state at its beginning from an
// empty cache.
//
// Of that state it has what its operations touch. What the log does not show of it is chosen so that the first
// operation that sees it is right. Then another choice may be right as well, and the window says that it chose.
//
// Threads: plain functions of values.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "checks/log/log_file.h"
#include "checks/log/run_state.h"
#include "model/linearizability.h"
#include "model/state.h"

namespace triecheck::checks {

/// A run of events between two moments at which nothing runs; `begin` and `end` are places among the events that
/// count.
struct log_window {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
};

/// The events that overlap no event missing from the log: those of the time in which it is complete, as indices into
/// the run's.
std::vector<std::size_t> complete_events(const logged_run& run);

/// The log cut at moments of rest into windows of at least so many operations, or of fewer where it ends.
std::vector<log_window> windows_of(const logged_run& run, const std::vector<std::size_t>& events, std::size_t least);

/// The state before place `end` among the events, where nothing runs.
run_state state_before(const logged_run& run, const std::vector<std::size_t>& events, std::size_t end,
                       path_table& paths);

/// A history that numbers the pages anew.
struct window_history {
  model::config config;
  std::vector<model::event> before;     ///< builds the state, one operation at a time
  std::vector<model::event> events;     ///< of the window
  std::set<model::lease> held;          ///< leases that `before` leaves open
  std::vector<std::string> left_out;    ///< what the window cannot judge, a clause each
  bool chose = false;                   ///< the state at the beginning is not certain
  std::vector<model::page> page_names;  ///< by page of the history: which one of the cache it is
};

/// How a window is taken out of the log.
struct window_request {
  std::vector<std::size_t> events;      ///< indices into the run's, in growing order
  std::set<model::lease> dropped = {};  ///< leases whose operations meanwhile are not among these
  bool is_judged = true;  ///< what cannot be judged is left out; else it stays, for who runs the operations again
};

window_history history_of(const logged_run& run, const run_state& start, const window_request& wanted,
                          path_table& paths);

}  // namespace triecheck::checks
