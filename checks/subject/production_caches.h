// The variants, as types: the one list that the registry of variants, the explorer, the simulation and the unit tests
// of the cache are made from. A new variant, or a cache of your own, is one line here.
#pragma once

#include <tuple>

#include "cache/coarse.h"
#include "cache/lockfree.h"
#include "cache/nodelock.h"
#include "cache/rwlock.h"
#include "cache/sync/std.h"
#include "checks/subject/stats_consistency.h"
#include "model/state.h"

namespace triecheck::checks {

/// A variant over any sync layer, with the name that --cache takes and one line of description. `Family::over<Sync>` is
/// its class: a class template cannot be passed itself, because clang 14 stumbles over the constraint on its parameter.
/// A family that also has `with<Sync, Policy>` takes any eviction policy (checks/subject/production_policies.h).
template <class Family>
struct production_cache {
  using family = Family;
  template <class Sync>
  using over = typename Family::template over<Sync>;
  using cache_type = over<std_sync>;
  const char* name;
  const char* description;
  model::refusals refusals = model::refusals::exact;  ///< when it may say that nothing can be evicted
  bool nonblocking = false;                           ///< whether a stopped thread never keeps another from finishing
  stats_consistency statistics = stats_consistency::each;  ///< what of an answer of `stats` belongs together
  bool order_by_thread = false;  ///< whether the threads that worked on a page affect when it is evicted
};

struct coarse_family {
  template <class Sync>
  using over = coarse_cache<Sync>;
  template <class Sync, class Policy>
  using with = coarse_cache<Sync, Policy>;
};

struct rwlock_family {
  template <class Sync>
  using over = rwlock_cache<Sync>;
  template <class Sync, class Policy>
  using with = rwlock_cache<Sync, Policy>;
};

struct nodelock_family {
  template <class Sync>
  using over = nodelock_cache<Sync>;
};

struct lockfree_family {
  template <class Sync>
  using over = lockfree_cache<Sync>;
};

/// The variants that ship, the simplest first.
inline constexpr std::tuple shipped_caches{
    production_cache<coarse_family>{"coarse", "one mutex around everything, plain reference counts",
                                    model::refusals::at_once, false, stats_consistency::all},
    production_cache<rwlock_family>{"rwlock", "a reader-writer lock, atomic reference counts: lookups share",
                                    model::refusals::at_once, false, stats_consistency::pages},
    production_cache<nodelock_family>{"nodelock",
                                      "a lock per node; index, eviction order and page pool have their own"},
    production_cache<lockfree_family>{"lockfree", "no lock on any path: one compare-exchange pins the deepest node",
                                      model::refusals::crowded, true, stats_consistency::parts, true},
};

}  // namespace triecheck::checks

// Caches from elsewhere, without a line here: a header that defines `own_caches`, a tuple as the one above.
#ifdef TRIECHECK_OWN_CACHES
#include TRIECHECK_OWN_CACHES
#else
namespace triecheck::checks {
inline constexpr std::tuple<> own_caches;
}
#endif

namespace triecheck::checks {

/// All variants.
inline constexpr auto production_caches = std::tuple_cat(shipped_caches, own_caches);

/// The one that measures best: what runs where none is named.
inline constexpr const char* default_cache = "lockfree";

}  // namespace triecheck::checks
