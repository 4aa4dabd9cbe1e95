// A cache in the benchmark: it is prepared for a load, then runs passes over it, each of which is measured.
//
// Threads that serve requests are this project's own and not Google Benchmark's, which times a loop as a whole: it
// knows no percentiles of what each request took.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checks/bench/histogram.h"
#include "checks/bench/load.h"
#include "checks/bench/spinning.h"

namespace triecheck::checks {

inline constexpr std::size_t in_flight = 8;  ///< open requests of a thread in the full cycle

enum class bench_mode : std::uint8_t {
  full_cycle,   ///< lookup, allocate the rest, publish, release, eight requests in flight; the pool is full beforehand
  warm_lookup,  ///< lookup and release of 64 requests whose pages are all cached, over and over
  cold_lookup,  ///< lookup of requests whose pages are all cached, in random order; the release is not measured
};

const char* to_string(bench_mode m);

/// What one pass measured.
struct bench_pass {
  double seconds = 0;  ///< from the start of the first thread to the end of the last
  std::uint64_t requests = 0;
  std::uint64_t rejected = 0;
  std::uint64_t pages = 0;      ///< that these requests found or allocated
  std::uint64_t hit_pages = 0;  ///< of these, found
  std::uint64_t timed_ns = 0;   ///< of all threads together, inside what is measured
  /// Of each request, in nanoseconds. Its size is that of the work, where a page counts once for the first half of what
  /// is done with it, lookup and allocation, and once for the second, publication and release.
  sized_latencies latencies;
  std::optional<spin_sample> spinning;  ///< of as many threads, before the pass; nothing with one thread
};

/// One cache, prepared.
class prepared_cache {
 public:
  prepared_cache() = default;
  prepared_cache(const prepared_cache&) = delete;
  prepared_cache& operator=(const prepared_cache&) = delete;
  virtual ~prepared_cache() = default;

  /// A full cycle serves every request once, thread t of `threads` the requests t, t + threads, ... . Lookups, which
  /// leave the cache as it was, go on for a tenth of a second. Every lease is released when it returns.
  virtual bench_pass run(std::size_t threads) = 0;
};

struct contestant {
  std::string name;
  bool baseline = false;

  /// A cache of `pages` pages for one mode; `l` outlives it. In the modes that look up, everything is cached already,
  /// which requires pages >= l.distinct_pages + l.longest_pages.
  std::unique_ptr<prepared_cache> (*prepare)(const load& l, bench_mode mode, std::size_t pages) = nullptr;
};

/// The variants of checks/subject/production_caches.h in its order, then the baselines.
const std::vector<contestant>& contestants();

/// No cache, but what every lookup in a trie has to do (baselines/bare_walk.h): for bench_mode::cold_lookup alone.
const contestant& walk_hop_by_hop();

}  // namespace triecheck::checks
