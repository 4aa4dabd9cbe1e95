// Every state, and from each of them every thread alone.
//
// States are prefixes up to the order of independent operations: a depth-first search of all choices leaves a prefix
// whose happens-before order was reached before. No partial-order reduction on top: it visits every trace, but not
// every state on the way, and a state that it jumps over may be the one where a thread is stuck. Where that is too
// much, the states are those that so many preemptions lead to; to run alone costs none.
#include <optional>
#include <unordered_set>
#include <vector>

#include "checks/explore/strategies/alone.h"
#include "checks/explore/strategies/depth_first.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

struct frame : counted_operation {
  std::uint32_t lone = 0;   // threads that are still to run alone from here
  std::uint32_t left = 0;   // threads that are still to make the next step here
  bool runs_alone = false;  // in the current execution: `thread` runs alone from here
};

class obstruction final : public strategy {
 public:
  obstruction(unsigned steps, std::optional<unsigned> preemptions) : steps_(steps), preemptions_(preemptions) {}

  void begin() override {
    depth_ = 0;
    finishing_ = false;
    alone_ = {};
  }

  unsigned choose_thread(const scheduling_point& point) override {
    if (alone_.active(point)) return lone_step(point);
    if (finishing_) return stay(point);
    if (depth_ == frames_.size()) {
      if (!frames_.empty() && !is_new_state(point)) {
        finishing_ = true;
        return stay(point);
      }
      push(point);
    }
    frame& f = frames_[depth_++];
    if (f.enabled != point.enabled) {
      broken_ = not_deterministic_at(depth_);
      finishing_ = true;
      return stay(point);
    }
    f.data.rewind();
    if (!f.runs_alone) return f.thread;
    finishing_ = true;
    alone_ = alone(point, depth_ - 1, f.thread, steps_);
    return lone_step(point);
  }

  bool choose_data(data_choice kind, unsigned age) override {
    if (finishing_ || depth_ == 0) return false;
    return frames_[depth_ - 1].data.choose(kind, age);
  }

  bool end() override {
    if (!broken_.empty()) return false;
    redundant_ = finishing_;
    while (!frames_.empty()) {
      if (advance(frames_.back())) return true;
      frames_.pop_back();
    }
    complete_ = true;
    return false;
  }

  bool complete() const override { return complete_; }
  bool redundant() const override { return redundant_; }

 private:
  static unsigned stay(const scheduling_point& point) {
    const bool waits = point.next[point.current].kind == access::local;
    const std::uint32_t others = point.enabled & ~bit(point.current);
    if ((point.enabled & bit(point.current)) != 0 && (!waits || others == 0)) return point.current;
    return lowest(others);
  }

  unsigned lone_step(const scheduling_point& point) {
    refuted_ = alone_.next(point);
    return refuted_ ? lowest(point.enabled) : alone_.thread();
  }

  void push(const scheduling_point& point) {
    frame f;
    f.choose_at(point, frames_.empty() ? nullptr : &frames_.back());
    f.left = !preemptions_ ? f.enabled : frames_.empty() ? f.within(*preemptions_) : fresh_;
    for (unsigned t = 0; t < max_threads; ++t) {
      if (point.operations[t] % 2 == 1) f.lone |= bit(t);
    }
    advance(f);
    frames_.push_back(std::move(f));
  }

  // Without a bound it matters neither who ran last nor how many preemptions led here.
  bool is_new_state(const scheduling_point& point) {
    order_last(frames_);
    const std::uint64_t order = frames_.back().order;
    if (!preemptions_) return seen_.insert(order).second;
    counted_operation next;
    next.choose_at(point, &frames_.back());
    fresh_ = seen_within_.enter(order, next, next.within(*preemptions_));
    return fresh_ != 0;
  }

  // Moves a frame to its next alternative; false when there is none.
  static bool advance(frame& f) {
    if (!f.runs_alone && f.data.advance()) return true;
    f.runs_alone = f.lone != 0;
    std::uint32_t& from = f.runs_alone ? f.lone : f.left;
    if (from == 0) return false;
    f.thread = lowest(from);
    from &= from - 1;
    return true;
  }

  const unsigned steps_;
  const std::optional<unsigned> preemptions_;
  std::vector<frame> frames_;
  std::size_t depth_ = 0;
  std::unordered_set<std::uint64_t> seen_;  // orders of prefixes
  reached_states seen_within_;              // with a bound
  std::uint32_t fresh_ = 0;                 // with a bound: the threads that lead on from this state to something new
  alone alone_;
  bool finishing_ = false;  // the rest of this execution belongs to no new state
  bool redundant_ = false;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<strategy> make_obstruction(unsigned steps, std::optional<unsigned> preemptions) {
  return std::make_unique<obstruction>(steps, preemptions);
}

}  // namespace triecheck::explore
