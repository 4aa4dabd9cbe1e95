// One exploration in this process: what the sync layer, the scheduler and the program under test share.
//
// Relacy has one context per process, and so there is one session. The layer announces operations to it and reports
// what they did; the scheduler asks it which thread runs next; the program reports violations and the beginning and end
// of the cache's operations.
//
// Threads: everything runs in one system thread; "thread" below is a thread of the program under test.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "checks/explore/clock_vector.h"
#include "checks/explore/happens_before.h"
#include "checks/explore/interleaving.h"
#include "checks/explore/memory_model.h"
#include "checks/explore/pending_operation.h"
#include "checks/explore/relacy/headers.h"
#include "checks/explore/spurious.h"
#include "checks/explore/strategy.h"
#include "checks/explore/waiting.h"
#include "checks/process/isolation.h"

namespace triecheck::explore {

using checks::isolated_body;
using checks::isolated_run;
using checks::isolation_listener;
using checks::message_sender;
using checks::progress;
using checks::run_isolated;

/// The program under test. One object serves all executions; `setup` starts each from the same state.
class program {
 public:
  program() = default;
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  virtual ~program() = default;

  virtual unsigned threads() const = 0;
  virtual void setup() = 0;
  virtual void thread(unsigned index) = 0;
  virtual void finish() = 0;

  /// Executions so far that its oracles gave up on: they make a run incomplete.
  virtual std::size_t undecided() const { return 0; }
};

/// Takes the heap back from Relacy for code of the harness that runs inside a simulation. What is allocated in such a
/// scope is freed in such a scope, or after the simulation. No Relacy call may happen inside.
class outside_simulation {
 public:
  outside_simulation() : context_(rl::context_holder<>::instance_) { rl::context_holder<>::instance_ = nullptr; }
  ~outside_simulation() { rl::context_holder<>::instance_ = context_; }
  outside_simulation(const outside_simulation&) = delete;
  outside_simulation& operator=(const outside_simulation&) = delete;

 private:
  rl::context* const context_;
};

/// The plain access that is being judged, and the last ones before it: both sides of a race, should it be one.
struct suspect {
  object_id object = 0;
  bool store = false;
  access_side last_store;
  access_side last_load;
};

/// How many weak exchanges fail spuriously in an execution.
enum class spurious_failures : std::uint8_t { none, one, each_thread };

/// An exchange in words, between the object and the end.
std::string exchange_text(std::uint64_t expected, std::uint64_t desired);

struct limits {
  unsigned stale_depth = 1;  ///< how many stores before the newest a load may see; 0 to oldest_age
  spurious_failures spurious = spurious_failures::each_thread;
  bool reuses_memory = false;  ///< freed memory is given out again at once: one address names different objects
  /// More operations of the layer without the end of an operation of the cache: it runs away. Of Relacy's own searches,
  /// more operations of an execution: a livelock.
  unsigned runaway_steps = 20'000;
};

class session {
 public:
  enum class phase : std::uint8_t { setup, threads, finish };
  static constexpr unsigned outside_threads = max_threads;  ///< what `thread` answers in setup and finish

  session(strategy& s, const limits& l, progress& shared, interleaving* record);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  static session& current() { return *current_; }

  // For the sync layer.
  bool in_threads() const { return phase_ == phase::threads; }
  phase running_phase() const { return phase_; }
  unsigned thread() const { return in_threads() ? static_cast<unsigned>(rl::ctx().threadx_->index_) : outside_threads; }
  /// `address` is that of the object, where an access that goes astray should be held against it.
  object_id new_object(const void* address = nullptr);
  void announce(const pending_operation& next, const location& where);
  void accessing(const location& where) {
    settle_probe();
    acting_ = thread();
    where_[acting_] = where;
  }

  /// If a weak exchange of the running thread was probed, it does something else now: the failure is a step of this
  /// execution.
  void settle_probe() {
    if (probe_.pending()) note_failure();
  }

  /// The thread is about to wait in Relacy. Once it may go on, it is brought to its next operation before any choice.
  void park() { started_ &= ~(1U << thread()); }

