#include "checks/explore/runner.h"

#include <exception>
#include <ostream>
#include <stdexcept>

#include "checks/explore/relacy/headers.h"

// Relacy replaces new and delete by inline functions. Where a compiler inlines every call of one, none is emitted, and
// the text that does not include Relacy would get the standard one: one heap would free what the other gave. Taking the
// addresses keeps all four in the program.
[[gnu::used]] static void* (*const kept_new[])(std::size_t) = {&operator new, &operator new[] };
[[gnu::used]] static void (*const kept_delete[])(void*) noexcept = {&operator delete, &operator delete[] };

// It replaces the unsized delete only; at -O2 the compiler calls the sized one.
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete[](void* memory, std::size_t) noexcept { operator delete[](memory); }

namespace triecheck::explore {
namespace {

/// Counts executions and stops the run; shared by every scheduler.
class run_state {
 public:
  run_state(session& s, const run_options& options, const progress& shared)
      : session_(s), options_(options), shared_(shared), steps_before_(shared.heartbeat) {}

  /// An execution ended without a violation; returns whether the run ends here.
  bool execution_ended(bool finished, bool complete, bool redundant, bool extra) {
    session_.end_execution();
    count_steps(extra);
    if (!extra) ++(redundant ? tally_.redundant : tally_.executions);
    complete_ = complete;
    if (finished) return true;
    if (options_.executions != 0 && tally_.executions >= options_.executions) {
      stopped_ = std::to_string(tally_.executions) + " executions";
    } else if (options_.out_of_time && options_.out_of_time(tally_)) {
      stopped_ = stopped_by_budget;
    }
    return !stopped_.empty();
  }

  void report(run_outcome& o) {
    count_steps(false);
    static_cast<run_tally&>(o) = tally_;
    o.complete = complete_;
    o.stopped = stopped_;
  }

 private:
  void count_steps(bool extra) {
    const std::uint64_t steps = shared_.heartbeat;
    if (!extra) tally_.steps += steps - steps_before_;
    steps_before_ = steps;
  }

  session& session_;
  const run_options& options_;
  const progress& shared_;
  std::uint64_t steps_before_;
  run_tally tally_;
  bool complete_ = false;
  std::string stopped_;
};

// Relacy constructs its scheduler and the program itself and passes no argument through.
run_state* current_run = nullptr;
program* current_program = nullptr;

void stop_at_error() {
  if (!session::current().stopped()) return;
  rl::ctx().fail_test("stopped", rl::test_result_user_assert_failed, rl::debug_info());
}

/// Lets a strategy of ours choose. Relacy's interface for schedulers, see relacy/scheduler.hpp.
template <rl::thread_id_t N>
class guided_scheduler : public rl::scheduler<guided_scheduler<N>, rl::scheduler_thread_info, N> {
  using base = rl::scheduler<guided_scheduler<N>, rl::scheduler_thread_info, N>;

 public:
  struct task_t {};

  guided_scheduler(rl::test_params& params, typename base::shared_context_t& shared, rl::thread_id_t dynamic)
      : base(params, shared, dynamic) {}

  rl::thread_id_t iteration_begin_impl() {
    const outside_simulation heap;
    session::current().begin_execution();
    return 0;
  }

  bool iteration_end_impl() {
    const outside_simulation heap;
    session& s = session::current();
    s.chooser().end_values(s.values());
    const bool more = s.chooser().end();
    if (!s.chooser().broken().empty()) {
      s.set_error({"nondeterminism", s.chooser().broken()});
      return true;
    }
    return current_run->execution_ended(!more, s.chooser().complete(), s.chooser().redundant(), s.chooser().extra());
  }

  rl::thread_id_t schedule_impl(rl::unpark_reason& reason, unsigned) {
    reason = rl::unpark_reason_normal;
    session::current().settle_probe();
    std::uint32_t live = 0;
    for (rl::thread_id_t i = 0; i != this->running_threads_count; ++i)
      live |= 1U << this->running_threads[static_cast<std::size_t>(i)];
    std::optional<unsigned> next;
    {
      const outside_simulation heap;
      next = session::current().pick(live);
    }
    stop_at_error();
    if (session::current().found())
      rl::ctx().fail_test("refuted", rl::test_result_user_assert_failed, rl::debug_info());
    if (!next) rl::ctx().fail_test("deadlock", rl::test_result_deadlock, rl::debug_info());
    session::current().resume(*next);
    return static_cast<rl::thread_id_t>(*next);
  }

