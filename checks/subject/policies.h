// The eviction policies, by name: what --policy and [cache] policy take. The classes are in
// checks/subject/production_policies.h.
#pragma once

#include <string>
#include <vector>

#include "model/eviction.h"

namespace triecheck::checks {

struct policy {
  model::eviction_policy value;
  std::string name;
  std::string alias;        ///< the name in the literature: `find_policy` takes it, too
  std::string description;  ///< one line
};

/// All policies, the default first.
const std::vector<policy>& policies();

/// The policy of this name or alias, or null.
const policy* find_policy(const std::string& name);

/// What `find_policy` takes.
const std::string& name_of(model::eviction_policy value);

}  // namespace triecheck::checks