  /// The operation that was announced took effect; no loop that it is in counts as waiting.
  void performed();

  /// The operation that was announced, on `object` if on any, took effect.
  void performed(object_id object, const effect& e) {
    if (!in_threads()) return leave(object, e);
    pending_operation& did = next_[acting_];
    if (did.exchange.newest != nullptr && did.kind == access::rmw && !e.writes) {
      did.become_exchange(false);
      if (guided_) order_.was_load(acting_, did.seq_cst);
    }
    if (!guided_) return performed();
    loops_.performed(acting_, e);
  }
  void read_plain(object_id object, std::uint64_t value) {
    if (guided_ && in_threads()) loops_.read_plain(thread(), object, value);
  }
  void wrote_plain(object_id object, std::uint64_t value) {
    if (!guided_) return;
    if (in_threads())
      loops_.wrote_plain(thread(), object, value);
    else
      loops_.left(object, value);
  }

  /// A value that the program read or wrote: what it does next may depend on it.
  void saw(std::uint64_t value) { values_ = hashed(values_, value); }

  /// Writes a line of the interleaving; `text` is only called when somebody reads it.
  template <class Text>
  void describe(const location& where, Text text) {
    if (record_ == nullptr) return;
    const unsigned column = thread();
    const outside_simulation heap;
    record_->add(column, phase_ == phase::threads ? clock_ : 0, text(*record_), where);
  }
  void label(object_id object, const char* name, std::size_t index) { names_.label(object, name, index); }
  /// As `describe`, for an access that is no step.
  template <class Text>
  void describe_plain(const location& where, Text text) {
    if (record_ == nullptr) return;
    const unsigned column = thread();
    const outside_simulation heap;
    record_->add(column, 0, text(*record_), where);
  }
  void set_suspect(const suspect& s) {
    suspect_ = s;
    acting_object_ = s.object;
  }
  choice last_choice() const { return progress_.length == 0 ? choice{} : progress_.path[progress_.length - 1]; }
  unsigned age_of_last_load() const { return progress_.length == 0 ? 0 : progress_.path[progress_.length - 1].age; }

  // For the program under test.
  [[noreturn]] void fail(const char* kind, const std::string& message);
  /// As `fail`, of an operation on what is not an object of the layer, or was one: `destroyed`.
  [[noreturn]] void fail_without_object(const void* address, bool destroyed, const location& where);
  /// The thread begins an operation of the cache; `at_first_step` is called, outside the simulation, when the scheduler
  /// has chosen its first step. Requires that the callable allocates no memory: two words at most.
  void begin_operation(std::function<void(const checks::moment&)> at_first_step = {});
  /// The tightest interval of the operation. Outside of the threads it has none.
  checks::interval end_operation();
  bool recording() const { return record_ != nullptr; }
  /// From now on threads 0 to n - 1 have a thread index each, the others none. Requires at most
  /// `threads_with_an_index`, the default.
  void limit_thread_indices(unsigned n) { threads_with_indices_ = n; }
  unsigned threads_with_indices() const { return threads_with_indices_; }
  /// A heading in the thread's column.
  void title(const std::string& text);

  // For the schedulers.
  void begin_execution();
  /// The thread that runs next, or nothing when no live thread is enabled. `live`: bit per thread.
  std::optional<unsigned> pick(std::uint32_t live);
  /// The scheduler lets `thread` go on: whatever happens next, it is this thread that does it.
  void resume(unsigned thread) {
    checks::show_activity(thread);
    if (in_threads()) acting_ = thread;
  }
  /// Whether the running load, or exchange, sees a value that is `age` stores old or older, where it may.
  bool look_older(unsigned age);
  /// The thread enters a weak exchange. Answers whether it comes back to the one that was probed, which goes on without
  /// a choice. `frame` is that of the exchange, which has to save all registers that calls preserve: it and what is
  /// above it are compared.
  bool retries(const weak_exchange& e, const std::byte* frame);
  enum class weak_end : std::uint8_t { succeeds, fails, is_probed };
  /// How the running weak exchange ends, which could succeed. One that is probed fails, as far as the thread can see.
  weak_end choose_weak(const weak_exchange& e);
  /// Whether the running notification passes over the waiter that has waited longest of those that are left.
  bool pass_over_waiter();
  bool guided() const { return guided_; }
  void set_guided(bool guided) { guided_ = guided; }
  /// Requires 2 to max_threads.
  void set_threads(unsigned threads) { threads_ = threads; }
  /// Relacy's own search ended inside the operation that the acting thread announced: it belongs to the schedule.
  void append_violating_step();
  void end_execution();
  std::uint64_t values() const { return values_; }
  void enter(phase p);
  /// Ends a trial of a loop, in its process; elsewhere nothing.
  void end_trial(trial t) const;
  bool stopped() const { return error_.has_value(); }
  /// Ends the run as an error of the harness or of the program, not as a violation.
  void set_error(violation v) { error_ = std::move(v); }

