// Every shipped scenario under every variant: complete, or all within the bound that the scenario sets, and with the number
// of executions that is stored here. A number that changes says that the cache, the scenario or the reduction did.
#include "checks/explore/explore.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "checks/policies.h"
#include "checks/variants.h"

namespace triecheck::explore {
namespace {

using counts = std::map<std::string, std::uint64_t>;  // by variant

const std::map<std::string, counts>& known_counts() {
  static const std::map<std::string, counts> all = {
      {"allocate_evicts_what_another_request_just_matched", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 53}, {"lockfree", 1022}}},
      {"beams_of_one_sequence_diverge", {{"coarse", 120}, {"rwlock", 120}, {"nodelock", 74}, {"lockfree", 1623}}},
      {"cancelled_request_beside_one_that_publishes", {{"coarse", 269}, {"rwlock", 269}, {"nodelock", 31}, {"lockfree", 28568}}},
      {"cascade_of_evictions_stops_below_a_pin", {{"coarse", 126}, {"rwlock", 126}, {"nodelock", 150}, {"lockfree", 2797}}},
      {"chain_is_told_from_its_end", {{"coarse", 49}, {"rwlock", 49}, {"nodelock", 57}, {"lockfree", 888}}},
      {"child_is_published_as_its_parent_becomes_a_leaf", {{"coarse", 105}, {"rwlock", 145}, {"nodelock", 521}, {"lockfree", 55648}}},
      {"clear_against_lookup", {{"coarse", 116}, {"rwlock", 116}, {"nodelock", 106}, {"lockfree", 21189}}},
      {"decoding_publishes_its_next_page", {{"coarse", 210}, {"rwlock", 210}, {"nodelock", 17}, {"lockfree", 275052}}},
      {"duplicate_page_is_reused_while_its_publisher_continues", {{"coarse", 1512}, {"rwlock", 1512}, {"nodelock", 85}, {"lockfree", 3304}}},
      {"equal_tokens_in_two_namespaces", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 40}, {"lockfree", 2378}}},
      {"eviction_for_one_request_is_not_spent_on_another", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 48}, {"lockfree", 260}}},
      {"evictions_from_two_threads", {{"coarse", 252}, {"rwlock", 252}, {"nodelock", 28}, {"lockfree", 2528}}},
      {"follower_falls_and_its_block_comes_back", {{"coarse", 220}, {"rwlock", 320}, {"nodelock", 159}, {"lockfree", 33600}}},
      {"followers_prefix_is_published_by_another_request", {{"coarse", 2872}, {"rwlock", 2872}, {"nodelock", 248}, {"lockfree", 12752}}},
      {"followers_share_a_deep_prefix", {{"coarse", 1260}, {"rwlock", 11464}, {"nodelock", 804}, {"lockfree", 13488}}},
      {"fork_against_eviction", {{"coarse", 126}, {"rwlock", 126}, {"nodelock", 76}, {"lockfree", 5387}}},
      {"fork_on_a_full_pool", {{"coarse", 74}, {"rwlock", 74}, {"nodelock", 72}, {"lockfree", 11031}}},
      {"fork_stays_in_its_namespace", {{"coarse", 210}, {"rwlock", 210}, {"nodelock", 48}, {"lockfree", 12441}}},
      {"four_requests_on_a_three_page_pool", {{"coarse", 25200}, {"rwlock", 114384}, {"nodelock", 12120}, {"lockfree", 18528}}},
      {"lane_is_emptied_as_its_thread_posts", {{"coarse", 9}, {"rwlock", 9}, {"nodelock", 5}, {"lockfree", 2430}}},
      {"large_request_is_refused_beside_one_that_grows", {{"coarse", 32}, {"rwlock", 32}, {"nodelock", 26}, {"lockfree", 2914}}},
      {"lookup_against_eviction_of_the_same_leaf", {{"coarse", 76}, {"rwlock", 76}, {"nodelock", 17}, {"lockfree", 4501}}},
      {"page_comes_back_to_the_top_of_the_pool", {{"coarse", 636}, {"rwlock", 1434}, {"nodelock", 1040}, {"lockfree", 69280}}},
      {"page_could_fall_or_was_free_at_every_moment", {{"coarse", 165}, {"rwlock", 165}, {"nodelock", 92}, {"lockfree", 15818}}},
      {"page_falls_by_hand_while_it_is_listed", {{"coarse", 8}, {"rwlock", 8}, {"nodelock", 9}, {"lockfree", 25499}}},
      {"page_is_evicted_into_other_hands_while_it_is_posted", {{"coarse", 13}, {"rwlock", 13}, {"nodelock", 9}, {"lockfree", 1560}}},
      {"page_is_found_before_it_is_linked_again", {{"coarse", 3057}, {"rwlock", 3161}, {"nodelock", 566}, {"lockfree", 45524}}},
      {"page_is_recycled_for_another_prompt", {{"coarse", 120}, {"rwlock", 120}, {"nodelock", 28}, {"lockfree", 11517}}},
      {"page_is_told_before_it_is_found", {{"coarse", 176}, {"rwlock", 176}, {"nodelock", 72}, {"lockfree", 1268}}},
      {"page_that_another_thread_gave_back", {{"coarse", 20}, {"rwlock", 20}, {"nodelock", 16}, {"lockfree", 2472}}},
      {"parent_of_the_last_child_is_at_home_elsewhere", {{"coarse", 208}, {"rwlock", 216}, {"nodelock", 42}, {"lockfree", 1856}}},
      {"partial_page_is_never_published", {{"coarse", 69}, {"rwlock", 69}, {"nodelock", 34}, {"lockfree", 15279}}},
      {"private_tail_is_returned_at_release", {{"coarse", 35}, {"rwlock", 35}, {"nodelock", 12}, {"lockfree", 985}}},
      {"prompts_that_share_their_first_token", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 8}, {"lockfree", 1032}}},
      {"refused_allocation_beside_a_release", {{"coarse", 20}, {"rwlock", 20}, {"nodelock", 22}, {"lockfree", 98187}}},
      {"release_leaves_the_pages_of_other_requests_alone", {{"coarse", 35}, {"rwlock", 35}, {"nodelock", 6}, {"lockfree", 288}}},
      {"release_while_another_request_pins", {{"coarse", 756}, {"rwlock", 840}, {"nodelock", 242}, {"lockfree", 7092}}},
      {"request_that_needs_no_page_pins_what_it_reads", {{"coarse", 44}, {"rwlock", 56}, {"nodelock", 158}, {"lockfree", 8516}}},
      {"request_too_large_beside_a_running_one", {{"coarse", 35}, {"rwlock", 55}, {"nodelock", 6}, {"lockfree", 1082}}},
      {"same_block_below_two_parents", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 18}, {"lockfree", 1672}}},
      {"shorter_and_longer_prompt_publish_together", {{"coarse", 68}, {"rwlock", 68}, {"nodelock", 20}, {"lockfree", 187300}}},
      {"statistics_beside_a_publication", {{"coarse", 5}, {"rwlock", 58}, {"nodelock", 1558}, {"lockfree", 672}}},
      {"statistics_beside_an_eviction", {{"coarse", 6}, {"rwlock", 6}, {"nodelock", 6}, {"lockfree", 8018}}},
      {"statistics_of_a_page_that_changes_hands", {{"coarse", 32}, {"rwlock", 191}, {"nodelock", 399}, {"lockfree", 21915}}},
      {"tails_of_two_requests_of_one_prompt", {{"coarse", 68}, {"rwlock", 68}, {"nodelock", 68}, {"lockfree", 27604}}},
      {"three_releases_of_one_prefix", {{"coarse", 90}, {"rwlock", 1494}, {"nodelock", 36}, {"lockfree", 2560}}},
      {"three_requests_on_a_one_page_pool", {{"coarse", 6834}, {"rwlock", 6834}, {"nodelock", 688}, {"lockfree", 10461}}},
      {"three_requests_publish_one_prefix", {{"coarse", 26190}, {"rwlock", 26238}, {"nodelock", 2088}, {"lockfree", 78336}}},
      {"two_publishers_are_told", {{"coarse", 8058}, {"rwlock", 8058}, {"nodelock", 6912}, {"lockfree", 45055}}},
      {"two_requests_branch_off_one_prefix", {{"coarse", 70}, {"rwlock", 110}, {"nodelock", 20}, {"lockfree", 34350}}},
      {"two_requests_of_half_the_pool_each", {{"coarse", 62}, {"rwlock", 62}, {"nodelock", 152}, {"lockfree", 4747}}},
      {"two_requests_publish_below_a_cached_prefix", {{"coarse", 66}, {"rwlock", 106}, {"nodelock", 20}, {"lockfree", 74956}}},
      {"two_requests_publish_one_prefix", {{"coarse", 66}, {"rwlock", 66}, {"nodelock", 20}, {"lockfree", 15420}}},
  };
  return all;
}

