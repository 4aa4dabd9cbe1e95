#include "checks/explore/session.h"

#include <bit>

namespace triecheck::explore {

session::session(strategy& s, const limits& l, progress& shared, interleaving* record)
    : strategy_(s), limits_(l), progress_(shared), record_(record) {
  current_ = this;
}

session::~session() { current_ = nullptr; }

// Ids name the creating thread and its how-manieth object, so they do not depend on the schedule.
object_id session::new_object() {
  const unsigned creator = thread();
  return (creator + 1) << 24 | objects_[creator]++;
}

void session::announce(const announcement& next, const location& where) {
  accessing(where);
  if (!in_threads()) return;
  const unsigned t = acting_;
  next_[t] = next;
  announced_ |= 1U << t;
}

void session::performed() {
  if (guided_ || !in_threads()) return;
  append_unguided(thread());
}

// Relacy's own searches choose by themselves: a step goes into the schedule when it has taken effect.
void session::append_unguided(unsigned t) {
  const outside_simulation heap;
  append(t);
  announced_ &= ~(1U << t);
  progress_.path[progress_.length - 1].age = static_cast<std::uint8_t>(pending_age_);
  progress_.path[progress_.length - 1].spurious = pending_spurious_;
  pending_age_ = 0;
  pending_spurious_ = false;
}

void session::append_violating_step() {
  if (!guided_ && phase_ == phase::threads && acting_ < max_threads && (announced_ & (1U << acting_)) != 0) {
    append_unguided(acting_);
  }
}

// One more step in the schedule of this execution.
void session::append(unsigned t) {
  const std::uint32_t at = progress_.length.load(std::memory_order_relaxed);
  if (at == progress::longest_path) {
    error_ = violation{"too-long", "an execution has more than " + std::to_string(at) + " operations"};
    return;
  }
  progress_.path[at] = {.thread = static_cast<std::uint8_t>(t)};
  progress_.length.store(at + 1, std::memory_order_relaxed);
  progress_.heartbeat.fetch_add(1, std::memory_order_relaxed);
  note_step(t, next_[t], 2 * clock_ + 1);
  ++clock_;
  ++steps_alone_;
  last_thread_ = t;
}

// Gives the step its place in the happens-before order, and the operation of the cache that it belongs to its interval.
void session::note_step(unsigned t, const announcement& step, std::size_t time) {
  checks::interval& i = running_[t];
  i.closed = {.thread = t, .clock = order_.step(t, step)};
  i.returned = time;
  if ((without_step_ & (1U << t)) == 0) return;
  without_step_ &= ~(1U << t);
  i.opened = i.closed;
  i.called = time;
  if (at_first_step_[t]) at_first_step_[t](i.opened);
}

void session::fail(const char* kind, const std::string& message) {
  {
    const outside_simulation heap;
    found_ = violation{kind, message};
  }
  rl::ctx().fail_test("violation", rl::test_result_user_assert_failed, rl::debug_info());
  std::abort();  // fail_test does not come back
}

void session::begin_operation(std::function<void(const checks::moment&)> at_first_step) {
  if (!in_threads()) return;
  const unsigned t = thread();
  at_first_step_[t] = std::move(at_first_step);
  without_step_ |= 1U << t;
  ++operations_[t];
}

checks::interval session::end_operation() {
  steps_alone_ = 0;
  if (!in_threads()) return {};
  const unsigned t = thread();
  ++operations_[t];
  if ((without_step_ & (1U << t)) != 0) {
    // It touched nothing shared: in other executions of the class it is anywhere between its neighbours in the thread.
    const outside_simulation heap;
    note_step(t, {.kind = access::local}, 2 * clock_);
  }
  return running_[t];
}

void session::title(const std::string& text) {
  if (record_ == nullptr) return;
  const unsigned column = thread();
  const outside_simulation heap;
  record_->add_title(column, text);
}

void session::begin_execution() {
  progress_.length.store(0, std::memory_order_relaxed);
  progress_.preemptions.store(0, std::memory_order_relaxed);
  phase_ = phase::setup;
  announced_ = started_ = 0;
  failed_spuriously_ = {};
  pending_age_ = 0;
  pending_spurious_ = false;
  last_thread_ = 0;
  clock_ = steps_alone_ = preemptions_ = 0;
  without_step_ = 0;
  order_.clear();
  objects_ = {};
  values_ = 0;
  operations_ = {};
  if (record_ != nullptr) record_->clear();
  if (guided_) strategy_.begin();
}

std::optional<unsigned> session::pick(std::uint32_t live) {
  // What a thread does before its first operation is visible to nobody, so all threads are brought to their first
  // operation before any choice is made.
  if (started_ == 0) started_ = 1;  // thread 0 is the one that Relacy starts
  if (const std::uint32_t fresh = live & ~started_; fresh != 0) {
    const auto t = static_cast<unsigned>(std::countr_zero(fresh));
    started_ |= 1U << t;
    return t;
  }
  scheduling_point point{.next = next_, .enabled = 0, .current = last_thread_, .operations = operations_, .values = values_};
  for (unsigned t = 0; t < max_threads; ++t) {
    if ((announced_ & (1U << t)) == 0) next_[t] = {};  // an operation that nobody announced, or a thread that has ended
    if ((live & (1U << t)) == 0) continue;
    if (!next_[t].blocked_for(t)) point.enabled |= 1U << t;
  }
  if (point.enabled == 0) return std::nullopt;
  const unsigned chosen = strategy_.choose_thread(point);
  if (!strategy_.broken().empty()) error_ = violation{"nondeterminism", strategy_.broken()};
  if (const auto& refuted = strategy_.refuted()) {
    found_ = refuted->what;
    progress_.length = static_cast<std::uint32_t>(refuted->from);
    progress_.path[progress_.length] = refuted->demand;
    ++progress_.length;
    return chosen;
  }
  if (clock_ != 0 && chosen != last_thread_ && (point.enabled & (1U << last_thread_)) != 0) {
    progress_.preemptions.store(static_cast<std::uint32_t>(++preemptions_), std::memory_order_relaxed);
  }
  announced_ &= ~(1U << chosen);
  append(chosen);
  return chosen;
}

bool session::choose_data(data_choice kind) {
  if (!in_threads() || progress_.length == 0) return false;
  choice& now = progress_.path[progress_.length - 1];
  if (kind == data_choice::older_value) {
    if (now.age >= limits_.stale_depth || !strategy_.choose_data(kind)) return false;
    ++now.age;
    return true;
  }
  if (kind == data_choice::other_waiter) {
    if (!strategy_.choose_data(kind)) return false;
    ++now.age;
    return true;
  }
  // A thread may see one spurious failure in an execution: enough to take every retry path, and finite.
  bool& spent = failed_spuriously_[now.thread];
  if (spent || !strategy_.choose_data(kind)) return false;
  spent = true;
  now.spurious = true;
  return true;
}

void session::note_data(data_choice kind) {
  if (kind == data_choice::older_value) {
    ++pending_age_;
  } else {
    pending_spurious_ = true;
  }
}

void session::end_execution() { progress_.executions.fetch_add(1, std::memory_order_relaxed); }

}  // namespace triecheck::explore
