// A request trace through a production cache: what it hits, what it evicts, how long a request takes, and whether
// everything that the specification promises about it held.
//
// Threads: `simulate` starts its own and returns when they have ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "checks/report/verdict.h"
#include "checks/trace/trace.h"
#include "model/state.h"

namespace triecheck::checks {

/// What a request asks for that hit at least half of its pages; the policy `priority` listens.
struct hit_retention {
  static constexpr std::size_t all = static_cast<std::size_t>(-1);
  unsigned priority = 0;       ///< 0 asks for nothing
  std::size_t requests = all;  ///< until so many requests later. The clock of a simulation counts requests
};

struct simulation_options {
  std::string cache;  ///< the name of a variant
  model::eviction_policy policy = model::eviction_policy::recency;
  hit_retention keep_hits;
  std::size_t pages = 0;
  std::size_t page_tokens = 0;
  std::size_t threads = 1;    ///< thread t of T takes rows t, t+T, ...
  std::size_t in_flight = 1;  ///< requests that a thread keeps allocated but unpublished, at most
  std::size_t requests = 0;   ///< how many rows to take from the front; 0 takes all
  bool verify = false;  ///< one thread: the model runs beside the cache; any number: contents and structure are checked
  bool compare_exact = false;  ///< the exact cache repeats the run's operations in their order; requires !verify
  bool metrics = false;        ///< the cache is monitored (cache/monitoring): its metrics are in the result, and
                               ///< audited; requires !compare_exact
  std::function<void(const std::string&)>
      show{};  ///< with `metrics`: hears a line about the cache, four times a second
};

/// Nanoseconds of one request; exact percentiles (nearest rank) of all of them, not of buckets.
struct latency_percentiles {
  std::uint64_t p50_ns = 0;
  std::uint64_t p99_ns = 0;
  std::uint64_t p999_ns = 0;
  std::uint64_t max_ns = 0;
};

/// What the exact cache did with the operations of a run (checks/simulate/exact_replay.h).
struct exact_replay {
  std::uint64_t hit_pages = 0;
  std::uint64_t rejected = 0;  ///< rows that it refused: not always those that the run refused
};

struct simulation {
  verdict outcome = verdict::error;       ///< pass or fail; of an isolated one (isolated_simulation.h) any
  std::optional<failure> found;           ///< `replay` is left to the caller, which knows the command line
  std::optional<std::size_t> failed_row;  ///< the row that was being served when the failure was found
  std::uint64_t requests = 0;             ///< rows that were started
  std::uint64_t rejected = 0;             ///< of these, refused
  std::uint64_t looked_up_pages = 0;
  std::uint64_t hit_pages = 0;
  std::uint64_t allocated_pages = 0;
  std::uint64_t evicted_pages = 0;
  std::uint64_t free_pages = 0;
  std::uint64_t cached_pages = 0;
  double seconds = 0;  ///< from the start of the threads' work to the end of the last one's
  latency_percentiles latency;
  nlohmann::ordered_json metrics;     ///< with `metrics`: those of the cache when every lease was released; else null
  std::string metrics_screen;         ///< the same for a terminal
  std::optional<exact_replay> exact;  ///< with `compare_exact`, of a run that passed
};

/// The hits of a run over those of the exact cache on the same operations in the same order; nothing where there was no
/// such comparison, or where the exact cache hit nothing.
std::optional<double> of_exact(const simulation& s);

/// Runs the rows of `t`. What the specification forbids is a failure in the result. Throws std::invalid_argument for an
/// unknown variant, a policy that it does not take or a cache that it does not make, std::bad_alloc for one that does
/// not fit into memory.
simulation simulate(const trace& t, const simulation_options& options);

/// The same over monitored caches; with `metrics` alone.
simulation simulate_monitored(const trace& t, const simulation_options& options);

nlohmann::ordered_json to_json(const trace& t, const simulation_options& options, const simulation& s);

}  // namespace triecheck::checks
