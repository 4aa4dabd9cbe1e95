// A cache with its metrics: the interface of the cache, and `read`.
//
//   monitored_cache<lockfree_cache<contended_sync<std_sync>>> cache({.pages = 4096, .tokens_per_page = 16});
//   ... as any cache ...
//   const cache_reading r = cache.read();                    // for metric_table.h
//
// Over contended_sync it tells locks and words by label; over std_sync it has the metrics of operations
// alone, for less.
//
// Threads and progress: those of the cache; what is counted, is counted wait-free. `read`: any, one at a time
// inside.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "../sync/contended.h"
#include "../sync/std.h"
#include "../types.h"
#include "hit_window.h"
#include "metric_table.h"
#include "observed.h"
#include "operation_metrics.h"

namespace triecheck::inline v0_1 {

template <class Sync>
inline constexpr bool counts_contention = false;
template <class Base>
inline constexpr bool counts_contention<contended_sync<Base>> = true;

/// The observers of a cache over `Sync`: constructed before the cache and destroyed after it.
template <sync_layer Sync>
struct cache_monitors {
  using observer_type = operation_metrics<std_sync>;

  explicit cache_monitors(std::size_t latency_sample) : operations(latency_sample) {}

  observer_type& observer() noexcept { return operations; }
  std::vector<label_counts> labels() const { return {}; }

  operation_metrics<std_sync> operations;
};
template <sync_layer Sync>
requires counts_contention<Sync>
struct cache_monitors<Sync> {
  using observer_type = both_observers<operation_metrics<std_sync>, contention_counts>;

  explicit cache_monitors(std::size_t latency_sample) : operations(latency_sample) {}

  observer_type& observer() noexcept { return both; }
  std::vector<label_counts> labels() const { return contention.read(); }

  operation_metrics<std_sync> operations;
  contention_counts contention;
  observer_type both{operations, contention};
};

template <class Cache>
class monitored_cache
    : private cache_monitors<typename Cache::sync_type>,
      public observed_cache<Cache, typename cache_monitors<typename Cache::sync_type>::observer_type> {
  using monitors = cache_monitors<typename Cache::sync_type>;
  using observed_type = observed_cache<Cache, typename monitors::observer_type>;

 public:
  /// The time of one operation in `latency_sample` is taken; a power of two. Throws as the cache, and
  /// std::invalid_argument.
  explicit monitored_cache(const cache_config& config,
                           std::size_t latency_sample = operation_metrics<std_sync>::usual_sample)
      : monitors(latency_sample), observed_type(monitors::observer(), config) {
    window_.add(std_sync::now_ns(), {});
  }

  /// All that is known of the cache; the construction and readings bound the window of recent hits. Throws
  /// std::bad_alloc.
  cache_reading read() {
    const std_sync::exclusive_guard<std_sync::mutex> lock(reading_);
    cache_reading r;
    r.pages = this->config().pages;
    r.tokens_per_page = this->config().tokens_per_page;
    // What evict, clear and shutdown evicted is read before what was evicted in all.
    r.operations = this->operations.read();
    r.stats = this->stats();
    r.latency_sample = this->operations.latency_sample();
    r.labels = this->labels();
    if constexpr (requires(const Cache& c) { c.available(); }) {
      r.evictable_pages = this->available().evictable_pages;
    }
    r.metadata_bytes = metadata_bytes_;
    r.window = window_.add(std_sync::now_ns(), {r.stats.looked_up_pages, r.stats.hit_pages,
                                                r.operations.looked_up_tokens, hit_tokens_of(r)});
    return r;
  }

  /// Sets how much memory the cache has beside the contents of its pages, where the caller measured its construction.
  /// To be called before `read`.
  void tell_metadata_bytes(std::size_t bytes) noexcept { metadata_bytes_ = bytes; }

 private:
  std::optional<std::size_t> metadata_bytes_;
  std_sync::mutex reading_;
  hit_window window_;
};

}  // namespace triecheck::inline v0_1