  unsigned rand_impl(unsigned limit, rl::sched_type kind) {
    // A freed block is kept back for a while, or never: where it is, a use after free shows. It never branches.
    if (kind == rl::sched_type_mem_realloc) return session::current().bounds().reuses_memory ? 1 : 0;
    const outside_simulation heap;
    unsigned waiter = 0;  // what is left is which waiter of a condition variable is woken
    while (waiter + 1 < limit && session::current().pass_over_waiter()) ++waiter;
    return waiter;
  }

  rl::iteration_t iteration_count_impl() { return 1; }
  void get_state_impl(std::ostream&) {}
  void set_state_impl(std::istream&) {}
  void on_thread_block(rl::thread_id_t, bool) {}
};

/// One of Relacy's schedulers, watched: the choices inside operations go into the schedule, the budget ends it. Left
/// alone, Relacy would branch at every free (reuse the block at once, or later) and double its tree each time; the
/// answer is a constant here as it is under our own strategies, so that the searches explore the same programs.
template <class Scheduler>
class watched_scheduler : public Scheduler {
 public:
  using Scheduler::Scheduler;

  rl::thread_id_t iteration_begin(rl::iteration_t iteration) {
    {
      const outside_simulation heap;
      session::current().begin_execution();
    }
    return Scheduler::iteration_begin(iteration);
  }

  rl::thread_id_t schedule(rl::unpark_reason& reason, unsigned yield) {
    const rl::thread_id_t next = Scheduler::schedule(reason, yield);
    session::current().resume(static_cast<unsigned>(next));
    return next;
  }

  bool iteration_end() {
    const bool finished = Scheduler::iteration_end();
    const outside_simulation heap;
    return current_run->execution_ended(finished, finished, false, false);
  }

  unsigned rand(unsigned limit, rl::sched_type kind) {
    if (kind == rl::sched_type_mem_realloc) return 0;
    return Scheduler::rand(limit, kind);
  }
};

/// The program as Relacy wants it. An exception must not leave a fiber: it ends the run as an error.
template <rl::thread_id_t N>
struct suite : rl::test_suite<suite<N>, N> {
  void before() {
    guarded([] { current_program->setup(); });
    session::current().enter(session::phase::threads);
  }
  void thread(unsigned index) {
    guarded([index] { current_program->thread(index); });
  }
  void after() {
    session::current().enter(session::phase::finish);
    guarded([] { current_program->finish(); });
  }

