// What the source files of layer_pair.h compile, each under the alignment of functions that CMake gives it.
//
// Threads: any.
#pragma once

#include "cache/coarse.h"
#include "cache/sync_std.h"
#include "checks/bench/baselines/std_coarse.h"
#include "checks/bench/course.h"
#include "checks/bench/layer_pair.h"

namespace triecheck::checks {

// The production layer under a name that no other file knows: what is made over it is made there. Not in an unnamed
// namespace, which std-coarse is not in either: what no other file can call is inlined differently.
template <std::size_t Alignment>
struct aligned_layer : std_sync {};

template <std::size_t Alignment>
layer_contestants layer_pair_aligned() {
  return {{"coarse", false, &prepare_course<coarse_cache<aligned_layer<Alignment>>>},
          {"std-coarse", true, &prepare_course<std_coarse_cache<Alignment>>}};
}

}  // namespace triecheck::checks
