// The part of a run, from the flag and from the environments of test runners.
#include "checks/report/shard.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace triecheck::checks {
namespace {

using variables = std::map<std::string, std::string>;

std::string chosen(const std::string& flag, const variables& set = {}) {
  try {
    const auto shard = choose_shard(flag, [&](const char* name) -> const char* {
      const auto found = set.find(name);
      return found == set.end() ? nullptr : found->second.c_str();
    });
    return shard ? std::to_string(shard->part.index) + "/" + std::to_string(shard->part.count) : "all";
  } catch (const shard_error& e) {
    return e.what();
  }
}

TEST(shard, may_be_numbered_from_zero_or_from_one) {
  EXPECT_EQ(chosen("0/4"), "0/4");
  EXPECT_EQ(chosen("3/4"), "3/4");
  EXPECT_EQ(chosen("4/4"), "0/4");
  EXPECT_EQ(chosen("1/1"), "0/1");
}

TEST(shard, that_is_misspelt_is_one_clear_line) {
  for (const char* wrong :
       {"5/4", "0/0", "4", "/4", "1/", "a/4", "1/b", "-1/4", "1/2/3", " 1/2", "auto", "1/9999999"}) {
    EXPECT_NE(chosen(wrong).find("--shard"), std::string::npos) << wrong << ": " << chosen(wrong);
  }
}

TEST(shard, comes_from_the_environment_of_a_test_runner) {
  EXPECT_EQ(chosen(""), "all");
  EXPECT_EQ(chosen("", {{"GTEST_TOTAL_SHARDS", "8"}, {"GTEST_SHARD_INDEX", "7"}}), "7/8");
  EXPECT_EQ(chosen("", {{"TEST_TOTAL_SHARDS", "3"}, {"TEST_SHARD_INDEX", "0"}}), "0/3");
  EXPECT_EQ(chosen("", {{"SLURM_ARRAY_TASK_COUNT", "4"}, {"SLURM_ARRAY_TASK_ID", "2"}}), "2/4");
  const variables from_ten_in_fives = {{"SLURM_ARRAY_TASK_COUNT", "4"},
                                       {"SLURM_ARRAY_TASK_ID", "20"},
                                       {"SLURM_ARRAY_TASK_MIN", "10"},
                                       {"SLURM_ARRAY_TASK_STEP", "5"}};
  EXPECT_EQ(chosen("", from_ten_in_fives), "2/4");
  EXPECT_EQ(chosen("auto/6", {{"JOB_COMPLETION_INDEX", "5"}}), "5/6");
  EXPECT_EQ(chosen("", {{"JOB_COMPLETION_INDEX", "5"}}), "all") << "no count is given";
}

TEST(shard, on_the_command_line_comes_before_the_environment) {
  const variables runner = {{"GTEST_TOTAL_SHARDS", "8"}, {"GTEST_SHARD_INDEX", "7"}, {"TEST_TOTAL_SHARDS", "3"}};
  EXPECT_EQ(chosen("1/2", runner), "1/2");
  EXPECT_EQ(chosen("none", runner), "all");
  EXPECT_EQ(chosen("", runner), "7/8");
}

TEST(shard, that_does_not_exist_is_refused_and_not_another_one_run_twice) {
  EXPECT_NE(chosen("", {{"GTEST_TOTAL_SHARDS", "4"}, {"GTEST_SHARD_INDEX", "4"}}).find("there is no shard 4 of 4"),
            std::string::npos);
  EXPECT_NE(chosen("auto/3", {{"JOB_COMPLETION_INDEX", "7"}}).find("there is no shard 7 of 3"), std::string::npos);
  const variables a_list = {
      {"SLURM_ARRAY_TASK_COUNT", "3"}, {"SLURM_ARRAY_TASK_ID", "4"}, {"SLURM_ARRAY_TASK_MIN", "1"}};
  EXPECT_NE(chosen("", a_list).find("there is no shard 3 of 3"), std::string::npos);
}

TEST(shard, with_half_of_its_variables_is_refused) {
  EXPECT_NE(chosen("", {{"GTEST_TOTAL_SHARDS", "8"}}).find("GTEST_SHARD_INDEX is not set"), std::string::npos);
  EXPECT_NE(chosen("", {{"TEST_TOTAL_SHARDS", "x"}, {"TEST_SHARD_INDEX", "0"}}).find("TEST_TOTAL_SHARDS must be"),
            std::string::npos);
  EXPECT_NE(chosen("auto/6").find("JOB_COMPLETION_INDEX is not set"), std::string::npos);
}

}  // namespace
}  // namespace triecheck::checks
