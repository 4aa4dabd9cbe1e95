// The explorer as a whole: verdicts, budgets, replay, and what it says of programs that misbehave.
#include "checks/verify/explore.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>

#include "cache/coarse.h"
#include "cache/sync/std.h"
#include "checks/explore/relacy/sync.h"
#include "checks/subject/cache_subject.h"
#include "checks/verify/misbehaving.h"
#include "checks/verify/registry.h"

namespace triecheck::explore {
namespace {

using checks::result;
using checks::verdict;

checks::scenario two_requests() {
  return checks::parse_scenario(
      "[cache]\npages = 2\ntokens_per_page = 1\n[[thread]]\nrun = [\"request 1\"]\n[[thread]]\nrun = [\"request 2\"]\n",
      "two_requests.toml");
}

checks::scenario two_requests_expecting(const std::string& expectation) {
  return checks::parse_scenario(
      "[cache]\npages = 2\ntokens_per_page = 1\n[[thread]]\nrun = [\"request 1\"]\n[[thread]]\nrun = "
      "[\"request 2\"]\n[expect]\n" +
          expectation + "\n",
      "two_requests.toml");
}

explore_options with(checks::subject_factory make) {
  explore_options o;
  o.make = make;
  o.patience = std::chrono::milliseconds(3000);
  return o;
}

void throws() { throw std::runtime_error("no such page"); }
void crashes() { raise(SIGSEGV); }
void aborts() { std::abort(); }
void hangs() {
  const volatile bool for_ever = true;
  while (for_ever) {
  }
}
std::size_t recurses(std::size_t depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? 0 : recurses(depth - 1) + static_cast<std::size_t>(frame[0]);
}
void overflows() { recurses(1'000'000); }
void consults_a_static() {
  static unsigned calls = 0;
  if (++calls % 3 == 0) relacy_sync::yield();
}

// Shared between the process that explores and the one that replays.
std::atomic<bool>& violated_before() {
  static auto* flag =
      new (mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
          std::atomic<bool>(false);
  return *flag;
}
void violates_once() { relacy_sync::require(violated_before().exchange(true), "this happens once"); }

result misbehave(checks::subject_factory make) {
  return explore_scenario(two_requests(), "two_requests", with(make)).outcome;
}

TEST(explore, every_strategy_that_ends_agrees_on_a_correct_cache) {
  for (const strategy_row& s : strategies()) {
    if (s.obstruction_freedom) continue;  // asks for more than correctness
    explore_options o;
    o.strategy = s.name;
    o.executions = s.draws_at_random ? 200 : 0;
    o.preemptions = 100;
    const bool stopped = s.by == search::relacy_full;
    if (stopped) o.executions = 2000;  // it would take 365,762 and more
    const result r = explore_scenario(two_requests(), "two_requests", o).outcome;
    EXPECT_EQ(r.outcome, stopped ? verdict::incomplete : verdict::pass) << s.name;
    const bool everything = s.walks_whole_tree();  // the others sample, are bounded, or were stopped
    EXPECT_EQ(r.complete, everything) << s.name;
    EXPECT_FALSE(r.found.has_value()) << s.name;
    EXPECT_GT(r.steps, 0u) << s.name;
  }
}

TEST(explore, the_reduction_leaves_out_nothing_but_repeats) {
  explore_options o;
  const result reduced = explore_scenario(two_requests(), "two_requests", o).outcome;
  EXPECT_EQ(reduced.executions, 70u);  // four operations each, all on one mutex
  o.reduction = false;
  // A release also asks whether somebody waits for pages, which nobody does: where that comes makes no difference.
  EXPECT_EQ(explore_scenario(two_requests(), "two_requests", o).outcome.executions, 364u);
}

TEST(explore, a_budget_that_ends_is_incomplete) {
  explore_options o;
  o.executions = 10;
  const result few = explore_scenario(two_requests(), "two_requests", o).outcome;
  EXPECT_EQ(few.outcome, verdict::incomplete);
  EXPECT_FALSE(few.complete);
  EXPECT_EQ(few.executions, 10u);
  EXPECT_NE(few.scope.find("stopped by 10 executions"), std::string::npos) << few.scope;
  o.executions = 0;
  o.budget = std::chrono::seconds(0);
  const result late = explore_scenario(two_requests(), "two_requests", o).outcome;
  EXPECT_EQ(late.outcome, verdict::incomplete);
  EXPECT_NE(late.scope.find("stopped by its budget"), std::string::npos) << late.scope;
  EXPECT_FALSE(late.complete);
}

// A cache over another layer has no operation that the explorer could see: that must not read as a pass.
TEST(explore, a_run_that_schedules_nothing_is_incomplete) {
  const result r = misbehave(&checks::make_subject<coarse_cache<std_sync>>);
  EXPECT_EQ(r.outcome, verdict::incomplete) << (r.found ? r.found->message : "");
  EXPECT_EQ(r.steps, 0u);
}

TEST(explore, an_expected_failure_is_a_pass_and_its_absence_a_fail) {
  const auto* fault = find_fault("publish_pins_twice");
  ASSERT_NE(fault, nullptr);
  const result wanted =
      explore_scenario(two_requests_expecting("verdict = \"fail\"\nkind = \"pins\""), "x", with(fault->make)).outcome;
  EXPECT_EQ(wanted.outcome, verdict::pass);
  const result other =
      explore_scenario(two_requests_expecting("verdict = \"fail\"\nkind = \"deadlock\""), "x", with(fault->make))
          .outcome;
  EXPECT_EQ(other.outcome, verdict::fail);
  const result absent = explore_scenario(two_requests_expecting("verdict = \"fail\""), "x", {}).outcome;
  EXPECT_EQ(absent.outcome, verdict::fail);
  ASSERT_TRUE(absent.found.has_value());
  EXPECT_EQ(absent.found->kind, "no-failure");
}

TEST(explore, every_seeded_fault_of_a_scenario_has_a_kind_that_a_scenario_may_expect) {
  const auto& kinds = checks::violation_kinds();
  for (const fault& f : faults()) {
    const bool may_expect = std::find(kinds.begin(), kinds.end(), f.expected) != kinds.end();
    EXPECT_TRUE(may_expect || f.scenario.empty()) << f.name;
  }
}

TEST(explore, an_exception_is_an_error_and_names_the_thread) {
  const result r = misbehave(&misbehaving<throws>::make);
  EXPECT_EQ(r.outcome, verdict::error);
  ASSERT_TRUE(r.found.has_value());
  EXPECT_EQ(r.found->kind, "exception");
  EXPECT_EQ(r.found->message, "thread 0 threw: no such page");
  EXPECT_EQ(r.found->schedule, "0x4");  // lookup and allocate, a lock and an unlock each
}

TEST(explore, a_crash_is_an_error_with_the_schedule_so_far) {
  for (const auto make : {&misbehaving<crashes>::make, &misbehaving<aborts>::make}) {
    const result r = misbehave(make);
    EXPECT_EQ(r.outcome, verdict::error);
    ASSERT_TRUE(r.found.has_value());
    EXPECT_EQ(r.found->kind, "crash");
    EXPECT_EQ(r.found->schedule, "0x4");
  }
}

TEST(explore, a_hang_is_an_error_with_the_schedule_so_far) {
  const result r = misbehave(&misbehaving<hangs>::make);
  EXPECT_EQ(r.outcome, verdict::error);
  ASSERT_TRUE(r.found.has_value());
  EXPECT_EQ(r.found->kind, "hang");
  EXPECT_EQ(r.found->schedule, "0x4");
}

TEST(explore, a_stack_overflow_is_an_error_with_the_schedule_so_far) {
  const result r = misbehave(&misbehaving<overflows>::make);
  EXPECT_EQ(r.outcome, verdict::error);
  ASSERT_TRUE(r.found.has_value());
  EXPECT_EQ(r.found->kind, "stack-overflow");
  EXPECT_EQ(r.found->schedule, "0x4");
}

TEST(explore, a_program_that_is_not_deterministic_is_an_error) {
  const result r = misbehave(&misbehaving<consults_a_static>::make);
  EXPECT_EQ(r.outcome, verdict::error);
  ASSERT_TRUE(r.found.has_value());
  EXPECT_EQ(r.found->kind, "nondeterminism");
}

TEST(explore, a_violation_that_does_not_show_again_is_an_error) {
  violated_before() = false;
  const result r = misbehave(&misbehaving<violates_once>::make);
  EXPECT_EQ(r.outcome, verdict::error);
  ASSERT_TRUE(r.found.has_value());
  EXPECT_EQ(r.found->kind, "nondeterminism");
  EXPECT_NE(r.found->message.find("this happens once"), std::string::npos) << r.found->message;
}

TEST(explore, a_failing_execution_replays_from_its_token) {
  const auto* fault = find_fault("lookup_without_the_mutex");
  ASSERT_NE(fault, nullptr);
  const auto s = checks::load_scenario(std::string(TRIECHECK_SCENARIOS_DIR) + "/" + fault->scenario + ".toml");
  explore_options o;
  o.fault = fault->name;
  const result r = explore_scenario(s, fault->scenario, o).outcome;
  ASSERT_EQ(r.outcome, verdict::fail);
  std::string why;
  const auto token = parse_token(r.found->token, why);
  ASSERT_TRUE(token.has_value()) << why;
  const explored again = replay_scenario(s, *token);
  ASSERT_EQ(again.outcome.outcome, verdict::fail);
  EXPECT_EQ(again.outcome.found->kind, r.found->kind);
  EXPECT_EQ(again.outcome.found->schedule, r.found->schedule);
  EXPECT_NE(again.interleaving.find("thread 1"), std::string::npos);
  EXPECT_NE(again.interleaving.find("lock cache.mutex"), std::string::npos) << again.interleaving;
}

// Relacy's own searches park threads and choose by themselves; what they find has to replay all the same, whether it
// shows between two operations or inside one.
TEST(explore, what_relacys_own_searches_find_replays) {
  for (const char* name : {"release_without_the_mutex", "clear_locks_twice"}) {
    const auto* fault = find_fault(name);
    ASSERT_NE(fault, nullptr);
    const auto s = checks::load_scenario(std::string(TRIECHECK_SCENARIOS_DIR) + "/" + fault->scenario + ".toml");
    for (const char* strategy : {"relacy-full", "relacy-bound", "relacy-random", "random", "pct", "bounded"}) {
      explore_options o;
      o.fault = fault->name;
      o.strategy = strategy;
      const result r = explore_scenario(s, fault->scenario, o).outcome;
      ASSERT_EQ(r.outcome, verdict::fail) << name << ", " << strategy << ": " << (r.found ? r.found->message : "");
      EXPECT_EQ(r.found->kind, fault->expected) << strategy;  // confirmed by a replay, or it would be an error
    }
  }
}

// The thread that announced an operation last need not be the one that Relacy resumes and that violates a rule; and a
// livelock is seen before an operation that may not be possible at all. Each seed once showed such an execution.
TEST(explore, what_relacys_random_search_finds_replays_whoever_announced_last) {
  const std::vector<std::pair<const char*, std::vector<std::uint64_t>>> seeds = {
      {"clear_locks_twice", {50'001, 110'001, 230'001}},
      {"allocate_waits_for_pages", {90'001, 260'001, 280'001, 310'001, 350'001}}};
  for (const auto& [name, some] : seeds) {
    const auto* fault = find_fault(name);
    ASSERT_NE(fault, nullptr);
    const auto s = checks::load_scenario(std::string(TRIECHECK_SCENARIOS_DIR) + "/" + fault->scenario + ".toml");
    for (const std::uint64_t seed : some) {
      explore_options o;
      o.fault = fault->name;
      o.strategy = "relacy-random";
      o.seed = seed;
      const result r = explore_scenario(s, fault->scenario, o).outcome;
      EXPECT_EQ(r.outcome, verdict::fail) << name << ", seed " << seed << ": " << (r.found ? r.found->message : "");
    }
  }
}

TEST(explore, many_executions_need_no_more_memory_than_few) {
  const auto resident = [](std::uint64_t executions) {
    explore_options o;
    o.strategy = "random";
    o.executions = executions;
    EXPECT_EQ(explore_scenario(two_requests(), "two_requests", o).outcome.outcome, verdict::pass);
    rusage used{};
    getrusage(RUSAGE_CHILDREN, &used);
    return used.ru_maxrss;
  };
  const long few = resident(500);
  const long many = resident(20'000);
  EXPECT_LT(many, few + 2048) << "KiB";
}

TEST(schedule, text_and_choices_are_the_same_thing) {
  const schedule s = {
      {.thread = 0}, {.thread = 0}, {.thread = 1, .age = 2}, {.thread = 1}, {.thread = 2, .spurious = true}};
  EXPECT_EQ(show(s), "0x2.1s2.1.2w");
  std::string why;
  EXPECT_EQ(parse_schedule(show(s), why), s);
  EXPECT_EQ(parse_schedule("", why), schedule{});
}

TEST(schedule, text_that_is_no_schedule_is_refused_with_its_place) {
  std::string why;
  const std::string no_thread = std::to_string(max_threads);
  for (const char* text : {"0x", no_thread.c_str(), "0x0", "1s4", "0..1", "0 1", "0x99999999999"}) {
    why.clear();
    EXPECT_FALSE(parse_schedule(text, why).has_value()) << text;
    EXPECT_EQ(why.rfind("schedule, character ", 0), 0u) << text << ": " << why;
  }
}

}  // namespace
}  // namespace triecheck::explore
