// Requests over a logged cache, for the tests of logs.
//
// Threads: as said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cache/monitoring/log_text.h"
#include "cache/monitoring/observed.h"
#include "cache/monitoring/operation_log.h"
#include "cache/sync/std.h"
#include "checks/log/log_file.h"
#include "checks/threads/together.h"

namespace triecheck::checks {

using production_log = operation_log<std_sync>;

/// A cache with its log, and what the log says so far.
template <class Cache>
struct logged_cache {
  /// `rest`: what the cache takes beside its configuration.
  template <class... Rest>
  explicit logged_cache(const cache_config& c, std::size_t words, const Rest&... rest)
      : log(words), cache(log, c, rest...) {}

  std::string text(const std::string& variant) const { return log_text(log.read_at_rest(), cache.config(), variant); }

  production_log log;
  observed_cache<Cache, production_log> cache;
};

/// One request of the engine: look up all but the last token, allocate the rest, publish in chunks, grow a token
/// at a time; sometimes a fork. Refusals end it.
template <class Cache>
void serve(Cache& cache, std::span<const token> prompt, std::size_t grown, bool forks) {
  auto lease = cache.lookup(prompt.first(prompt.size() - 1));
  if (cache.allocate(lease, prompt.subspan(lease.token_count())) != status::ok) return;
  static_cast<void>(cache.publish(lease, prompt.size() / 2));
  static_cast<void>(cache.publish(lease, prompt.size()));
  auto beam = forks ? cache.fork(lease) : typename Cache::fork_result_type{};
  for (std::size_t i = 0; i < grown; ++i) {
    const token next = 900 + static_cast<token>(i);
    if (cache.allocate(lease, std::span(&next, 1)) != status::ok) return;
    static_cast<void>(cache.publish(lease, lease.token_count()));
  }
}

/// Each of the threads serves so many requests from few prompts, so that they share prefixes and evict each
/// other's pages.
template <class Cache>
void serve_together(Cache& cache, std::size_t threads, std::size_t requests, std::uint64_t seed) {
  run_together(threads, [&](std::size_t t, auto) {
    std::mt19937_64 random(seed + t);
    for (std::size_t i = 0; i < requests; ++i) {
      std::vector<token> prompt(2 + random() % 6);
      for (std::size_t k = 0; k < prompt.size(); ++k) prompt[k] = static_cast<token>(random() % 2 + 10 * k);
      serve(cache, prompt, random() % 3, random() % 4 == 0);
      if (random() % 16 == 0) static_cast<void>(cache.evict(1));
      if (random() % 64 == 0) static_cast<void>(cache.clear());
    }
  });
}

}  // namespace triecheck::checks
