// Vector clocks: how the steps of one execution are ordered in every execution that is equivalent to it. Shared by the
// explorer, which computes them, and by the oracles that judge a whole class of equivalent executions.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace triecheck::checks {

/// Of a program that is explored.
inline constexpr unsigned max_threads = 8;

/// Of these, at most so many have a thread index in the exploring layer: a structure makes something for each index.
inline constexpr unsigned threads_with_an_index = 4;

/// How many operations of each thread happen before one, that one included.
using clock_vector = std::array<std::uint32_t, max_threads>;

inline void join(clock_vector& into, const clock_vector& other) {
  for (unsigned t = 0; t < max_threads; ++t) into[t] = std::max(into[t], other[t]);
}

/// Whether `a` is, in every thread, at most `b`.
constexpr bool within(const clock_vector& a, const clock_vector& b) {
  for (unsigned t = 0; t < max_threads; ++t) {
    if (a[t] > b[t]) return false;
  }
  return true;
}

/// A step of a thread, as its place in the happens-before order. What runs before or after all threads is `outside`.
struct moment {
  static constexpr unsigned outside = max_threads;
  unsigned thread = outside;
  clock_vector clock{};
};

/// Requires that both are steps of threads. A step happens before itself.
constexpr bool happens_before(const moment& earlier, const moment& later) {
  return earlier.clock[earlier.thread] <= later.clock[earlier.thread];
}

/// When an operation ran: its first and its last step. The thread could have called just before the one and returned
/// just after the other, so an order that no such interval admits is a violation. An operation without a step of its
/// own has one, both its first and its last, which is ordered with those of its thread only.
struct interval {
  moment opened;
  moment closed;
  std::size_t called = 0;  ///< where the execution at hand had the two: any numbers that grow
  std::size_t returned = 0;
};

}  // namespace triecheck::checks
