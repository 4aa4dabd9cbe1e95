// Caches with a defect on purpose, around a right one: what the integration test must find, or it
// proves nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "checks/server/any_cache.h"

namespace triecheck::server {

struct seeded_fault {
  std::string_view name;
  std::string_view description;  ///< one line
  /// one request at a time is answered right, in a pool that is not short
  bool needs_concurrency;
};

/// What `--fault` takes.
const std::vector<seeded_fault>& seeded_faults();

/// `cache` with the fault of that name; null where there is none of that name. `seed` varies when
/// it happens.
std::unique_ptr<any_cache> make_wrong(std::unique_ptr<any_cache> cache, std::string_view fault, std::uint64_t seed);

}  // namespace triecheck::server
