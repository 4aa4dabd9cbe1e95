#include "checks/bench/layer_alignment.h"

namespace triecheck::checks {

template layer_contestants layer_pair_aligned<64>();

}  // namespace triecheck::checks
