// Lock coupling: the walk down a chain that holds one lock at any time, and two for the moment in which it passes on.
//
// Threads: belongs to one thread. Nobody overtakes on a chain that all walk in the same direction, so no deadlock.
#pragma once

#include <utility>

namespace triecheck::inline v0_1 {

/// Holds one lock of a chain; `pass_on` takes the next one before it releases this one. `Exclusive` chooses the mode.
template <class Mutex, bool Exclusive>
class hand_over_hand {
 public:
  explicit hand_over_hand(Mutex& first) : held_(&first) { lock(first); }
  ~hand_over_hand() { unlock(*held_); }
  hand_over_hand(const hand_over_hand&) = delete;
  hand_over_hand& operator=(const hand_over_hand&) = delete;

  void pass_on(Mutex& next) {
    lock(next);
    unlock(*std::exchange(held_, &next));
  }

 private:
  static void lock(Mutex& m) {
    if constexpr (Exclusive) {
      m.lock();
    } else {
      m.lock_shared();
    }
  }
  static void unlock(Mutex& m) {
    if constexpr (Exclusive) {
      m.unlock();
    } else {
      m.unlock_shared();
    }
  }
  Mutex* held_;
};

}  // namespace triecheck::inline v0_1
