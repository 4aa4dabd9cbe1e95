// What a scenario asks of a cache that not every cache has.
#pragma once

#include <string>

#include "checks/scenario/scenario.h"
#include "checks/subject/variants.h"

namespace triecheck::checks {

/// What `s` needs and `v` does not have, such as "events" or "the policy segmented"; empty where it runs.
std::string missing_for(const scenario& s, const variant& v);

}  // namespace triecheck::checks
