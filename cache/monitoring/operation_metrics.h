// Counts and latencies of the operations of a cache: an observer (observed.h).
//
// Cost of an operation: a few loads and stores on lines of the calling thread, and a multiplication. The
// clock is read for one operation in `latency_sample`, drawn by the thread's own count of operations so that
// no pattern of operations can hide from it; where the clock costs nothing, a sample of 1 measures all.
// Memory: 10 KiB for each index of a thread, 650 KiB in all.
//
// What is counted here is only what the cache does not count itself (cache_stats).
//
// Threads and progress: any; begins and ended are wait-free. `read` at any time: O(counts x threads that the layer
// numbers). Consistency: each count is exact once the operations that it counts have returned, for a thread that their
// return happened before; while operations run, a reading has some part of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "../lockfree/striped.h"
#include "../sync/sync.h"
#include "../types.h"
#include "latency_histogram.h"
#include "observed.h"

namespace triecheck::inline v0_1 {

/// How operations end: by `status`, and last of all by an exception.
inline constexpr std::size_t outcome_count = status_count + 1;
inline constexpr std::size_t outcome_threw = outcome_count - 1;

constexpr const char* name_of_outcome(std::size_t outcome) noexcept {
  return outcome == outcome_threw ? "threw" : name_of(static_cast<status>(outcome));
}

/// What one operation did, by all threads.
struct operation_reading {
  std::array<std::uint64_t, outcome_count> outcomes{};
  latency_histogram latency;        ///< of the operations that were drawn, whatever their outcome
  std::uint64_t evicted_pages = 0;  ///< of evict, clear and shutdown

  std::uint64_t count() const noexcept {
    std::uint64_t n = 0;
    for (const std::uint64_t o : outcomes) n += o;
    return n;
  }
};

struct operations_reading {
  std::array<operation_reading, cache_operation_count> of{};
  std::uint64_t looked_up_tokens = 0;  ///< all that lookups were given, partial blocks too

  const operation_reading& operator[](cache_operation o) const noexcept { return of[static_cast<std::size_t>(o)]; }
};

template <sync_layer Sync>
class operation_metrics {
 public:
  static constexpr std::size_t usual_sample = 64;

  /// Measures one operation in `latency_sample`, a power of two. Throws std::invalid_argument for another one.
  explicit operation_metrics(std::size_t latency_sample = usual_sample) : sample_(latency_sample) {
    if (!std::has_single_bit(latency_sample)) std::__throw_invalid_argument("latency_sample must be a power of two");
  }
  operation_metrics(const operation_metrics&) = delete;
  operation_metrics& operator=(const operation_metrics&) = delete;

  std::size_t latency_sample() const noexcept { return sample_; }

  operations_reading read() const {
    const auto c = counts_.collect();
    operations_reading r;
    for (std::size_t o = 0; o < cache_operation_count; ++o) {
      operation_reading& one = r.of[o];
      for (std::size_t i = 0; i < outcome_count; ++i) one.outcomes[i] = c[outcomes_at(o) + i];
      for (std::size_t i = 0; i < latency_buckets::count; ++i) one.latency.counts[i] = c[buckets_at(o) + i];
      one.latency.sum_ns = c[sums_at + o];
      one.evicted_pages = c[evicted_at + o];
    }
    r.looked_up_tokens = c[looked_up_at];
    return r;
  }

  // As an observer.

  struct begun {
    std::uint64_t at_ns;  // 0: not drawn
    std::uint64_t tokens;
  };
  begun begins(const operation_start& s) {
    const bool is_measured = !is_frequent(s.operation) || is_drawn();
    return {is_measured ? Sync::now_ns() : 0, s.tokens.size()};
  }

  void ended(const begun& b, const operation_end& e) {
    const auto o = static_cast<std::size_t>(e.operation);
    counts_.add(outcomes_at(o) + (e.threw ? outcome_threw : static_cast<std::size_t>(e.result)), 1);
    if (e.operation == cache_operation::lookup) {
      if (b.tokens != 0) counts_.add(looked_up_at, b.tokens);
    } else if (is_eviction(e.operation) && e.count != 0) {
      counts_.add(evicted_at + o, e.count);
    }
    if (b.at_ns == 0) return;
    const std::uint64_t took = Sync::now_ns() - b.at_ns;
    counts_.add(buckets_at(o) + latency_buckets::of(took), 1);
    counts_.add(sums_at + o, took);
  }

 private:
  static constexpr bool is_eviction(cache_operation o) noexcept {
    return o == cache_operation::evict || o == cache_operation::clear || o == cache_operation::shutdown;
  }

  // What requests consist of. Everything else is rare, or long.
  static constexpr bool is_frequent(cache_operation o) noexcept {
    return o == cache_operation::lookup || o == cache_operation::allocate || o == cache_operation::publish ||
           o == cache_operation::release;
  }

  // The counts of one thread: those that every operation touches lie together.
  static constexpr std::size_t outcomes_at(std::size_t o) noexcept { return o * outcome_count; }
  static constexpr std::size_t looked_up_at = cache_operation_count * outcome_count;
  static constexpr std::size_t evicted_at = looked_up_at + 1;
  static constexpr std::size_t sums_at = evicted_at + cache_operation_count;
  static constexpr std::size_t buckets_at(std::size_t o) noexcept {
    return sums_at + cache_operation_count + o * latency_buckets::count;
  }
  static constexpr std::size_t counts = buckets_at(cache_operation_count);

  // Multiples of the golden ratio, modulo 1, are spread evenly, and so are those of every second or fourth
  // number: whatever the order in which a thread repeats its operations, one in `sample_` of each kind is
  // drawn.
  bool is_drawn() {
    constexpr std::uint64_t golden_ratio = 0x9E37'79B9'7F4A'7C15;
    return counts_.next() * golden_ratio <= UINT64_MAX / sample_;
  }

  const std::size_t sample_;
  const typename Sync::thread_indices threads_;
  striped_counts<Sync, counts> counts_{threads_};
};

}  // namespace triecheck::inline v0_1
