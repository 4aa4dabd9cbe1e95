// The historical cache and its defects over the exploring layer: what the registry of faults asks.
#pragma once

#include <string>
#include <vector>

#include "checks/verify/registry.h"

namespace triecheck::historical {

/// The name of a defect where a fault is named: "defect_07".
std::string defect_name(unsigned number);

/// Each defect as a fault of the cache, by number.
const std::vector<explore::fault>& defects();

/// The factory of the cache without a switch.
checks::subject_factory explored();

}  // namespace triecheck::historical
