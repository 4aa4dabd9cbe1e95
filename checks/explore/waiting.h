// Which threads wait in a loop: a thread that repeats what it did, and saw the same, waits for a change by another.
//
// Detected from the operations and their values, not annotated. A round of a loop is a sequence of operations that a
// thread ran twice in a row, at the same places of the text and with the same values, and is about to begin again; what
// it changed in a round is undone at its end. Such a thread is disabled until a value that it read is another one
// (await reduction), and a cycle of states in which not every thread moved that could hands over to the one that did
// not (fairness). Why no behaviour is lost:
//
//  (1) Rounds of a thread are functions of what it read and its own memory. The state at the end of a second equal
//      round is that at the end of the first, so what a third round could lead to is explored after the first: others
//      run in the middle of the second round, or before it.
//  (2) Own memory that no operation shows (a counter of attempts) is the exception. So before a thread is made to wait,
//      or to let others go first, a copy of this process runs the round `vain_rounds` times more: where a thread does
//      something else then, the loop gives up by itself, and it is never cut short. A loop that gives up after more
//      rounds is followed for two only.
//  (3) A thread is enabled again while a value that its last round read first is another one now (a `try_lock` reads
//      whether the mutex is free), or another thread changed a plain variable, where the round reads any. Both follow
//      from the order of dependent operations: the operation that goes on (`pending_operation::watched`) depends on
//      every change of what the round touches. Where it is disabled, its races are those of the round before, which are
//      entered already.
//  (4) It stops holding nothing that the round locks, where it locks anything in front of a lock, and never in a loop
//      that changes atomics: those go on, and (5) bounds them.
//  (5) Two equal states, the same values and every thread that moved in between in the same place of its loop, lead to
//      the same executions. So where a thread could have moved in between and did not, it is its turn; where there is
//      none, every fair continuation goes round: a livelock. Both are tried out first, as in (2).
//  (6) Memory is fair: a load that returned the same older value in eight equal rounds in a row returns the newest one
//      in the next. A weak exchange that failed spuriously makes no round: it fails once per execution.
//  (7) Waiting is no property of the program, only of the search: a replay may let a waiting thread go on.
//
// Sources: Jonsson, Lång, Sagonas: Awaiting for Godot, CAV 2022 (await reduction); Musuvathi, Qadeer: Fair Stateless
// Model Checking, PLDI 2008 (fairness, livelock).
//
// Threads: those of the program under test are numbers here. Cost per step: constant; nothing is freed between
// executions.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "checks/explore/interleaving.h"
#include "checks/explore/pending_operation.h"

namespace triecheck::explore {

/// What an operation did with the value of its object; of a mutex, the value names its owner.
struct effect {
  bool reads = false;       ///< what the thread does next may depend on `seen`
  bool writes = false;      ///< the object holds `left` now
  bool may_differ = false;  ///< an older value was loaded, or an exchange failed spuriously: the next time it may not
  std::uint64_t seen = 0;   ///< of an attempt at a mutex: 1 where it failed
  std::uint64_t left = 0;
};

/// A mutex as a value.
constexpr std::uint64_t value_of(const mutex_state& m) {
  return static_cast<std::uint64_t>(m.owner + 1) | static_cast<std::uint64_t>(m.readers) << 32;
}

/// A step that is expected again: by whom, doing what, and seeing what.
struct expected_step {
  unsigned thread = 0;
  std::uint64_t announced = 0;
  std::uint64_t step = 0;
};
using cycle = std::vector<expected_step>;

/// What came of running a cycle `vain_rounds` times more: whether all steps were as expected.
enum class trial : std::uint8_t { repeats, differs };

inline constexpr unsigned vain_rounds = 1'000;

class waiting_loops {
 public:
  /// `try_out` runs a cycle in a copy of this process.
  explicit waiting_loops(std::function<trial(const cycle&)> try_out) : try_out_(std::move(try_out)) {}

  void begin_execution();

