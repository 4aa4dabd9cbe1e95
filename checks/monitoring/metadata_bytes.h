// How much memory a cache has beside the contents of its pages: what the allocator gave while it was constructed.
//
// Threads: one caller, and nobody else allocates meanwhile.
#pragma once

#include <cstddef>
#include <memory>

#include "cache/monitoring/monitored.h"
#include "checks/bench/allocated.h"

namespace triecheck::checks {

/// What the observers of a cache take, which does not belong to the cache.
template <class Sync>
std::size_t monitor_bytes() {
  const std::size_t before = allocated_bytes();
  const cache_monitors<Sync> monitors(operation_metrics<std_sync>::usual_sample);
  return allocated_bytes() - before;
}

/// Makes something that has a monitored cache over `Sync`, and reports its bytes to the cache `cache_of` it. Under a
/// sanitizer, whose allocator does not count them, it reports nothing.
template <class Sync, class Make, class CacheOf>
auto measured_metadata(Make make, CacheOf cache_of) {
  const std::size_t monitors = monitor_bytes<Sync>();
  const std::size_t before = allocated_bytes();
  auto made = make();
  const std::size_t given = allocated_bytes() - before;
  if (given > monitors) cache_of(*made).tell_metadata_bytes(given - monitors);
  return made;
}

}  // namespace triecheck::checks
