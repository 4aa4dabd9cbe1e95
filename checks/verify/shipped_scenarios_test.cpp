// Every shipped scenario under every variant: complete, or all within the bound that the scenario sets, and with its
// known number of executions. Of those that have more than a default run has time for, what one preemption leads to;
// large_scenarios_test.cpp has the rest.
#include "checks/verify/explore.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "checks/subject/policies.h"
#include "checks/subject/variants.h"
#include "checks/verify/known_counts.h"

namespace triecheck::explore {
namespace {

std::vector<std::string> variant_names(bool only_nonblocking) {
  std::vector<std::string> names;
  for (const auto& v : checks::variants()) {
    if (v.nonblocking || !only_nonblocking) names.push_back(v.name);
  }
  return names;
}

const execution_counts& known_counts() {
  static const execution_counts all = read_counts(TRIECHECK_SCENARIOS_DIR "/executions.txt");
  return all;
}

bool takes_policy_of(const checks::scenario& s, const std::string& variant) {
  return s.policy == model::eviction_policy::recency || checks::find_variant(variant)->takes_policies;
}

class shipped_scenario : public testing::TestWithParam<std::tuple<std::string, std::filesystem::path>> {};

TEST_P(shipped_scenario, completes_with_its_number_of_executions) {
  const auto& [variant, file] = GetParam();
  const checks::scenario s = checks::load_scenario(file);
  if (!takes_policy_of(s, variant)) GTEST_SKIP() << "the variant knows recency alone";
  const auto known = known_counts().find(s.name);
  const bool is_known = known != known_counts().end() && known->second.contains(variant);
  const bool is_large = is_known && known->second.at(variant) > most_at_once;
  explore_options o;
  o.cache = variant;
  o.heed_bounds = !is_large;
  if (is_large) {
    o.strategy = "bounded";
    o.preemptions = 1;
  }
  const checks::result r = explore_scenario(s, s.name, o).outcome;
  EXPECT_EQ(r.outcome, checks::verdict::pass) << "again: triecheck explore " << s.name << " --cache " << variant
                                              << (is_large ? " --strategy bounded --preemptions 1" : "");
  if (s.expect_failure) return;  // the first failure ends it
  EXPECT_EQ(r.complete, !is_large && !s.bounds.contains(variant));
  if (is_large) return;
  ASSERT_TRUE(is_known) << s.name << " has " << r.executions << " executions under " << variant
                        << ": triecheck explore " << s.name << " --cache " << variant
                        << " --counts scenarios/executions.txt";
  EXPECT_EQ(r.executions, known->second.at(variant))
      << "scenarios/executions.txt has another number; `triecheck explore --cache all --counts` writes it";
}

// With the index that caches choose, hardly two nodes of a small pool are in one bucket. Here all are: every walk
// passes nodes that others put in and take out. Under one mutex that changes no schedule, so there a sample is enough.
TEST_P(shipped_scenario, passes_with_one_bucket) {
  const auto& [variant, file] = GetParam();
  checks::scenario s = checks::load_scenario(file);
  if (s.index_buckets == 1) GTEST_SKIP() << "explored above";
  if (!takes_policy_of(s, variant)) GTEST_SKIP() << "the variant knows recency alone";
  s.index_buckets = 1;
  explore_options o;
  o.cache = variant;
  if (variant == "nodelock" || variant == "lockfree") {
    const auto bound = s.bounds.find(variant);
    o.strategy = "bounded";
    o.preemptions = bound == s.bounds.end() ? 1 : std::min(1U, bound->second);
  } else {
    o.strategy = "random";
    o.executions = 100;
  }
  const checks::result r = explore_scenario(s, s.name, o).outcome;
  EXPECT_EQ(r.outcome, checks::verdict::pass)
      << s.name << " under " << variant << (r.found ? ": " + r.found->message : "");
}

// Of the variants that cannot be blocked.
class nonblocking_scenario : public shipped_scenario {};

TEST_P(nonblocking_scenario, a_stopped_thread_is_in_nobodys_way) {
  const auto& [variant, file] = GetParam();
  const checks::scenario s = checks::load_scenario(file);
  if (s.expect_failure) GTEST_SKIP() << "what it must show is another failure";
  if (!takes_policy_of(s, variant)) GTEST_SKIP() << "the variant knows recency alone";
  explore_options o;
  o.cache = variant;
  o.strategy = "obstruction";
  o.stops_within = 0;  // one thread stops anywhere, and each of the others goes on alone
  const checks::result r = explore_scenario(s, s.name, o).outcome;
  EXPECT_EQ(r.outcome, checks::verdict::pass)
      << "again: triecheck explore " << s.name << " --obstruction --preemptions 0 --cache " << variant;
  // A thread that waits for pages or joins a hub asks to be blocked: then one must be, and the verdict says by what.
  EXPECT_EQ(r.expects_failure, checks::waits_for_pages(s) || checks::has_subscribers(s));
}

// Of the others, every one can be blocked in every scenario: so a variant that passes above does not pass because
// nothing is asked.
TEST(blocking_variants, a_stopped_thread_is_in_the_way_of_another_in_every_scenario) {
  for (const checks::variant& v : checks::variants()) {
    if (v.nonblocking) continue;
    for (const std::filesystem::path& file : checks::find_scenarios(TRIECHECK_SCENARIOS_DIR)) {
      const checks::scenario s = checks::load_scenario(file);
      if (s.expect_failure || !takes_policy_of(s, v.name)) continue;
      explore_options o;
      o.cache = v.name;
      o.strategy = "obstruction";
      o.stops_within = 0;  // holds for those who must not block
      const checks::result r = explore_scenario(s, s.name, o).outcome;
      const std::string again = "again: triecheck explore " + s.name + " --obstruction --cache " + v.name;
      EXPECT_EQ(r.outcome, checks::verdict::pass) << again;
      ASSERT_TRUE(r.expected_failure.has_value()) << again;
      EXPECT_EQ(r.expected_failure->kind, "obstruction") << again;
    }
  }
}

std::string test_name(const testing::TestParamInfo<shipped_scenario::ParamType>& p) {
  return std::get<0>(p.param) + "_" + std::get<1>(p.param).stem().string();
}

INSTANTIATE_TEST_SUITE_P(all, shipped_scenario,
                         testing::Combine(testing::ValuesIn(variant_names(false)),
                                          testing::ValuesIn(checks::find_scenarios(TRIECHECK_SCENARIOS_DIR))),
                         test_name);
INSTANTIATE_TEST_SUITE_P(all, nonblocking_scenario,
                         testing::Combine(testing::ValuesIn(variant_names(true)),
                                          testing::ValuesIn(checks::find_scenarios(TRIECHECK_SCENARIOS_DIR))),
                         test_name);

// Which page is evicted is not judged under concurrency, everything else is: that a policy names only leaves, forgets
// none, and is touched only by a thread that holds the lock exclusively.
class policy_of_small_scenarios : public testing::TestWithParam<std::string> {};

TEST_P(policy_of_small_scenarios, passes_them_all_completely) {
  for (const auto& [name, by_variant] : known_counts()) {
    for (const checks::variant& v : checks::variants()) {
      constexpr std::uint64_t small = 300;
      const auto known = by_variant.find(v.name);
      if (!v.takes_policies || known == by_variant.end() || known->second > small) continue;
      checks::scenario s = checks::load_scenario(std::filesystem::path(TRIECHECK_SCENARIOS_DIR) / (name + ".toml"));
      s.policy = checks::find_policy(GetParam())->value;
      explore_options o;
      o.cache = v.name;
      const checks::result r = explore_scenario(s, s.name, o).outcome;
      EXPECT_EQ(r.outcome, checks::verdict::pass)
          << name << " under " << v.name << (r.found ? ": " + r.found->message : "");
      EXPECT_TRUE(r.complete) << name;
    }
  }
}

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const checks::policy& p : checks::policies()) names.push_back(p.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(all, policy_of_small_scenarios, testing::ValuesIn(policy_names()), [](const auto& p) {
  std::string name = p.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace triecheck::explore
