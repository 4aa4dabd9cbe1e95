// What one call of each variant costs in synchronisation: counted by the measuring layer, not timed, so it is the same
// on every machine.
//
// Threads: one caller, and no other use of the measuring layer meanwhile.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cache/sync/measured.h"
#include "checks/bench/listener.h"

namespace triecheck::checks {

struct synchronisation_result {
  std::string cache;
  std::string call;       ///< "lookup of 1 page", "evict", ...
  std::size_t pages = 0;  ///< that the call touched
  sync_counts counts;
};

/// Every variant: a prompt of 1, 8 and 64 pages is looked up in vain, allocated, published, released, looked up,
/// released again and evicted.
std::vector<synchronisation_result> measure_synchronisation(const bench_listener& listener = {});

}  // namespace triecheck::checks
