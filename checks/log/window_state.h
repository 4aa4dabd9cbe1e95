// The state at the beginning of a window: the nodes and leases that its events have to do with.
//
// What the log does not show of it is chosen so that the first operation that sees it is right.
//
// Threads: plain functions of values.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "checks/log/run_state.h"
#include "checks/log/window.h"
#include "checks/log/window_events.h"

namespace triecheck::checks {

struct window_state {
  std::set<model::page> touched;                       ///< pages that the window has to do with
  std::set<model::page> others;                        ///< pages of leases that it has nothing to do with
  std::map<model::lease, const lease_record*> leases;  ///< those that are open
  std::map<path_id, model::page> nodes;
  bool chose = false;                 ///< it is not certain
  bool unknown = false;               ///< there are leases that were opened before the log
  std::vector<std::string> left_out;  ///< what cannot be judged, a clause each
};

window_state state_of(const logged_run& run, const run_state& start, const window_request& wanted,
                      const window_events& events, path_table& paths);

}  // namespace triecheck::checks
