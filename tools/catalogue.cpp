#include "tools/catalogue.h"

#include <algorithm>

#include "checks/historical/explored.h"
#include "checks/report/suggestion.h"
#include "checks/subject/policies.h"
#include "checks/verify/explore.h"
#include "checks/verify/registry.h"
#include "tools/commands.h"
#include "tools/program_name.h"

namespace triecheck::tools {

std::vector<listed_strategy> list_strategies() {
  std::vector<listed_strategy> all;
  for (const auto& s : explore::strategies()) {
    all.push_back({s.name, s.description, s.measures_first(), s.obstruction_freedom});
  }
  return all;
}

std::vector<listed_fault> list_faults() {
  std::vector<listed_fault> all;
  std::vector<explore::fault> known = explore::faults();
  known.insert(known.end(), historical::defects().begin(), historical::defects().end());
  for (const explore::fault& f : known) {
    const bool recency = f.policy == model::eviction_policy::recency;
    all.push_back({f.name, f.variant + (recency ? "" : "/" + checks::name_of(f.policy)), f.description});
  }
  return all;
}

std::size_t faults_left_out() { return explore::faults_not_built().size(); }

const explore::fault& known_fault(const std::string& name) {
  if (const explore::fault* found = explore::find_fault(name)) return *found;
  const auto& left_out = explore::faults_not_built();
  if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) {
    throw usage_error("the fault '" + name + "' is not in this build, which left out " +
                      std::to_string(left_out.size()) + " seeded faults (`tools/build` builds all)");
  }
  throw usage_error("there is no fault '" + name + "'" +
                    checks::did_you_mean(name, checks::names_of(explore::faults()), " (`triecheck list` shows them)"));
}

checks::fuzz_target sequential_fault(const std::string& name) {
  const explore::fault* fault = &known_fault(name);
  if (fault->make_sequential == nullptr) {
    throw usage_error("the fault '" + name + "' is for `" +
                      as_typed("triecheck explore " + fault->scenario + " --fault " + name) + "`");
  }
  return {.cache = fault->variant, .make = fault->make_sequential, .fault = fault->name, .policy = fault->policy};
}

}  // namespace triecheck::tools