  // An object has a place before it has a value; what makes more places needs the heap of the harness.
  bool has_place(object_id object) const { return (object & 0xff'ffff) < values_[object >> 24].size(); }
  void make_places(object_id object) { values_[object >> 24].resize(2 * (object & 0xff'ffff) + 16); }

  // From the sync layer. Outside of the threads only values are kept.
  void announced(unsigned t, const pending_operation& next, const location& where);
  void performed(unsigned t, const effect& e);
  void left(object_id object, std::uint64_t value) { store(object, value); }
  void read_plain(unsigned t, object_id object, std::uint64_t value);
  void wrote_plain(unsigned t, object_id object, std::uint64_t value);
  /// The thread makes progress, or does what no loop is judged by: its rounds start over. `operations`: of the cache.
  void interrupt(unsigned t, std::uint32_t operations);

  /// Whether the operation that runs may load no older value: the thread saw the same one in so many equal rounds.
  bool saw_enough(unsigned t) const;

  /// At a choice among `live` threads, of which the operations of `enabled` could run; `last` ran the last step. The
  /// answer has those that wait, or have to let others go first; all of `enabled` where that is a livelock. Marks the
  /// operations of threads that go on after a wait in `next`. Requires that a thread is enabled.
  std::uint32_t waiting(std::uint32_t live, std::uint32_t enabled, unsigned last,
                        std::array<pending_operation, max_threads>& next) {
    if ((repeating_ & live) != 0) return look(live, enabled, last, next);
    states_.clear();
    return 0;
  }

  /// The objects that an operation watches which goes on after a wait.
  const std::vector<object_id>& watched(unsigned t) const { return threads_[t].last_round.objects; }

  /// The loop that a thread is in, in words.
  std::string describe(unsigned t, const std::function<std::string(object_id)>& name) const;

  // For a trial: what the thread is about to do, and what its last step was.
  std::uint64_t announcement_of(unsigned t) const { return threads_[t].announced; }
  std::uint64_t last_step_of(unsigned t) const { return threads_[t].at(threads_[t].count - 1).step; }

 private:
  static constexpr std::size_t history = 64;
  static constexpr std::uint64_t longest_round = history / 2;

  // One operation of a thread.
  struct entry {
    std::uint64_t step = 0;       // digest of what it did and saw
    std::uint64_t announced = 0;  // digest of what it was about to do, and of the plain accesses since the step before
    std::uint64_t own = 0;        // the thread's changes before it
    std::uint64_t others = 0;     // the plain variables' values by other threads, when it was announced
    std::uint64_t seen = 0;
    std::uint64_t before = 0;  // the step before it whose digest has the same remainder
    const char* file = nullptr;
    object_id object = 0;
    std::uint32_t line = 0;
    access kind = access::unknown;
    bool reads_plain = false;  // between the step before and this one
    bool reads = false;
    bool changes = false;  // an atomic
    bool may_differ = false;
  };
  struct watch {
    object_id object;
    std::uint64_t seen;
    access kind;
  };
  // The last operations of a thread, as many as a round has: looked at once per step.
  struct round {
    std::uint64_t at = 0;  // after so many steps
    bool is_loop = false;
    bool changes = false;  // atomics, or what it does not undo
    bool locks = false;    // waits for mutexes
    std::uint64_t key = 0;
    std::uint64_t position = 0;  // digest of the place in the loop
    std::vector<watch> watches;
    std::vector<object_id> objects;
    std::vector<object_id> mutexes;
  };
  struct thread_state {
    std::array<entry, history> entries;
    std::array<std::uint64_t, history> latest{};  // by the remainder of its digest, the last such step
    std::uint64_t count = 1;                      // steps of all executions
    std::uint64_t first = 1;                      // what is before counts no more
    std::uint64_t start = 1;                      // where this execution began
    std::uint64_t period = 0;
    std::uint64_t matched = 0;         // so many last steps equal those one period before
    std::uint64_t own = 0;             // digest of the changes by this thread that are not undone
    std::uint64_t own_plain = 0;       // of those of plain variables
    std::uint64_t plain_accesses = 0;  // digest of those since the last step
    bool reads_plain = false;
    std::uint32_t operations = 0;  // of the cache: begun and ended
    std::uint64_t announced = 0;   // of the next step
    std::uint64_t others = 0;
    location where;
    pending_operation next;
    round last_round;

    entry& at(std::uint64_t i) { return entries[i % history]; }
    const entry& at(std::uint64_t i) const { return entries[i % history]; }
    bool repeats() const { return period != 0 && matched >= period; }
  };
  struct object_value {
    std::uint64_t execution = 0;
    std::uint64_t held = 0;
  };
  struct state {
    std::uint64_t digest;
    std::uint32_t enabled;
    expected_step before;  // the step that led to it
  };

  object_value& value_of_object(object_id object) { return values_[object >> 24][object & 0xff'ffff]; }
  std::uint64_t store(object_id object, std::uint64_t value);
  round& look_at(unsigned t);
  bool goes_round(const cycle& steps, std::uint64_t key);
  bool is_inside(unsigned t);
  bool has_changed(unsigned t);
  std::uint32_t look(std::uint32_t live, std::uint32_t enabled, unsigned last,
                     std::array<pending_operation, max_threads>& next);
  std::uint32_t whose_turn(std::uint32_t enabled, unsigned last, std::uint32_t loops);
  std::uint64_t digest_of_state(std::uint32_t loops) const;
  cycle last_round_of(unsigned t) const;

  const std::function<trial(const cycle&)> try_out_;
  std::uint64_t execution_ = 1;
  std::array<thread_state, max_threads> threads_{};
  std::array<std::vector<object_value>, max_threads + 2> values_;  // by the parts of an object's id
  std::uint64_t shared_ = 0;                                       // digest of all values
  std::uint64_t plain_ = 0;                             // of those of plain variables, as far as threads changed them
  std::uint32_t repeating_ = 0;                         // bit per thread: its last two rounds are equal
  std::vector<state> states_;                           // since a step that is no part of a loop
  std::unordered_map<std::uint64_t, bool> goes_round_;  // by the digest of a cycle; once tried out
};

}  // namespace triecheck::explore
