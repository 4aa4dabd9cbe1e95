// Shrinking: it ends in something small that fails for the same reason, and stored schedules run before anything else.
#include "checks/verify/shrink.h"
#include "checks/verify/misbehaving.h"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

#include "cache/coarse.h"
#include "checks/explore/relacy/sync.h"
#include "checks/subject/cache_subject.h"
#include "checks/verify/registry.h"
#include "checks/verify/scenario_program.h"

namespace triecheck::explore {
namespace {

using checks::scenario;
using checks::verdict;

scenario with_threads(const std::vector<std::string>& threads, const std::string& rest = "") {
  std::string text = "[cache]\npages = 4\ntokens_per_page = 2\n";
  for (const std::string& thread : threads) text += "[[thread]]\nrun = [" + thread + "]\n";
  return checks::parse_scenario(text + rest, "s.toml");
}

/// Explores, and shrinks what was found.
shrunk shrink_first_failure(const scenario& s, const std::string& fault, checks::subject_factory make = nullptr,
                            shrink_options options = {}) {
  explore_options explored_with;
  explored_with.fault = fault;
  explored_with.make = make;
  explored_with.strategy = "random";
  const checks::result r = explore_scenario(s, "s", explored_with).outcome;
  std::string why;
  if (!r.found) {
    ADD_FAILURE() << "nothing to shrink: " << r.scope;
    return {};
  }
  const auto token = parse_token(r.found->token, why);
  options.make = make;
  auto result = shrink(s, *token, "small.toml", options, why);
  EXPECT_TRUE(result.has_value()) << why;
  return result.value_or(shrunk{});
}

/// The shipped cache, but `clear` fails: one way when an evict came before it, another way when none did.
template <bool OtherKind>
class fails_in_two_ways final : public checks::subject {
 public:
  fails_in_two_ways(const model::config& c, std::size_t leases) : cache_(c, leases) {}
  model::outcome perform(const model::operation& op) override {
    model::outcome o = cache_.perform(op);
    evicted_ = evicted_ || op.kind == model::operation_kind::evict;
    if (op.kind == model::operation_kind::clear) {
      if (evicted_) session::current().fail("invariant", "I3: behind an evict");
      if (OtherKind) session::current().fail("structure", "I3: without an evict");
      session::current().fail("invariant", "I4: without an evict");
    }
    return o;
  }
  std::vector<model::page> pages_of(model::lease l) const override { return cache_.pages_of(l); }
  model::statistics stats() const override { return cache_.stats(); }
  checks::structure inspect() const override { return cache_.inspect(); }
  std::vector<std::string> shutdown() override { return cache_.shutdown(); }

  static std::unique_ptr<checks::subject> make(const checks::subject_config& c, std::size_t leases) {
    return std::make_unique<fails_in_two_ways>(c, leases);
  }

