// Memory below a stack that nobody may touch: an access to it is an overflow of that stack.
#pragma once

#include <cstddef>

namespace triecheck::checks {

inline constexpr std::size_t guard_bytes = 64U << 10;
inline constexpr std::size_t most_guarded_stacks = 8;

/// Read by a signal handler, hence plain memory of fixed size. Null: no area.
struct guard_area {
  const char* begin = nullptr;
};
inline guard_area guard_areas[most_guarded_stacks];

}  // namespace triecheck::checks
