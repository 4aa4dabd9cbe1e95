// Lanes: parts of a structure, each of which one thread mainly uses, though all may, so that its cache lines stay with
// the core of that thread. There is a lane for each thread index; threads beyond the indices share the first lane with
// its thread.
//
// Threads and progress: any; wait-free. What a lane may be asked, the lane says.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../sync/sync.h"
#include "orders.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync, class Lane>
class lanes {
 public:
  static constexpr std::size_t count = std::min<std::size_t>(Sync::thread_indices::count, 64);

  /// Every lane is made of its number and `arguments`.
  template <class... Arguments>
  lanes(const char* name, const typename Sync::thread_indices& threads, const Arguments&... arguments)
      : threads_(threads) {
    for (std::size_t i = 0; i < count; ++i) lanes_.push_back(std::make_unique<Lane>(i, arguments...));
    Sync::label(used_, name);
  }

  /// The number of the lane of the calling thread.
  std::size_t own() const { return threads_.own() % count; }

  Lane& operator[](std::size_t i) { return *lanes_[i]; }
  const Lane& operator[](std::size_t i) const { return *lanes_[i]; }

  /// Bit i: something was put into lane i, now or earlier.
  std::uint64_t used() const { return used_.load(orders::lane_look); }

  /// Before something is put into lane i.
  void use(std::size_t i) {
    if ((used() & bit(i)) == 0) used_.fetch_or(bit(i), orders::lane_use);
  }

  static constexpr std::uint64_t bit(std::size_t i) noexcept { return std::uint64_t{1} << i; }

  /// The lowest lane of a set that is not empty.
  static std::size_t first_of(std::uint64_t set) noexcept { return static_cast<std::size_t>(std::countr_zero(set)); }

 private:
  const typename Sync::thread_indices threads_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  alignas(64) typename Sync::template atomic<std::uint64_t> used_{0};
};

}  // namespace triecheck::inline v0_1
