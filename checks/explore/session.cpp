#include "checks/explore/session.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

namespace triecheck::explore {

std::string exchange_text(std::uint64_t expected, std::uint64_t desired) {
  return ".compare_exchange " + std::to_string(expected) + " -> " + std::to_string(desired);
}

session::session(strategy& s, const limits& l, progress& shared, interleaving* record)
    : strategy_(s), limits_(l), progress_(shared), record_(record), loops_([this](const cycle& steps) {
        return try_out(steps);
      }) {
  current_ = this;
}

session::~session() {
  current_ = nullptr;
  if (record_ != nullptr) record_->write_names(names_);
}

// An id holds the creating thread and how many objects it created before, so that it does not depend on the schedule.
object_id session::new_object(const void* address) {
  const unsigned creator = thread();
  const object_id object = (creator + 1) << 24 | objects_[creator]++;
  const outside_simulation heap;
  names_.enter(object, address);
  if (!loops_.has_place(object)) loops_.make_places(object);
  return object;
}

void session::announce(const pending_operation& next, const location& where) {
  accessing(where);
  acting_object_ = next.object;
  if (!in_threads()) return note_step_outside();
  const unsigned t = acting_;
  next_[t] = next;
  announced_ |= 1U << t;
  if (guided_) loops_.announced(t, next, where);
}

// No thread runs during the setup and the end: if they repeat something without end, nothing can stop it.
void session::note_step_outside() {
  if (++steps_outside_ != most_steps_outside) return;
  fail("livelock", "more than " + std::to_string(most_steps_outside) +
                       " operations of the sync layer without the end of an operation of "
                       "the cache, and no other thread runs");
}

void session::performed() {
  if (!in_threads()) return;
  if (guided_) return loops_.interrupt(acting_, operations_[acting_]);
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
  if (probe_.pending()) progress_.path[progress_.length - 1].spurious = true;
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
  if (steps_alone_ == limits_.runaway_steps && guided_) {
    error_ = violation{
        "runaway",
        std::to_string(steps_alone_) +
            " operations of the sync layer without the end of an operation of the "
            "cache, and no state came twice: a loop without end, or more work than this scenario should need"};
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
void session::note_step(unsigned t, const pending_operation& step, std::size_t time) {
  checks::interval& i = running_[t];
  if (step.watched != 0) order_.watch(t, loops_.watched(t));
  i.closed = {.thread = t, .clock = order_.step(t, step)};
  i.returned = time;
  if ((without_step_ & (1U << t)) == 0) return;
  without_step_ &= ~(1U << t);
  i.opened = i.closed;
  i.called = time;
  if (at_first_step_[t]) at_first_step_[t](i.opened);
}

void session::fail(const char* kind, const std::string& message) {
  settle_probe();
  {
    const outside_simulation heap;
    found_ = violation{kind, message};
  }
  rl::ctx().fail_test("violation", rl::test_result_user_assert_failed, rl::debug_info());
  std::abort();  // fail_test does not come back
}

void session::fail_without_object(const void* address, bool destroyed, const location& where) {
  accessing(where);
  std::string message;
  {
    const outside_simulation heap;
    const object_id object =
        names_.at(address);  // what lies in its memory now may have replaced the mark of a destroyed one
    destroyed = destroyed || object != 0;
    const std::string nearest = names_.nearest(address);
    message = destroyed ? (object == 0 ? std::string("an object of the sync layer") : names_.name(object)) +
                              " is used after its destruction"
                        : "an access to no object of the sync layer, past the end of an array perhaps" +
                              (nearest.empty() ? "" : "; the nearest is " + nearest);
    message += ", at " + show(where);
  }
  fail(destroyed ? "use-after-free" : "out-of-bounds", message);
}

void session::begin_operation(std::function<void(const checks::moment&)> at_first_step) {
  settle_probe();
  if (!in_threads()) return;
  const unsigned t = thread();
  at_first_step_[t] = std::move(at_first_step);
  without_step_ |= 1U << t;
  ++operations_[t];
  if (guided_) loops_.interrupt(t, operations_[t]);
}

checks::interval session::end_operation() {
  settle_probe();
  steps_alone_ = steps_outside_ = 0;
  if (!in_threads()) return {};
  const unsigned t = thread();
  ++operations_[t];
  if (guided_) loops_.interrupt(t, operations_[t]);
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
  probe_.end();
  fences.clear();
  pending_age_ = 0;
  pending_spurious_ = false;
  last_thread_ = 0;
  clock_ = steps_alone_ = steps_outside_ = preemptions_ = 0;
  without_step_ = 0;
  order_.clear();
  objects_ = {};
  values_ = 0;
  operations_ = {};
  names_.clear();
  acting_object_ = 0;
  for (unsigned t = 0; t <= outside_threads; ++t) progress_.activities[t].begin_unit(progress_.executions + 1);
  checks::show_activity(outside_threads);
  loops_.begin_execution();
  if (record_ != nullptr) record_->clear();
  if (guided_) strategy_.begin();
}

// The threads whose operation is possible; what was not announced is not known.
std::uint32_t session::could_run(std::uint32_t live) {
  std::uint32_t enabled = 0;
  for (unsigned t = 0; t < threads_; ++t) {
    if ((announced_ & (1U << t)) == 0) next_[t] = {};  // an operation that nobody announced, or a thread that has ended
    next_[t].foresee();
    if ((live & (1U << t)) != 0 && !next_[t].blocked_for(t)) enabled |= 1U << t;
  }
  return enabled;
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
  const std::uint32_t enabled = could_run(live);
  if (tried_ != nullptr) return next_of_trial(live);
  if (enabled == 0) return std::nullopt;
  const std::uint32_t waiting = loops_.waiting(live, enabled, last_thread_, next_);
  if (tried_ != nullptr) return next_of_trial(live);  // this is the process that tries a loop out
  if (waiting == enabled) {
    report_livelock(live, enabled);
    return std::nullopt;
  }
  const scheduling_point point{.next = std::span(next_).first(threads_),
                               .enabled = enabled & ~waiting,
                               .waiting = waiting,
                               .current = last_thread_,
                               .operations = operations_,
                               .values = values_};
  const unsigned chosen = strategy_.choose_thread(point);
  if (!strategy_.broken().empty()) error_ = violation{"nondeterminism", strategy_.broken()};
  if (const auto& refuted = strategy_.refuted()) {
    found_ = refuted->what;
    progress_.length = static_cast<std::uint32_t>(refuted->from);
    progress_.path[progress_.length] = refuted->demand;
    ++progress_.length;
    return chosen;
  }
  const bool goes_on = (point.enabled & (1U << last_thread_)) != 0 && next_[last_thread_].kind != access::local;
  if (clock_ != 0 && chosen != last_thread_ && goes_on) {
    progress_.preemptions.store(static_cast<std::uint32_t>(++preemptions_), std::memory_order_relaxed);
  }
  announced_ &= ~(1U << chosen);
  append(chosen);
  return chosen;
}

void session::report_livelock(std::uint32_t live, std::uint32_t enabled) {
  const auto name = [this](object_id object) { return names_.name(object); };
  std::string text;
  for (unsigned t = 0; t < threads_; ++t) {
    if ((live & (1U << t)) == 0) continue;
    text +=
        (text.empty() ? "" : "; ") +
        ((enabled & (1U << t)) != 0 ? loops_.describe(t, name) : "thread " + std::to_string(t) + " waits for a mutex");
  }
  found_ = violation{"livelock", "no thread can get on, however often each of them runs: " + text};
}

// Runs the cycle `vain_rounds` times in a copy of this process, with the newest values.
trial session::try_out(const cycle& steps) {
  const pid_t child = fork();
  if (child < 0) return trial::differs;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) signal(number, SIG_DFL);
    tried_ = new cycle(steps);
    return trial::differs;  // pick goes on with next_of_trial
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? trial::repeats : trial::differs;
}

void session::end_trial(trial t) const {
  if (tried_ != nullptr) _exit(static_cast<int>(t));
}

unsigned session::next_of_trial(std::uint32_t live) {
  const cycle& steps = *tried_;
  if (tried_steps_ != 0) {
    const expected_step& before = steps[(tried_steps_ - 1) % steps.size()];
    if (loops_.last_step_of(before.thread) != before.step) end_trial(trial::differs);
  }
  if (tried_steps_ == steps.size() * vain_rounds) end_trial(trial::repeats);
  const expected_step& next = steps[tried_steps_++ % steps.size()];
  const bool could = (live & (1U << next.thread)) != 0 && !next_[next.thread].blocked_for(next.thread);
  if (!could || loops_.announcement_of(next.thread) != next.announced) end_trial(trial::differs);
  return next.thread;
}

void session::enter(phase p) {
  settle_probe();
  checks::show_activity(outside_threads);
  if (p == phase::finish) end_trial(trial::differs);  // every thread ended
  phase_ = p;
}

bool session::look_older(unsigned age) {
  if (!guided_) {
    if (age > (rl::ctx().is_random_sched() ? 2U : 1U) || rl::ctx().rand(2, rl::sched_type_atomic_load) == 0)
      return false;
    if (in_threads()) pending_age_ = age;
    return true;
  }
  if (!in_threads() || progress_.length == 0 || tried_ != nullptr) return false;
  choice& now = progress_.path[progress_.length - 1];
  if (age > limits_.stale_depth || loops_.saw_enough(now.thread)) return false;
  const outside_simulation heap;
  if (!strategy_.choose_data(data_choice::older_value, age)) return false;
  now.age = static_cast<std::uint8_t>(age);
  return true;
}

bool session::retries(const weak_exchange& e, const std::byte* frame) {
  if (!spurious_probe::possible || !in_threads() || !guided_) return false;
  if (probe_.pending()) {
    if (!probe_.comes_back(acting_, e, frame)) return false;
    const outside_simulation heap;
    strategy_.probed(true);
    return true;
  }
  probe_.enter(thread(), frame);
  return false;
}

// A thread sees one spurious failure in an execution: enough to take every retry path, and finite.
session::weak_end session::choose_weak(const weak_exchange& e) {
  if (!in_threads() || tried_ != nullptr) return weak_end::succeeds;
  const unsigned t = thread();
  const bool spent = limits_.spurious == spurious_failures::one ? failed_spuriously_ != decltype(failed_spuriously_){}
                                                                : failed_spuriously_[t];
  if (spent || limits_.spurious == spurious_failures::none) return weak_end::succeeds;
  if (!guided_) {
    pending_spurious_ = rl::ctx().rand(rl::ctx().is_random_sched() ? 4 : 2, rl::sched_type_cas_fail) == 0;
    failed_spuriously_[t] = pending_spurious_;
    return pending_spurious_ ? weak_end::fails : weak_end::succeeds;
  }
  if (spurious_probe::possible && strategy_.probes()) {
    probe_.start(e);
    return weak_end::is_probed;
  }
  const outside_simulation heap;
  if (!strategy_.choose_data(data_choice::spurious_failure, 0)) return weak_end::succeeds;
  failed_spuriously_[t] = progress_.path[progress_.length - 1].spurious = true;
  return weak_end::fails;
}

void session::note_failure() {
  const weak_exchange e = probe_.exchange();
  probe_.end();
  {
    const outside_simulation heap;
    strategy_.probed(false);
  }
  failed_spuriously_[acting_] = progress_.path[progress_.length - 1].spurious = true;
  e.word->fail_spuriously(e.failure);
  performed(e.object, {.reads = true, .may_differ = true, .seen = e.expected});
  saw(e.expected);
  describe(e.where, [&](const interleaving& names) {
    return names.name(e.object) + exchange_text(e.expected, e.desired) + " fails [spuriously] (" +
           rl::format(e.failure) + ')';
  });
}

bool session::pass_over_waiter() {
  if (!in_threads() || progress_.length == 0 || tried_ != nullptr) return false;
  choice& now = progress_.path[progress_.length - 1];
  if (!strategy_.choose_data(data_choice::other_waiter, now.age + 1U)) return false;
  ++now.age;
  return true;
}

void session::end_execution() { progress_.executions.fetch_add(1, std::memory_order_relaxed); }

}  // namespace triecheck::explore
