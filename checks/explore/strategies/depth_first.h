// What the strategies that walk the tree of executions depth first share.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checks/explore/pending_operation.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {

constexpr std::uint32_t bit(unsigned thread) { return 1U << thread; }
constexpr unsigned lowest(std::uint32_t set) { return static_cast<unsigned>(std::countr_zero(set)); }

/// Whether there may be choices inside the operation: how old a value is, whether it fails spuriously, who is notified.
constexpr bool has_inner_choices(const shared_access& a) {
  return a.kind == access::load || a.is_exchange || a.kind == access::notify || a.kind == access::unknown;
}

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
  bool choose(data_choice kind, unsigned age) {
    const bool taken = fixed_ ? wants(kind, age) : kind == data_choice::spurious_failure ? fails() : next();
    take(kind, age, taken);
    return taken;
  }

  /// Whether it is not known yet what comes of a spurious failure of this operation.
  bool probes() const { return !fixed_ && probe_ == probe::none; }
  void probed(bool in_vain) {
    probe_ = in_vain ? probe::in_vain : probe::has_consequence;
    if (!in_vain) choose(data_choice::spurious_failure, 0);
  }

  /// Notes a choice that somebody else made.
  void take(data_choice kind, unsigned age, bool taken) {
    if (taken && kind == data_choice::older_value) made_.age = static_cast<std::uint8_t>(age);
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

  /// The choices as text: a digit for each, and what came of a spurious failure.
  std::string text() const {
    std::string all;
    for (const bool taken : taken_) all += taken ? '1' : '0';
    if (probe_ != probe::none) all += probe_ == probe::in_vain ? 'v' : 'c';
    return all;
  }
  void restore(std::string_view text) {
    for (const char c : text) {
      if (c == 'v' || c == 'c')
        probe_ = c == 'v' ? probe::in_vain : probe::has_consequence;
      else
        taken_.push_back(c == '1');
    }
  }

  /// The operation as a choice of a schedule.
  choice as_choice(unsigned thread) const {
    return {.thread = static_cast<std::uint8_t>(thread), .age = made_.age, .spurious = made_.spurious};
  }

 private:
  bool next() {
    if (at_ == taken_.size()) taken_.push_back(false);
    return taken_[at_++];
  }
  // A failure that was probed and had a consequence is the first alternative: the probe was its execution.
  bool fails() {
    if (probe_ == probe::in_vain) return false;
    return next() != (probe_ == probe::has_consequence);
  }
  bool wants(data_choice kind, unsigned age) const {
    return kind == data_choice::older_value ? age <= wanted_.age : wanted_.spurious && !made_.spurious;
  }

  enum class probe : std::uint8_t { none, in_vain, has_consequence };

  std::vector<bool> taken_;
  probe probe_ = probe::none;
  std::size_t at_ = 0;
  choice made_;
  bool fixed_ = false;
  choice wanted_;
};

/// An operation of the current execution, and its place in the happens-before order of the prefix that ends with it.
struct ordered_operation {
  unsigned thread = 0;
  std::uint32_t number = 0;                     // the operation's place in its thread, from 1
  clock_vector counts{};                        // how many operations of each thread ran so far, this one included
  clock_vector clock{};                         // how many operations of each thread happen before it, itself included
  std::uint64_t order = 0;                      // of the prefix: the same for all its linearizations
  std::array<shared_access, max_threads> next;  // at the point where it was chosen
  inner_choices data;

  const shared_access& operation() const { return next[thread]; }
};

/// The order of the prefix that ends with `f`, which has its clock, behind `earlier`.
template <class Frame>
void order_behind(std::span<const Frame> earlier, ordered_operation& f) {
  std::uint64_t event = hashed(f.thread, f.number);
  for (const std::uint32_t count : f.clock) event = hashed(event, count);
  const choice inner = f.data.as_choice(f.thread);
  event = hashed(event, inner.age * 2U + (inner.spurious ? 1 : 0));
  f.order = (earlier.empty() ? 0 : earlier.back().order) + event;
}

/// Computes the place of `f`, which runs behind `earlier`; its inner choices are made. Looks back until all that is
/// left happens before the operation: O(operations since its thread last synchronized with the others).
template <class Frame>
void place_behind(std::span<const Frame> earlier, ordered_operation& f) {
  f.counts = earlier.empty() ? clock_vector{} : earlier.back().counts;
  f.number = ++f.counts[f.thread];
  f.clock = {};
  for (std::size_t i = earlier.size(); i-- > 0 && !checks::within(earlier[i].counts, f.clock);) {
    const ordered_operation& e = earlier[i];
    if (e.number <= f.clock[e.thread]) continue;
    if (e.thread == f.thread || relate(e.operation(), f.operation()) != relation::independent) join(f.clock, e.clock);
  }
  f.clock[f.thread] = f.number;
  order_behind(earlier, f);
}

/// The last operation of `frames` has run, its inner choices are made: computes its place.
template <class Frame>
void order_last(std::vector<Frame>& frames) {
  place_behind(std::span<const Frame>(frames).first(frames.size() - 1), frames.back());
}

