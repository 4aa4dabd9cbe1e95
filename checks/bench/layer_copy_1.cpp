#include "checks/bench/layer_copy.h"

namespace triecheck::checks {

template contestant layer_copy<1>();

}  // namespace triecheck::checks
