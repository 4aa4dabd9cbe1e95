// Whether a history of calls is linearizable, for a sequential specification of yours.
//
// A specification says what one call after another may answer:
//
//   struct stack_specification {
//     struct operation { bool is_push; int value; };
//     using result = std::optional<int>;                               // of a pop
//     using state = std::vector<int>;                                  // starts as state{}; ==
//     static bool step(state& s, const operation& o, const result& r); // whether it may answer r, and what it leaves
//     static std::size_t hash(const state& s);
//     static std::string show(const operation& o, const result* r);    // "pop = 3"; "pop" of one without an answer yet
//     static int key(const operation& o);                              // optional: other keys do not meet
//   };
//
// Where `step` answers false it may have changed the state.
//
// Real time: one call comes before another if it ends before the other begins in every execution with the same answers
// (clock_vector.h). So one explored execution represents all that differ in the order of independent steps.
//
// Source: Wing, Gong: Testing and Verifying Concurrent Objects, JPDC 1993, with the memory of Lowe: Testing for
// Linearizability, 2017, and the partitions by key of Horn, Kroening, FORTE 2015.
// Cost: of n calls of a key O(2^n) in the worst case, with memory for what was tried; few where calls overlap little.
// Threads: starts none.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "checks/explore/clock_vector.h"

namespace triecheck::explore {

template <class S>
concept specification = std::default_initializable<typename S::state> && std::equality_comparable<typename S::state> &&
    std::copyable<typename S::state> &&
    requires(typename S::state& s, const typename S::operation& o, const typename S::result& r) {
  { S::step(s, o, r) } -> std::same_as<bool>;
  { S::hash(s) } -> std::convertible_to<std::size_t>;
  { S::show(o, &r) } -> std::convertible_to<std::string>;
};

/// When a call ran. The calls of the setup come first, those of the end last; outside of the threads the order of the
/// history is the order of the calls.
enum class call_phase : std::uint8_t { setup, threads, end };

/// A call that returned.
template <specification S>
struct completed_call {
  typename S::operation operation;
  typename S::result result;
  call_phase phase = call_phase::threads;
  unsigned thread = 0;    ///< in the threads
  checks::interval when;  ///< in the threads
};

enum class linearizability_verdict : std::uint8_t { linearizable, not_linearizable, undecided };

struct linearizability_answer {
  linearizability_verdict verdict = linearizability_verdict::linearizable;
  std::string why;  ///< of one that is not: which call has no place
};

/// Judges a history. Undecided where it would try more than `most_states` states, or a key has more than 64 calls.
template <specification S>
class linearizability_of {
 public:
  using call = completed_call<S>;

  explicit linearizability_of(std::size_t most_states = 1'000'000) : most_states_(most_states) {}

  /// The calls of one thread, those of the setup and those of the end are in the order in which they were made.
  linearizability_answer judge(const std::vector<call>& history) {
    std::map<std::size_t, std::vector<const call*>> parts;
    for (const call& c : history) parts[part_of(c)].push_back(&c);
    linearizability_answer all;
    for (const auto& [number, calls] : parts) {
      linearizability_answer one = judge_part(calls);
      if (one.verdict == linearizability_verdict::not_linearizable) return one;
      if (one.verdict == linearizability_verdict::undecided) all = std::move(one);
    }
    return all;
  }

 private:
  struct tried {
    std::uint64_t placed;
    typename S::state state;
  };

  static std::size_t part_of(const call& c) {
    if constexpr (requires { S::key(c.operation); }) {
      return std::hash<std::decay_t<decltype(S::key(c.operation))>>()(S::key(c.operation));
    } else {
      return 0;
    }
  }

  // `a` is in front of `b` in the history, or behind it.
  static bool comes_before(const call& a, const call& b, bool in_front) {
    if (a.phase != b.phase) return a.phase < b.phase;
    if (a.phase != call_phase::threads || a.thread == b.thread) return in_front;
    return happens_before(a.when.closed, b.when.opened);
  }

  linearizability_answer judge_part(const std::vector<const call*>& calls) {
    if (calls.size() > 64) return {linearizability_verdict::undecided, "more than 64 calls"};
    calls_ = calls;
    before_.assign(calls.size(), 0);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      for (std::size_t j = 0; j < calls.size(); ++j) {
        if (i != j && comes_before(*calls[j], *calls[i], j < i)) before_[i] |= std::uint64_t{1} << j;
      }
    }
    tried_.clear();
    states_ = 0;
    best_ = {};
    const std::uint64_t all = calls.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << calls.size()) - 1;
    if (place(0, all, {})) return {};
    if (states_ >= most_states_)
      return {linearizability_verdict::undecided, "more than " + std::to_string(most_states_) + " states"};
    return {linearizability_verdict::not_linearizable, explanation()};
  }

  // Whether the calls that are not placed yet have an order from `state` on.
  bool place(std::uint64_t placed, std::uint64_t all, const typename S::state& state) {
    if (placed == all) return true;
    if (!is_new(placed, state)) return false;
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const std::uint64_t bit = std::uint64_t{1} << i;
      if ((placed & bit) != 0 || (before_[i] & ~placed) != 0) continue;
      typename S::state next = state;
      if (!S::step(next, calls_[i]->operation, calls_[i]->result)) continue;
      order_.push_back(i);
      if (order_.size() > best_.size()) best_ = order_;
      if (place(placed | bit, all, next)) return true;
      order_.pop_back();
    }
    return false;
  }

  bool is_new(std::uint64_t placed, const typename S::state& state) {
    if (++states_ >= most_states_) return false;
    std::vector<tried>& alike = tried_[S::hash(state) ^ placed * 0x9e37'79b9'7f4a'7c15];
    for (const tried& t : alike) {
      if (t.placed == placed && t.state == state) return false;
    }
    alike.push_back({placed, state});
    return true;
  }

  static std::string told(const call& c) {
    const std::string who = c.phase == call_phase::threads ? "thread " + std::to_string(c.thread) + ": " : "";
    return who + std::string(S::show(c.operation, &c.result));
  }

  std::string explanation() const {
    std::uint64_t placed = 0;
    std::string text;
    for (const std::size_t i : best_) {
      placed |= std::uint64_t{1} << i;
      text += (text.empty() ? "" : "; ") + told(*calls_[i]);
    }
    std::string stuck;
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if ((placed >> i & 1) != 0 || (before_[i] & ~placed) != 0) continue;
      stuck += (stuck.empty() ? "" : ", or ") + told(*calls_[i]);
    }
    return "no order of the calls explains their answers: after [" + text + "] there is no place for " + stuck;
  }

  const std::size_t most_states_;
  std::vector<const call*> calls_;
  std::vector<std::uint64_t> before_;  // by call: those that come before it
  std::unordered_map<std::size_t, std::vector<tried>> tried_;
  std::size_t states_ = 0;
  std::vector<std::size_t> order_;
  std::vector<std::size_t> best_;  // the longest order that was found
};

}  // namespace triecheck::explore
