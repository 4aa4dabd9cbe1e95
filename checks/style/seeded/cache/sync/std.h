// The production layer may name what it wraps, and still has no macro.
#pragma once

#include <atomic>

std::atomic<int> a;
#ifdef NDEBUG  // caught by macros
#endif  // caught by macros
