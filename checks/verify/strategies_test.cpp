// Progress and determinism: what the strategies ask of a program beside its rules.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "checks/litmus/litmus.h"
#include "checks/verify/explore.h"

namespace triecheck::explore {
namespace {

using litmus::program_over;
using enum memory_order;

struct counter {
  litmus::word value{0};
  litmus::sync::mutex m;
};

// An operation as the cache's are announced: between these two calls a thread must not be in another's way.
template <class Body>
void as_operation(Body body) {
  session::current().begin_operation();
  body();
  static_cast<void>(session::current().end_operation());
}

void add_without_waiting(counter& c) {
  as_operation([&] {
    std::uint32_t seen = c.value.load(relaxed);
    while (!c.value.compare_exchange_weak(seen, seen + 1, relaxed, relaxed)) {
    }
  });
}
void add_under_the_mutex(counter& c) {
  as_operation([&] {
    const litmus::sync::exclusive_guard<litmus::sync::mutex> hold(c.m);
    c.value.fetch_add(1, relaxed);
  });
}
// The value itself is a lock bit: nobody is disabled, and yet everybody waits.
void add_under_a_spinning_lock(counter& c) {
  as_operation([&] {
    std::uint32_t free = 0;
    while (!c.value.compare_exchange_strong(free, 1, acquire, relaxed)) {
      free = 0;
      litmus::sync::yield();
    }
    c.value.store(0, release);
  });
}

template <class Body>
run_outcome obstructed(Body body, unsigned steps, unsigned threads = 3) {
  program_over<counter> p(std::vector<program_over<counter>::body>(threads, body));
  return litmus::run(p, *make_obstruction(steps));
}

TEST(strategies, no_row_of_the_table_contradicts_itself) {
  for (const strategy_row& s : strategies()) {
    const bool ours = s.by == search::guided;
    EXPECT_EQ(&known_strategy(s.name), &s) << s.name;
    EXPECT_EQ(s.relacy_stale_depth == 0, ours) << s.name;
    EXPECT_TRUE(!ours || s.draws_at_random == (s.splits_by == split::numbers)) << s.name;
    EXPECT_TRUE(!s.covers_everything || !(s.draws_at_random || s.counts_preemptions)) << s.name;
    EXPECT_NE(s.make({}, {}), nullptr) << s.name;
  }
  EXPECT_EQ(strategies().front().name, search_options().strategy) << "the first one is the default";
  EXPECT_TRUE(strategy_for(obstruction_violation).obstruction_freedom);
  EXPECT_TRUE(strategy_for("data-race").counts_preemptions);
}

TEST(obstruction, a_retry_loop_ends_alone_from_every_state) {
  const auto o =
      obstructed(add_without_waiting, 4);  // a load, a failure that another one caused, a spurious one, a success
  EXPECT_TRUE(o.complete);
  EXPECT_FALSE(o.found.has_value());
  EXPECT_GT(o.executions + o.redundant, 100u);
}

TEST(obstruction, a_mutex_that_a_stopped_thread_holds_is_in_the_way) {
  const auto o = obstructed(add_under_the_mutex, 100);
  ASSERT_TRUE(o.found.has_value());
  EXPECT_EQ(o.found->kind, "obstruction");
  EXPECT_NE(o.found->message.find("waits for a mutex"), std::string::npos) << o.found->message;
}

TEST(obstruction, a_spinning_lock_is_in_the_way_though_nobody_is_disabled) {
  const auto o = obstructed(add_under_a_spinning_lock, 50);
  ASSERT_TRUE(o.found.has_value());
  EXPECT_EQ(
      o.found->message,
      "thread 1, alone inside an operation of the cache, waits in a loop for what only a stopped thread can change");
  EXPECT_EQ(show(o.path), "0.1!50");
}

TEST(obstruction, a_step_limit_that_is_too_small_is_a_violation_of_its_own) {
  EXPECT_TRUE(obstructed(add_without_waiting, 1).found.has_value());
}

TEST(obstruction, a_demand_replays_from_its_schedule) {
  const auto o = obstructed(add_under_a_spinning_lock, 50);
  std::string why;
  const auto again = parse_schedule(show(o.path), why);
  ASSERT_TRUE(again.has_value()) << why;
  program_over<counter> p({add_under_a_spinning_lock, add_under_a_spinning_lock, add_under_a_spinning_lock});
  const auto r = litmus::run(p, *make_replay(*again));
  ASSERT_TRUE(r.found.has_value());
  EXPECT_EQ(r.found->message, o.found->message);
}

TEST(obstruction, a_variant_that_is_recorded_as_blocking_must_block_and_the_report_says_how) {
  explore_options o;
  o.strategy = "obstruction";
  const auto s = checks::parse_scenario(
      "[cache]\npages = 2\ntokens_per_page = 1\n[[thread]]\nrun = [\"request 1\"]\n[[thread]]\nrun = "
      "[\"request 2\"]\n",
      "two.toml");
  const auto r = explore_scenario(s, "two", o).outcome;
  EXPECT_EQ(r.outcome, checks::verdict::pass);
  EXPECT_FALSE(r.complete);
  EXPECT_FALSE(r.found.has_value());
  ASSERT_TRUE(r.expected_failure.has_value());
  EXPECT_EQ(r.expected_failure->kind, "obstruction");
  EXPECT_NE(r.scope.find("coarse is recorded as blocking"), std::string::npos) << r.scope;
  EXPECT_NE(r.expected_failure->replay.find(" replay "), std::string::npos) << r.expected_failure->replay;
}

/// Finds nothing and waits for nobody.
class empty_handed final : public checks::subject {
 public:
  empty_handed() { lookups_.store(0, relaxed); }
  model::outcome perform(const model::operation& op) override {
    if (op.kind == model::operation_kind::lookup)
      lookups_.fetch_add(1, relaxed);
    else if (op.kind != model::operation_kind::release)
      return {.result = model::status::lease_closed};
    return {};
  }
  std::vector<model::page> pages_of(model::lease) const override { return {}; }
  model::statistics stats() const override {
    const std::uint64_t looked_up = lookups_.load(relaxed);
    return {.lookups = looked_up, .looked_up_pages = looked_up, .free_pages = 1};
  }
  checks::structure inspect() const override {
    checks::structure s;
    s.tokens_per_page = 1;
    s.pages.resize(1);
    s.pins.resize(1);
    return s;
  }
  std::vector<std::string> shutdown() override { return {}; }
  static std::unique_ptr<checks::subject> make(const checks::subject_config&, std::size_t) {
    return std::make_unique<empty_handed>();
  }

