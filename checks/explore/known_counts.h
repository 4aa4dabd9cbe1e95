// How many executions every shipped scenario has under every variant: complete, or within the bound that the scenario sets. A
// number that changes says that the cache, the scenario or the reduction did.
//
// Threads: constant.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace triecheck::explore {

using counts = std::map<std::string, std::uint64_t>;  ///< by variant

inline const std::map<std::string, counts>& known_counts() {
  static const std::map<std::string, counts> all = {
      {"allocate_evicts_what_another_request_just_matched", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 53}, {"lockfree", 363089}}},
      {"beams_of_one_sequence_diverge", {{"coarse", 120}, {"rwlock", 120}, {"nodelock", 74}, {"lockfree", 1623}}},
      {"cancelled_request_beside_one_that_publishes", {{"coarse", 269}, {"rwlock", 269}, {"nodelock", 31}, {"lockfree", 3395697}}},
      {"cascade_of_evictions_stops_below_a_pin", {{"coarse", 126}, {"rwlock", 126}, {"nodelock", 150}, {"lockfree", 2797}}},
      {"chain_is_told_from_its_end", {{"coarse", 49}, {"rwlock", 49}, {"nodelock", 57}, {"lockfree", 1348443}}},
      {"child_is_published_as_its_parent_becomes_a_leaf", {{"coarse", 105}, {"rwlock", 145}, {"nodelock", 521}, {"lockfree", 55648}}},
      {"clear_against_lookup", {{"coarse", 116}, {"rwlock", 116}, {"nodelock", 106}, {"lockfree", 21189}}},
      {"decoding_publishes_its_next_page", {{"coarse", 210}, {"rwlock", 210}, {"nodelock", 17}, {"lockfree", 275052}}},
      {"duplicate_page_is_reused_while_its_publisher_continues", {{"coarse", 1512}, {"rwlock", 1512}, {"nodelock", 85}, {"lockfree", 3304}}},
      {"equal_tokens_in_two_namespaces", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 40}, {"lockfree", 7224}}},
      {"eviction_for_one_request_is_not_spent_on_another", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 48}, {"lockfree", 20624}}},
      {"evictions_from_two_threads", {{"coarse", 252}, {"rwlock", 252}, {"nodelock", 28}, {"lockfree", 2528}}},
      {"follower_falls_and_its_block_comes_back", {{"coarse", 220}, {"rwlock", 320}, {"nodelock", 159}, {"lockfree", 3319694}}},
      {"followers_prefix_is_published_by_another_request", {{"coarse", 2872}, {"rwlock", 2872}, {"nodelock", 248}, {"lockfree", 12752}}},
      {"followers_share_a_deep_prefix", {{"coarse", 1260}, {"rwlock", 11464}, {"nodelock", 804}, {"lockfree", 13488}}},
      {"fork_against_eviction", {{"coarse", 126}, {"rwlock", 126}, {"nodelock", 76}, {"lockfree", 1316966}}},
      {"fork_on_a_full_pool", {{"coarse", 74}, {"rwlock", 74}, {"nodelock", 72}, {"lockfree", 11031}}},
      {"fork_stays_in_its_namespace", {{"coarse", 210}, {"rwlock", 210}, {"nodelock", 48}, {"lockfree", 131376}}},
      {"four_requests_on_a_three_page_pool", {{"coarse", 25200}, {"rwlock", 114384}, {"nodelock", 12120}, {"lockfree", 18528}}},
      {"lane_is_emptied_as_its_thread_posts", {{"coarse", 9}, {"rwlock", 9}, {"nodelock", 5}, {"lockfree", 2430}}},
      {"large_request_is_refused_beside_one_that_grows", {{"coarse", 32}, {"rwlock", 32}, {"nodelock", 26}, {"lockfree", 11677}}},
      {"lookup_against_eviction_of_the_same_leaf", {{"coarse", 76}, {"rwlock", 76}, {"nodelock", 17}, {"lockfree", 19555}}},
      {"page_comes_back_to_the_top_of_the_pool", {{"coarse", 362007}, {"rwlock", 362007}, {"nodelock", 228969}, {"lockfree", 69280}}},
      {"page_could_fall_or_was_free_at_every_moment", {{"coarse", 165}, {"rwlock", 165}, {"nodelock", 92}, {"lockfree", 15818}}},
      {"page_falls_by_hand_while_it_is_listed", {{"coarse", 8}, {"rwlock", 8}, {"nodelock", 9}, {"lockfree", 25499}}},
      {"page_is_evicted_into_other_hands_while_it_is_posted", {{"coarse", 13}, {"rwlock", 13}, {"nodelock", 9}, {"lockfree", 17341}}},
      {"page_is_found_before_it_is_linked_again", {{"coarse", 3057}, {"rwlock", 3161}, {"nodelock", 566}, {"lockfree", 45524}}},
      {"page_is_recycled_for_another_prompt", {{"coarse", 120}, {"rwlock", 120}, {"nodelock", 28}, {"lockfree", 2173138}}},
      {"page_is_told_before_it_is_found", {{"coarse", 176}, {"rwlock", 176}, {"nodelock", 72}, {"lockfree", 7452}}},
      {"page_that_another_thread_gave_back", {{"coarse", 20}, {"rwlock", 20}, {"nodelock", 16}, {"lockfree", 2472}}},
      {"parent_of_the_last_child_is_at_home_elsewhere", {{"coarse", 208}, {"rwlock", 216}, {"nodelock", 42}, {"lockfree", 1252903}}},
      {"partial_page_is_never_published", {{"coarse", 69}, {"rwlock", 69}, {"nodelock", 34}, {"lockfree", 333408}}},
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
      {"tails_of_two_requests_of_one_prompt", {{"coarse", 68}, {"rwlock", 68}, {"nodelock", 68}, {"lockfree", 355778}}},
      {"three_releases_of_one_prefix", {{"coarse", 90}, {"rwlock", 1494}, {"nodelock", 36}, {"lockfree", 998808}}},
      {"three_requests_on_a_one_page_pool", {{"coarse", 6834}, {"rwlock", 6834}, {"nodelock", 688}, {"lockfree", 10461}}},
      {"three_requests_publish_one_prefix", {{"coarse", 26190}, {"rwlock", 26238}, {"nodelock", 2088}, {"lockfree", 78336}}},
      {"two_publishers_are_told", {{"coarse", 8058}, {"rwlock", 8058}, {"nodelock", 6912}, {"lockfree", 45055}}},
      {"two_requests_branch_off_one_prefix", {{"coarse", 70}, {"rwlock", 110}, {"nodelock", 20}, {"lockfree", 454424}}},
      {"two_requests_of_half_the_pool_each", {{"coarse", 62}, {"rwlock", 62}, {"nodelock", 152}, {"lockfree", 55600}}},
      {"two_requests_publish_below_a_cached_prefix", {{"coarse", 66}, {"rwlock", 106}, {"nodelock", 20}, {"lockfree", 3163292}}},
      {"two_requests_publish_one_prefix", {{"coarse", 66}, {"rwlock", 66}, {"nodelock", 20}, {"lockfree", 145332}}},
  };
  return all;
}

/// Spaces of more executions take seconds to minutes each: the campaign explores them.
inline constexpr std::uint64_t most_at_once = 150'000;

}  // namespace triecheck::explore
