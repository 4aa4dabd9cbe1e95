// What must hold of the cache when nobody runs: nothing is lost, nothing is pinned, every cached
// page holds the keys and values of its prefix.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "checks/server/any_cache.h"
#include "checks/server/engine.h"

namespace triecheck::server {

struct audit_report {
  page_counts pages;
  std::size_t compared_pages = 0;  ///< cached pages that were computed again
  std::vector<std::string> wrong;  ///< a sentence each; empty when all is well
};

/// Requires that nothing runs.
audit_report audit_at_rest(any_cache& cache, page_memory& memory, const transformer& model);

/// Admits nobody, waits until nobody runs, audits, and goes on; where that takes longer than
/// `limit` the report says so.
audit_report audit(engine& e, std::chrono::milliseconds limit);

}  // namespace triecheck::server
