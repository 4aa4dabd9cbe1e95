// Latencies in fixed buckets, log-linear: four for each power of two of nanoseconds, from 32 ns to 17 s.
//
// Threads: constants and plain values. operation_metrics.h counts into the buckets.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace triecheck::inline v0_1 {

/// Bucket i has the latencies up to and including `bound_ns(i)` that are above the bound of the bucket before
/// it. A bucket is a fifth to a quarter of its lower bound wide.
struct latency_buckets {
  static constexpr unsigned per_octave = 4;  // a power of two
  static constexpr unsigned first_octave = 5;
  static constexpr unsigned last_octave = 33;

  static constexpr std::size_t bounded = 1 + (last_octave - first_octave + 1) * per_octave;
  static constexpr std::size_t count = bounded + 1;  ///< the last one has no bound

  static constexpr std::size_t of(std::uint64_t ns) noexcept {
    if (ns <= std::uint64_t{1} << first_octave) return 0;
    const std::uint64_t last = ns - 1;
    const auto octave = static_cast<unsigned>(std::bit_width(last)) - 1;
    if (octave > last_octave) return bounded;
    const std::uint64_t part = last >> (octave - 2) & (per_octave - 1);
    return 1 + (octave - first_octave) * per_octave + static_cast<std::size_t>(part);
  }

  /// Requires i < bounded.
  static constexpr std::uint64_t bound_ns(std::size_t i) noexcept {
    if (i == 0) return std::uint64_t{1} << first_octave;
    const std::size_t octave = first_octave + (i - 1) / per_octave;
    return std::uint64_t{per_octave + 1 + (i - 1) % per_octave} << (octave - 2);
  }

  /// Whether the bound is a power of two.
  static constexpr bool ends_octave(std::size_t i) noexcept { return i % per_octave == 0; }
};
static_assert(latency_buckets::per_octave == 4, "two bits of a latency name the part of its octave");
static_assert(latency_buckets::ends_octave(latency_buckets::bounded - 1));

struct latency_histogram {
  std::array<std::uint64_t, latency_buckets::count> counts{};
  std::uint64_t sum_ns = 0;

  std::uint64_t count() const noexcept {
    std::uint64_t n = 0;
    for (const std::uint64_t c : counts) n += c;
    return n;
  }

  /// Nanoseconds that at least `share` of the latencies do not exceed, between the bounds of their bucket as
  /// if they were spread evenly in it, as Prometheus has it; of the bucket without a bound, its lower one. 0
  /// without latencies.
  double quantile_ns(double share) const noexcept {
    const double rank = share * static_cast<double>(count());
    double below = 0;
    for (std::size_t i = 0; i < latency_buckets::bounded; ++i) {
      const auto here = static_cast<double>(counts[i]);
      if (here != 0 && below + here >= rank) {
        const double lower = i == 0 ? 0 : static_cast<double>(latency_buckets::bound_ns(i - 1));
        const auto upper = static_cast<double>(latency_buckets::bound_ns(i));
        return lower + (upper - lower) * std::max(0.0, rank - below) / here;
      }
      below += here;
    }
    return count() == 0 ? 0 : static_cast<double>(latency_buckets::bound_ns(latency_buckets::bounded - 1));
  }
};

}  // namespace triecheck::inline v0_1
