// A lease on its way from one thread of a scenario to another: the second waits until the first gives it, or ends without.
//
// In the layer's terms, so that every order is explored: who takes synchronizes with who gave, and waits as any thread does.
//
// Threads: one gives, one takes; outside of the threads nobody waits, as each of them has given before it ended.
#pragma once

#include <cstddef>
#include <cstdint>

#include "checks/explore/relacy_sync.h"

namespace triecheck::explore {

class hand_over {
 public:
  hand_over() {
    relacy_sync::label(mutex_, "hand-over.mutex");
    relacy_sync::label(given_, "hand-over.given");
    relacy_sync::label(state_, "hand-over.state");
  }

  /// Gives the lease, or says that none will come. Once.
  void give(bool is_there) {
    const relacy_sync::exclusive_guard<relacy_sync::mutex> lock(mutex_);
    state_.set(is_there ? there : none);
    given_.notify_all();
  }

  /// Waits until the lease is given; false where none comes.
  bool take() {
    const relacy_sync::exclusive_guard<relacy_sync::mutex> lock(mutex_);
    while (state_.get() == awaited) given_.wait(mutex_);
    return state_.get() == there;
  }

 private:
  static constexpr std::uint32_t awaited = 0, there = 1, none = 2;

  relacy_sync::mutex mutex_;
  relacy_sync::condition_variable given_;
  relacy_sync::var<std::uint32_t> state_{awaited};
};

}  // namespace triecheck::explore
