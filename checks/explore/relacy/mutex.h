// The mutexes and the condition variable of the layer that explores: Relacy's own, with every operation announced.
//
// Threads whose lock cannot be had are disabled by the session, so Relacy never parks one. A wait is two operations.
//  1. It unlocks the mutex and registers with the condition variable. Relacy parks the thread until a notification
//     picks it.
//  2. It locks the mutex again, and names the notification that made it possible.
// There are no spurious wake-ups.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "checks/explore/clock_vector.h"
#include "checks/explore/relacy/object.h"

namespace triecheck::explore {

/// The owner of a mutex: kept by the layer, read by the scheduler to see which threads are enabled.
struct mutex_state {
  static constexpr int nobody = -1;
  int owner = nobody;
  std::uint32_t readers = 0;  // bit per thread
};

/// Both kinds of mutex. Not recursive.
class mutex_object {
 public:
  explicit mutex_object(bool is_shared);
  ~mutex_object();
  mutex_object(const mutex_object&) = delete;
  mutex_object& operator=(const mutex_object&) = delete;

  void lock(const location& where);
  bool try_lock(const location& where);
  void unlock(const location& where);
  void lock_shared(const location& where);
  bool try_lock_shared(const location& where);
  void unlock_shared(const location& where);

  /// The two halves of a wait on a condition variable. `notice` is the notification that ended it.
  void unlock_to_wait(object_id condition, const location& where);
  void lock_after_wait(object_id condition, object_id notice, const location& where);

  object_id id() const { return tracked_.id(); }

 private:
  // Relacy lets a reader's release happen before the next reader's acquisition; the standard does not, and readers
  // would not commute then. So a reader keeps what it knew before and learns what the writers released, no more.
  using clocks = std::array<std::size_t, checks::max_threads>;
  static clocks own_clocks();
  void forget_other_readers(const clocks& before) const;
  void own();
  void disown();

  tracked tracked_;
  mutex_state state_;
  clocks writers_{};  // what the exclusive holders released
  room<24> mutex_;
};

class condition_object {
 public:
  condition_object();
  ~condition_object();
  condition_object(const condition_object&) = delete;
  condition_object& operator=(const condition_object&) = delete;

  /// Requires that the thread holds `m`, and that it is no shared one.
  void wait(mutex_object& m, const location& where);
  void notify_one(const location& where) { notify(false, where); }
  void notify_all(const location& where) { notify(true, where); }

  object_id id() const { return tracked_.id(); }

 private:
  void notify(bool all, const location& where);

  tracked tracked_;
  room<16> condition_;
  object_id last_notice_ = 0;
};

}  // namespace triecheck::explore
