#include "checks/server/any_cache.h"

#include <tuple>

#include "cache/monitoring/monitored.h"
#include "cache/sync/contended.h"
#include "cache/sync/std.h"
#include "checks/monitoring/metadata_bytes.h"
#include "checks/server/wrapped_cache.h"
#include "checks/subject/production_caches.h"

namespace triecheck::server {

namespace {

template <class Cache>
std::unique_ptr<any_cache> monitored(const cache_config& config) {
  using wrapped = wrapped_cache<monitored_cache<Cache>>;
  constexpr std::size_t every = 1;  // a step of the model takes longer than a thousand clocks
  return checks::measured_metadata<typename Cache::sync_type>([&] { return std::make_unique<wrapped>(config, every); },
                                                              [](wrapped & w) -> auto& { return w.cache(); });
}

}  // namespace

std::unique_ptr<any_cache> make_cache(const std::string& variant, const cache_config& config, monitoring_level level) {
  std::unique_ptr<any_cache> made;
  const auto make_if_named = [&]<class Listed>(const Listed& listed) {
    using contended = typename Listed::template over<contended_sync<std_sync>>;
    if (variant != listed.name) return;
    made = level == monitoring_level::contention ? monitored<contended>(config)
                                                 : monitored<typename Listed::cache_type>(config);
  };
  std::apply([&](const auto&... listed) { (make_if_named(listed), ...); }, checks::production_caches);
  return made;
}

std::vector<std::string> cache_names() {
  return std::apply([](const auto&... listed) { return std::vector<std::string>{listed.name...}; },
                    checks::production_caches);
}

}  // namespace triecheck::server
