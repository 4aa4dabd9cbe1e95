// One execution along a given schedule; where the schedule does not fit the program, it says at which operation. A
// schedule that ends before the program, as that of a failure does which has been mended, goes on without preemptions,
// and the run does not count as complete.
#include <bit>

#include "checks/explore/strategies/alone.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

class follow_schedule final : public strategy {
 public:
  explicit follow_schedule(schedule s) : schedule_(std::move(s)) {}

  void begin() override {}

  unsigned choose_thread(const scheduling_point& point) override {
    if (alone_.active(point)) return lone_step(point);
    finish_operation();
    age_ = reached_ = 0;
    spurious_left_ = false;
    const auto fallback = static_cast<unsigned>(std::countr_zero(point.enabled));
    if (!broken_.empty()) return fallback;
    if (at_ == schedule_.size()) {
      beyond_ = true;
      return (point.enabled & (1U << point.current)) != 0 ? point.current : fallback;
    }
    const choice& c = schedule_[at_++];
    if (c.alone != 0) {
      alone_ = alone(point, at_ - 1, c.thread, c.alone);
      return lone_step(point);
    }
    if (((point.enabled | point.waiting) & (1U << c.thread)) == 0) {
      diverged("thread " + std::to_string(c.thread) + " cannot run: it waits for a mutex, or it has ended");
      return fallback;
    }
    age_ = c.age;
    spurious_left_ = c.spurious;
    return c.thread;
  }

  bool choose_data(data_choice kind, unsigned age) override {
    if (kind != data_choice::spurious_failure) {
      if (age > age_) return false;
      reached_ = age;
      return true;
    }
    const bool fails = spurious_left_;
    spurious_left_ = false;
    return fails;
  }

  bool end() override {
    finish_operation();
    if (broken_.empty() && at_ != schedule_.size()) {
      ++at_;
      diverged("the program ended, but the schedule goes on");
    }
    ended_ = broken_.empty() && !beyond_;
    return false;
  }

  bool complete() const override { return ended_; }

 private:
  unsigned lone_step(const scheduling_point& point) {
    refuted_ = alone_.next(point);
    return refuted_ ? static_cast<unsigned>(std::countr_zero(point.enabled)) : alone_.thread();
  }

  void finish_operation() {
    if (!broken_.empty()) return;
    if (reached_ != age_) diverged("there is no value that old to load");
    if (spurious_left_) diverged("there is no weak compare-exchange that could fail");
  }

  void diverged(const std::string& how) {
    broken_ = "the schedule does not fit the program at operation " + std::to_string(at_) + ": " + how;
  }

  const schedule schedule_;
  alone alone_;
  std::size_t at_ = 0;
  unsigned age_ = 0;      // that the schedule asks for
  unsigned reached_ = 0;  // that the operation offered
  bool spurious_left_ = false;
  bool beyond_ = false;  // the schedule ended before the program: what it showed once is not there any more
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<strategy> make_replay(schedule s) { return std::make_unique<follow_schedule>(std::move(s)); }

}  // namespace triecheck::explore
