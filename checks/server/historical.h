// The historical cache (checks/historical) in the server: what the first failure report was about.
#pragma once

#include <memory>
#include <vector>

#include "checks/historical/defects.h"
#include "checks/server/any_cache.h"
#include "checks/server/delayed_sync.h"

namespace triecheck::server {

/// The cache with these defects, over the production layer with such a delay. Throws as its constructor.
std::unique_ptr<any_cache> make_historical(const cache_config& config, historical::defect_set defects,
                                           operation_delay delay);

/// The set of defects of these numbers, 1 to historical::defect_count.
historical::defect_set defects_of(const std::vector<unsigned>& numbers);

}  // namespace triecheck::server
