// The historical cache, all switches off, for the unit tests of the caches
// (checks/cache/variant_suite.h).
#pragma once

#include <tuple>

#include "checks/historical/historical_cache.h"
#include "checks/historical/variant.h"
#include "checks/subject/production_caches.h"
#include "checks/subject/production_policies.h"

namespace triecheck::unit {

struct historical_family {
  template <class Sync>
  using over = historical::historical_cache<Sync>;
};

inline constexpr std::tuple suite_caches{checks::production_cache<historical_family>{
    historical::cache_name, "", model::refusals::at_once, false, checks::stats_consistency::all}};
inline constexpr std::tuple suite_policies{std::get<0>(checks::production_policies)};

}  // namespace triecheck::unit
