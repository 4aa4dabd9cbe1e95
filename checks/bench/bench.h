// The benchmark: every contestant on every load, and the limits of the machine, in one run.
//
// The contestants of a cell take turns, one pass each, so that what disturbs the machine disturbs all of them alike; a
// cell's throughput is the median of its passes. A ratio of two figures of one run can be trusted further than the
// figures.
//
// Threads: one caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "checks/bench/contestant.h"
#include "checks/bench/listener.h"
#include "checks/bench/load.h"
#include "checks/bench/machine.h"
#include "checks/bench/memory.h"
#include "checks/bench/misses.h"
#include "checks/bench/monitoring_cost.h"
#include "checks/bench/overload.h"
#include "checks/bench/synchronisation.h"

namespace triecheck::checks {

struct bench_options {
  std::vector<std::size_t> threads{1, 2, 4, 8, 16, 32};
  std::vector<std::size_t> pages{1024,    4096,    16'384,   65'536,
                                 262'144, 524'288, 1'048'576};  ///< of the sweep, which is a full cycle
  std::size_t cycle_pages = 0;  ///< of the full cycle over threads, more where open requests need it; 0: scarce_pages
  double seconds = 0.5;         ///< of each cell and contestant, at least: further passes until then; 0 is one pass
  bench_listener listener{};
};

/// One contestant in one cell.
struct bench_result {
  std::string load;
  bench_mode mode = bench_mode::full_cycle;
  std::string cache;
  bool baseline = false;
  bool sweep = false;  ///< of the sweep over pages; otherwise of the one over threads
  std::size_t pages = 0;
  std::size_t threads = 1;
  std::size_t passes = 0;
  double requests_per_second = 0;
  double spread = 0;  ///< between the fastest and the slowest pass, over the median: how disturbed the machine was
  double spin_scale =
      0;  ///< of as many threads, before each pass (spinning.h): the cores that they had; 0 with one thread
  double spin_tail = 0;       ///< of the same: by how much the machine alone stretched short work (spinning.h)
  double line_ns = 0;         ///< of the same: how long a line took from one of two to the other and back
  double ns_per_page = 0;     ///< the time of a thread for each page that its requests found or allocated
  double hit_share = 0;       ///< of these pages, those that were found
  double rejected_share = 0;  ///< of the requests
  std::uint64_t p50_ns = 0;
  std::uint64_t p99_ns = 0;
  std::uint64_t p999_ns = 0;
  double p999_over_usual = 0;  ///< of the requests' latencies, each over the median of those of about its size
};

struct bench_results {
  machine_results machine;
  std::vector<synchronisation_result> synchronisation;
  std::vector<bench_result> cells;
  overload_report overload;                 ///< measured by itself (overload.h)
  std::vector<memory_result> memory;        ///< as well (memory.h)
  std::vector<miss_result> misses;          ///< as well (misses.h)
  std::vector<monitoring_cost> monitoring;  ///< as well (monitoring_cost.h)
};

/// The pages of a cache that has to evict: the largest power of two below half of what the load has, at least enough
/// for the open requests of `threads` threads.
std::size_t scarce_pages(const load& l, std::size_t threads);

/// Requires loads, threads and a page count each. A size of the sweep that the open requests of one thread would not
/// leave room in is left out for that load. `results` gets each cell as soon as it is measured.
void run_bench(const std::vector<load>& loads, const bench_options& options, bench_results& results);

}  // namespace triecheck::checks
