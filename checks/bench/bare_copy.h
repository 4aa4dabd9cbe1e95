// What bare_copy_0.cpp and bare_copy_1.cpp compile.
//
// Threads: any.
#pragma once

#include "checks/bench/baselines/std_coarse.h"
#include "checks/bench/course.h"
#include "checks/bench/layer_pair.h"

namespace triecheck::checks {

template <std::size_t Copy>
contestant bare_copy() {
  return {"std-coarse", true, &prepare_course<std_coarse_cache<Copy>>};
}

}  // namespace triecheck::checks