  const std::optional<violation>& error() const { return error_; }
  const std::optional<violation>& found() const { return found_; }
  /// Who reached the sync layer last, and where.
  unsigned acting_thread() const { return acting_; }
  const location& acting_location() const { return where_[acting_]; }
  const suspect& last_plain_access() const { return suspect_; }
  /// The object of the last operation.
  std::string acting_object() const { return names_.name(acting_object_); }
  std::string name(object_id object) const { return names_.name(object); }
  strategy& chooser() { return strategy_; }
  const limits& bounds() const { return limits_; }
  schedule path() const { return schedule(progress_.path, progress_.path + progress_.length); }
  std::size_t preemptions() const { return preemptions_; }

 private:
  void leave(object_id object, const effect& e) {
    if (guided_ && e.writes) loops_.left(object, e.left);
  }
  void note_failure();
  void note_step_outside();
  void append(unsigned thread);
  void note_step(unsigned thread, const pending_operation& step, std::size_t time);
  void append_unguided(unsigned thread);
  std::uint32_t could_run(std::uint32_t live);
  void report_livelock(std::uint32_t live, std::uint32_t enabled);
  trial try_out(const cycle& steps);
  unsigned next_of_trial(std::uint32_t live);

  static constexpr std::size_t most_steps_outside = 1'000'000;

  static inline session* current_ = nullptr;

  strategy& strategy_;
  const limits limits_;
  progress& progress_;
  interleaving* const record_;

  phase phase_ = phase::setup;
  unsigned threads_ = max_threads;  // of the program
  unsigned threads_with_indices_ = checks::threads_with_an_index;
  bool guided_ = true;
  std::array<pending_operation, max_threads> next_{};
  std::uint32_t announced_ = 0;  // bit per thread: next_ is what the thread does next
  std::uint32_t started_ = 0;
  std::array<bool, max_threads> failed_spuriously_{};
  spurious_probe probe_;
  unsigned pending_age_ = 0;  // choices of an unguided scheduler before its step is appended
  bool pending_spurious_ = false;
  unsigned last_thread_ = 0;  // whose step ran last
  unsigned acting_ = 0;
  std::size_t clock_ = 0;          // steps of all threads in this execution
  std::size_t steps_alone_ = 0;    // steps since an operation of the cache ended
  std::size_t steps_outside_ = 0;  // the same of the setup and the end
  std::size_t preemptions_ = 0;
  std::uint64_t values_ = 0;                             // digest of all values of this execution
  std::array<std::uint32_t, max_threads> operations_{};  // of the cache, by thread: begun and ended
  std::array<object_id, max_threads + 1> objects_{};
  std::array<location, max_threads + 1> where_{};

  waiting_loops loops_;
  const cycle* tried_ = nullptr;  // in the process that tries a loop out
  std::size_t tried_steps_ = 0;

  happens_before order_;
  std::array<std::function<void(const checks::moment&)>, max_threads> at_first_step_{};
  std::array<checks::interval, max_threads> running_{};  // by thread: of its operation, as far as it has come
  std::uint32_t without_step_ = 0;                       // bit per thread: its operation has made no step yet

  object_names names_;
  object_id acting_object_ = 0;
  suspect suspect_;
  std::optional<violation> found_;
  std::optional<violation> error_;
};

}  // namespace triecheck::explore
