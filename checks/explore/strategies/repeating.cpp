// A sample of the executions of another strategy runs twice: a program that reads a clock, an address or a static
// variable behaves otherwise the second time, and nothing that is said about its executions would mean anything.
#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "checks/explore/pending_operation.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

constexpr std::uint64_t sample_every = 4096;

/// What there was to see at a choice of a thread, and what was chosen since.
struct recorded_step {
  std::array<shared_access, max_threads> next;
  std::uint32_t enabled = 0;
  std::uint64_t values = 0;
  unsigned thread = 0;
  std::vector<bool> data;
};

class repeating final : public strategy {
 public:
  explicit repeating(std::unique_ptr<strategy> s) : strategy_(std::move(s)) {}

  void begin() override {
    at_ = 0;
    if (again_) return;
    ++number_;
    recording_ = std::has_single_bit(number_) || number_ % sample_every == 0;
    steps_.clear();
    strategy_->begin();
  }

  unsigned choose_thread(const scheduling_point& point) override {
    if (again_) return repeat(point);
    const unsigned chosen = strategy_->choose_thread(point);
    broken_ = strategy_->broken();
    refuted_ = strategy_->refuted();
    if (recording_) {
      recorded_step& s = steps_.emplace_back();
      std::copy(point.next.begin(), point.next.end(), s.next.begin());
      s.enabled = point.enabled;
      s.values = point.values;
      s.thread = chosen;
    }
    return chosen;
  }

  bool choose_data(data_choice kind, unsigned age) override {
    if (again_) return repeat_data();
    const bool chosen = strategy_->choose_data(kind, age);
    if (recording_ && !steps_.empty()) steps_.back().data.push_back(chosen);
    return chosen;
  }

  // A repeat has the answers instead.
  bool probes() const override { return !again_ && strategy_->probes(); }
  void probed(bool in_vain) override {
    strategy_->probed(in_vain);
    if (recording_ && !steps_.empty()) steps_.back().data.push_back(!in_vain);
  }

  void end_values(std::uint64_t values) override {
    if (again_ && broken_.empty()) {
      if (at_ != steps_.size())
        differs(at_ + 1, "there is none, and the program ends before it");
      else if (values != values_)
        differs(at_, "it, or what comes after it, read or wrote another value");
    }
    values_ = values;
  }

  bool end() override {
    if (again_) {
      again_ = false;
      extra_ = true;
      return broken_.empty() && more_;
    }
    extra_ = false;
    more_ = strategy_->end();
    broken_ = strategy_->broken();
    again_ = recording_ && broken_.empty();
    return more_ || again_;
  }

  bool complete() const override { return !again_ && strategy_->complete(); }
  bool redundant() const override { return strategy_->redundant(); }
  bool extra() const override { return extra_; }
  bool cut() const override { return strategy_->cut(); }
  std::string position() const override { return strategy_->position(); }

 private:
  unsigned repeat(const scheduling_point& point) {
    const auto fallback = static_cast<unsigned>(std::countr_zero(point.enabled));
    if (!broken_.empty()) return fallback;
    if (at_ == steps_.size()) return differs(at_ + 1, "there is one where the program ended before"), fallback;
    const recorded_step& s = steps_[at_++];
    data_ = 0;
    if (point.values != s.values)
      return differs(at_ - 1, "it, or what comes after it, read or wrote another value"), fallback;
    for (unsigned t = 0; t < point.next.size(); ++t) {
      const bool same = ((point.enabled ^ s.enabled) & (1U << t)) == 0 && point.next[t].kind == s.next[t].kind &&
                        point.next[t].object == s.next[t].object;
      if (!same)
        return differs(at_,
                       "thread " + std::to_string(t) + " is about to do something else, or waits where it did not"),
               fallback;
    }
    return s.thread;
  }

  bool repeat_data() {
    if (at_ == 0 || !broken_.empty() || data_ == steps_[at_ - 1].data.size()) return false;
    return steps_[at_ - 1].data[data_++];
  }

  void differs(std::size_t step, const std::string& how) {
    broken_ = "the program is not deterministic: the same choices again lead elsewhere at step " +
              std::to_string(step) + ": " + how;
  }

  const std::unique_ptr<strategy> strategy_;
  std::uint64_t number_ = 0;  // of the execution, from 1
  bool recording_ = false;
  bool again_ = false;  // the execution that runs, or comes next, is a repeat
  bool extra_ = false;  // the one that just ended was
  bool more_ = true;
  std::vector<recorded_step> steps_;
  std::uint64_t values_ = 0;
  std::size_t at_ = 0;
  std::size_t data_ = 0;
};

}  // namespace

std::unique_ptr<strategy> make_repeating(std::unique_ptr<strategy> s) {
  return std::make_unique<repeating>(std::move(s));
}

}  // namespace triecheck::explore
