// The real-time orders of operations that a class of equivalent executions allows.
//
// An exploration runs one execution of each class. Which operation ended before which began differs between the
// executions of a class: every order of the steps that extends the happens-before order is one of them, with the same
// answers. A history has to be explained in each, so all of them are judged here, but for those that are implied: the
// more operations are ordered, the harder a history is to explain, so only the orders count that are not contained in
// another.
//
// How they are found. An operation opens with its first step and closes with its last. Closing as soon as the
// happens-before order allows it only adds precedence, so an operation is closed once all are open that open before it
// closes: needs(X). An order is then the sequence of what is opened. Opening what no operation needs for being closed
// next can be put off and adds precedence as well. So at every point some operation X is chosen whose need, beyond what
// is open, is minimal; all that it needs opens at once, and what is closed by that closes. Two different choices give
// two orders of which neither contains the other: in the first X precedes all that is not open yet, some of which the
// second opens before X is closed. So no order comes twice, and none is implied by another.
//
// The operations of a thread open one after the other: what is open is one number per thread.
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "checks/explore/clock_vector.h"

namespace triecheck::checks {

/// Where an order has an operation: it precedes another when its `closed` is smaller than the other's `opened`.
struct stages {
  std::size_t opened = 0;
  std::size_t closed = 0;
};

class real_time {
 public:
  /// `operations` are those of the threads, in the order in which they returned; those of one thread follow each other.
  void read(std::span<const interval> operations) {
    sequential_ = true;
    for (std::size_t i = 1; i < operations.size(); ++i) {
      sequential_ = sequential_ && happens_before(operations[i - 1].closed, operations[i].opened);
    }
    placed_.resize(operations.size());
    for (std::size_t i = 0; i < operations.size(); ++i) placed_[i] = {i, i};
    if (sequential_) return;

    needs_.assign(operations.size(), {});
    for (auto& own : by_thread_) own.clear();
    for (std::size_t i = 0; i < operations.size(); ++i) by_thread_[operations[i].opened.thread].push_back(i);
    for (std::size_t i = 0; i < operations.size(); ++i) {
      for (unsigned t = 0; t < max_threads; ++t) {
        for (const std::size_t other : by_thread_[t]) {
          if (!happens_before(operations[other].opened, operations[i].closed)) break;
          ++needs_[i][t];
        }
      }
    }
  }

  /// The operations of a thread, as indices into what was read. Requires that they are not sequential.
  const std::vector<std::size_t>& of_thread(unsigned thread) const { return by_thread_[thread]; }

  /// How many operations of each thread have to be open before this one can be closed. These numbers, of all
  /// operations, are all that the orders depend on. Requires that they are not sequential.
  const clock_vector& needs(std::size_t operation) const { return needs_[operation]; }

  /// Whether each operation ended before the next began, in every execution of the class: the one order is then that in
  /// which they were read. So it is where one mutex guards everything.
  bool sequential() const { return sequential_; }

  /// Calls `visit` with every order, a place for each operation, until it answers false; returns whether it never did.
  /// The first order contains the one that the execution at hand had.
  bool each_order(const std::function<bool(std::span<const stages>)>& visit) {
    if (sequential_) return visit(placed_);
    visit_ = &visit;
    return go_on(0, {}, {});
  }

 private:
  // What is open once an operation that can be chosen next is closed, for each of these.
  struct choice_list {
    std::array<clock_vector, max_threads> then_open{};
    std::size_t count = 0;
    clock_vector as_executed{};  // of the operation that returns first in the execution at hand

    // Of equal ones the first counts.
    bool is_minimal(std::size_t i) const {
      for (std::size_t j = 0; j < count; ++j) {
        if (j != i && within(then_open[j], then_open[i]) && (j < i || then_open[j] != then_open[i])) return false;
      }
      return true;
    }
  };

  // `open` and `closed`: how many operations of each thread are.
  choice_list choices(const clock_vector& open, const clock_vector& closed) const {
    choice_list c;
    std::size_t first_to_return = needs_.size();
    for (unsigned t = 0; t < max_threads; ++t) {
      if (closed[t] == by_thread_[t].size()) continue;
      const std::size_t next = by_thread_[t][closed[t]];
      clock_vector& then_open = c.then_open[c.count++];
      then_open = needs_[next];
      join(then_open, open);
      if (next > first_to_return) continue;
      first_to_return = next;
      c.as_executed = then_open;
    }
    return c;
  }

  // Closes what can be closed.
  template <class Closed>
  void close(const clock_vector& open, clock_vector& closed, Closed note) const {
    for (unsigned t = 0; t < max_threads; ++t) {
      for (; closed[t] < open[t] && within(needs_[by_thread_[t][closed[t]]], open); ++closed[t]) {
        note(by_thread_[t][closed[t]]);
      }
    }
  }

  bool go_on(std::size_t stage, const clock_vector& open, const clock_vector& closed) {
    const choice_list c = choices(open, closed);
    if (c.count == 0) return (*visit_)(placed_);
    for (const bool as_executed : {true, false}) {
      for (std::size_t i = 0; i < c.count; ++i) {
        if (within(c.then_open[i], c.as_executed) != as_executed || !c.is_minimal(i)) continue;
        for (unsigned t = 0; t < max_threads; ++t) {
          for (std::uint32_t n = open[t]; n < c.then_open[i][t]; ++n) placed_[by_thread_[t][n]].opened = stage;
        }
        clock_vector then_closed = closed;
        close(c.then_open[i], then_closed, [&](std::size_t operation) { placed_[operation].closed = stage; });
        if (!go_on(stage + 1, c.then_open[i], then_closed)) return false;
      }
    }
    return true;
  }

  bool sequential_ = true;
  std::array<std::vector<std::size_t>, max_threads> by_thread_;
  std::vector<clock_vector> needs_;
  std::vector<stages> placed_;
  const std::function<bool(std::span<const stages>)>* visit_ = nullptr;
};

}  // namespace triecheck::checks
