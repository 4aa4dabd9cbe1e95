// A check of a concurrent structure of yours: threads over a fresh object, every interleaving, every oracle.
//
//   template <triecheck::sync_layer Sync> class counter { ... };               // the text that ships
//
//   TEST(counter, counts_every_increment) {
//     check<counter<relacy_sync>> c("counter");
//     c.thread([](auto& n) { n.increment(); });
//     c.thread([](auto& n) { n.increment(); });
//     c.at_the_end([](auto& n) { expect(n.value() == 2, "both increments count"); });
//     EXPECT_TRUE(passes(c));                                                 // gtest.h
//   }
//
// Judged without being asked: data races, deadlock, livelock, use after destruction, double free, leaks, misuse of
// mutexes, exceptions, crashes, hangs, and that the program is deterministic. With `calls` (below) also that the
// answers are linearizable.
//
// What a thread does must depend on nothing but the layer: no clock, no random number, no further threads.
// Limits: two to eight threads; load buffering and 2+2W are not seen (checks/explore/README.md).
// Threads: a check belongs to the main thread of a process that has no other threads, as it forks.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checks/explore/clock_vector.h"
#include "checks/explore/linearizable.h"
#include "checks/explore/relacy/sync.h"
#include "checks/explore/search/search_options.h"
#include "checks/report/verdict.h"

namespace triecheck::explore {

/// How a check is explored. The environment overrides: TRIECHECK_BUDGET=60s, TRIECHECK_PREEMPTIONS=2 (then `bounded`),
/// and TRIECHECK_REPLAY=TOKEN, which follows the one schedule.
struct check_options : search_options {
  bool incomplete_passes = false;  ///< a run that its budget ended, and that found nothing, passes
};

/// What a check found.
struct report {
  std::string name;
  checks::verdict outcome = checks::verdict::error;
  bool complete = false;  ///< every execution was run, up to the order of independent steps
  std::uint64_t executions = 0;
  double seconds = 0;
  std::string scope;         ///< what the verdict covers, one clause
  std::string kind;          ///< of a failure: "data-race", "linearizability", "deadlock", ...
  std::string message;       ///< one line
  std::string interleaving;  ///< of a failure, or of a replay: a column per thread
  std::string token;         ///< what TRIECHECK_REPLAY takes
  std::size_t preemptions = 0;
  bool passed = false;
};
std::ostream& operator<<(std::ostream& out, const report& r);

/// Of a check: what must hold, or the execution fails with "invariant".
void expect(bool condition, const char* what, location where = {});

/// Explores the program, or replays it. `make` is called once in each process.
report run_check(const std::string& name, const program_factory& make, const check_options& o);

/// Threads over an object of the type, made anew for every execution.
template <class Object>
class check {
 public:
  explicit check(std::string name, check_options o = {}) : name_(std::move(name)), options_(std::move(o)) {}

  /// One more thread. Requires two to eight of them.
  check& thread(std::function<void(Object&)> body) {
    threads_.push_back(std::move(body));
    return *this;
  }
  /// Runs after the threads.
  check& at_the_end(std::function<void(Object&)> body) {
    end_ = std::move(body);
    return *this;
  }

  report run() const {
    return run_check(
        name_, [this] { return std::make_unique<threads_over>(*this); }, options_);
  }

 private:
  class threads_over final : public program {
   public:
    explicit threads_over(const check& c) : check_(c) {}
    unsigned threads() const override { return static_cast<unsigned>(check_.threads_.size()); }
    void setup() override { object_ = new Object; }
    void thread(unsigned index) override { check_.threads_[index](*object_); }
    void finish() override {
      if (check_.end_) check_.end_(*object_);
      if constexpr (requires(Object & o) { o.judge(); }) object_->judge();
      delete object_;
    }

   private:
    const check& check_;
    Object* object_ = nullptr;  // after a violation it stays as it is
  };

  const std::string name_;
  const check_options options_;
  std::vector<std::function<void(Object&)>> threads_;
  std::function<void(Object&)> end_;
};

/// The heap of the harness, for as long as it lives: what is allocated in the one heap is freed in that one.
class harness_heap {
 public:
  harness_heap();
  ~harness_heap();
  harness_heap(const harness_heap&) = delete;
  harness_heap& operator=(const harness_heap&) = delete;

 private:
  void* context_;
};

// What `calls` needs of the session. `title` is read where somebody reads the interleaving.
call_phase running_phase();
unsigned running_thread();
void begin_call(const std::function<std::string()>& title);
checks::interval end_call(const std::function<std::string()>& title);
[[noreturn]] void fail_check(const char* kind, const std::string& message);

/// An object whose calls are held against a sequential specification (linearizable.h). Derive from it, or have it as a
/// member and call `judge` at the end; a check calls it by itself.
///
///   struct checked_stack : calls<stack_specification> {
///     stack<relacy_sync> s;
///     void push(int v) { call({true, v}, [&] { s.push(v); return std::optional<int>(); }); }
///   };
template <specification S>
class calls {
 public:
  calls() : history_(on_harness_heap([] { return new std::vector<completed_call<S>>; })) {}
  ~calls() {
    const harness_heap heap;
    delete history_;
  }
  calls(const calls&) = delete;
  calls& operator=(const calls&) = delete;

  /// Makes the call and notes its answer.
  template <class Body>
  typename S::result call(const typename S::operation& o, Body body) {
    begin_call([&] { return S::show(o, nullptr); });
    typename S::result r = body();
    const checks::interval when = end_call([&] { return S::show(o, &r); });
    const call_phase phase = running_phase();
    const unsigned thread = running_thread();
    const harness_heap heap;
    history_->push_back({o, r, phase, thread, when});
    return r;
  }

  /// Fails the execution where no order of the calls explains the answers; "undecided" where it cannot say.
  void judge() const {
    const linearizability_answer a = on_harness_heap([&] { return linearizability_of<S>().judge(*history_); });
    if (a.verdict == linearizability_verdict::not_linearizable) fail_check("linearizability", a.why);
    if (a.verdict == linearizability_verdict::undecided) fail_check("undecided", "the history of the calls: " + a.why);
  }

 private:
  template <class Body>
  static auto on_harness_heap(Body body) {
    const harness_heap heap;
    return body();
  }

  std::vector<completed_call<S>>* history_;
};

}  // namespace triecheck::explore
