// Random schedules, each as likely as any other.
//
// A walk that takes every enabled thread with the same probability at every step is far from that: of one operation
// against nine it puts the one first every other time, though that is one schedule of ten. Here a thread is taken with
// a probability proportional to the operations that it has left, which makes all schedules of threads of known lengths
// equally likely (multinomial weights; Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing,
// ASPLOS 2025). The lengths are means over the measuring executions; a thread that runs longer counts as one operation.
// Where threads wait for mutexes, or their lengths depend on the schedule, this is an approximation.
#include <algorithm>
#include <array>

#include "checks/explore/strategies/lengths.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

class random_schedules final : public drawn_executions {
 public:
  random_schedules(std::uint64_t seed, std::uint64_t first, std::uint64_t count)
      : drawn_executions(seed, first, count) {}

  void begin_drawn() override {
    for (unsigned t = 0; t < max_threads; ++t) left_[t] = measured().total(t);
  }

  unsigned choose_drawn(const scheduling_point& point) override {
    std::uint64_t sum = 0;
    for (unsigned t = 0; t < max_threads; ++t) sum += weight(point, t);
    std::uint64_t at = engine()() % sum;
    unsigned chosen = 0;
    while (at >= weight(point, chosen)) at -= weight(point, chosen++);
    left_[chosen] -= std::min(left_[chosen], one_operation);
    return chosen;
  }

 private:
  // Lengths are sums over all measuring executions, so that their means need no rounding.
  static constexpr std::uint64_t one_operation = measuring_executions;

  std::uint64_t weight(const scheduling_point& point, unsigned thread) const {
    return (point.enabled & (1U << thread)) == 0 ? 0 : std::max(left_[thread], one_operation);
  }

  std::array<std::uint64_t, max_threads> left_{};
};

}  // namespace

std::unique_ptr<strategy> make_random(std::uint64_t seed, std::uint64_t first, std::uint64_t count) {
  return std::make_unique<random_schedules>(seed, first, count);
}

}  // namespace triecheck::explore
