#include "checks/bench/layer_copy.h"

namespace triecheck::checks {

template contestant bare_copy<1>();

}  // namespace triecheck::checks