 private:
  checks::cache_subject<coarse_cache<relacy_sync>> cache_;
  bool evicted_ = false;
};

void crashes() { raise(SIGSEGV); }
void throws() { throw std::runtime_error("no such page"); }

scenario four_threads_and_twelve_operations() {
  return with_threads({"\"a = lookup 1 2\", \"read a\", \"release a\", \"evict 1\"",
                       "\"b = lookup 1 2 3\", \"release b\", \"evict 2\"", "\"c = lookup 5\", \"release c\", \"clear\"",
                       "\"evict 1\", \"d = lookup 7 8\", \"release d\""});
}

TEST(shrink, a_failure_of_four_threads_and_twelve_operations_becomes_small) {
  const scenario s = four_threads_and_twelve_operations();
  ASSERT_EQ(s.threads.size(), 4u);
  ASSERT_EQ(count_operations(s), 12u);
  for (const char* fault : {"locks_in_opposite_orders", "release_without_the_mutex"}) {
    const shrunk small = shrink_first_failure(s, fault);
    EXPECT_EQ(small.found.kind, find_fault(fault)->expected);
    EXPECT_EQ(small.before.operations, 12u);
    EXPECT_LE(small.after.size.threads, 3u) << small.program.source_text;
    EXPECT_LE(small.after.operations, 6u) << small.program.source_text;
    EXPECT_LE(small.after.preemptions, 2u) << small.found.schedule;
    EXPECT_TRUE(small.smallest && small.shortest) << small.stopped;
    EXPECT_LE(small.executions, 20'000u);
  }
}

// Two critical sections that a thread has to get between: the deadlock needs one preemption, and after two steps it is
// there.
TEST(shrink, the_schedule_of_a_deadlock_is_as_short_as_it_can_be) {
  const shrunk small = shrink_first_failure(four_threads_and_twelve_operations(), "locks_in_opposite_orders");
  EXPECT_EQ(small.after.size.threads, 2u);
  EXPECT_EQ(small.after.operations, 2u);
  EXPECT_EQ(small.after.preemptions, 1u);
  EXPECT_EQ(small.found.schedule.size(), std::string("0.1").size()) << small.found.schedule;
}

TEST(shrink, what_fails_for_another_reason_is_no_smaller_failure) {
  const scenario s = with_threads({"\"evict 1\", \"clear\", \"a = lookup 1\"", "\"b = lookup 2\""});
  for (const auto make : {&fails_in_two_ways<true>::make, &fails_in_two_ways<false>::make}) {
    const shrunk small = shrink_first_failure(s, "", make);
    EXPECT_EQ(small.found.message, "I3: behind an evict");
    const std::string text = small.program.source_text;
    EXPECT_NE(text.find("evict 1"), std::string::npos) << text;
    EXPECT_NE(text.find("clear"), std::string::npos) << text;
    EXPECT_EQ(text.find("a = lookup"), std::string::npos) << text;
  }
}

TEST(shrink, the_reason_is_the_kind_and_the_invariant) {
  EXPECT_EQ(reason_of("pins", "I4: page 3"), (failure_reason{"pins", "I4"}));
  EXPECT_EQ(reason_of("pins", "I10: page 3"), (failure_reason{"pins", "I10"}));
  for (const char* message : {"", "I", "I4", "I: page 3", "In 3: steps", "page I4: 3"}) {
    EXPECT_EQ(reason_of("pins", message), (failure_reason{"pins", ""})) << message;
  }
}

// A pool without room refuses a request under every cache; that is not what the fault does.
TEST(shrink, a_scenario_that_fails_under_a_right_cache_too_is_no_smaller_failure) {
  const auto* fault = find_fault("allocate_counts_free_pages_only");
  ASSERT_NE(fault, nullptr);
  const scenario s = checks::load_scenario(std::string(TRIECHECK_SCENARIOS_DIR) + "/" + fault->scenario + ".toml");
  const shrunk small = shrink_first_failure(s, fault->name);
  EXPECT_EQ(small.found.kind, "refusal");
  EXPECT_LT(small.after.size, small.before.size);
  EXPECT_EQ(explore_scenario(small.program, "small.toml", {}).outcome.outcome, verdict::pass)
      << small.program.source_text;
}

// Without another cache to ask, a refusal keeps its pool: every request is refused by a pool that is small enough.
TEST(shrink, a_refusal_by_the_coarse_cache_itself_keeps_its_pool) {
  const shrunk small = shrink_first_failure(
      with_threads({"\"a = lookup 1 2 3 4 5 6\", \"allocate a\", \"evict 1\"", "\"request 7 8 9 10\"", "\"clear\""}),
      "");
  EXPECT_EQ(small.found.kind, "refusal");
  EXPECT_EQ(small.after.size.threads, 2u);
  EXPECT_LT(small.after.operations, small.before.operations);
  EXPECT_EQ(small.program.pages, 4u);
  EXPECT_EQ(small.program.tokens_per_page, 2u);
}

TEST(shrink, what_was_shrunk_cannot_be_shrunk_again) {
  const shrunk small = shrink_first_failure(four_threads_and_twelve_operations(), "locks_in_opposite_orders");
  const shrunk again = shrink_first_failure(small.program, "locks_in_opposite_orders");
  EXPECT_EQ(again.program.source_text, small.program.source_text);
  EXPECT_EQ(again.found.schedule, small.found.schedule);
}

TEST(shrink, a_crash_shrinks_too) {
  const shrunk small = shrink_first_failure(with_threads({"\"request 1\", \"evict 1\"", "\"request 2\"", "\"clear\""}),
                                            "", &misbehaving<crashes>::make);
  EXPECT_EQ(small.found.kind, "crash");
  EXPECT_EQ(small.after.size.threads, 2u);
  EXPECT_LE(small.after.operations, 4u) << small.program.source_text;
  EXPECT_TRUE(small.smallest);
  EXPECT_FALSE(small.shortest);
  EXPECT_NE(small.stopped, "");
}

TEST(shrink, an_exception_shrinks_to_the_step_that_throws) {
  const shrunk small = shrink_first_failure(with_threads({"\"request 1\", \"evict 1\"", "\"request 2\"", "\"clear\""}),
                                            "", &misbehaving<throws>::make);
  EXPECT_EQ(small.found.kind, "exception");
  EXPECT_EQ(small.after.size.threads, 2u);
  EXPECT_LE(small.after.operations, 4u) << small.program.source_text;
  EXPECT_TRUE(small.smallest && small.shortest) << small.stopped;
}

TEST(shrink, a_budget_that_ends_gives_the_best_so_far) {
  const scenario s = four_threads_and_twelve_operations();
  const shrunk same =
      shrink_first_failure(s, "release_without_the_mutex", nullptr, {.budget = std::chrono::seconds(0)});
  EXPECT_EQ(same.program.source_text, s.source_text);
  EXPECT_EQ(same.found.kind, "data-race");
  EXPECT_FALSE(same.smallest || same.shortest);
  EXPECT_NE(same.stopped.find("budget"), std::string::npos) << same.stopped;
}

TEST(shrink, a_failure_that_does_not_show_again_is_not_shrunk) {
  const scenario s = four_threads_and_twelve_operations();
  std::string why;
  EXPECT_FALSE(shrink(s, {.scenario = "s", .cache = "coarse", .fault = "", .choices = {}}, "t", {}, why).has_value());
  EXPECT_EQ(why, "no rule is violated on this schedule");
  EXPECT_FALSE(shrink(s, {.scenario = "s", .cache = "coarse", .fault = "", .choices = {{.thread = 3}, {.thread = 2}}},
                      "t", {}, why)
                   .has_value());
  EXPECT_NE(why.find("does not fit"), std::string::npos) << why;
}

// ---- Regressions: a scenario that stores a schedule

scenario with_failure(const scenario& s, const std::string& cache, const std::string& choices) {
  return checks::parse_scenario(
      checks::failure_file_text(s.source_text, {.kind = "data-race", .cache = cache, .schedule = choices}),
      "regression.toml");
}

TEST(regression, a_stored_schedule_that_still_fails_is_the_failure_at_once) {
  const scenario s = four_threads_and_twelve_operations();
  explore_options o;
  o.fault = "release_without_the_mutex";
  const checks::result found = explore_scenario(s, "s", o).outcome;
  ASSERT_TRUE(found.found.has_value());
  o.strategy = "bounded";
  const explored again = explore_scenario(with_failure(s, "coarse", found.found->schedule), "regression.toml", o);
  EXPECT_EQ(again.outcome.outcome, verdict::fail);
  EXPECT_EQ(again.outcome.executions, 1u);
  EXPECT_EQ(again.outcome.strategy, "bounded");
  EXPECT_EQ(again.outcome.preemptions, o.preemptions);
  EXPECT_EQ(again.outcome.found->kind, found.found->kind);
  EXPECT_EQ(again.outcome.found->schedule, found.found->schedule);
  EXPECT_EQ(again.outcome.found->token, "regression.toml@coarse+release_without_the_mutex@" + found.found->schedule);
  EXPECT_NE(again.interleaving, "");
}

TEST(regression, a_stored_schedule_of_another_cache_or_of_a_mended_one_changes_nothing) {
  const scenario s = with_threads({"\"request 1\"", "\"clear\""});
  const checks::result plain = explore_scenario(s, "s", {}).outcome;
  ASSERT_EQ(plain.outcome, verdict::pass);
  for (const scenario& stored : {with_failure(s, "another", "0x2.1"), with_failure(s, "coarse", "0x2.1"),
                                 with_failure(s, "coarse", "0x2.3"), with_failure(s, "coarse", "0x900")}) {
    const checks::result r = explore_scenario(stored, "s", {}).outcome;
    EXPECT_EQ(r.outcome, verdict::pass);
    EXPECT_TRUE(r.complete);
    EXPECT_EQ(r.executions, plain.executions);
  }
}

TEST(regression, an_expected_failure_is_a_pass_on_its_stored_schedule_too) {
  scenario s = with_failure(
      with_threads({"\"a = lookup 1\"", "\"b = lookup 1\""}, "[expect]\nverdict = \"fail\"\nkind = \"data-race\"\n"),
      "coarse", "");
  explore_options o;
  o.fault = "lookup_without_the_mutex";
  const checks::result r = explore_scenario(s, "s", o).outcome;
  EXPECT_EQ(r.outcome, verdict::pass) << r.scope;
  EXPECT_FALSE(r.found.has_value());
}

}  // namespace
}  // namespace triecheck::explore
