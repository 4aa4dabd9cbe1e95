// A cache under load for a stated time: what a server that runs for days would see, in minutes.
//
// Every thread is a server's worker. It takes requests in turn, of a trace that begins again at its end; admits as many
// as the pool has room for, and a few more; shares what it computed; appends tokens to every beam; forks, shrinks,
// cancels, preempts when the pool is full, and waits in the queue for pages when it has nothing else to do. A worker
// that reads pages compares their contents with its prefix.
//
// Concurrently with the workers one thread looks at the cache: 50 times a second at its numbers, and at what a fixed
// piece of work takes the processor. A few times in a run all workers release everything: then the whole cache is
// audited.
//
// Threads: `soak` starts its own and returns when they have ended.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/report/verdict.h"
#include "checks/trace/trace.h"

namespace triecheck::checks {

struct soak_options {
  std::string cache;  ///< the name of a variant
  std::size_t pages = 0;
  std::size_t page_tokens = 0;
  std::size_t threads = 1;
  std::chrono::milliseconds time{};
  std::uint64_t seed = 0;  ///< of what the workers choose; with several threads the order in which they meet is chance
  std::size_t rests = 8;   ///< audits at rest, evenly over the time; the last one is at its end
  bool subscribers_join =
      false;  ///< and leave, while the cache runs: every event then takes a mutex (cache/event_hub.h)
  std::function<void(const std::string&)> show{};  ///< hears a line about the cache, four times a second
  std::function<bool()> ends_early{};              ///< asked 50 times a second
};

/// What the workers did, all together.
struct soak_counts {
  std::uint64_t requests = 0;  ///< that were admitted
  std::uint64_t finished = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t preempted = 0;  ///< for a full pool; they are admitted again
  std::uint64_t refused = 0;    ///< calls that answered `cache_full` or `request_too_large`
  std::uint64_t waits = 0;      ///< for pages, in the queue
  std::uint64_t forks = 0;
  std::uint64_t shrinks = 0;
};

/// Each of them, and its name in JSON.
struct named_soak_count {
  const char* name;
  std::uint64_t soak_counts::*value;
};
inline constexpr std::array named_soak_counts{
    named_soak_count{"requests", &soak_counts::requests},   named_soak_count{"finished", &soak_counts::finished},
    named_soak_count{"cancelled", &soak_counts::cancelled}, named_soak_count{"preempted", &soak_counts::preempted},
    named_soak_count{"refused", &soak_counts::refused},     named_soak_count{"waits", &soak_counts::waits},
    named_soak_count{"forks", &soak_counts::forks},         named_soak_count{"shrinks", &soak_counts::shrinks}};

/// What happened since the sample before.
struct soak_sample {
  double second = 0;  ///< since the start, at the end of the sample
  double requests_per_second = 0;
  double p50_us = 0;  ///< of an admission: its lookup, allocation and publication
  double p99_us = 0;
  double hit_rate = 0;    ///< pages found of those looked up
  double fixed_load = 0;  ///< pieces of fixed work in a second of the processor
};

/// What an audit at rest found.
struct soak_rest {
  double second = 0;
  std::size_t allocated_bytes = 0;  ///< by the process; what the cache keeps, and what the workers keep empty
  std::uint64_t cached_pages = 0;
};

struct soak_result {
  verdict outcome = verdict::error;  ///< pass or fail; `incomplete` where it ended early; of an isolated one any
  std::optional<failure> found;      ///< `replay` is left to the caller, which knows the command line
  double seconds = 0;
  soak_counts counts;
  double hit_rate = 0;
  std::uint64_t evicted_pages = 0;
  std::uint64_t looks = 0;                                 ///< at the numbers of the cache, while it was used
  double p50_us = 0, p99_us = 0, p999_us = 0, max_us = 0;  ///< of an admission
  std::vector<soak_sample> samples;                        ///< one for each second, of a long run for more
  std::vector<soak_rest> rests;
  nlohmann::ordered_json metrics;  ///< of the cache, when every lease was released
  std::string metrics_screen;      ///< the same for a terminal
};

/// The last third of a run over its first third; nothing where there are too few samples.
struct soak_trend {
  double throughput = 0;
  double fixed_load = 0;
};
std::optional<soak_trend> trend_of(const soak_result& s);

/// What is wrong where memory at rest grew from rest number `first` to the last by more than 2 % and `noise` bytes.
/// Before, buffers grow to what the load needs.
std::optional<failure> memory_growth(const std::vector<soak_rest>& rests, std::size_t first, std::size_t noise);

/// Runs the requests of `t` for the time. What the specification forbids is a failure in the result; so is memory that
/// grows by more than 2 % and a MiB. Throws std::invalid_argument for an unknown variant or a
/// cache that it does not make, std::bad_alloc for one that does not fit into memory. Requires rows with tokens.
soak_result soak(const trace& t, const soak_options& options);

/// The same in a separate process. A process that ends before it has an answer is an `error` with what happened and at
/// which line of the trace. An interrupt (checks/process/interrupts.h) ends it early, with all its audits. `patience`:
/// without a step of any worker for so long, it hangs. `tick` hears the seconds so far and a line about the cache.
/// Threads: as run_isolated.
soak_result soak_isolated(const trace& t, const soak_options& options, std::chrono::milliseconds patience,
                          const std::function<void(double, const std::string&)>& tick = {});

/// Everything but `show` and `ends_early`.
nlohmann::ordered_json to_json(const soak_options& options, const soak_result& s);

/// Throughput beside the fixed load, latency, hit rate and memory over time.
std::string to_svg(const soak_options& options, const soak_result& s);

}  // namespace triecheck::checks
