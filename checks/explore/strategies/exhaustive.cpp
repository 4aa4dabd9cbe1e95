// Exhaustive search by source-DPOR with sleep sets (Abdulla, Aronis, Jonsson, Sagonas: Optimal Dynamic Partial Order
// Reduction, POPL 2014, algorithm 1), extended by mutexes, by choices inside operations, and by operations that are not
// known.
//
// One frame per operation of the current execution. A frame holds which threads could have run there, which are to be
// tried (backtrack), which are done, and which need not run because an equivalent execution was seen (sleep). When an
// operation runs for the first time, the operations before it that race with it are found by vector clocks, and for
// each race a thread that reverses it is added to the frame where the earlier operation ran.
//
// Sound under the conditions at the head of pending_operation.h, and:
//  - mutexes: a thread that has to wait is disabled. Unlock and a later lock cannot swap, so the race of a lock is with
//    the earlier acquisition of the same mutex that happens neither before the locking thread's last operation nor
//    before a later such acquisition; where the thread to be tried turns out to be disabled, every enabled one is
//    tried;
//  - choices inside an operation are alternatives below its frame: a thread sleeps only when all of them are done;
//  - a part of the tree (the executions that begin with given choices): the choices above it are tried in full, each
//    thread that is awake in a fixed order, so that what sleeps there follows from the beginning alone, no race needs
//    an entry above, and the parts together are the whole: sleep sets above, source-DPOR below;
//  - a lock that never runs, because the execution stops where every enabled thread sleeps, is entered for its races
//    all the same; one that never runs otherwise is part of a deadlock, which ends the search.
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "checks/explore/strategies/depth_first.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {
namespace {

struct frame {
  std::array<shared_access, max_threads> next;
  std::uint32_t enabled = 0;
  std::uint32_t backtrack = 0;
  std::uint32_t done = 0;
  std::uint32_t sleep = 0;
  unsigned thread = 0;           // whose operation runs here in the current execution
  std::uint32_t number = 0;      // its how-manieth operation of that thread; counted from 1
  clock_vector clock{};          // of that operation
  clock_vector counts{};         // how many operations of each thread ran so far, this one included
  unsigned oldest = oldest_age;  // of a load: how many stores back it may look
  inner_choices data;

  const shared_access& operation() const { return next[thread]; }
};

class exhaustive final : public strategy {
 public:
  exhaustive(bool reduction, const tree_part& part)
      : reduction_(reduction), below_(part.below), list_depth_(part.list_depth), beginnings_(part.beginnings) {
    if (!part.position.empty()) restore(part.position);
  }

  void begin() override {
    depth_ = 0;
    redundant_ = false;
    listed_ = false;
  }

  unsigned choose_thread(const scheduling_point& point) override {
    if (redundant_ || listed_) return prefer(point, point.enabled);
    if (depth_ != 0 && !frames_[depth_ - 1].data.repeated()) return stop_at(point, depth_);
    if (depth_ < frames_.size()) return follow(point);
    if (list_depth_ != 0 && depth_ == list_depth_) {
      listed_ = true;
      return prefer(point, point.enabled);
    }
    if (!push(point)) {
      redundant_ = true;
      reverse_for_waiting(point);
      return prefer(point, point.enabled);
    }
    if (!broken_.empty()) return prefer(point, point.enabled);
    enter(depth_);
    return frames_[depth_++].thread;
  }

  bool choose_data(data_choice kind, unsigned age) override {
    if (redundant_ || listed_ || depth_ == 0) return false;
    frame& f = frames_[depth_ - 1];
    if (kind == data_choice::older_value && age > f.oldest) return false;
    return f.data.choose(kind, age);
  }

  bool probes() const override {
    return reduction_ && !redundant_ && !listed_ && depth_ != 0 && frames_[depth_ - 1].data.probes();
  }
  void probed(bool in_vain) override { frames_[depth_ - 1].data.probed(in_vain); }

  bool end() override {
    if (!broken_.empty()) return false;
    if (!redundant_ && depth_ != frames_.size()) {
      broken_ = "the program is not deterministic: it ended after " + std::to_string(depth_) +
                " operations where an earlier execution went on";
      return false;
    }
    if (list_depth_ != 0 && !redundant_) note_beginning();
    while (frames_.size() > below_.size()) {
      if (advance(frames_.back())) return true;
      frames_.pop_back();
    }
    complete_ = true;
    return false;
  }

  bool complete() const override { return complete_; }
  bool redundant() const override { return redundant_; }

