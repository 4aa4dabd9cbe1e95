// A cache whose operations go into a log (cache/monitoring/operation_log.h): around any other, a wrong one too.
//
// Threads: those of the cache.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "cache/monitoring/operation_log.h"
#include "cache/sync/std.h"
#include "checks/server/any_cache.h"

namespace triecheck::server {

using server_log = operation_log<std_sync>;

/// The log outlives the cache.
std::unique_ptr<any_cache> make_logged(std::unique_ptr<any_cache> cache, server_log& log);

}  // namespace triecheck::server
