// Waiting for pages: a queue of the threads that a cache refused pages, in the order in which they came.
//
// A server that is refused pages can ask again and again, or take a place in the queue and sleep until asking is
// worthwhile:
//
//   auto place = cache.queue_for_pages();
//   for (lease_id tried = no_lease; place.wait(tried);) {
//     auto lease = cache.lookup(prompt);
//     tried = lease.id();
//     if (cache.allocate(lease, rest(prompt, lease)) == status::ok) return lease;
//   }  // the lease goes, and with it what the lookup pinned
//
// When to use: where a thread has nothing else to do. When not: with leases that hold pages, while all others wait as
// well: then no thread is left to give pages back. A lookup pins what it found, so a thread releases its lease before
// it waits.
//
// Whose turn it is: the first of the queue, whenever pages may have come back: after a release, a publication that gave
// duplicates back, an eviction, an attempt that was refused and gave back what it had, and when the one before it left.
// Those behind it sleep on, even where the pages would do for them: a large request at the front is not overtaken by
// small ones that wait, and so does not starve by them. It may be overtaken by calls of `allocate` that did not queue.
//
// Progress: an operation that gives pages back looks at one word, which no thread writes while none waits; beyond that
// it costs nothing. Where a thread waits it takes a mutex, which is held for O(places) steps at most and never while a
// thread sleeps: then that operation is blocking, in every variant.
//
// Invariants. Q1: the first of the queue has its turn, or has tried since pages last came back: a waiting thread takes
// its place before it tries, and a thread that gives pages back looks for places afterwards, so one of the two sees the
// other. Q2: a thread that leaves gives the turn to the next one.
//
// Threads: any; a place is used by one thread at a time, and does not outlive its cache.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../sync/sync.h"
#include "../types.h"
#include "orders.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class page_queue {
 public:
  class [[nodiscard]] place {
   public:
    /// The last place of the queue. Throws std::bad_alloc with nothing changed.
    explicit place(page_queue& queue) : queue_(queue), number_(queue.join(wakes_)) {}
    ~place() { queue_.leave(number_); }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    /// Sleeps until it is this place's turn to try, and returns true. Where it is not, returns false once
    /// `wake_waiting` was called since the place was taken, or since `wait` returned false: the caller looks why.
    ///
    /// `tried`: the lease of the attempt that was just refused. What that one gave back is no reason to try again.
    /// Threads and progress: blocking. Linearization point: the step under the mutex at which it saw the turn or the
    /// call.
    [[nodiscard]] bool wait(lease_id tried = no_lease) { return queue_.wait(number_, tried, wakes_); }

   private:
    page_queue& queue_;
    std::uint64_t wakes_ = 0;     // the calls of wake_waiting that it knows; `join` sets it
    const std::uint64_t number_;  // places have the numbers in which they came
  };

  page_queue() {
    Sync::label(places_, "queue.places");
    Sync::label(mutex_, "queue.mutex");
    Sync::label(next_, "queue.next");
    Sync::label(wakes_, "queue.wakes");
    Sync::label(is_turn_, "queue.is_turn");
    Sync::label(turn_from_, "queue.turn_from");
    for (std::size_t i = 0; i < woken_.size(); ++i) Sync::label(woken_[i], "queue.woken", i);
  }

  /// Pages may have come back, after `from` had them. Requires that others can have them by now.
  void pages_came(lease_id from = no_lease) {
    if (places_.load(orders::queue_look) != 0) give_turn(from);
  }

  /// Wakes all threads that wait: their `wait` returns false, once, where it is not their turn. For a server that
  /// stops, or gives up a request that waits: it says so first, in a flag that the waiting thread reads after `wait`.
  void wake_waiting() {
    const guard lock(mutex_);
    wakes_.set(wakes_.get() + 1);
    for (condition& c : woken_) c.notify_all();
  }

 private:
  using condition = typename Sync::condition_variable;
  using guard = typename Sync::template exclusive_guard<typename Sync::mutex>;

  // Places share several condition variables, so that few threads are woken when it is another one's turn.
  static constexpr std::size_t conditions = 4;

  std::uint64_t join(std::uint64_t& wakes) {
    const guard lock(mutex_);
    const std::uint64_t number = next_.get();
    waiting_.push_back(number);
    next_.set(number + 1);
    wakes = wakes_.get();
    // Pages may have come back between its refusal and now.
    if (waiting_.front() == number) set_turn(no_lease);
    places_.fetch_add(1, orders::queue_join);
    return number;
  }

  void leave(std::uint64_t number) {
    const guard lock(mutex_);
    const bool was_first = waiting_.front() == number;
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), number));
    places_.fetch_sub(1, orders::queue_join);
    if (!was_first || waiting_.empty()) return;
    set_turn(no_lease);
    woken_[waiting_.front() % conditions].notify_all();
  }

  bool wait(std::uint64_t number, lease_id tried, std::uint64_t& wakes) {
    const guard lock(mutex_);
    const auto is_first = [&] { return waiting_.front() == number; };
    if (is_first() && tried != no_lease && lease_id(turn_from_.get()) == tried) is_turn_.set(false);
    while (!(is_first() && is_turn_.get())) {
      if (wakes_.get() != wakes) {
        wakes = wakes_.get();
        return false;
      }
      woken_[number % conditions].wait(mutex_);
    }
    is_turn_.set(false);
    return true;
  }

  void give_turn(lease_id from) {
    const guard lock(mutex_);
    if (waiting_.empty()) return;
    if (is_turn_.get()) {
      if (lease_id(turn_from_.get()) != from) turn_from_.set(static_cast<std::uint64_t>(no_lease));
      return;
    }
    set_turn(from);
    woken_[waiting_.front() % conditions].notify_all();
  }

  // Requires mutex_.
  void set_turn(lease_id from) {
    is_turn_.set(true);
    turn_from_.set(static_cast<std::uint64_t>(from));
  }

  // On its own cache line: every release reads it, and what is below is written where a thread waits.
  alignas(64) typename Sync::template atomic<std::uint32_t> places_{0};  // how many wait, or try

  // Guarded by mutex_.
  typename Sync::mutex mutex_;
  std::array<condition, conditions> woken_;
  std::vector<std::uint64_t> waiting_;                       // the places by number, the first one first
  typename Sync::template var<std::uint64_t> next_{0};       // the number of the next place
  typename Sync::template var<std::uint64_t> wakes_{0};      // calls of wake_waiting
  typename Sync::template var<bool> is_turn_{false};         // of the first: pages may have come since it tried
  typename Sync::template var<std::uint64_t> turn_from_{0};  // the only lease that had them; 0 where more did
};

}  // namespace triecheck::inline v0_1
