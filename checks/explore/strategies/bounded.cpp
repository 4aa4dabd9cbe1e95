// Every execution with at most N preemptions, fewest first: all with none, then all with one, and so on, so that the
// first violation that is found has the fewest preemptions that show it. A preemption is a switch away from a thread
// that could have gone on.
//
// No partial-order reduction prunes here: sleep sets and backtrack sets may put off an execution to one with more
// preemptions than the bound allows, which would lose it. What prunes is the happens-before order: two prefixes in
// which the same operations saw the same orders of dependent operations (and of values) leave the program in the same
// state. So a thread goes on from a state only where it did not before with as few preemptions, and an execution is
// counted once (Musuvathi, Qadeer: Iterative Context Bounding, PLDI 2007; Coons, Musuvathi, McKinley: Bounded
// Partial-Order Reduction, OOPSLA 2013, on why the two do not mix).
#include <algorithm>
#include <span>
#include <unordered_set>
#include <vector>

#include "checks/explore/strategies/depth_first.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

struct frame : counted_operation {
  std::uint32_t left = 0;  // threads that are still to be tried here
};

class bounded final : public strategy {
 public:
  bounded(const preemption_range& bound, const tree_part& part)
      : most_(bound.most),
        below_(part.below),
        list_depth_(part.list_depth),
        beginnings_(part.beginnings),
        bound_(bound.fewest) {}

  void begin() override {
    depth_ = 0;
    pruned_ = listed_ = false;
  }

  unsigned choose_thread(const scheduling_point& point) override {
    if (pruned_ || listed_) return stay(point);
    if (depth_ < frames_.size()) {
      frame& f = frames_[depth_++];
      f.data.rewind();
      if (f.enabled == point.enabled) return f.thread;
      broken_ = not_deterministic_at(depth_);
      pruned_ = true;
      return stay(point);
    }
    if (!push(point)) return stay(point);
    ++depth_;
    return frames_.back().thread;
  }

  bool choose_data(data_choice kind, unsigned age) override {
    if (pruned_ || listed_ || depth_ == 0) return false;
    return frames_[depth_ - 1].data.choose(kind, age);
  }

  bool probes() const override { return !pruned_ && !listed_ && depth_ != 0 && frames_[depth_ - 1].data.probes(); }
  void probed(bool in_vain) override { frames_[depth_ - 1].data.probed(in_vain); }

  bool end() override {
    if (!broken_.empty()) return false;
    repeated_ = pruned_;
    if (!pruned_ && !listed_ && !frames_.empty()) {
      order_behind(all_but_last(), frames_.back());
      seen_.ended(frames_.back().order);
      // One with fewer preemptions than this round allows was counted in an earlier round, in whichever process.
      repeated_ = frames_.back().preemptions() != bound_ || !ends_.insert(frames_.back().order).second;
    }
    if (list_depth_ != 0 && !pruned_) note_beginning();
    while (frames_.size() > below_.size()) {
      if (advance(frames_.back())) return true;
      frames_.pop_back();
    }
    cut_before_ = cut_;
    complete_ = bound_ == most_ || !cut_;
    ++bound_;
    cut_ = false;
    seen_.clear();
    return !complete_;
  }

  bool complete() const override { return complete_; }
  bool redundant() const override { return repeated_; }
  bool cut() const override { return cut_before_ || cut_; }

 private:
  void note_beginning() {
    schedule& beginning = beginnings_->emplace_back();
    for (const frame& f : frames_) beginning.push_back(f.data.as_choice(f.thread));
  }

  // Ends an execution that is not counted without another preemption.
  static unsigned stay(const scheduling_point& point) {
    return (point.enabled & bit(point.current)) != 0 ? point.current : lowest(point.enabled);
  }

  // Adds a frame, with the threads that lead on to something new; false when there is none, or when the rest of the
  // execution belongs to a part.
  bool push(const scheduling_point& point) {
    frame f;
    f.choose_at(point, frames_.empty() ? nullptr : &frames_.back());
    if (!frames_.empty()) order_behind(all_but_last(), frames_.back());
    if (depth_ < below_.size()) {
      descend(f, point);
    } else {
      f.left = f.within(bound_);
      cut_ = cut_ || f.left != point.enabled;
      if (!frames_.empty()) f.left = seen_.enter(frames_.back().order, f, f.left);
      listed_ = f.left != 0 && list_depth_ != 0 && depth_ == list_depth_;
      const bool waits = point.next[point.current].kind == access::local && point.enabled != bit(point.current);
      pruned_ = !listed_ && !choose_new(frames_, f, waits ? 0 : bit(point.current));
    }
    if (pruned_ || listed_ || !broken_.empty()) return false;
    frames_.push_back(std::move(f));
    return true;
  }

  // A choice above the part that is searched.
  void descend(frame& f, const scheduling_point& point) {
    f.thread = below_[depth_].thread;
    f.left = 0;
    f.data = inner_choices(below_[depth_]);
    place_behind(std::span<const frame>(frames_), f);
    if ((point.enabled & bit(f.thread)) == 0) broken_ = not_deterministic_at(depth_ + 1);
  }

  std::span<const frame> all_but_last() const { return std::span(frames_).first(frames_.size() - 1); }

  // Takes the next thread to be tried at `f`, behind `earlier`: one of `first` where it can, else the lowest, with the
  // one that runs as the last. Passes over those that lead to where nothing is left to try; false when no other is
  // left.
  bool choose_new(std::span<const frame> earlier, frame& f, std::uint32_t first) const {
    while (f.left != 0) {
      const std::uint32_t others = f.left & ~bit(f.current);
      const std::uint32_t among = (f.left & first) != 0 ? f.left & first : others != 0 ? others : f.left;
      f.thread = lowest(among);
      f.left &= ~bit(f.thread);
      place_behind(earlier, f);
      if (!seen_.leads_back(f, bound_)) return true;
    }
    return false;
  }

  // Moves the last frame to its next alternative; false when there is none.
  bool advance(frame& f) const {
    if (f.data.advance()) return true;
    f.data = {};
    return choose_new(all_but_last(), f, f.left);
  }

  const unsigned most_;
  const schedule below_;
  const std::size_t list_depth_;
  std::vector<schedule>* const beginnings_;
  unsigned bound_;           // preemptions that this round allows
  bool cut_ = false;         // the bound kept something out of this round
  bool cut_before_ = false;  // or of the one before
  std::vector<frame> frames_;
  std::size_t depth_ = 0;                   // operations of this execution so far
  reached_states seen_;                     // in this round
  std::unordered_set<std::uint64_t> ends_;  // the orders of the executions that were counted
  bool pruned_ = false;
  bool listed_ = false;  // the rest of this execution belongs to the part below its beginning
  bool repeated_ = false;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<strategy> make_bounded(const preemption_range& bound, const tree_part& part) {
  return std::make_unique<bounded>(bound, part);
}

}  // namespace triecheck::explore
