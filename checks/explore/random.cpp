// Random walks: every enabled thread is equally likely at every operation.
#include <bit>
#include <random>

#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

class random_walks final : public strategy {
 public:
  random_walks(std::uint64_t seed, std::uint64_t executions) : seed_(seed), executions_(executions) {}

  void begin() override { engine_.seed(hashed(seed_, walk_)); }

  unsigned choose_thread(const scheduling_point& point) override {
    std::uint32_t left = point.enabled;
    for (std::uint64_t skip = below(static_cast<std::uint64_t>(std::popcount(left))); skip > 0; --skip) left &= left - 1;
    return static_cast<unsigned>(std::countr_zero(left));
  }

  bool choose_data(data_choice kind) override { return below(kind == data_choice::older_value ? 2 : 4) == 0; }

  bool end() override { return ++walk_ < executions_; }
  bool complete() const override { return walk_ >= executions_; }

 private:
  // The standard's distributions may differ between libraries; a modulus does not, and its bias at this size is nil.
  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }

  const std::uint64_t seed_;
  const std::uint64_t executions_;
  std::uint64_t walk_ = 0;
  std::mt19937_64 engine_;
};

}  // namespace

std::unique_ptr<strategy> make_random(std::uint64_t seed, std::uint64_t executions) {
  return std::make_unique<random_walks>(seed, executions);
}

}  // namespace triecheck::explore
