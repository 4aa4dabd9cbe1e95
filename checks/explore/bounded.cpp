// Every execution with at most N preemptions, fewest first: all with none, then all with one, and so on, so that the
// first violation that is found has the fewest preemptions that show it. A preemption is a switch away from a thread
// that could have gone on.
//
// No partial-order reduction prunes here: sleep sets and backtrack sets may put off an execution to one with more
// preemptions than the bound allows, which would lose it. What prunes is the happens-before order: two prefixes in which
// the same operations saw the same orders of dependent operations (and of values) leave the program in the same state, so
// a prefix is left at once when its order was reached before, with the same thread running and no more preemptions (Musuvathi, Qadeer: Iterative Context Bounding, PLDI 2007; Coons, Musuvathi, McKinley: Bounded
// Partial-Order Reduction, OOPSLA 2013, on why the two do not mix).
#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include "checks/explore/depth_first.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

struct frame {
  std::array<announcement, max_threads> next;
  std::uint32_t enabled = 0;
  std::uint32_t left = 0;       // threads that are still to be tried here
  unsigned current = 0;         // the thread that ran before this choice
  bool free_switch = false;     // it cannot go on, or offers to wait: leaving it is no preemption
  unsigned before = 0;          // preemptions in front of this choice
  unsigned thread = 0;
  inner_choices data;
  std::uint32_t number = 0;     // the operation's place in its thread, from 1
  clock_vector clock{};         // how many operations of each thread happen before it, itself included
  std::uint64_t order = 0;      // of the prefix that ends with the operation; the same for all its linearizations

  unsigned preemptions() const { return before + (!free_switch && thread != current ? 1 : 0); }
  const announcement& operation() const { return next[thread]; }
};

class bounded final : public strategy {
 public:
  explicit bounded(unsigned most) : most_(most) {}

  void begin() override {
    depth_ = 0;
    pruned_ = false;
  }

  unsigned choose_thread(const scheduling_point& point) override {
    if (pruned_) return stay(point);
    if (depth_ < frames_.size()) {
      frame& f = frames_[depth_++];
      f.data.rewind();
      if (f.enabled == point.enabled) return f.thread;
      broken_ = not_deterministic_at(depth_);
      pruned_ = true;
      return stay(point);
    }
    if (!frames_.empty() && !reach(point.current)) {
      pruned_ = true;
      return stay(point);
    }
    push(point);
    ++depth_;
    return frames_.back().thread;
  }

  bool choose_data(data_choice) override {
    if (pruned_ || depth_ == 0) return false;
    return frames_[depth_ - 1].data.choose();
  }

  bool end() override {
    if (!broken_.empty()) return false;
    // What has fewer preemptions than this round allows was counted in an earlier round.
    repeated_ = pruned_ || (!frames_.empty() && frames_.back().preemptions() != bound_);
    while (!frames_.empty()) {
      if (advance(frames_.back())) return true;
      frames_.pop_back();
    }
    complete_ = bound_ == most_ || !cut_;
    ++bound_;
    cut_ = false;
    seen_.clear();
    return !complete_;
  }

  bool complete() const override { return complete_; }
  bool redundant() const override { return repeated_; }

 private:
  // Ends an execution that is not counted without another preemption.
  static unsigned stay(const scheduling_point& point) {
    return (point.enabled & bit(point.current)) != 0 ? point.current : lowest(point.enabled);
  }

  void push(const scheduling_point& point) {
    frame f;
    std::copy(point.next.begin(), point.next.end(), f.next.begin());
    f.enabled = point.enabled;
    f.current = point.current;
    f.free_switch = frames_.empty() || (point.enabled & bit(point.current)) == 0 ||
                    point.next[point.current].kind == access::local;
    f.before = frames_.empty() ? 0 : frames_.back().preemptions();
    const bool all = f.free_switch || f.before < bound_;
    f.left = all ? point.enabled : bit(point.current);
    cut_ = cut_ || f.left != point.enabled;
    const bool waits = point.next[point.current].kind == access::local && point.enabled != bit(point.current);
    f.thread = (f.left & bit(point.current)) != 0 && !waits ? point.current : lowest(f.left & ~(waits ? bit(point.current) : 0));
    f.left &= ~bit(f.thread);
    frames_.push_back(std::move(f));
  }

  // The last operation has run, its inner choices are made: computes the order of the prefix; false when it was reached
  // before, by the same thread and with no more preemptions.
  bool reach(unsigned current) {
    const std::size_t last = frames_.size() - 1;
    frame& f = frames_[last];
    f.number = 1;
    f.clock = {};
    for (std::size_t i = last; i-- > 0;) {
      const frame& e = frames_[i];
      if (e.thread == f.thread) f.number = std::max(f.number, e.number + 1);
      if (e.thread == f.thread || relate(e.operation(), f.operation()) != relation::independent) join(f.clock, e.clock);
    }
    f.clock[f.thread] = f.number;
    std::uint64_t event = hashed(f.thread, f.number);
    for (const std::uint32_t count : f.clock) event = hashed(event, count);
    for (const bool older : f.data.taken()) event = hashed(event, older ? 2 : 1);
    f.order = (last == 0 ? 0 : frames_[last - 1].order) + event;
    const auto [entry, fresh] = seen_.try_emplace(hashed(f.order, current), f.preemptions());
    if (fresh) return true;
    if (entry->second <= f.preemptions()) return false;
    entry->second = f.preemptions();
    return true;
  }

  // Moves a frame to its next alternative; false when there is none.
  static bool advance(frame& f) {
    if (f.data.advance()) return true;
    if (f.left == 0) return false;
    f.thread = lowest(f.left);
    f.left &= f.left - 1;
    return true;
  }

  const unsigned most_;
  unsigned bound_ = 0;       // preemptions that this round allows
  bool cut_ = false;         // the bound kept something out of this round
  std::vector<frame> frames_;
  std::size_t depth_ = 0;    // operations of this execution so far
  std::unordered_map<std::uint64_t, unsigned> seen_;  // order and running thread -> fewest preemptions
  bool pruned_ = false;
  bool repeated_ = false;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<strategy> make_bounded(unsigned preemptions) { return std::make_unique<bounded>(preemptions); }

}  // namespace triecheck::explore