  // A word per frame: the thread, the sets backtrack, done and sleep of two hexadecimal digits each, then the choices
  // inside the operation.
  std::string position() const override {
    std::string text;
    for (const frame& f : frames_) {
      if (!text.empty()) text += '.';
      constexpr const char* digits = "0123456789abcdef";
      text += digits[f.thread];
      for (const std::uint32_t set : {f.backtrack, f.done, f.sleep}) (text += digits[set >> 4]) += digits[set & 15];
      text += f.data.text();
    }
    return text;
  }

 private:
  // The first choice at a new point: stay with the running thread while it can go on and does not offer to wait, so
  // that the first executions have the fewest preemptions.
  static unsigned prefer(const scheduling_point& point, std::uint32_t among) {
    const bool stay = (among & bit(point.current)) != 0 && point.next[point.current].kind != access::local;
    if (stay) return point.current;
    const std::uint32_t others = among & ~bit(point.current);
    return lowest(others != 0 ? others : among);
  }

  // Repeats a choice of the common prefix, and enters the frame whose choice changed, or that comes from a position.
  unsigned follow(const scheduling_point& point) {
    frame& f = frames_[depth_];
    const bool unknown = f.enabled == 0;
    if (unknown) {
      std::copy(point.next.begin(), point.next.end(), f.next.begin());
      f.enabled = point.enabled;
    }
    if (!same(f, point) || (f.enabled & bit(f.thread)) == 0) return stop_at(point, depth_ + 1);
    f.data.rewind();
    if (depth_ == changed_ || unknown) enter(depth_);
    ++depth_;
    return f.thread;
  }

