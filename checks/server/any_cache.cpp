#include "checks/server/any_cache.h"

#include <tuple>

#include "checks/server/wrapped_cache.h"
#include "checks/subject/production_caches.h"

namespace triecheck::server {

std::unique_ptr<any_cache> make_cache(const std::string& variant, const cache_config& config) {
  std::unique_ptr<any_cache> made;
  const auto make = [&]<class Listed>(const Listed& listed) {
    if (variant == listed.name)
      made = std::make_unique<wrapped_cache<typename Listed::cache_type>>(config);
  };
  std::apply([&](const auto&... listed) { (make(listed), ...); }, checks::production_caches);
  return made;
}

std::vector<std::string> cache_names() {
  return std::apply([](const auto&... listed) { return std::vector<std::string>{listed.name...}; },
                    checks::production_caches);
}

}  // namespace triecheck::server
