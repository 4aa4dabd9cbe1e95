// What layer_copy_0.cpp and layer_copy_1.cpp compile.
//
// Threads: any.
#pragma once

#include "cache/coarse.h"
#include "cache/sync_std.h"
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

}  // namespace triecheck::checks