 private:
  template <class Body>
  static void guarded(Body body) {
    try {
      body();
    } catch (const std::exception& e) {
      note(e.what());
    } catch (...) {
      note("an exception that is no std::exception");
    }
    stop_at_error();
  }
  static void note(const char* what) {
    session& s = session::current();
    const unsigned thread = s.thread();
    const outside_simulation heap;
    s.set_error(
        {"exception", (thread < max_threads ? "thread " + std::to_string(thread) : std::string("setup or finish")) +
                          " threw: " + what});
  }
};

template <rl::thread_id_t N>
rl::test_result_e run_with(search by, rl::test_params& params) {
  rl::ostringstream state;
  switch (by) {
    case search::guided:
      return rl::run_test<suite<N>, guided_scheduler<N>>(params, state, false);
    case search::relacy_full:
      return rl::run_test<suite<N>, watched_scheduler<rl::full_search_scheduler<N>>>(params, state, false);
    case search::relacy_bound:
      return rl::run_test<suite<N>, watched_scheduler<rl::context_bound_scheduler<N>>>(params, state, false);
    case search::relacy_random:
      break;
  }
  return rl::run_test<suite<N>, watched_scheduler<rl::random_scheduler<N>>>(params, state, false);
}

std::string side(const access_side& s) {
  if (s.thread == access_side::nobody) return "nobody";
  return (s.thread == max_threads ? "the setup" : "thread " + std::to_string(s.thread)) + " at " + show(s.where);
}

std::string describe_race(const session& s) {
  const suspect& last = s.last_plain_access();
  const unsigned thread = s.acting_thread();
  std::string text = s.name(last.object) + ": thread " + std::to_string(thread) +
                     (last.store ? " stores at " : " loads at ") + show(s.acting_location()) + ", unordered with ";
  if (last.store && last.last_load.thread != access_side::nobody && last.last_load.thread != thread) {
    text += "the load by " + side(last.last_load) + " or ";
  }
  return text + "the store by " + side(last.last_store);
}

/// What Relacy itself found, in the words of the reports.
violation translate(rl::test_result_e result, const session& s) {
  const std::string at = ", at " + show(s.acting_location());
  switch (result) {
    case rl::test_result_data_race:
      return {"data-race", describe_race(s)};
    case rl::test_result_deadlock:
      return {"deadlock", "every thread waits for a mutex that another one holds"};
    case rl::test_result_livelock:
      return {"livelock", "an execution of more than " + std::to_string(s.bounds().runaway_steps) +
                              " operations of the sync layer"};
    case rl::test_result_access_to_freed_memory:
      return {"use-after-free", s.acting_object() + " is used after its destruction" + at};
    case rl::test_result_double_free:
      return {"double-free", "memory is freed twice" + at};
    case rl::test_result_memory_leak:
      return {"memory-leak", "memory of the cache was never freed"};
    case rl::test_result_resource_leak:
      return {"memory-leak", "an object of the sync layer was never destroyed"};
    case rl::test_result_unitialized_access:
      return {"uninitialised-read", s.acting_object() + " is read before it was written" + at};
    default:
      return {"mutex-misuse", s.acting_object() + ": " + rl::test_result_str(result) + at};
  }
}

}  // namespace

run_outcome run(program& p, strategy& strategy_in_use, const run_options& options, progress& shared,
                interleaving* record) {
  session s(strategy_in_use, options.bounds, shared, record);
  s.set_guided(options.by == search::guided);
  s.set_threads(p.threads());
  fences.set_threads(p.threads());
  run_state state(s, options, shared);
  current_run = &state;
  current_program = &p;

  std::ostream nowhere(nullptr);
  rl::test_params params;
  params.output_stream = &nowhere;
  params.progress_stream = &nowhere;
  params.context_bound = options.context_bound;
  // Relacy offers two older values under its random search only; our strategies set their own depth below that.
  params.search_type = options.by == search::relacy_full    ? rl::sched_full
                       : options.by == search::relacy_bound ? rl::sched_bound
                                                            : rl::sched_random;
  params.execution_depth_limit = options.by == search::guided ? ~0U : options.bounds.runaway_steps;
  params.iteration_count = options.first_iteration + options.executions - 1;
  if (options.by == search::relacy_random) {
    params.initial_state = rl::string(std::to_string(options.first_iteration).c_str()) + " ";
  }

  rl::test_result_e result = rl::test_result_success;
  switch (p.threads()) {
    case 2:
      result = run_with<2>(options.by, params);
      break;
    case 3:
      result = run_with<3>(options.by, params);
      break;
    case 4:
      result = run_with<4>(options.by, params);
      break;
    case 5:
      result = run_with<5>(options.by, params);
      break;
    case 6:
      result = run_with<6>(options.by, params);
      break;
    case 7:
      result = run_with<7>(options.by, params);
      break;
    case 8:
      result = run_with<8>(options.by, params);
      break;
    default:
      throw std::invalid_argument("a program has two to eight threads");
  }

  s.end_trial(trial::differs);  // a violation or an error

  // A deadlock and a livelock are seen before an operation; what else Relacy sees belongs to the operation that runs.
  const bool between = result == rl::test_result_deadlock || result == rl::test_result_livelock;
  if (result != rl::test_result_success && !between) s.append_violating_step();

  run_outcome o;
  state.report(o);
  o.path = s.path();
  o.preemptions = s.preemptions();
  if (s.stopped()) {
    o.complete = false;
    o.error_kind = s.error()->kind;
    o.error = s.error()->message;
  } else if (result != rl::test_result_success) {
    o.found = s.found() ? *s.found() : translate(result, s);
    ++o.executions;
    o.complete = false;
  }
  current_run = nullptr;
  current_program = nullptr;
  return o;
}

}  // namespace triecheck::explore
