// Latencies in buckets: 64 for each power of two, so that a percentile is off by less than 1 in 100. Adding costs a few
// instructions and no memory, however many there are. The unit is that of whoever adds.
//
// Threads: each object by one.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace triecheck::checks {

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
    const std::uint64_t rank = (count_ * per_mille + 999) / 1000;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen != 0 && seen >= rank) return middle_of(i);
    }
    return 0;
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

}  // namespace triecheck::checks
