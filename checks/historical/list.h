// The list of defects (list.cmake), by number.
#pragma once

#include <array>

#include "checks/historical/defects.h"

namespace triecheck::historical {

struct listed_defect {
  const char* description;  ///< one sentence: what the switch does
  const char* kind;         ///< of the violation that shows it
  const char* scenario;     ///< that shows it
};

extern const std::array<listed_defect, defect_count> list;

}  // namespace triecheck::historical
