// What layer_copy_0.cpp and layer_copy_1.cpp, and bare_copy_0.cpp and bare_copy_1.cpp compile: one of the two templates each.
//
// Threads: any.
#pragma once

#include "cache/coarse.h"
#include "cache/sync/std.h"
#include "checks/bench/baselines/std_coarse.h"
#include "checks/bench/course.h"
#include "checks/bench/layer_pair.h"

namespace triecheck::checks {

// The production layer under a name that no other file knows: what is made over it is made there. Not in an unnamed
// namespace, which std-coarse is not in either: what no other file can call is inlined differently.
template <std::size_t Copy>
struct copied_layer : std_sync {};

template <std::size_t Copy>
contestant layer_copy() {
  return {"coarse", false, &prepare_course<coarse_cache<copied_layer<Copy>>>};
}

template <std::size_t Copy>
contestant bare_copy() {
  return {"std-coarse", true, &prepare_course<std_coarse_cache<Copy>>};
}

}  // namespace triecheck::checks
