#include "checks/verify/scenario_needs.h"

#include "checks/subject/policies.h"

namespace triecheck::checks {

std::string missing_for(const scenario& s, const variant& v) {
  if (s.policy != policies().front().value && !v.takes_policies) return "the policy " + name_of(s.policy);
  if ((s.events || has_subscribers(s)) && !v.events) return "events";
  if (asks_as_a_scheduler(s) && !v.schedules) return "what a scheduler asks for";
  if (asks_to_forget(s) && !v.forgets) return "forget";
  if (has_keys(s) && !v.knows_keys) return "keys of blocks";
  return "";
}

}  // namespace triecheck::checks
