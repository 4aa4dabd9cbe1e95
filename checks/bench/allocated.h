// How much memory the process has asked its allocator for: what the allocator adds counts as well.
//
// Threads: any; what others allocate meanwhile counts too.
#pragma once

#include <malloc.h>

#include <cstddef>

namespace triecheck::checks {

/// From the heap, and mapped one by one. Under a sanitizer, whose allocator does not tell, always the same.
inline std::size_t allocated_bytes() {
  const struct mallinfo2 m = mallinfo2();
  return m.uordblks + m.hblkhd;
}

}  // namespace triecheck::checks
