#include "checks/subject/policies.h"

#include <algorithm>

#include "checks/subject/production_policies.h"

namespace triecheck::checks {

const std::vector<policy>& policies() {
  static const std::vector<policy> all = std::apply(
      [](const auto&... p) {
        return std::vector<policy>{policy{p.value, p.name, p.alias, p.description}...};
      },
      production_policies);
  return all;
}

const policy* find_policy(const std::string& name) {
  const auto found = std::find_if(policies().begin(), policies().end(),
                                  [&](const policy& p) { return p.name == name || p.alias == name; });
  return found == policies().end() ? nullptr : &*found;
}

const std::string& name_of(model::eviction_policy value) {
  return std::find_if(policies().begin(), policies().end(), [&](const policy& p) { return p.value == value; })->name;
}

}  // namespace triecheck::checks
