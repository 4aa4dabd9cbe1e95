// Explores several spaces at once, each whole in one process. Pieces would share a space among processes, but then a
// space takes more executions, and each piece has its own start.
//
// Threads: belongs to the main thread of a process that has no other threads.
#pragma once

#include <cstddef>
#include <functional>

#include "checks/verify/explore.h"

namespace triecheck::tools {

using space_tick = std::function<void(const explore::exploration_status&)>;

/// What happens meanwhile, in the process of the caller. `space` is below the number of spaces.
struct space_listener {
  std::function<void(std::size_t space, const explore::exploration_status&)> tick;
  std::function<void(std::size_t space, explore::explored)> ended;
};

/// Runs `explore(space, tick)` for each of `spaces` spaces in up to `processes` processes, which take them in turn.
/// `explore` isolates the program under test. Throws interruption where a signal asks for it: then no process is left.
/// A process that ends in another way is a std::runtime_error.
void explore_at_once(std::size_t spaces, std::size_t processes,
                     const std::function<explore::explored(std::size_t, const space_tick&)>& explore,
                     const space_listener& listener);

}  // namespace triecheck::tools
