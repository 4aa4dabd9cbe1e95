// What the strategies that walk the tree of executions depth first share.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checks/explore/announcement.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {

constexpr std::uint32_t bit(unsigned thread) { return 1U << thread; }
constexpr unsigned lowest(std::uint32_t set) { return static_cast<unsigned>(std::countr_zero(set)); }

/// The choices inside one operation, in order: alternatives below the choice of the thread.
class inner_choices {
 public:
  inner_choices() = default;
  /// Those of `wanted`, and no others.
  explicit inner_choices(const choice& wanted) : fixed_(true), wanted_(wanted) {}

  /// The operation runs again, from its first choice.
  void rewind() {
    at_ = 0;
    made_ = {};
  }

  /// The next choice: as in the last execution, and alternative 0 where that one had none.
  bool choose(data_choice kind) {
    const bool taken = fixed_ ? wants(kind) : next();
    take(kind, taken);
    return taken;
  }

  /// Notes a choice that somebody else made.
  void take(data_choice kind, bool taken) {
    if (taken && kind == data_choice::older_value) ++made_.age;
    if (taken && kind == data_choice::spurious_failure) made_.spurious = true;
  }

  /// Whether the operation made as many choices as in the execution before.
  bool repeated() const { return at_ == taken_.size(); }

  /// Moves on to the next combination; false when all were tried.
  bool advance() {
    while (!taken_.empty()) {
      if (!taken_.back()) {
        taken_.back() = true;
        return true;
      }
      taken_.pop_back();
    }
    return false;
  }

  const std::vector<bool>& taken() const { return taken_; }
  void restore(std::vector<bool> taken) { taken_ = std::move(taken); }

  /// The operation as a choice of a schedule.
  choice as_choice(unsigned thread) const {
    return {.thread = static_cast<std::uint8_t>(thread), .age = made_.age, .spurious = made_.spurious};
  }

 private:
  bool next() {
    if (at_ == taken_.size()) taken_.push_back(false);
    return taken_[at_++];
  }
  bool wants(data_choice kind) const {
    return kind == data_choice::older_value ? made_.age < wanted_.age : wanted_.spurious && !made_.spurious;
  }

  std::vector<bool> taken_;
  std::size_t at_ = 0;
  choice made_;
  bool fixed_ = false;
  choice wanted_;
};

/// An operation of the current execution, and its place in the happens-before order of the prefix that ends with it.
struct ordered_operation {
  std::array<announcement, max_threads> next;  // at the point where it was chosen
  unsigned thread = 0;
  inner_choices data;
  std::uint32_t number = 0;                    // the operation's place in its thread, from 1
  clock_vector clock{};                        // how many operations of each thread happen before it, itself included
  std::uint64_t order = 0;                     // of the prefix: the same for all its linearizations

  const announcement& operation() const { return next[thread]; }
};

/// The last operation of `frames` has run, its inner choices are made: computes its place. O(length of the execution).
template <class Frame>
void order_last(std::vector<Frame>& frames) {
  const std::size_t last = frames.size() - 1;
  ordered_operation& f = frames[last];
  f.number = 1;
  f.clock = {};
  for (std::size_t i = last; i-- > 0;) {
    const ordered_operation& e = frames[i];
    if (e.thread == f.thread) f.number = std::max(f.number, e.number + 1);
    if (e.thread == f.thread || relate(e.operation(), f.operation()) != relation::independent) join(f.clock, e.clock);
  }
  f.clock[f.thread] = f.number;
  std::uint64_t event = hashed(f.thread, f.number);
  for (const std::uint32_t count : f.clock) event = hashed(event, count);
  const choice inner = f.data.as_choice(f.thread);
  event = hashed(event, inner.age * 2U + (inner.spurious ? 1 : 0));
  f.order = (last == 0 ? 0 : frames[last - 1].order) + event;
}

/// An operation that was chosen within a bound on preemptions: on switches away from a thread that could have gone on.
struct counted_operation : ordered_operation {
  std::uint32_t enabled = 0;
  unsigned current = 0;         // the thread that ran before this choice
  bool free_switch = false;     // it cannot go on, or offers to wait: leaving it is no preemption
  unsigned before = 0;          // preemptions in front of this choice

  unsigned preemptions() const { return before + (!free_switch && thread != current ? 1 : 0); }

  /// The choice at `point`, behind `earlier` where there is one, before its thread is known.
  void choose_at(const scheduling_point& point, const counted_operation* earlier) {
    std::copy(point.next.begin(), point.next.end(), next.begin());
    enabled = point.enabled;
    current = point.current;
    free_switch = earlier == nullptr || (point.enabled & (1U << point.current)) == 0 ||
                  point.next[point.current].kind == access::local;
    before = earlier == nullptr ? 0 : earlier->preemptions();
  }

  /// The threads that may run with no more than `most` preemptions.
  std::uint32_t within(unsigned most) const { return free_switch || before < most ? enabled : 1U << current; }
};

/// The states that a search reached: a prefix leads to none that it has to go on from where its order was reached before,
/// by the same thread and with no more preemptions.
class reached_states {
 public:
  /// The last operation of `frames` has run, its inner choices are made; `current` is its thread.
  template <class Frame>
  bool is_new(std::vector<Frame>& frames, unsigned current) {
    order_last(frames);
    const Frame& f = frames.back();
    const auto [entry, fresh] = seen_.try_emplace(hashed(f.order, current), f.preemptions());
    if (!fresh && entry->second <= f.preemptions()) return false;
    entry->second = f.preemptions();
    return true;
  }
  void clear() { seen_.clear(); }

 private:
  std::unordered_map<std::uint64_t, unsigned> seen_;
};

/// What such a strategy says when a prefix does not repeat; `operation` counts from 1.
inline std::string not_deterministic_at(std::size_t operation) {
  return "the program is not deterministic: operation " + std::to_string(operation) +
         " of the execution differs from an earlier execution with the same choices";
}

}  // namespace triecheck::explore