  void restore(const std::string& position) {
    const auto require = [&](bool is_right) {
      if (!is_right) throw std::invalid_argument("'" + position + "' is not a position of this search");
    };
    const auto digit = [&](std::size_t at) {
      const char c = at < position.size() ? position[at] : '.';
      require((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
      return static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    };
    for (std::size_t at = 0; at < position.size();) {
      frame f;
      f.thread = digit(at++);
      require(f.thread < max_threads);
      for (std::uint32_t* set : {&f.backtrack, &f.done, &f.sleep}) {
        *set = digit(at) << 4 | digit(at + 1);
        at += 2;
      }
      const std::size_t end = std::min(position.find('.', at), position.size());
      if (frames_.size() < below_.size())
        f.data = inner_choices(below_[frames_.size()]);
      else
        f.data.restore(std::string_view(position).substr(at, end - at));
      at = end + 1;
      frames_.push_back(std::move(f));
    }
    changed_ = frames_.size();
  }

  void note_beginning() {
    schedule& beginning = beginnings_->emplace_back();
    for (const frame& f : frames_) beginning.push_back(f.data.as_choice(f.thread));
  }

  unsigned stop_at(const scheduling_point& point, std::size_t operation) {
    broken_ = not_deterministic_at(operation);
    redundant_ = true;
    return prefer(point, point.enabled);
  }

  static bool same(const frame& f, const scheduling_point& point) {
    bool equal = f.enabled == point.enabled;
    for (std::uint32_t rest = f.enabled; rest != 0; rest &= rest - 1) {
      const unsigned t = lowest(rest);
      equal = equal && f.next[t].kind == point.next[t].kind && f.next[t].object == point.next[t].object;
    }
    return equal;
  }

  // Adds a frame; false when every enabled thread sleeps.
  bool push(const scheduling_point& point) {
    frame f;
    std::copy(point.next.begin(), point.next.end(), f.next.begin());
    f.enabled = point.enabled;
    if (reduction_ && !frames_.empty()) {
      const frame& before = frames_.back();
      for (std::uint32_t rest = before.sleep; rest != 0; rest &= rest - 1) {
        const unsigned q = lowest(rest);
        if (q != before.thread && independent(before.next[q], before.operation())) f.sleep |= bit(q);
      }
    }
    const std::uint32_t awake = f.enabled & ~f.sleep;
    if (awake == 0) return false;
    f.thread = prefer(point, awake);
    f.backtrack = reduction_ && list_depth_ == 0 ? bit(f.thread) : f.enabled;
    if (depth_ < below_.size()) descend(f, awake);
    frames_.push_back(std::move(f));
    return true;
  }

  // A choice above the part that is searched: the threads that come before it in the order of `advance` sleep.
  void descend(frame& f, std::uint32_t awake) {
    const unsigned wanted = below_[depth_].thread;
    if ((awake & bit(wanted)) == 0) broken_ = not_deterministic_at(depth_ + 1);
    if (reduction_ && wanted != f.thread) f.sleep |= (awake & (bit(wanted) - 1)) | bit(f.thread);
    f.thread = wanted;
    f.backtrack = f.enabled;
    f.data = inner_choices(below_[depth_]);
  }

  // An execution that stops because every enabled thread sleeps never runs the locks that others wait for; without
  // their races the order in which such a lock comes first would be lost.
  void reverse_for_waiting(const scheduling_point& point) {
    for (unsigned t = 0; t < point.next.size(); ++t) {
      if (!point.next[t].blocked_for(t)) continue;
      frame f;
      std::copy(point.next.begin(), point.next.end(), f.next.begin());
      f.thread = t;
      frames_.push_back(std::move(f));
      enter(frames_.size() - 1);
      frames_.pop_back();
    }
  }

  // The operation of frames_[depth] runs for the first time here: numbers it, computes its clock, reverses its races.
  void enter(std::size_t depth) {
    if (!reduction_) return;
    frame& f = frames_[depth];
    clock_vector covered{};
    f.counts = depth == 0 ? clock_vector{} : frames_[depth - 1].counts;
    f.number = ++f.counts[f.thread];
    for (std::size_t i = depth; f.number != 1 && i-- > 0;) {
      if (frames_[i].thread != f.thread) continue;
      covered = frames_[i].clock;
      break;
    }
    clock_vector clock = covered;
    f.oldest = needed_age(frames_, depth, covered);
    std::vector<std::size_t>& races = races_;
    races.clear();
    for (std::size_t i = depth; i-- > 0 && !checks::within(frames_[i].counts, covered);) {
      const frame& e = frames_[i];
      if (e.thread == f.thread || e.number <= covered[e.thread]) continue;
      const relation r = relate(e.operation(), f.operation());
      if (r == relation::independent) continue;
      join(clock, e.clock);
      if (r == relation::ordered) continue;
      join(covered, e.clock);
      if (r == relation::racing) races.push_back(i);
    }
    clock[f.thread] = f.number;
    f.clock = clock;
    if (list_depth_ != 0) return;
    for (const std::size_t race : races) {
      if (race >= below_.size()) reverse(race, depth);
    }
  }

  // Makes sure that an execution is tried in which the operation at `later` comes before the one at `earlier`.
  void reverse(std::size_t earlier, std::size_t later) {
    frame& e = frames_[earlier];
    std::uint32_t initials = 0;
    std::uint32_t seen = 0;
    std::vector<std::size_t>& independent_part = part_;
    independent_part.clear();
    for (std::size_t i = earlier + 1; i <= later; ++i) {
      const frame& f = frames_[i];
      if (i != later && f.clock[e.thread] >= e.number) continue;
      const bool first = (seen & bit(f.thread)) == 0 &&
                         std::none_of(independent_part.begin(), independent_part.end(),
                                      [&](std::size_t w) { return f.clock[frames_[w].thread] >= frames_[w].number; });
      if (first) initials |= bit(f.thread);
      seen |= bit(f.thread);
      independent_part.push_back(i);
    }
    if ((initials & e.backtrack) != 0) return;
    const std::uint32_t possible = initials & e.enabled;
    const unsigned racing = frames_[later].thread;
    if (possible == 0) {
      e.backtrack |= e.enabled;
    } else {
      e.backtrack |= (possible & bit(racing)) != 0 ? bit(racing) : bit(lowest(possible));
    }
  }

  // Moves a frame to its next alternative; false when there is none.
  bool advance(frame& f) {
    changed_ = frames_.size();  // an operation that runs again with another value has the same races
    if (f.data.advance()) return true;
    f.done |= bit(f.thread);
    f.sleep |= reduction_ ? bit(f.thread) : 0;
    const std::uint32_t left = f.backtrack & ~f.done & ~f.sleep;
    if (left == 0) return false;
    f.thread = lowest(left);
    f.data = {};
    changed_ = frames_.size() - 1;
    return true;
  }

  const bool reduction_;
  const schedule below_;
  const std::size_t list_depth_;
  std::vector<schedule>* const beginnings_;
  std::vector<frame> frames_;
  std::size_t depth_ = 0;    // operations of this execution so far
  std::size_t changed_ = 0;  // the frame whose thread differs from the last execution
  bool redundant_ = false;
  bool listed_ = false;  // the rest of this execution belongs to the part below its beginning
  bool complete_ = false;
  std::vector<std::size_t> races_;  // kept for their storage
  std::vector<std::size_t> part_;
};

}  // namespace

std::unique_ptr<strategy> make_exhaustive(bool reduction, const tree_part& part) {
  return std::make_unique<exhaustive>(reduction, part);
}

}  // namespace triecheck::explore
