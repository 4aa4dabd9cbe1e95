#include "checks/bench/layer_pair.h"

#include "cache/coarse.h"
#include "cache/sync_std.h"
#include "checks/bench/baselines/std_coarse.h"
#include "checks/bench/course.h"

namespace triecheck::checks {

// The production layer under a name that no other file knows: what is made over it is made here. Not in an unnamed
// namespace, which std-coarse is not in either: what no other file can call is inlined differently.
struct layer_of_the_pair : std_sync {};

const layer_contestants& layer_pair() {
  static const layer_contestants pair = {{"coarse", false, &prepare_course<coarse_cache<layer_of_the_pair>>},
                                         {"std-coarse", true, &prepare_course<std_coarse_cache>}};
  return pair;
}

}  // namespace triecheck::checks