/// How far back the load, or exchange, at `depth` needs to look; `before` is the clock of the step of its thread before
/// it. Where a store does not happen before that step, the execution in which an older value is seen is also one in
/// which the load runs before the store: README.md, rule 1. O(depth).
template <class Frame>
unsigned needed_age(const std::vector<Frame>& frames, std::size_t depth, const clock_vector& before) {
  const shared_access& a = frames[depth].operation();
  if (a.kind != access::load && !a.is_exchange) return 0;
  unsigned age = 0;
  for (std::size_t i = depth; i-- > 0 && age != oldest_age;) {
    const Frame& e = frames[i];
    if (!is_write(e.operation().kind) || e.operation().object != a.object) continue;
    if (e.number > before[e.thread]) break;
    ++age;
  }
  return age;
}

/// An operation that was chosen within a bound on preemptions: on switches away from a thread that could have gone on.
struct counted_operation : ordered_operation {
  std::uint32_t enabled = 0;
  unsigned current = 0;      // the thread that ran before this choice
  bool free_switch = false;  // it cannot go on, or offers to wait: leaving it is no preemption
  unsigned before = 0;       // preemptions in front of this choice

  unsigned preemptions() const { return preemptions_of(thread); }
  unsigned preemptions_of(unsigned chosen) const { return before + (!free_switch && chosen != current ? 1 : 0); }

  /// The choice at `point`, behind `earlier` where there is one, before its thread is known.
  void choose_at(const scheduling_point& point, const counted_operation* earlier) {
    std::copy(point.next.begin(), point.next.end(), next.begin());
    enabled = point.enabled;
    current = point.current;
    free_switch = earlier == nullptr || (point.enabled & bit(point.current)) == 0 ||
                  point.next[point.current].kind == access::local;
    before = earlier == nullptr ? 0 : earlier->preemptions();
  }

  /// The threads that may run with no more than `most` preemptions.
  std::uint32_t within(unsigned most) const { return free_switch || before < most ? enabled : 1U << current; }
};

/// The states that a search within a bound has reached, and with how many preemptions at least each thread went on from
/// there. What follows from a state with a thread chosen depends on these two alone, and on how many preemptions are
/// left: so a thread need not go on where it went on before with no more.
class reached_states {
 public:
  /// Of the threads `among`, those that have not gone on from the state `order` with as few preemptions as at the
  /// choice `f`. They are noted as gone on: the caller tries them, with all inner choices.
  std::uint32_t enter(std::uint64_t order, const counted_operation& f, std::uint32_t among) {
    state& s = seen_[order];
    s.enabled = static_cast<std::uint8_t>(f.enabled);
    for (unsigned t = 0; t < max_threads; ++t) {
      if ((f.enabled & bit(t)) != 0 && f.next[t].kind == access::local) s.waiting |= bit8(t);
    }
    std::uint32_t fresh = 0;
    for (std::uint32_t rest = among; rest != 0; rest &= rest - 1) {
      const unsigned t = lowest(rest);
      if (s.fewest[t] <= f.preemptions_of(t)) continue;
      s.fewest[t] = static_cast<count>(f.preemptions_of(t));
      fresh |= bit(t);
    }
    return fresh;
  }

  /// An execution ended in the state `order`, from which no thread goes on.
  void ended(std::uint64_t order) { seen_.try_emplace(order); }

  /// Whether the choice of the thread at `f`, which has its place behind the prefix, leads to a state from which there
  /// is nothing to try within `most` preemptions. Says so only of operations without inner choices: what those lead to
  /// need not be known. A thread that has ended where it saw the newest value may go on where it saw an older one, so
  /// that to leave it is a preemption.
  bool leads_back(const counted_operation& f, unsigned most) const {
    if (has_inner_choices(f.operation())) return false;
    const auto found = seen_.find(f.order);
    if (found == seen_.end()) return false;
    const state& s = found->second;
    const bool is_free = (s.enabled & bit(f.thread)) == 0 || (s.waiting & bit(f.thread)) != 0;
    for (std::uint32_t rest = s.enabled; rest != 0; rest &= rest - 1) {
      const unsigned t = lowest(rest);
      const unsigned preemptions = f.preemptions() + (is_free || t == f.thread ? 0 : 1);
      if (preemptions <= most && s.fewest[t] > preemptions) return false;
    }
    return true;
  }
  void clear() { seen_.clear(); }

 private:
  using count = std::uint16_t;
  static std::uint8_t bit8(unsigned thread) { return static_cast<std::uint8_t>(bit(thread)); }

  struct state {
    std::array<count, max_threads> fewest;  // by the thread that goes on: preemptions, its own choice included
    std::uint8_t enabled = 0;
    std::uint8_t waiting = 0;  // threads that offer to wait: leaving them is no preemption

    state() { fewest.fill(std::numeric_limits<count>::max()); }
  };
  std::unordered_map<std::uint64_t, state> seen_;
};

/// What such a strategy says when a prefix does not repeat; `operation` counts from 1.
inline std::string not_deterministic_at(std::size_t operation) {
  return "the program is not deterministic: operation " + std::to_string(operation) +
         " of the execution differs from an earlier execution with the same choices";
}

}  // namespace triecheck::explore
