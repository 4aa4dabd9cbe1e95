// A random order that is the same one with every library: that of std::shuffle is not.
//
// Threads: a pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace triecheck::checks {

/// 0 .. n - 1, shuffled.
inline std::vector<std::size_t> random_order(std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::uint64_t state = 1;
  for (std::size_t i = n; i > 1; --i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    std::swap(order[i - 1], order[(state >> 33) % i]);
  }
  return order;
}

}  // namespace triecheck::checks
