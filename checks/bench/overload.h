// Overload: a server whose open requests need more pages than there are, in more threads than there are cores.
//
// The pool is full from the start. Every thread serves a batch of requests: it looks one up, allocates its prompt,
// publishes it, forks it where it has several beams, and lets every beam grow by a token in turn.
//   - If a request is refused pages for its prompt, its thread puts it back at the end of the common queue and tries
//     the next one later.
//   - If a request is refused a page for growth, its thread gives all its pages back and it starts over (preemption).
//   - Some requests are cancelled half-way.
// Every request ends once, whatever the variant, so the time of a pass is that of the same work.
//
// Every few tokens a thread lets others run, as a server does while the model computes: so requests of all threads are
// open at once, even where one core serves them.
//
// A thread that has nothing open and is refused either asks again at once or waits in the queue of the cache
// (page_queue.h): each variant is measured both ways.
//
// Variants take turns, one pass each. What counts is the ratio of a pass to the pass of the first variant in the same
// round: of its time, and of its processor time, which other processes disturb less.
//
// Threads: one caller; a pass starts its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/bench/histogram.h"
#include "checks/bench/listener.h"
#include "checks/bench/load.h"

namespace triecheck::checks {

/// What a server is asked for, in order of arrival.
struct overload_load {
  struct request {
    std::size_t output_tokens = 0;
    unsigned beams = 1;
    bool is_cancelled = false;  ///< after half of its output
  };
  request_list prompts;
  std::vector<request> requests;  ///< one for each prompt
  std::size_t page_tokens = 16;
  std::size_t pages = 0;  ///< of the cache
  std::size_t open = 0;   ///< requests that all threads together serve at once, at most; at least one each

  std::size_t batch(std::size_t threads) const noexcept { return std::max<std::size_t>(open / threads, 1); }
};

/// `requests` requests, each of one of eight system prompts of 300 tokens, 20 .. 419 further tokens, and 20 .. 79
/// tokens of output. One in ten has four beams, one in eight is cancelled. The open ones need about twice the pages
/// that there are. The same load for the same arguments. Requires pages >= least_overload_pages.
overload_load make_overload(std::size_t pages, std::size_t requests);

/// With fewer pages the longest request with all its beams might not fit together with one of every other thread.
inline constexpr std::size_t least_overload_pages = 256;

/// What one pass measured.
struct overload_pass {
  double seconds = 0;
  double processor_seconds = 0;  ///< of all threads together
  std::uint64_t finished = 0;    ///< requests that had all their output
  std::uint64_t cancelled = 0;   ///< as many as the load says
  std::uint64_t attempts = 0;    ///< calls of allocate for a prompt
  std::uint64_t refused = 0;     ///< of these
  std::uint64_t preempted = 0;   ///< requests that growth was refused to
  std::uint64_t left_open = 0;   ///< leases that the cache counts as open afterwards: 0
  latency_histogram allocate;    ///< nanoseconds of each attempt
};

/// What a thread does that was refused and has nothing else to do.
enum class when_refused : std::uint8_t { asks_again, waits };

const char* to_string(when_refused w);

/// A variant under overload: serves the load once, with a new cache.
struct overload_contestant {
  std::string name;
  when_refused then = when_refused::asks_again;
  overload_pass (*run)(const overload_load& l, std::size_t threads, when_refused then) = nullptr;
};

/// The variants of checks/subject/production_caches.h in its order; first all that ask again, then all that wait.
const std::vector<overload_contestant>& overload_contestants();

/// One variant with one number of threads: its passes beside those of the first variant.
struct overload_result {
  std::string cache;
  when_refused then = when_refused::asks_again;
  std::size_t threads = 0;
  std::size_t passes = 0;
  double seconds = 0;            ///< the median
  double over_first = 0;         ///< the median of the ratios to the pass of the first variant in the same round
  double processor_seconds = 0;  ///< the median, of all threads together
  double processor_over_first = 0;
  double worst_over_median = 0;  ///< the slowest pass
  double attempts = 0;           ///< the medians of the counts
  double refused = 0;
  double preempted = 0;
  std::uint64_t p50_ns = 0;  ///< of allocate for a prompt, in all passes
  std::uint64_t p99_ns = 0;
  std::uint64_t p999_ns = 0;
  double p99_over_first = 0;
};

/// Passes in turns, until each variant had `seconds` and five passes; with 0 seconds one pass.
std::vector<overload_result> measure_overload(const overload_load& l, std::span<const std::size_t> threads,
                                              double seconds, const std::vector<overload_contestant>& contestants,
                                              const bench_listener& listener = {});

/// What was measured, and of what load.
struct overload_report {
  std::size_t requests = 0;
  std::size_t pages = 0;
  std::size_t open = 0;
  std::vector<overload_result> results;
};

/// A line for each number of threads and variant; nothing without results.
std::string to_table(const overload_report& r);

nlohmann::ordered_json to_json(const overload_report& r);

}  // namespace triecheck::checks
