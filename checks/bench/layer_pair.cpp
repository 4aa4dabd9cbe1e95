#include "checks/bench/layer_pair.h"

namespace triecheck::checks {

const std::vector<layer_contestants>& layer_pairs() {
  static const std::vector<layer_contestants> pairs = {{layer_copy<0>(), bare_copy<0>()}, {layer_copy<1>(), bare_copy<1>()}};
  return pairs;
}

}  // namespace triecheck::checks
