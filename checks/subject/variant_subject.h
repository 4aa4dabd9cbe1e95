// Subjects of a variant with the eviction policy that the model's configuration names.
#pragma once

#include <memory>
#include <stdexcept>

#include "checks/subject/cache_subject.h"
#include "checks/subject/policies.h"
#include "checks/subject/production_policies.h"

namespace triecheck::checks {

/// A subject_factory. Throws std::invalid_argument for a policy that the variant does not take.
template <class Family, class Sync>
std::unique_ptr<subject> make_variant_subject(const subject_config& c, std::size_t leases) {
  std::unique_ptr<subject> made;
  visit_policy<Family>(c.policy, [&]<class Listed>(const Listed&) {
    made = make_subject<typename cache_with<Family, Sync, Listed>::type>(c, leases);
  });
  if (!made) throw std::invalid_argument("this cache knows the policy recency alone, not " + name_of(c.policy));
  return made;
}

}  // namespace triecheck::checks
