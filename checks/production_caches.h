// The variants, as types: the one list that the registry of variants, the explorer, the simulation and the unit tests of
// the cache are made from. A new variant, or a cache of your own, is one line here.
#pragma once

#include <tuple>

#include "cache/coarse.h"
#include "cache/rwlock.h"
#include "cache/sync_std.h"

namespace triecheck::checks {

/// A variant over any sync layer, with the name that --cache takes and one line of description. `Family::over<Sync>` is
/// its class: a class template cannot be passed itself, because clang 14 stumbles over the constraint on its parameter.
/// A family that also has `with<Sync, Policy>` takes any eviction policy (checks/production_policies.h).
template <class Family>
struct production_cache {
  using family = Family;
  template <class Sync>
  using over = typename Family::template over<Sync>;
  using cache_type = over<std_sync>;
  const char* name;
  const char* description;
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

/// All variants, the default first.
inline constexpr std::tuple production_caches{
    production_cache<coarse_family>{"coarse", "one mutex around everything, plain reference counts"},
    production_cache<rwlock_family>{"rwlock", "a reader-writer lock, atomic reference counts: lookups share"},
};

}  // namespace triecheck::checks
