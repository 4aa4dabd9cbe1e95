// Shards as one report: what adds up, what is missing, and what does not belong together.
#include "checks/report/merge.h"

#include <gtest/gtest.h>

#include <string>

namespace triecheck::checks {
namespace {

report shard(std::uint64_t index, std::uint64_t count, verdict outcome = verdict::pass) {
  result r{.scenario = "two",
           .cache = "coarse",
           .strategy = "exhaustive",
           .outcome = outcome,
           .executions = 10 + index,
           .redundant = 1,
           .steps = 100,
           .seconds = 1.0 + static_cast<double>(index),
           .space = "77",
           .covers_everything = true};
  if (outcome == verdict::fail)
    r.found = failure{.kind = "data-race", .preemptions = index, .replay = "triecheck replay x"};
  return {.command = "triecheck explore two", .results = {r}, .shard = share{.index = index, .count = count}};
}

std::string refusal(const std::vector<report>& shards) {
  try {
    static_cast<void>(merge(shards));
  } catch (const merge_error& e) {
    return std::to_string(e.report) + ": " + e.what();
  }
  return "none";
}

TEST(merge, all_shards_that_pass_are_a_complete_pass_with_the_sum_of_their_counts) {
  const report whole = merge({shard(1, 3), shard(0, 3), shard(2, 3)});
  EXPECT_EQ(whole.outcome(), verdict::pass);
  const result& r = whole.results.at(0);
  EXPECT_TRUE(r.complete);
  EXPECT_EQ(r.executions, 33u);
  EXPECT_EQ(r.redundant, 3u);
  EXPECT_EQ(r.steps, 300u);
  EXPECT_EQ(r.seconds, 3.0);
  EXPECT_FALSE(whole.shard.has_value());
}

TEST(merge, a_strategy_that_leaves_something_out_is_not_complete) {
  std::vector<report> shards = {shard(0, 2), shard(1, 2)};
  for (report& r : shards) r.results[0].covers_everything = false;
  EXPECT_EQ(merge(shards).outcome(), verdict::pass);
  EXPECT_FALSE(merge(shards).results.at(0).complete);
}

TEST(merge, a_missing_shard_never_reads_as_a_pass) {
  const report whole = merge({shard(0, 3), shard(2, 3)});
  EXPECT_EQ(whole.outcome(), verdict::incomplete);
  EXPECT_FALSE(whole.results.at(0).complete);
  EXPECT_NE(whole.results.at(0).scope.find("missing: 1"), std::string::npos) << whole.results.at(0).scope;
}

TEST(merge, the_worst_verdict_counts_and_the_failure_of_the_fewest_preemptions) {
  EXPECT_EQ(merge({shard(0, 3), shard(1, 3, verdict::incomplete), shard(2, 3)}).outcome(), verdict::incomplete);
  const report whole = merge({shard(2, 3, verdict::fail), shard(1, 3, verdict::fail), shard(0, 3)});
  EXPECT_EQ(whole.outcome(), verdict::fail);
  ASSERT_TRUE(whole.results.at(0).found.has_value());
  EXPECT_EQ(whole.results.at(0).found->preemptions, 1u);
  EXPECT_EQ(merge({shard(0, 2, verdict::fail)}).outcome(), verdict::fail) << "a missing shard does not hide a failure";
}

TEST(merge, an_expected_failure_may_be_in_any_shard_but_in_one) {
  std::vector<report> shards = {shard(0, 2), shard(1, 2)};
  for (report& r : shards) r.results[0].expects_failure = true;
  EXPECT_EQ(merge(shards).outcome(), verdict::fail);
  EXPECT_EQ(merge(shards).results.at(0).found->kind, "no-failure");
  shards[1].results[0].failed_as_expected = true;
  EXPECT_EQ(merge(shards).outcome(), verdict::pass);
}

TEST(merge, shards_of_different_programs_are_an_error) {
  report other = shard(1, 2);
  other.results[0].space = "78";
  const report whole = merge({shard(0, 2), other});
  EXPECT_EQ(whole.outcome(), verdict::error);
  EXPECT_EQ(whole.results.at(0).found->kind, "shards-differ");
}

TEST(merge, what_is_no_shard_of_the_same_run_is_refused_by_name) {
  report whole_run = shard(0, 1);
  whole_run.shard.reset();
  EXPECT_EQ(refusal({whole_run}), "0: this is the result of a whole run, not of a shard");
  EXPECT_EQ(refusal({shard(0, 2), shard(0, 2)}), "1: shard 0 is given twice");
  EXPECT_EQ(refusal({shard(0, 2), shard(1, 3)}), "1: this is one of 3 shards, the first one is one of 2");
  EXPECT_EQ(refusal({shard(2, 2)}), "0: there is no shard of that number");
  report other = shard(1, 2);
  other.command = "triecheck explore three";
  EXPECT_EQ(refusal({shard(0, 2), other}), "1: this is a shard of another run: triecheck explore three");
  other = shard(1, 2);
  other.results.clear();
  EXPECT_EQ(refusal({shard(0, 2), other}), "1: this has another number of results than the first one");
}

TEST(merge, an_expected_failure_that_is_found_while_the_space_is_cut_counts) {
  std::vector<report> shards = {shard(0, 2), shard(1, 2)};
  for (report& r : shards) {
    r.results[0].expects_failure = r.results[0].failed_as_expected = true;
    r.results[0].steps = 0;
  }
  EXPECT_EQ(merge(shards).outcome(), verdict::pass);
}

TEST(merge, shards_of_two_builds_are_refused) {
  report other = shard(1, 2);
  other.build = "2";
  EXPECT_EQ(refusal({shard(0, 2), other}), "1: this was written by another build of triecheck than the first one");
}

TEST(merge, a_number_of_shards_that_nobody_has_is_refused) {
  nlohmann::json j = to_json(shard(0, 2));
  j["shard"]["count"] = 100'000'000'000;
  EXPECT_THROW(static_cast<void>(read_report(j)), std::runtime_error);
}

TEST(merge, nothing_but_redundant_work_proves_nothing) {
  report idle = shard(0, 1);
  idle.results[0].steps = 0;
  EXPECT_EQ(merge({idle}).outcome(), verdict::incomplete);
}

TEST(merge, a_report_reads_back_as_it_was_written) {
  report r = shard(1, 3, verdict::fail);
  r.results[0].expected = {100, 80, 120};
  r.results[0].expects_failure = r.results[0].failed_as_expected = true;
  r.results[0].expected_failure = failure{.kind = "deadlock", .schedule = "0.1"};
  r.results[0].preemptions = 2;
  EXPECT_EQ(to_json(read_report(to_json(r))), to_json(r));
}

TEST(merge, text_that_is_no_report_says_what_is_missing) {
  nlohmann::json j = to_json(shard(0, 1));
  j["results"][0].erase("steps");
  EXPECT_THROW(static_cast<void>(read_report(j)), std::runtime_error);
  EXPECT_THROW(static_cast<void>(read_report(nlohmann::json::array())), std::runtime_error);
  j = to_json(shard(0, 1));
  j["version"] = "0.0.7";
  try {
    static_cast<void>(read_report(j));
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("0.0.7"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace triecheck::checks
