// The events of a window, and what each of them asked the trie for.
//
// Threads: plain functions of values.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "checks/log/log_file.h"
#include "checks/log/run_state.h"
#include "checks/log/window.h"

namespace triecheck::checks {

/// Above that the pages of a history are numbered anew, and refusals are not judged: a model of the whole pool
/// costs too much.
inline constexpr std::size_t most_modelled_pages = 4096;

/// An event of the window, and what it asked the trie for.
struct asking {
  const logged_event* e;
  std::vector<path_id> asked = {};  // of a lookup and a publication: the paths of the blocks
  std::size_t cached_before = 0;
  std::vector<model::page> pages_before = {};
  std::size_t tokens_before = 0;
};

struct window_events {
  std::vector<asking> kept;     ///< those that are judged, in their order
  std::set<model::lease> used;  ///< leases that they name
  bool has_evictions = false;
  bool unknown = false;               ///< a lease that was opened before the log has an operation here
  std::vector<std::string> left_out;  ///< what is not judged, a clause each

  /// When they ended, the first one first.
  std::vector<const asking*> by_end() const;
};

/// Follows the leases of the window, and leaves out the operations of those whose tokens nobody knows.
window_events events_of(const logged_run& run, const run_state& start, const window_request& wanted, path_table& paths);

}  // namespace triecheck::checks
