// A condition variable for litmus programs: Relacy's own, with every operation announced.
//
// A wait is two operations. The first unlocks the mutex and registers with the condition variable; the thread is then
// parked by Relacy until a notification picks it. The second locks the mutex again; it names the notification that made
// it possible. There are no spurious wake-ups. The cache waits for nothing, so its sync layer has none of this.
#pragma once

#include <string>

#include "checks/explore/relacy_sync.h"

namespace triecheck::litmus {

class condition_variable {
 public:
  using mutex = explore::relacy_sync::mutex;

  condition_variable() { condition_.init(false, {}); }
  ~condition_variable() { condition_.deinit({}); }
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;

  /// Requires that the thread holds `m`.
  void wait(mutex& m) {
    announcing lock(*this, m);
    condition_.wait(lock, false, {});
  }

  void notify_one() {
    const explore::object_id notice = announce_notice();
    condition_.notify_one({});
    noticed(notice, "notify_one ");
  }

  void notify_all() {
    const explore::object_id notice = announce_notice();
    condition_.notify_all({});
    noticed(notice, "notify_all ");
  }

  explore::object_id id() const { return tracked_.id(); }

 private:
  struct tag;

  /// The mutex as Relacy's wait sees it.
  class announcing {
   public:
    announcing(condition_variable& c, mutex& m) : condition_(c), mutex_(m) {}
    void unlock(rl::debug_info_param) {
      mutex_.unlock_to_wait(condition_.id());
      explore::session::current().park();
    }
    // A woken thread comes here right after the notification, before any other one.
    void lock(rl::debug_info_param) { mutex_.lock_after_wait(condition_.id(), condition_.last_notice_); }

   private:
    condition_variable& condition_;
    mutex& mutex_;
  };

  explore::object_id announce_notice() {
    explore::session& s = explore::session::current();
    const explore::object_id notice = s.new_object();
    s.announce({.kind = explore::access::notify, .object = id(), .condition = id(), .notice = notice}, {});
    return notice;
  }
  void noticed(explore::object_id notice, const char* text) {
    last_notice_ = notice;
    explore::session& s = explore::session::current();
    s.performed();
    s.describe({}, [&](const explore::interleaving& names) { return text + names.name(id()); });
  }

  explore::tracked tracked_;
  rl::condvar<tag> condition_;
  explore::object_id last_notice_ = 0;
};

}  // namespace triecheck::litmus
