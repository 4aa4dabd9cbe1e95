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

/// What the strategies that draw a given number of executions share: the measuring executions first, then execution i
/// from a generator that (seed, i) alone determines.
class drawn_executions : public strategy {
 public:
  drawn_executions(std::uint64_t seed, std::uint64_t first, std::uint64_t count)
      : seed_(seed), first_(first), count_(count), lengths_(seed) {}

  void begin() final {
    measuring_ = lengths_.measuring();
    if (measuring_) return lengths_.begin(engine_);
    engine_.seed(hashed(seed_, first_ + done_));
    begin_drawn();
  }

  unsigned choose_thread(const scheduling_point& point) final {
    return measuring_ ? lengths_.step(point, engine_) : choose_drawn(point);
  }

  bool choose_data(data_choice kind, unsigned) final { return draw(kind, engine_); }

  bool end() final {
    if (measuring_) {
      lengths_.end();
    } else {
      ++done_;
    }
    return !complete();
  }

  bool complete() const final { return !lengths_.measuring() && done_ >= count_; }
  bool redundant() const final { return measuring_; }

 protected:
  virtual void begin_drawn() = 0;
  virtual unsigned choose_drawn(const scheduling_point& point) = 0;

  const lengths& measured() const { return lengths_; }
  std::mt19937_64& engine() { return engine_; }

 private:
  const std::uint64_t seed_;
  const std::uint64_t first_;
  const std::uint64_t count_;
  lengths lengths_;
  bool measuring_ = true;
  std::uint64_t done_ = 0;
  std::mt19937_64 engine_;
};

}  // namespace triecheck::explore
