// Latencies in buckets: 64 for each power of two, so that a percentile is off by less than 1 in 100. Adding costs a few
// instructions and no memory, however many there are. The unit is the caller's.
//
// Requests differ in size by orders of magnitude, so the slowest of them mostly are the largest. How steady a cache is
// shows in the latencies relative to what is usual for a request of that size.
//
// Threads: each object by one.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace triecheck::checks {

/// How many of `count` values, from the least on, it takes for `per_mille` of 1,000 of them: the nearest rank.
constexpr std::uint64_t nearest_rank(std::uint64_t count, std::uint64_t per_mille) noexcept {
  return (count * per_mille + 999) / 1000;
}

class latency_histogram {
 public:
  void add(std::uint64_t latency) noexcept {
    ++counts_[bucket_of(latency)];
    ++count_;
  }

  void add(const latency_histogram& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
  }

  std::uint64_t count() const noexcept { return count_; }

  /// The nearest rank: the smallest latency that at least `per_mille` of 1,000 do not exceed; the middle of its bucket.
  /// 0 where there is none.
  std::uint64_t percentile(std::uint64_t per_mille) const noexcept {
    const std::uint64_t rank = nearest_rank(count_, per_mille);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen != 0 && seen >= rank) return middle_of(i);
    }
    return 0;
  }

  /// Calls `visit(latency, count)` for every bucket that has some, with the middle of it.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] != 0) visit(middle_of(i), counts_[i]);
    }
  }

 private:
  static constexpr unsigned sub_bits = 6;

  // 0 .. 127 have a bucket each; beyond that a bucket is twice as wide for every power of two.
  static unsigned shift_for(std::uint64_t value) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    return width > sub_bits + 1 ? width - sub_bits - 1 : 0;
  }
  static std::size_t bucket_of(std::uint64_t value) noexcept {
    const unsigned shift = shift_for(value);
    return (std::size_t{shift} << sub_bits) + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t middle_of(std::size_t bucket) noexcept {
    if (bucket < (std::size_t{2} << sub_bits)) return bucket;
    const auto shift = static_cast<unsigned>(bucket >> sub_bits) - 1;
    const std::uint64_t first = (bucket - (std::uint64_t{shift} << sub_bits)) << shift;
    return first + (std::uint64_t{1} << shift) / 2;
  }

  std::array<std::uint64_t, (64 - sub_bits + 1) << sub_bits> counts_{};
  std::uint64_t count_ = 0;
};

/// Latencies of requests, by size: in classes, two for each power of two.
class sized_latencies {
 public:
  void add(std::uint64_t latency, std::size_t size) noexcept { classes_[class_of(size)].add(latency); }

  void add(const sized_latencies& other) noexcept {
    for (std::size_t i = 0; i < classes_.size(); ++i) classes_[i].add(other.classes_[i]);
  }

  /// Those of the class that a request of this size is in.
  const latency_histogram& about(std::size_t size) const noexcept { return classes_[class_of(size)]; }

  latency_histogram all() const {
    latency_histogram h;
    for (const latency_histogram& c : classes_) h.add(c);
    return h;
  }

  /// That of each latency over the median of its class, by nearest rank; 0 where there is none.
  double percentile_over_usual(std::uint64_t per_mille) const {
    std::vector<std::pair<double, std::uint64_t>> ratios;  // and how many there are
    std::uint64_t count = 0;
    for (const latency_histogram& c : classes_) {
      const auto usual = static_cast<double>(std::max<std::uint64_t>(c.percentile(500), 1));
      c.for_each([&](std::uint64_t latency, std::uint64_t n) {
        ratios.emplace_back(static_cast<double>(latency) / usual, n);
        count += n;
      });
    }
    std::sort(ratios.begin(), ratios.end());
    const std::uint64_t rank = nearest_rank(count, per_mille);
    std::uint64_t seen = 0;
    for (const auto& [ratio, n] : ratios) {
      seen += n;
      if (seen >= rank) return ratio;
    }
    return 0;
  }

 private:
  static constexpr std::size_t class_count = 40;  // the last one has all from 1.5 * 2^18 on

  static std::size_t class_of(std::size_t size) noexcept {
    const auto width = static_cast<std::size_t>(std::bit_width(size));
    const std::size_t upper_half = width < 2 ? 0 : size >> (width - 2) & 1;
    return std::min(2 * width + upper_half, class_count - 1);
  }

  std::vector<latency_histogram> classes_{class_count};
};

}  // namespace triecheck::checks
