// The condition variable of the layer that explores: Relacy's own, with every operation announced.
//
// A wait is two operations. The first unlocks the mutex and registers with the condition variable; the thread is then
// parked by Relacy until a notification picks it. The second locks the mutex again; it names the notification that made
// it possible. There are no spurious wake-ups.
#pragma once

#include <string>

#include "checks/explore/session.h"

namespace triecheck::explore {

/// `Tracked`: identity and liveness of an object of the layer. `Mutex`: has the two halves of a wait. Both as in relacy_sync.h.
template <class Tracked, class Mutex>
class basic_condition_variable {
 public:
  basic_condition_variable() { condition_.init(false, {}); }
  ~basic_condition_variable() { condition_.deinit({}); }
  basic_condition_variable(const basic_condition_variable&) = delete;
  basic_condition_variable& operator=(const basic_condition_variable&) = delete;

  /// Requires that the thread holds `m`.
  void wait(Mutex& m, location where = {}) {
    tracked_.check(where);
    announcing lock(*this, m, where);
    condition_.wait(lock, false, {});
  }

  void notify_one(location where = {}) {
    const object_id notice = announce_notice(where);
    condition_.notify_one({});
    noticed(notice, where, "notify_one ");
  }

  void notify_all(location where = {}) {
    const object_id notice = announce_notice(where);
    condition_.notify_all({});
    noticed(notice, where, "notify_all ");
  }

  object_id id() const { return tracked_.id(); }

 private:
  struct tag;

  /// The mutex as Relacy's wait sees it.
  class announcing {
   public:
    announcing(basic_condition_variable& c, Mutex& m, const location& where) : condition_(c), mutex_(m), where_(where) {}
    void unlock(rl::debug_info_param) {
      mutex_.unlock_to_wait(condition_.id(), where_);
      session::current().park();
    }
    // A woken thread comes here right after the notification, before any other one.
    void lock(rl::debug_info_param) { mutex_.lock_after_wait(condition_.id(), condition_.last_notice_, where_); }

   private:
    basic_condition_variable& condition_;
    Mutex& mutex_;
    const location where_;
  };

  object_id announce_notice(const location& where) {
    tracked_.check(where);
    session& s = session::current();
    const object_id notice = s.new_object();
    s.announce({.kind = access::notify, .object = id(), .condition = id(), .notice = notice}, where);
    return notice;
  }
  void noticed(object_id notice, const location& where, const char* text) {
    tracked_.check(where);
    last_notice_ = notice;
    session& s = session::current();
    s.performed();
    s.describe(where, [&](const interleaving& names) { return text + names.name(id()); });
  }

  Tracked tracked_;
  rl::condvar<tag> condition_;
  object_id last_notice_ = 0;
};

}  // namespace triecheck::explore
