// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with
// Probabilistic Guarantees of Finding Bugs, ASPLOS 2010).
//
// Threads get random priorities, and the enabled thread with the highest one runs. At d - 1 random steps the running
// thread falls below all others. A violation that needs d ordering constraints is found by one execution of a program
// with n threads and k steps with a probability of at least 1 / (n k^(d-1)). k is the longest execution so far.
#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

class pct final : public strategy {
 public:
  pct(std::uint64_t seed, std::uint64_t executions, unsigned depth) : seed_(seed), executions_(executions), depth_(depth) {}

  void begin() override {
    engine_.seed(hashed(seed_, execution_));
    longest_ = std::max(longest_, step_);
    step_ = 0;
    for (std::size_t i = 0; i < max_threads; ++i) priority_[i] = depth_ + i;
    for (std::size_t i = max_threads; i > 1; --i) std::swap(priority_[i - 1], priority_[engine_() % i]);
    changes_.clear();
    for (unsigned i = 1; i < depth_; ++i) changes_.push_back(longest_ == 0 ? 0 : engine_() % longest_);
    std::sort(changes_.begin(), changes_.end());
    next_change_ = 0;
  }

  unsigned choose_thread(const scheduling_point& point) override {
    unsigned chosen = highest(point.enabled);
    while (next_change_ < changes_.size() && changes_[next_change_] == step_) {
      priority_[chosen] = depth_ - 1 - next_change_++;
      chosen = highest(point.enabled);
    }
    // A thread that offers to wait lets the others go first: a retry loop must not starve whom it waits for.
    if (point.next[chosen].kind == access::local && (point.enabled & ~(1U << chosen)) != 0) {
      std::swap(priority_[chosen], priority_[highest(point.enabled & ~(1U << chosen))]);
      chosen = highest(point.enabled);
    }
    ++step_;
    return chosen;
  }

  bool choose_data(data_choice kind) override { return engine_() % (kind == data_choice::older_value ? 2 : 4) == 0; }

  bool end() override { return ++execution_ < executions_; }
  bool complete() const override { return execution_ >= executions_; }

 private:
  unsigned highest(std::uint32_t among) const {
    unsigned best = max_threads;
    for (unsigned t = 0; t < max_threads; ++t) {
      if ((among & (1U << t)) != 0 && (best == max_threads || priority_[t] > priority_[best])) best = t;
    }
    return best;
  }

  const std::uint64_t seed_;
  const std::uint64_t executions_;
  const unsigned depth_;
  std::uint64_t execution_ = 0;
  std::mt19937_64 engine_;
  std::array<std::uint64_t, max_threads> priority_{};  // the initial ones from depth_ up, the fallen ones below
  std::vector<std::uint64_t> changes_;                 // the steps at which the running thread falls, in order
  std::size_t next_change_ = 0;
  std::uint64_t step_ = 0;
  std::uint64_t longest_ = 0;
};

}  // namespace

std::unique_ptr<strategy> make_pct(std::uint64_t seed, std::uint64_t executions, unsigned depth) {
  return std::make_unique<pct>(seed, executions, depth);
}

}  // namespace triecheck::explore
