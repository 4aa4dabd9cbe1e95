#include "checks/bench/layer_pair.h"

namespace triecheck::checks {

const std::vector<layer_contestants>& layer_pairs() {
  static const std::vector<layer_contestants> pairs = {layer_pair_aligned<16>(), layer_pair_aligned<32>(),
                                                       layer_pair_aligned<64>()};
  return pairs;
}

}  // namespace triecheck::checks