std::vector<std::string> variant_names(bool only_nonblocking) {
  std::vector<std::string> names;
  for (const auto& v : checks::variants()) {
    if (v.nonblocking || !only_nonblocking) names.push_back(v.name);
  }
  return names;
}

class shipped_scenario : public testing::TestWithParam<std::tuple<std::string, std::filesystem::path>> {};

TEST_P(shipped_scenario, completes_with_its_number_of_executions) {
  const auto& [variant, file] = GetParam();
  const checks::scenario s = checks::load_scenario(file);
  explore_options o;
  o.cache = variant;
  o.heed_bounds = true;
  const checks::result r = explore_scenario(s, s.name, o).outcome;
  EXPECT_EQ(r.outcome, checks::verdict::pass) << "again: triecheck explore " << s.name << " --cache " << variant;
  EXPECT_EQ(r.complete, !s.bounds.contains(variant));
  const auto known = known_counts().find(s.name);
  ASSERT_TRUE(known != known_counts().end() && known->second.contains(variant))
      << s.name << " has " << r.executions << " executions under " << variant << ": note it here";
  EXPECT_EQ(r.executions, known->second.at(variant));
}

// Of the variants that nobody can block.
class nonblocking_scenario : public shipped_scenario {};

TEST_P(nonblocking_scenario, a_stopped_thread_is_in_nobodys_way) {
  const auto& [variant, file] = GetParam();
  const checks::scenario s = checks::load_scenario(file);
  explore_options o;
  o.cache = variant;
  o.strategy = "obstruction";
  o.stops_within = 0;  // one thread stops anywhere, and each of the others goes on alone
  const checks::result r = explore_scenario(s, s.name, o).outcome;
  EXPECT_EQ(r.outcome, checks::verdict::pass)
      << "again: triecheck explore " << s.name << " --obstruction --preemptions 0 --cache " << variant;
}

// Of the others, every one can be blocked in every scenario: so whoever passes above does not pass because nothing is asked.
TEST(blocking_variants, a_stopped_thread_is_in_the_way_of_another_in_every_scenario) {
  for (const checks::variant& v : checks::variants()) {
    if (v.nonblocking) continue;
    for (const std::filesystem::path& file : checks::find_scenarios(TRIECHECK_SCENARIOS_DIR)) {
      const checks::scenario s = checks::load_scenario(file);
      if (s.expect_failure) continue;
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
                         testing::Combine(testing::ValuesIn(variant_names(false)), testing::ValuesIn(checks::find_scenarios(TRIECHECK_SCENARIOS_DIR))), test_name);
INSTANTIATE_TEST_SUITE_P(all, nonblocking_scenario,
                         testing::Combine(testing::ValuesIn(variant_names(true)), testing::ValuesIn(checks::find_scenarios(TRIECHECK_SCENARIOS_DIR))), test_name);

// Which page falls is not judged under concurrency, everything else is: that a policy tells only leaves, forgets none, and
// is touched by nobody who does not hold the lock alone.
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
