// What a thread is about to do, announced to the scheduler before Relacy sees it, and which of these operations
// commute.
//
// The relation below is what the reduction's soundness rests on:
//  - every shared access is an announced operation or a race-checked plain variable (a race is a property of the
//    happens-before order, so it shows in every order of independent operations);
//  - object ids do not depend on the schedule;
//  - an operation that the explorer does not know depends on everything.
#pragma once

#include <cstdint>

#include "checks/explore/clock_vector.h"
#include "checks/explore/relacy/mutex.h"
#include "checks/explore/relacy/object.h"

namespace triecheck::explore {

using checks::clock_vector;
using checks::join;
using checks::max_threads;

enum class access : std::uint8_t {
  unknown,  ///< an unannounced scheduling point: depends on everything
  local,    ///< touches nothing shared: yield
  load,
  store,
  add,    ///< relaxed, and nobody sees what was there before: additions commute
  rmw,    ///< read-modify-write; an exchange that fails is a load
  fence,  ///< sequentially consistent; weaker fences are no scheduling points
  lock,
  try_lock,
  unlock,
  lock_shared,
  try_lock_shared,
  unlock_shared,
  wait,    ///< unlocks a mutex and registers with a condition variable: one access to two objects
  notify,  ///< of a condition variable
  relock,  ///< the lock that ends a wait
};

/// What an operation touches, as far as its order with another one depends on that.
struct shared_access {
  access kind = access::unknown;
  bool seq_cst = false;
  bool destroys = false;
  bool is_exchange = false;  // a compare-exchange, whatever it will be
  object_id object = 0;
  object_id condition = 0;
  object_id notice = 0;
  std::uint64_t watched = 0;
};

/// What a thread is about to do. The fields that a `shared_access` has, too, are that one's.
struct pending_operation {
  access kind = access::unknown;
  object_id object = 0;
  const mutex_state* mutex = nullptr;  // of lock, lock_shared and relock
  object_id condition = 0;             // of wait, notify and relock
  object_id notice = 0;                // of notify: which one it is; of relock: the one that ended the wait
  std::uint64_t watched = 0;  // of an operation that goes on after a wait in a loop: the objects of the loop, as bits
  bool seq_cst = false;       // of an access to an atomic: its order is sequentially consistent
  bool destroys = false;      // of a store: it ends the life of the object

  /// Of a compare-exchange: what decides whether it succeeds. `kind` is what it will be: a load where it fails.
  struct exchange_terms {
    const std::uint64_t* newest = nullptr;  // the value of the object
    std::uint64_t expected = 0;
    bool success_seq_cst = false;
    bool failure_seq_cst = false;
  };
  exchange_terms exchange;

  operator shared_access() const {  // NOLINT: implicit, as it is a part
    return {.kind = kind,
            .seq_cst = seq_cst,
            .destroys = destroys,
            .is_exchange = exchange.newest != nullptr,
            .object = object,
            .condition = condition,
            .notice = notice,
            .watched = watched};
  }

  /// At a choice of a thread: says what a compare-exchange would be if it ran now. While only operations run that
  /// commute with it, it stays that.
  void foresee() {
    if (exchange.newest == nullptr) return;
    become_exchange(*exchange.newest == exchange.expected);
  }
  /// The compare-exchange has run.
  void become_exchange(bool succeeds) {
    kind = succeeds ? access::rmw : access::load;
    seq_cst = succeeds ? exchange.success_seq_cst : exchange.failure_seq_cst;
  }

