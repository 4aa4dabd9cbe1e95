#include "checks/bench/layer_copy.h"

namespace triecheck::checks {

template contestant bare_copy<0>();

}  // namespace triecheck::checks
