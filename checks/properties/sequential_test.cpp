// The sequential property: it passes on what ships, it exercises everything, and it finds each of a row of faults.
#include "checks/properties/sequential.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "checks/properties/worn_subjects.h"
#include "checks/subject/policies.h"
#include "checks/subject/variants.h"

namespace triecheck::checks {
namespace {

fuzz_target shipped() { return {.cache = variants().front().name, .make = variants().front().make}; }

template <class Subject>
fuzz_target worn() {
  return {.cache = variants().front().name, .make = &make_worn<Subject>};
}

std::string text_of(const sequential_check& check) {
  std::string text = to_string(check.summary.outcome) + ": " + check.summary.scope + "\n";
  for (const std::string& line : check.lines) text += line + "\n";
  return text + (check.summary.found ? check.summary.found->replay : "");
}

workload workload_of(const failure& f) {
  const std::string option = " --reproduce ";
  const std::size_t at = f.replay.find(option);
  EXPECT_NE(at, std::string::npos) << f.replay;
  const std::optional<workload> w = from_token(std::string_view(f.replay).substr(at + option.size()));
  EXPECT_TRUE(w) << f.replay;
  return w.value_or(workload{{1, 1}, {}});
}

// ---- Faults

// Found from each of a few seeds, shrunk to at most `most_operations`, found again by its token, and not in what ships.
template <class Subject>
void expect_found(const std::string& kind, std::size_t most_operations) {
  const fuzz_target faulty = worn<Subject>();
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const sequential_check check = check_sequential(faulty, {.seed = seed});
    SCOPED_TRACE(text_of(check));
    ASSERT_EQ(check.summary.outcome, verdict::fail);
    ASSERT_TRUE(check.summary.found);
    EXPECT_EQ(check.summary.found->kind, kind);
    EXPECT_LE(check.summary.found->operations, most_operations);
    EXPECT_EQ(check.lines.size(), check.summary.found->operations + 1);

    const workload smallest = workload_of(*check.summary.found);
    const sequential_check again = replay_sequential(faulty, smallest);
    ASSERT_TRUE(again.summary.found);
    EXPECT_EQ(again.summary.outcome, verdict::fail);
    EXPECT_EQ(again.summary.found->message, check.summary.found->message);
    EXPECT_EQ(again.summary.found->replay, check.summary.found->replay);
    EXPECT_EQ(replay_sequential(shipped(), smallest).summary.outcome, verdict::pass);
  }
}

TEST(sequential, a_lookup_that_forgets_its_pin_is_found) { expect_found<forgets_the_pin>("page-states", 5); }

TEST(sequential, a_release_that_keeps_a_private_page_is_found) {
  expect_found<keeps_a_private_page_of_a_released_lease>("page-states", 3);
}

TEST(sequential, an_eviction_in_the_wrong_order_is_found) { expect_found<evicts_the_oldest_last>("page-states", 12); }

TEST(sequential, a_counter_that_is_off_by_one_is_found) { expect_found<counts_one_refusal_too_many>("statistics", 4); }

TEST(sequential, a_publish_that_keeps_its_duplicate_is_found) { expect_found<keeps_its_duplicate>("page-states", 6); }

TEST(sequential, a_fork_that_shares_a_private_page_is_found) {
  expect_found<shares_a_private_page_in_a_fork>("model-mismatch", 3);
}

TEST(sequential, a_refused_allocate_that_changes_its_lease_is_found) {
  expect_found<changes_a_refused_lease>("model-mismatch", 7);
}

TEST(sequential, a_page_that_is_handed_out_twice_is_found) {
  expect_found<hands_out_a_page_twice>("model-mismatch", 4);
}

TEST(sequential, a_cache_that_throws_is_an_error_with_a_workload) {
  const sequential_check check = check_sequential(worn<throws_when_cleared>(), {.seed = 1});
  ASSERT_TRUE(check.summary.found) << text_of(check);
  EXPECT_EQ(check.summary.outcome, verdict::error);
  EXPECT_EQ(check.summary.found->kind, "exception");
  EXPECT_EQ(check.summary.found->operations, 1U);
}

TEST(sequential, a_failure_that_does_not_repeat_is_an_error) {
  const sequential_check check = check_sequential(worn<fails_once>(), {.seed = 1});
  ASSERT_TRUE(check.summary.found) << text_of(check);
  EXPECT_EQ(check.summary.outcome, verdict::error);
  EXPECT_EQ(check.summary.found->kind, "not-deterministic");
  EXPECT_TRUE(
      check.summary.found->message.starts_with("failed once and did not fail again in 10 runs: model-mismatch: "))
      << text_of(check);
  EXPECT_EQ(check.lines.size(), check.summary.found->operations + 1) << "the run that failed is shown";
  EXPECT_TRUE(check.lines.back().starts_with("model-mismatch: "));
}

// What a progress report throws comes out of the property like anything that RapidCheck itself could not do.
TEST(sequential, giving_up_is_incomplete) {
  const auto give_up = [](std::size_t) { throw rc::GenerationFailure("nothing more comes to mind"); };
  const sequential_check check = check_sequential(shipped(), {.seed = 1, .cases = 20, .on_case = give_up});
  EXPECT_EQ(check.summary.outcome, verdict::incomplete) << text_of(check);
  EXPECT_FALSE(check.summary.complete);
}

TEST(sequential, a_failure_without_a_workload_is_an_error_of_the_harness) {
  const auto fall_over = [](std::size_t) { throw std::runtime_error("out of paper"); };
  const sequential_check check = check_sequential(shipped(), {.seed = 1, .on_case = fall_over});
  EXPECT_EQ(check.summary.outcome, verdict::error) << text_of(check);
  ASSERT_TRUE(check.summary.found);
  EXPECT_EQ(check.summary.found->kind, "harness");
}

// ---- What ships

void expect_every_variant_passes(std::uint64_t seed) {
  for (const variant& v : variants()) {
    for (const policy& p : policies()) {
      const bool recency = p.value == model::eviction_policy::recency;
      if (!recency && !v.takes_policies) continue;
      const fuzz_options options{.seed = seed, .cases = recency ? 2000U : 1000U};
      const sequential_check check = check_sequential({.cache = v.name, .make = v.make, .policy = p.value}, options);
      EXPECT_EQ(check.summary.outcome, verdict::pass) << text_of(check);
      EXPECT_EQ(check.summary.executions, options.cases);
      EXPECT_TRUE(check.summary.complete);
    }
  }
}

TEST(sequential, every_variant_does_under_every_policy_what_the_model_does) { expect_every_variant_passes(20); }

// The seed is part of what a failure prints.
TEST(sequential, every_variant_does_under_every_policy_what_the_model_does_from_a_fresh_seed) {
  std::random_device source;
  expect_every_variant_passes(source());
}

// Lanes, kept pages, stripes: what a cache has for each thread is all used, and nothing overlaps.
TEST(sequential, every_variant_does_with_threads_that_take_turns_what_the_model_does) {
  for (const variant& v : variants()) {
    for (const std::size_t threads : {2U, 5U}) {
      const fuzz_target target{
          .cache = v.name, .make = v.make, .who = {.threads = threads, .order_by_thread = v.order_by_thread}};
      const sequential_check check = check_sequential(target, {.seed = 20, .cases = 300, .max_length = 100});
      EXPECT_EQ(check.summary.outcome, verdict::pass) << text_of(check);
    }
  }
}

// The choice is the cache's only where it says so.
TEST(sequential, an_order_by_thread_is_found_where_it_has_to_be_recency) {
  const auto found =
      std::find_if(variants().begin(), variants().end(), [](const variant& v) { return v.order_by_thread; });
  ASSERT_NE(found, variants().end());
  const fuzz_target target{.cache = found->name, .make = found->make, .who = {.threads = 2}};
  const sequential_check check = check_sequential(target, {.seed = 20});
  SCOPED_TRACE(text_of(check));
  ASSERT_EQ(check.summary.outcome, verdict::fail);
  const sequential_check again = replay_sequential(target, workload_of(*check.summary.found));
  EXPECT_EQ(again.summary.outcome, verdict::fail) << text_of(again);
}

// ---- That passing means something

TEST(sequential, the_workloads_reach_everything_often) {
  const sequential_check check = check_sequential(shipped(), {.seed = 7, .cases = 500});
  ASSERT_EQ(check.summary.outcome, verdict::pass) << text_of(check);
  const occurrence_counts& seen = check.seen;
  EXPECT_GT(check.summary.steps, 30'000U);
  EXPECT_GT(seen.of(occurrence::lookup), 4'000U);
  EXPECT_GT(seen.of(occurrence::hit), 1'500U);
  EXPECT_GT(seen.of(occurrence::allocation), 4'000U);
  EXPECT_GT(seen.of(occurrence::eviction_by_need), 300U);
  EXPECT_GT(seen.of(occurrence::refused_too_large), 500U);
  EXPECT_GT(seen.of(occurrence::refused_full), 1'000U);
  EXPECT_GT(seen.of(occurrence::published_page), 1'500U);
  EXPECT_GT(seen.of(occurrence::partial_publication), 150U);
  EXPECT_GT(seen.of(occurrence::duplicate_page), 250U);
  EXPECT_GT(seen.of(occurrence::release), 4'000U);
  EXPECT_GT(seen.of(occurrence::released_page), 1'500U);
  EXPECT_GT(seen.of(occurrence::second_release), 200U);
  EXPECT_GT(seen.of(occurrence::use_after_release), 800U);
  EXPECT_GT(seen.of(occurrence::fork), 500U);
  EXPECT_GT(seen.of(occurrence::copied_page), 100U);
  EXPECT_GT(seen.of(occurrence::refused_fork), 50U);
  EXPECT_GT(seen.of(occurrence::evicted_page), 400U);
  EXPECT_GT(seen.of(occurrence::clear), 200U);
  EXPECT_GT(seen.of(occurrence::dropped_lease), 50U);
  EXPECT_GT(seen.of(occurrence::hand_over), 100U);
  EXPECT_GT(seen.of(occurrence::foreign_lease), 50U);
  EXPECT_GT(seen.of(occurrence::match), 500U);
  EXPECT_GT(seen.of(occurrence::matched_page), 200U);
  EXPECT_GT(seen.of(occurrence::shrink), 300U);
  EXPECT_GT(seen.of(occurrence::shrunk_page), 50U);
  EXPECT_GT(seen.of(occurrence::free_only_refusal), 30U);
  EXPECT_GT(seen.of(occurrence::many_reuses), 20U);
}

TEST(sequential, a_run_in_which_something_never_happened_is_incomplete) {
  const fuzz_options one_command{.seed = 1, .cases = 1, .max_length = 1};
  const sequential_check check = check_sequential(shipped(), one_command);
  EXPECT_EQ(check.summary.outcome, verdict::incomplete) << text_of(check);
  EXPECT_FALSE(check.summary.complete);
  EXPECT_NE(check.summary.scope.find("never happened: "), std::string::npos) << check.summary.scope;
}

TEST(sequential, the_same_seed_runs_the_same_workloads) {
  const auto seen = [](std::uint64_t seed) {
    return check_sequential(shipped(), {.seed = seed, .cases = 50}).seen.show();
  };
  EXPECT_EQ(seen(4), seen(4));
  EXPECT_NE(seen(4), seen(5));
}

TEST(sequential, the_environment_decides_nothing) {
  ASSERT_EQ(setenv("RC_PARAMS", "max_success=3 seed=9 noshrink=1", 1), 0);
  const fuzz_options options{.seed = 4, .cases = 50};
  const sequential_check check = check_sequential(shipped(), options);
  EXPECT_EQ(check.summary.executions, options.cases);
  EXPECT_EQ(unsetenv("RC_PARAMS"), 0);
}

}  // namespace
}  // namespace triecheck::checks
