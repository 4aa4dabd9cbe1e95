// How many operations the threads of a program perform, measured by its first executions.
//
// The measuring executions are random walks drawn from (seed, -1), (seed, -2), ..., so every process that explores the
// same program from the same seed measures the same.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <random>

#include "checks/explore/strategy.h"

namespace triecheck::explore {

class lengths {
 public:
  explicit lengths(std::uint64_t seed) : seed_(seed) {}

  /// Whether the execution that runs measures.
  bool measuring() const { return run_ < measuring_executions; }

  void begin(std::mt19937_64& engine) {
    engine.seed(hashed(seed_, ~run_));
    steps_ = 0;
  }

  /// Takes a step of a random walk: every enabled thread is equally likely.
  unsigned step(const scheduling_point& point, std::mt19937_64& engine) {
    std::uint32_t left = point.enabled;
    for (auto skip = engine() % static_cast<unsigned>(std::popcount(left)); skip > 0; --skip) left &= left - 1;
    const auto chosen = static_cast<unsigned>(std::countr_zero(left));
    ++total_[chosen];
    longest_ = std::max(longest_, ++steps_);
    return chosen;
  }

  void end() { ++run_; }

  /// Of one thread, over all measuring executions.
  std::uint64_t total(unsigned thread) const { return total_[thread]; }

  /// Of the longest execution.
  std::uint64_t longest() const { return longest_; }

 private:
  const std::uint64_t seed_;
  std::uint64_t run_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t longest_ = 0;
  std::array<std::uint64_t, max_threads> total_{};
};

/// Whether an inner choice takes its second alternative. The standard's distributions may differ between libraries; a
/// modulus does not, and its bias at this size is nil.
inline bool draw(data_choice kind, std::mt19937_64& engine) {
  return engine() % (kind == data_choice::spurious_failure ? 4 : 2) == 0;
}

}  // namespace triecheck::explore