  /// Whether `thread` has to wait. A thread that locks its own mutex again does not wait: Relacy reports it.
  bool blocked_for(unsigned thread) const {
    const std::uint32_t others = mutex == nullptr ? 0 : mutex->readers & ~(1U << thread);
    const bool owned =
        mutex != nullptr && mutex->owner != mutex_state::nobody && mutex->owner != static_cast<int>(thread);
    if (kind == access::lock || kind == access::relock) return owned || others != 0;
    return kind == access::lock_shared && owned;
  }
};

/// Objects as a set of bits: two may share one, which orders more than is needed and loses nothing.
constexpr std::uint64_t watch_bit(object_id object) { return std::uint64_t{1} << (object * 0x9e37'79b1U >> 26); }

/// How an earlier and a later operation of two threads relate.
enum class relation : std::uint8_t {
  independent,  ///< they commute
  ordered,      ///< they do not commute but cannot swap: the later one was disabled before the earlier one ran
  racing,       ///< they do not commute, and the other order exists
  caused,       ///< as ordered, and it is the earlier one, no other, that made the later one possible
};

/// As operations on a condition variable. What a wait waits for is one notice, so another notice commutes with its end.
constexpr relation relate_by_condition(const shared_access& earlier, const shared_access& later) {
  using enum access;
  if (earlier.condition == 0 || earlier.condition != later.condition) return relation::independent;
  if (later.kind == relock) {
    return earlier.kind == notify && earlier.notice == later.notice ? relation::caused : relation::independent;
  }
  return earlier.kind == relock ? relation::independent : relation::racing;
}

/// Symmetric but for the mutex operations, where a release orders what it enables.
constexpr relation relate_by_object(const shared_access& earlier, const shared_access& later) {
  using enum access;
  if (earlier.kind == unknown || later.kind == unknown) return relation::racing;
  if (earlier.kind == local || later.kind == local) return relation::independent;
  if (earlier.kind == fence || later.kind == fence) {
    return earlier.kind == later.kind ? relation::racing : relation::independent;
  }
  if (earlier.object != later.object) return relation::independent;
  if (earlier.kind == load && later.kind == load) return relation::independent;
  if (earlier.kind == add && later.kind == add) return relation::independent;
  if (earlier.kind <= rmw || later.kind <= rmw) return relation::racing;  // a store to a mutex is its destruction

  const auto reads = [](access k) { return k == lock_shared || k == try_lock_shared || k == unlock_shared; };
  if (reads(earlier.kind) && reads(later.kind)) return relation::independent;
  const auto releases = [](access k) { return k == unlock || k == unlock_shared || k == wait; };
  const bool earlier_releases = releases(earlier.kind);
  const bool later_releases = releases(later.kind);
  const bool tries = earlier.kind == try_lock || earlier.kind == try_lock_shared || later.kind == try_lock ||
                     later.kind == try_lock_shared;
  if (tries) return relation::racing;
  if (earlier_releases || later_releases) return relation::ordered;
  return relation::racing;  // two acquisitions: the later one could have come first
}

/// Whether `changing` may end a wait that `waiting` goes on after: a thread that waits in a loop reads all objects of
/// the loop.
constexpr bool may_wake(const shared_access& changing, const shared_access& waiting) {
  return (waiting.watched & watch_bit(changing.object)) != 0 && changing.object != 0 && changing.kind != access::load;
}

/// Of all objects that an operation may have: who cannot swap on one of them cannot swap at all.
constexpr relation relate(const shared_access& earlier, const shared_access& later) {
  const relation object = relate_by_object(earlier, later);
  const relation condition = relate_by_condition(earlier, later);
  if (condition == relation::caused || object == relation::independent) {
    const bool watched =
        (earlier.watched | later.watched) != 0 && (may_wake(earlier, later) || may_wake(later, earlier));
    return watched && condition == relation::independent ? relation::racing : condition;
  }
  return object;
}

constexpr bool independent(const shared_access& a, const shared_access& b) {
  return relate(a, b) == relation::independent;
}

constexpr bool is_write(access kind) { return kind == access::store || kind == access::add || kind == access::rmw; }

/// Whether every execution with the same answers has `earlier` before `later`. Of operations that do not commute all
/// do, but for a load and a later store: the load could run behind that store too and see the older value, unless the
/// orders of both are sequentially consistent or the store is the end of the object.
constexpr bool precedes(const shared_access& earlier, const shared_access& later) {
  if (relate(earlier, later) == relation::independent) return false;
  const bool reads_then_writes = earlier.kind == access::load && is_write(later.kind) && earlier.object == later.object;
  return !reads_then_writes || later.destroys || (earlier.seq_cst && later.seq_cst);
}

}  // namespace triecheck::explore
