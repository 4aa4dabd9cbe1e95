// What a build can explore with: its strategies and the seeded faults. All are empty in a build without the explorer.
#pragma once

#include <string>
#include <vector>

#include "checks/properties/sequential.h"

namespace triecheck::explore {
struct fault;
}

namespace triecheck::tools {

struct listed_strategy {
  std::string name;
  std::string description;
  bool measures_first = false;       ///< its executions that do not count measure the program
  bool obstruction_freedom = false;  ///< a cache that blocks must fail it
};

struct listed_fault {
  std::string name;
  std::string cache;        ///< the variant that it was put into
  std::string description;  ///< one sentence
};

/// The default first.
std::vector<listed_strategy> list_strategies();

std::vector<listed_fault> list_faults();

/// How many seeded faults this build leaves out.
std::size_t faults_left_out();

/// The fault called `name`; throws usage_error where there is none. Not in a build without the explorer.
const explore::fault& known_fault(const std::string& name);

/// The fault called `name`, for workloads; throws usage_error where there is none, or none that they could show.
checks::fuzz_target sequential_fault(const std::string& name);

}  // namespace triecheck::tools
