// What a build can explore with: its strategies and the seeded faults. All are empty in a build without the explorer.
#pragma once

#include <string>
#include <vector>

#include "checks/properties/sequential.h"

namespace triecheck::tools {

struct listed_strategy {
  std::string name;
  std::string description;
};

struct listed_fault {
  std::string name;
  std::string cache;        ///< the variant that it was put into
  std::string description;  ///< one sentence
};

/// The default first.
std::vector<listed_strategy> list_strategies();

std::vector<listed_fault> list_faults();

/// Of these, the faults of eviction policies, which `fuzz` finds.
std::vector<checks::fuzz_target> list_order_faults();

}  // namespace triecheck::tools
