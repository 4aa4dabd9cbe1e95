// From the name of a variant and a policy to the class that a simulation runs over.
//
// Threads: as `simulate`.
#pragma once

#include <stdexcept>
#include <tuple>

#include "checks/simulate/run.h"
#include "checks/simulate/simulate.h"
#include "checks/subject/production_caches.h"
#include "checks/subject/production_policies.h"

namespace triecheck::checks {

/// `As<Family, Listed>` is the class of a variant of that family with that policy of production_policies. As
/// `simulate`.
template <template <class, class> class As>
simulation simulate_as(const trace& t, const simulation_options& options) {
  simulation result;
  const auto run_if_named = [&]<class Listed>(const Listed& p) {
    if (options.cache != p.name) return false;
    using family = typename Listed::family;
    const bool known = visit_policy<family>(
        options.policy, [&]<class Policy>(const Policy&) { result = run<As<family, Policy>>(t, options); });
    if (!known) throw std::invalid_argument("the cache " + options.cache + " knows the policy recency alone");
    return true;
  };
  const bool known = std::apply([&](const auto&... p) { return (run_if_named(p) || ...); }, production_caches);
  if (!known) throw std::invalid_argument("there is no variant called " + options.cache);
  return result;
}

}  // namespace triecheck::checks
