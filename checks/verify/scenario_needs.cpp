#include "checks/verify/scenario_needs.h"

#include "checks/subject/policies.h"

namespace triecheck::checks {

std::string missing_for(const scenario& s, const variant& v) {
  if (s.policy != policies().front().value && !v.takes_policies) return "the policy " + name_of(s.policy);
  if (s.events && !v.events) return "events";
  return "";
}

}  // namespace triecheck::checks
