// The order of the steps of an execution that all executions with the same answers share, kept step by step. Two steps
// are ordered where they are of one thread or the one `precedes` the other, and where others link them.
//
// A step joins the clocks of the earlier steps that precede it. What a step joins of one object is kept together: its
// loads, those of them that are sequentially consistent, its additions, what readers do to a mutex; everything else on
// it. Plain variables need no clock: their accesses are ordered by the steps around them, or Relacy reports a race.
//
// Cost per step: constant, but for a step that nobody announced and for a relock. No memory is given back between two
// executions.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "checks/explore/pending_operation.h"

namespace triecheck::explore {

class happens_before {
 public:
  /// Another execution begins.
  void clear() {
    ++execution_;
    threads_ = {};
    fences_ = unknown_ = {};
    notices_.clear();
  }

  /// The next step of `thread` goes on after a wait: it comes after what changed these objects.
  void watch(unsigned thread, std::span<const object_id> objects) {
    for (const object_id object : objects) {
      trace& t = trace_of(object, objects_);
      for (unsigned g = 0; g < groups; ++g) {
        if (g != loads && g != seq_cst_loads) join(threads_[thread], t.clocks[g]);
      }
      join(t.clocks[loads], threads_[thread]);
    }
  }

  /// The next step of `thread`. The answer is its clock, good until the next step.
  const clock_vector& step(unsigned thread, const pending_operation& a) {
    clock_vector& now = threads_[thread];
    ++now[thread];
    join(now, unknown_);
    switch (a.kind) {
      case access::unknown:
        for (const clock_vector& other : threads_) join(now, other);
        unknown_ = now;
        break;
      case access::local:
        break;
      case access::fence:
        join(now, fences_);
        fences_ = now;
        break;
      default:
        touch(now, a);
    }
    return now;
  }

 public:
  /// The last step, announced as an exchange, failed though the newest value is the expected one: it was a load.
  void was_load(unsigned thread, bool seq_cst) {
    trace& t = *before_.of;
    t.clocks[others] = before_.clock;
    join(t.clocks[loads], threads_[thread]);
    if (seq_cst) join(t.clocks[seq_cst_loads], threads_[thread]);
  }

 private:
  // What is joined together of one object.
  enum group : std::uint8_t { loads, seq_cst_loads, adds, readers, others, groups };
  struct trace {
    std::uint64_t execution = 0;  // the clocks are of that one
    std::array<clock_vector, groups> clocks{};
  };
  struct notification {
    object_id condition;
    object_id notice;
    clock_vector clock;
  };

  static constexpr group group_of(access kind) {
    switch (kind) {
      case access::load:
        return loads;
      case access::add:
        return adds;
      case access::lock_shared:
      case access::try_lock_shared:
      case access::unlock_shared:
        return readers;
      default:
        return others;
    }
  }

  void touch(clock_vector& now, const pending_operation& a) {
    const group own = group_of(a.kind);
    trace& t = trace_of(a.object, objects_);
    if (a.kind == access::load || own == others || own == readers) join(now, t.clocks[adds]);
    if (own == others) join(now, t.clocks[readers]);
    join(now, t.clocks[others]);
    if (a.destroys) join(now, t.clocks[loads]);
    if (is_write(a.kind) && a.seq_cst) join(now, t.clocks[seq_cst_loads]);
    if (a.condition != 0) join_condition(now, a);
    if (own == others) before_ = {&t, t.clocks[others]};
    join(t.clocks[own], now);
    if (a.kind == access::load && a.seq_cst) join(t.clocks[seq_cst_loads], now);
  }

  // Waits and notifications of a condition variable are ordered; the end of a wait is ordered with its notification
  // only.
  void join_condition(clock_vector& now, const pending_operation& a) {
    if (a.kind == access::relock) {
      for (const notification& n : notices_) {
        if (n.condition == a.condition && n.notice == a.notice) join(now, n.clock);
      }
      return;
    }
    clock_vector& all = trace_of(a.condition, conditions_).clocks[others];
    join(now, all);
    join(all, now);
    if (a.kind == access::notify) notices_.push_back({a.condition, a.notice, now});
  }

  using traces = std::array<std::vector<trace>, max_threads + 2>;  // by the parts of an object's id

  trace& trace_of(object_id id, traces& of) {
    std::vector<trace>& created = of[id >> 24];
    const std::size_t index = id & 0xff'ffff;
    if (index >= created.size()) created.resize(std::max<std::size_t>(index + 1, 2 * created.size()));
    trace& t = created[index];
    if (t.execution != execution_) t = {.execution = execution_, .clocks = {}};
    return t;
  }

  std::uint64_t execution_ = 1;
  std::array<clock_vector, max_threads> threads_{};
  clock_vector fences_{};
  clock_vector unknown_{};
  struct {
    trace* of = nullptr;
    clock_vector clock{};
  } before_;  // of the last step that others joins: the object's clock before it
  traces objects_;
  traces conditions_;
  std::vector<notification> notices_;
};

}  // namespace triecheck::explore
