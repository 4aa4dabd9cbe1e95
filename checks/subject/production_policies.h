// The eviction policies, as types: the one list that the registry of policies, the subjects, the simulation and the
// unit tests are made from. A new policy is one line here, and one rank in model/eviction.cpp.
//
// A variant takes all of them when its family has a member template `with<Sync, Policy>`; otherwise it knows recency
// only.
#pragma once

#include <tuple>

#include "cache/policies/first_in.h"
#include "cache/policies/frequency.h"
#include "cache/policies/priority.h"
#include "cache/policies/recency_list.h"
#include "cache/policies/segmented.h"
#include "cache/sync/std.h"
#include "model/eviction.h"

namespace triecheck::checks {

/// `Family::over<Sync>` is the policy's class, as for variants (checks/subject/production_caches.h).
template <class Family>
struct production_policy {
  template <class Sync>
  using over = typename Family::template over<Sync>;
  model::eviction_policy value;
  const char* name;
  const char* alias;  ///< the name in the literature, where that is another one
  const char* description;
};

struct recency_family {
  template <class Sync>
  using over = recency_list<Sync>;
};
struct first_in_family {
  template <class Sync>
  using over = first_in<Sync>;
};
struct frequency_family {
  template <class Sync>
  using over = frequency<Sync>;
};
struct priority_family {
  template <class Sync>
  using over = priority<Sync>;
};
struct segmented_family {
  template <class Sync>
  using over = segmented<Sync>;
};

/// All policies, the default first.
inline constexpr std::tuple production_policies{
    production_policy<recency_family>{model::eviction_policy::recency, "recency", "lru",
                                      "LRU: evicts what was not used for longest"},
    production_policy<first_in_family>{model::eviction_policy::first_in, "first-in", "fifo",
                                       "FIFO: evicts what was published first"},
    production_policy<frequency_family>{model::eviction_policy::frequency, "frequency", "lfu-da",
                                        "LFU with dynamic ageing: evicts what the fewest leases held"},
    production_policy<priority_family>{model::eviction_policy::priority, "priority", "priority",
                                       "evicts what was released with the lowest priority that still lives"},
    production_policy<segmented_family>{model::eviction_policy::segmented, "segmented", "slru",
                                        "SLRU: evicts what was held once before what was held again"},
};

template <class Family>
concept takes_policies = requires {
  typename Family::template with<std_sync, recency_list<std_sync>>;
};

/// Calls `visit` with the member of `production_policies` for `value`, where `Family` takes it: any, or recency alone.
/// Returns whether it did.
template <class Family, class Visit>
bool visit_policy(model::eviction_policy value, Visit visit) {
  const auto visit_if = [&](const auto& p) {
    if (p.value != value) return false;
    if constexpr (!takes_policies<Family>) {
      if (value != model::eviction_policy::recency) return false;
    }
    visit(p);
    return true;
  };
  return std::apply([&](const auto&... p) { return (visit_if(p) || ...); }, production_policies);
}

/// The class of a variant over a sync layer with a policy; a variant without the parameter is as it is.
template <class Family, class Sync, class Listed>
struct cache_with {
  using type = typename Family::template over<Sync>;
};
template <class Family, class Sync, class Listed>
requires takes_policies<Family>
struct cache_with<Family, Sync, Listed> {
  using type = typename Family::template with<Sync, typename Listed::template over<Sync>>;
};

}  // namespace triecheck::checks
