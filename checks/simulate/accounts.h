// The accounts of a simulation: what the cache says it did against what the threads counted, and every page at the end.
//
// Threads: one, after the simulation's own have ended.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/monitoring/metric_table.h"
#include "checks/simulate/request_thread.h"
#include "checks/simulate/simulate.h"
#include "checks/subject/subject.h"
#include "model/state.h"

namespace triecheck::checks {

/// What the threads of a simulation counted together.
request_tally sum(const std::vector<request_tally>& tallies);

/// The result's numbers: requests and latencies from the tally, pages from the statistics of the cache.
void fill_in(simulation& s, request_tally total, const model::statistics& stats);

/// Agreement of the counters with the tally, and conservation of pages, before shutdown.
std::optional<failure> audit(const request_tally& total, const model::statistics& stats, std::size_t pages);

/// Calls of the cache, as its threads counted them.
struct call_tally {
  std::uint64_t allocated = 0;  ///< allocations that answered ok
  std::uint64_t published = 0;
  std::uint64_t released = 0;
  std::uint64_t refused_forks = 0;  ///< that answered `cache_full`
  std::uint64_t all = 0;            ///< of every operation, whatever they answered
};

/// The calls of requests that are looked up, allocated and released, and published unless they are refused.
call_tally calls_of(const request_tally& total);

/// Agreement of all metrics, as they are exposed, with the tallies and with `truth`: the statistics of the model where
/// one ran beside the cache, else those of the cache, which `audit` held against the tally. Every lease was released.
std::optional<failure> audit_metrics(const request_tally& total, const call_tally& calls,
                                     const model::statistics& truth, std::size_t page_tokens, const cache_reading& r);

/// What a snapshot shows when every lease was released: a sound trie, all of it in the index and in the eviction order,
/// and no pin.
std::optional<failure> audit_structure(const structure& s);

/// After shutdown every page is free, and `lost` (a line for each lost page) is empty.
std::optional<failure> audit_shutdown(const std::vector<std::string>& lost, const model::statistics& stats,
                                      std::size_t pages);

}  // namespace triecheck::checks
