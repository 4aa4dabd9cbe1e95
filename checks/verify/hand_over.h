// A lease on its way from one thread of a scenario to another: the second waits until the first gives it, or ends
// without giving it. A taker that ends before it takes declines the lease: if it was given already it belongs to the
// taker, else the giver keeps it.
//
// In the layer's terms, so that every order is explored: the taker synchronizes with the giver, and waits as any thread
// does.
//
// Threads: one gives, one takes; outside of the threads nobody waits, as each of them has given before it ended.
#pragma once

#include <cstddef>
#include <cstdint>

#include "checks/explore/relacy/sync.h"

namespace triecheck::explore {

class hand_over {
 public:
  hand_over() {
    relacy_sync::label(mutex_, "hand-over.mutex");
    relacy_sync::label(given_, "hand-over.given");
    relacy_sync::label(state_, "hand-over.state");
  }

  /// Gives the lease, or says that none will come. Once. False where the other one declined: the lease stays with the
  /// giver.
  bool give(bool is_there) {
    const relacy_sync::exclusive_guard<relacy_sync::mutex> lock(mutex_);
    if (state_.get() == declined) return false;
    state_.set(is_there ? there : none);
    given_.notify_all();
    return is_there;
  }

  /// Waits until the lease is given; false where none comes, or `is_cancelled` says so first. That one is asked under
  /// the mutex.
  template <class IsCancelled>
  bool take(IsCancelled is_cancelled) {
    const relacy_sync::exclusive_guard<relacy_sync::mutex> lock(mutex_);
    while (state_.get() == awaited) {
      if (is_cancelled()) return false;
      given_.wait(mutex_);
    }
    return state_.get() == there;
  }

  /// In place of `take`: whether the lease was given, and is the caller's now. Does not wait.
  bool decline() {
    const relacy_sync::exclusive_guard<relacy_sync::mutex> lock(mutex_);
    if (state_.get() == there) return true;
    state_.set(declined);
    return false;
  }

  /// Has a thread that waits look again whether it is cancelled.
  void wake() {
    const relacy_sync::exclusive_guard<relacy_sync::mutex> lock(mutex_);
    given_.notify_all();
  }

 private:
  static constexpr std::uint32_t awaited = 0, there = 1, none = 2, declined = 3;

  relacy_sync::mutex mutex_;
  relacy_sync::condition_variable given_;
  relacy_sync::var<std::uint32_t> state_{awaited};
};

}  // namespace triecheck::explore
