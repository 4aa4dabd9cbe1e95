// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with
// Probabilistic Guarantees of Finding Bugs, ASPLOS 2010).
//
// Threads get random priorities, and the enabled thread with the highest one runs. At d - 1 random steps the running
// thread drops below all others. A violation that needs d ordering constraints is found by one execution of a program
// with n threads and k steps with a probability of at least 1 / (n k^(d-1)). k is the length of the longest measuring
// execution. n is taken to be max_threads where priorities are dealt: threads that do not exist change no order.
#include <algorithm>
#include <array>
#include <vector>

#include "checks/explore/strategies/lengths.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

class pct final : public drawn_executions {
 public:
  pct(std::uint64_t seed, std::uint64_t first, std::uint64_t count, unsigned depth)
      : drawn_executions(seed, first, count), depth_(depth) {}

  void begin_drawn() override {
    step_ = 0;
    for (std::size_t i = 0; i < max_threads; ++i) priority_[i] = depth_ + i;
    for (std::size_t i = max_threads; i > 1; --i) std::swap(priority_[i - 1], priority_[engine()() % i]);
    changes_.clear();
    for (unsigned i = 1; i < depth_; ++i)
      changes_.push_back(engine()() % std::max<std::uint64_t>(measured().longest(), 1));
    std::sort(changes_.begin(), changes_.end());
    next_change_ = 0;
  }

  unsigned choose_drawn(const scheduling_point& point) override {
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

 private:
  unsigned highest(std::uint32_t among) const {
    unsigned best = max_threads;
    for (unsigned t = 0; t < max_threads; ++t) {
      if ((among & (1U << t)) != 0 && (best == max_threads || priority_[t] > priority_[best])) best = t;
    }
    return best;
  }

  const unsigned depth_;
  std::array<std::uint64_t, max_threads> priority_{};  // the initial ones from depth_ up, the lowered ones below
  std::vector<std::uint64_t> changes_;                 // the steps that lower the running thread, in order
  std::size_t next_change_ = 0;
  std::uint64_t step_ = 0;
};

}  // namespace

std::unique_ptr<strategy> make_pct(std::uint64_t seed, std::uint64_t first, std::uint64_t count, unsigned depth) {
  return std::make_unique<pct>(seed, first, count, depth);
}

}  // namespace triecheck::explore
