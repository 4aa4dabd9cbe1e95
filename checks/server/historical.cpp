#include "checks/server/historical.h"

#include "checks/historical/historical_cache.h"
#include "checks/server/wrapped_cache.h"

namespace triecheck::server {

std::unique_ptr<any_cache> make_historical(const cache_config& config, historical::defect_set defects,
                                           operation_delay delay) {
  if (delay.one_in == 0)
    return std::make_unique<wrapped_cache<historical::historical_cache<std_sync>>>(config, defects);
  delays::set(delay);
  return std::make_unique<wrapped_cache<historical::historical_cache<delayed_sync>>>(config, defects);
}

historical::defect_set defects_of(const std::vector<unsigned>& numbers) {
  historical::defect_set all;
  for (const unsigned number : numbers) all = all.with(static_cast<historical::defect>(number));
  return all;
}

}  // namespace triecheck::server
