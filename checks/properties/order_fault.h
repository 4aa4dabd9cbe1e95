// Seeded faults of the eviction policies: what the sequential property must find. They come from the patches of
// checks/faults that name a policy.
#pragma once

#include <string>
#include <vector>

#include "checks/subject.h"

namespace triecheck::checks {

struct order_fault {
  std::string name;
  std::string cache;                ///< which variant's text it was put into
  model::eviction_policy policy;    ///< under which it shows
  std::string description;          ///< one sentence: what is wrong
  std::string breaks;               ///< the rule, and the number in the catalogue of known defects
  std::string expected;             ///< the kind of deviation that is found
  subject_factory make;             ///< over the production layer
};

/// All of them, by name.
const std::vector<order_fault>& order_faults();

}  // namespace triecheck::checks
