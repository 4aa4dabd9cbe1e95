#include "checks/explore/relacy/mutex.h"

#include <algorithm>
#include <string>

#include "checks/explore/relacy/step.h"
#include "checks/explore/session.h"

namespace triecheck::explore {
namespace {

struct tag;
using judged_mutex = rl::generic_mutex<tag>;
using judged_condition = rl::condvar<tag>;

// Relacy schedules where it locks and unlocks.
class mutex_step : public step {
 public:
  mutex_step(const tracked& object, const pending_operation& next, const location& where) : step(object, where) {
    announce(next);
  }
  void end(const char* text, const effect& e) const {
    check();
    performed(e);
    describe([&](const std::string& name) { return text + name; });
  }
  void end(const char* text, const mutex_state& left) const { end(text, {.writes = true, .left = value_of(left)}); }
  bool end_of_try(const char* text, bool locked, const mutex_state& left) const {
    end(text, {.reads = true, .writes = locked, .seen = locked ? 0U : 1U, .left = value_of(left)});
    return locked;
  }
};

// The mutex as Relacy's wait sees it.
class waited_mutex {
 public:
  waited_mutex(object_id condition, const object_id& last_notice, mutex_object& m, const location& where)
      : condition_(condition), last_notice_(last_notice), mutex_(m), where_(where) {}
  void unlock(rl::debug_info_param) {
    mutex_.unlock_to_wait(condition_, where_);
    session::current().park();
  }
  // A woken thread comes here right after the notification, before any other one.
  void lock(rl::debug_info_param) { mutex_.lock_after_wait(condition_, last_notice_, where_); }

 private:
  const object_id condition_;
  const object_id& last_notice_;
  mutex_object& mutex_;
  const location& where_;
};

}  // namespace

mutex_object::mutex_object(bool is_shared) {
  mutex_.construct<judged_mutex>();
  mutex_.as<judged_mutex>().init(is_shared, false, false, false, {});
}

mutex_object::~mutex_object() {
  tracked_.retire();
  mutex_.as<judged_mutex>().deinit({});
  mutex_.destroy<judged_mutex>();
}

mutex_object::clocks mutex_object::own_clocks() {
  clocks c{};
  for (int i = 0; i < rl::ctx().get_thread_count(); ++i)
    c[static_cast<unsigned>(i)] = rl::ctx().threadx_->acq_rel_order_[i];
  return c;
}

void mutex_object::forget_other_readers(const clocks& before) const {
  rl::thread_info_base& t = *rl::ctx().threadx_;
  for (int i = 0; i < rl::ctx().get_thread_count(); ++i) {
    const auto other = static_cast<unsigned>(i);
    if (i != t.index_) t.acq_rel_order_[i] = std::max(before[other], writers_[other]);
  }
}

void mutex_object::own() { state_.owner = static_cast<int>(session::current().thread()); }

void mutex_object::disown() {
  mutex_.as<judged_mutex>().unlock_exclusive({});
  writers_ = own_clocks();
  state_.owner = mutex_state::nobody;
}

void mutex_object::lock(const location& where) {
  const mutex_step s(tracked_, {.kind = access::lock, .object = id(), .mutex = &state_}, where);
  mutex_.as<judged_mutex>().lock_exclusive({});
  own();
  s.end("lock ", state_);
}

bool mutex_object::try_lock(const location& where) {
  const mutex_step s(tracked_, {.kind = access::try_lock, .object = id(), .mutex = &state_}, where);
  const bool locked = mutex_.as<judged_mutex>().try_lock_exclusive({});
  if (locked) own();
  return s.end_of_try(locked ? "try_lock " : "try_lock fails: ", locked, state_);
}

void mutex_object::unlock(const location& where) {
  const mutex_step s(tracked_, {.kind = access::unlock, .object = id(), .mutex = &state_}, where);
  disown();
  s.end("unlock ", state_);
}

void mutex_object::unlock_to_wait(object_id condition, const location& where) {
  const mutex_step s(tracked_, {.kind = access::wait, .object = id(), .condition = condition}, where);
  disown();
  s.end("wait, unlock ", state_);
}

void mutex_object::lock_after_wait(object_id condition, object_id notice, const location& where) {
  const pending_operation next{
      .kind = access::relock, .object = id(), .mutex = &state_, .condition = condition, .notice = notice};
  const mutex_step s(tracked_, next, where);
  mutex_.as<judged_mutex>().lock_exclusive({});
  own();
  s.end("lock again ", state_);
}

void mutex_object::lock_shared(const location& where) {
  const mutex_step s(tracked_, {.kind = access::lock_shared, .object = id(), .mutex = &state_}, where);
  const clocks before = own_clocks();
  mutex_.as<judged_mutex>().lock_shared({});
  forget_other_readers(before);
  state_.readers |= 1U << session::current().thread();
  s.end("lock_shared ", state_);
}

bool mutex_object::try_lock_shared(const location& where) {
  const mutex_step s(tracked_, {.kind = access::try_lock_shared, .object = id(), .mutex = &state_}, where);
  const clocks before = own_clocks();
  const bool locked = mutex_.as<judged_mutex>().try_lock_shared({});
  if (locked) forget_other_readers(before);
  if (locked) state_.readers |= 1U << session::current().thread();
  return s.end_of_try(locked ? "try_lock_shared " : "try_lock_shared fails: ", locked, state_);
}

void mutex_object::unlock_shared(const location& where) {
  const mutex_step s(tracked_, {.kind = access::unlock_shared, .object = id(), .mutex = &state_}, where);
  mutex_.as<judged_mutex>().unlock_shared({});
  state_.readers &= ~(1U << session::current().thread());
  s.end("unlock_shared ", state_);
}

condition_object::condition_object() {
  condition_.construct<judged_condition>();
  condition_.as<judged_condition>().init(false, {});
}

condition_object::~condition_object() {
  condition_.as<judged_condition>().deinit({});
  condition_.destroy<judged_condition>();
}

void condition_object::wait(mutex_object& m, const location& where) {
  tracked_.check(where);
  waited_mutex lock(id(), last_notice_, m, where);
  condition_.as<judged_condition>().wait(lock, false, {});
}

void condition_object::notify(bool all, const location& where) {
  tracked_.check(where);
  session& s = session::current();
  const object_id notice = s.new_object();
  s.announce({.kind = access::notify, .object = id(), .condition = id(), .notice = notice}, where);
  judged_condition& condition = condition_.as<judged_condition>();
  if (all)
    condition.notify_all({});
  else
    condition.notify_one({});
  tracked_.check(where);
  last_notice_ = notice;
  s.performed();
  s.describe(where,
             [&](const interleaving& names) { return (all ? "notify_all " : "notify_one ") + names.name(id()); });
}

}  // namespace triecheck::explore
