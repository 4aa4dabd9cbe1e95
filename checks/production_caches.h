// The variants over the production layer, as types: the one list that the registry of variants, the simulation and the
// unit tests of the cache are made from. A new variant is one line here.
#pragma once

#include <tuple>

#include "cache/coarse.h"
#include "cache/sync_std.h"

namespace triecheck::checks {

/// A cache class with the name that --cache takes and one line of description.
template <class Cache>
struct production_cache {
  using cache_type = Cache;
  const char* name;
  const char* description;
};

/// All variants, the default first.
inline constexpr std::tuple production_caches{
    production_cache<coarse_cache<std_sync>>{"coarse", "one mutex around everything, plain reference counts"},
};

}  // namespace triecheck::checks