 private:
  litmus::word lookups_;
};

TEST(obstruction, a_variant_that_is_recorded_as_blocking_and_does_not_block_fails) {
  explore_options o;
  o.make = &empty_handed::make;  // in the place of coarse
  o.strategy = "obstruction";
  const auto s = checks::parse_scenario(
      "[cache]\npages = 1\ntokens_per_page = 1\n[[thread]]\nrun = [\"a = lookup 1\"]\n[[thread]]\nrun = "
      "[\"b = lookup 2\"]\n",
      "two.toml");
  const auto r = explore_scenario(s, "two", o).outcome;
  EXPECT_EQ(r.outcome, checks::verdict::fail);
  ASSERT_TRUE(r.found.has_value());
  EXPECT_EQ(r.found->kind, "no-failure") << r.found->message;
  EXPECT_NE(r.found->message.find("coarse is recorded as blocking"), std::string::npos) << r.found->message;
}

template <memory_order Order>
void add_four_times(counter& c) {
  for (int i = 0; i < 4; ++i) c.value.add(1, Order);
}
void read_once(counter& c) { c.value.load(relaxed); }

std::uint64_t executions_of(std::vector<program_over<counter>::body> threads) {
  program_over<counter> p(std::move(threads));
  const auto o = litmus::run(p, *make_exhaustive(true), {.bounds = {.stale_depth = 0}});
  EXPECT_TRUE(o.complete);
  return o.executions;
}

TEST(additions, that_are_relaxed_commute_and_others_do_not) {
  EXPECT_EQ(executions_of({add_four_times<relaxed>, add_four_times<relaxed>}), 1u);
  EXPECT_EQ(executions_of({add_four_times<acq_rel>, add_four_times<acq_rel>}), 70u);
}

TEST(additions, and_a_load_do_not_commute) {
  EXPECT_EQ(executions_of({add_four_times<relaxed>, read_once}), 5u);
  EXPECT_EQ(executions_of({add_four_times<relaxed>, add_four_times<relaxed>, read_once}), 25u);
}

// Reads what no execution resets: an address or a clock would do the same.
struct with_memory {
  litmus::word x{0};
};
unsigned calls = 0;

run_outcome repeated(const program_over<with_memory>::body& body) {
  calls = 0;
  program_over<with_memory> p({body, body});
  return litmus::run(p, *make_repeating(make_exhaustive(true)));
}

TEST(repeating, a_value_that_differs_the_second_time_is_an_error_with_its_step) {
  const auto o = repeated([](with_memory& s) { s.x.store(++calls, relaxed); });
  EXPECT_NE(o.error.find("not deterministic"), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("at step 1"), std::string::npos) << o.error;
}

TEST(repeating, an_operation_that_differs_the_second_time_is_an_error_with_its_step) {
  const auto o = repeated([](with_memory& s) {
    s.x.load(relaxed);
    if (++calls > 2) s.x.store(1, relaxed);
  });
  EXPECT_NE(o.error.find("not deterministic"), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("at step 2"), std::string::npos) << o.error;
}

TEST(repeating, counts_nothing_twice) {
  const auto body = [](with_memory& s) {
    for (int i = 0; i < 4; ++i) s.x.fetch_add(1, relaxed);
  };
  program_over<with_memory> p({body, body});
  const auto once = litmus::run(p, *make_exhaustive(true));
  const auto o = litmus::run(p, *make_repeating(make_exhaustive(true)));
  EXPECT_TRUE(o.complete);
  EXPECT_EQ(o.executions, 70u);
  EXPECT_EQ(o.steps, once.steps);
}

}  // namespace
}  // namespace triecheck::explore
