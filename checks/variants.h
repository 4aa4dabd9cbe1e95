// The variants of the cache, by name, over the production layer.
#pragma once

#include <string>
#include <vector>

#include "checks/subject.h"

namespace triecheck::checks {

struct variant {
  std::string name;         ///< what --cache takes
  std::string description;  ///< one line
  subject_factory make;     ///< over the production layer; with the policy of the model's configuration
  bool takes_policies;      ///< otherwise it knows recency alone, and `make` throws std::invalid_argument for any other
};

/// All variants, the default first.
const std::vector<variant>& variants();

/// The variant called `name`, or null.
const variant* find_variant(const std::string& name);

}  // namespace triecheck::checks
