// How many executions every shipped scenario has under every variant: complete, or within the bound that the scenario sets. A
// number that changes says that the cache, the scenario or the reduction did.
//
// Threads: constant.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace triecheck::explore {

using counts = std::map<std::string, std::uint64_t>;  ///< by variant

/// Spaces of more executions take seconds to minutes each: the campaign explores them.
inline constexpr std::uint64_t most_at_once = 150'000;

inline const std::map<std::string, counts>& known_counts() {
  static const std::map<std::string, counts> all = {
      {"allocate_evicts_what_another_request_just_matched", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 54}, {"lockfree", 15270}}},
      {"allocation_has_room_for_decoding", {{"coarse", 50}, {"rwlock", 50}, {"nodelock", 14}, {"lockfree", 446}}},
      {"beams_of_one_sequence_diverge", {{"coarse", 120}, {"rwlock", 120}, {"nodelock", 85}, {"lockfree", 75234}}},
      {"branches_fall_for_one_request", {{"coarse", 10}, {"rwlock", 10}, {"nodelock", 21}, {"lockfree", 3087}}},
      {"bucket_is_walked_as_a_child_falls", {{"coarse", 3}, {"rwlock", 3}, {"nodelock", 4}, {"lockfree", 30}}},
      {"cancelled_request_beside_one_that_publishes", {{"coarse", 269}, {"rwlock", 269}, {"nodelock", 31}, {"lockfree", 19632}}},
      {"cascade_of_evictions_stops_below_a_pin", {{"coarse", 126}, {"rwlock", 126}, {"nodelock", 218}, {"lockfree", 100995}}},
      {"chain_is_told_from_its_end", {{"coarse", 49}, {"rwlock", 49}, {"nodelock", 57}, {"lockfree", 16930}}},
      {"child_is_published_as_its_parent_becomes_a_leaf", {{"coarse", 105}, {"rwlock", 145}, {"nodelock", 521}, {"lockfree", 6773}}},
      {"clear_against_lookup", {{"coarse", 116}, {"rwlock", 116}, {"nodelock", 98}, {"lockfree", 96705}}},
      {"computed_part_of_a_prompt_is_published", {{"coarse", 21}, {"rwlock", 21}, {"nodelock", 6}, {"lockfree", 421}}},
      {"decode_loop_publishes_before_it_computes", {{"coarse", 15}, {"rwlock", 15}, {"nodelock", 4}, {"lockfree", 37}}},
      {"decoding_publishes_its_next_page", {{"coarse", 210}, {"rwlock", 210}, {"nodelock", 17}, {"lockfree", 2547}}},
      {"duplicate_page_is_reused_while_its_publisher_continues", {{"coarse", 1512}, {"rwlock", 1512}, {"nodelock", 97}, {"lockfree", 15685}}},
      {"duplicate_page_wakes_a_waiting_request", {{"coarse", 528}, {"rwlock", 620}, {"nodelock", 411}, {"lockfree", 1101}}},
      {"equal_tokens_in_two_namespaces", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 64}, {"lockfree", 200}}},
      {"eviction_for_one_request_is_not_spent_on_another", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 48}, {"lockfree", 4062}}},
      {"eviction_passes_a_page_that_is_pinned", {{"coarse", 3}, {"rwlock", 3}, {"nodelock", 6}, {"lockfree", 57}}},
      {"evictions_from_two_threads", {{"coarse", 252}, {"rwlock", 252}, {"nodelock", 28}, {"lockfree", 50716}}},
      {"follower_falls_and_its_block_comes_back", {{"coarse", 220}, {"rwlock", 320}, {"nodelock", 159}, {"lockfree", 10404}}},
      {"followers_prefix_is_published_by_another_request", {{"coarse", 2872}, {"rwlock", 2872}, {"nodelock", 248}, {"lockfree", 15136}}},
      {"followers_share_a_deep_prefix", {{"coarse", 1260}, {"rwlock", 11464}, {"nodelock", 848}, {"lockfree", 1160}}},
      {"fork_against_eviction", {{"coarse", 126}, {"rwlock", 126}, {"nodelock", 60}, {"lockfree", 15000}}},
      {"fork_on_a_full_pool", {{"coarse", 74}, {"rwlock", 74}, {"nodelock", 72}, {"lockfree", 3252}}},
      {"fork_stays_in_its_namespace", {{"coarse", 210}, {"rwlock", 210}, {"nodelock", 22}, {"lockfree", 88}}},
      {"four_requests_on_a_three_page_pool", {{"coarse", 25200}, {"rwlock", 114384}, {"nodelock", 12120}, {"lockfree", 4726}}},
      {"lane_is_emptied_as_its_thread_posts", {{"coarse", 9}, {"rwlock", 9}, {"nodelock", 5}, {"lockfree", 76}}},
      {"large_request_is_refused_beside_one_that_grows", {{"coarse", 32}, {"rwlock", 32}, {"nodelock", 26}, {"lockfree", 48}}},
      {"lease_comes_back_by_another_lease", {{"coarse", 60}, {"rwlock", 60}, {"nodelock", 12}, {"lockfree", 18}}},
      {"lease_comes_to_a_cancelled_request", {{"coarse", 30}, {"rwlock", 30}, {"nodelock", 50}, {"lockfree", 1240}}},
      {"lease_goes_out_of_scope", {{"coarse", 35}, {"rwlock", 35}, {"nodelock", 6}, {"lockfree", 8}}},
      {"lease_is_handed_to_another_thread", {{"coarse", 12}, {"rwlock", 12}, {"nodelock", 6}, {"lockfree", 130}}},
      {"lease_of_another_cache_is_refused", {{"coarse", 5}, {"rwlock", 5}, {"nodelock", 2}, {"lockfree", 10}}},
      {"long_prompt_beside_statistics", {{"coarse", 5}, {"rwlock", 19}, {"nodelock", 296}, {"lockfree", 15}}},
      {"lookup_against_eviction_of_the_same_leaf", {{"coarse", 76}, {"rwlock", 76}, {"nodelock", 17}, {"lockfree", 563}}},
      {"many_pages_are_cleared_beside_a_lookup", {{"coarse", 3}, {"rwlock", 3}, {"nodelock", 43}, {"lockfree", 11}}},
      {"memory_fails_inside_operations", {{"coarse", 50}, {"rwlock", 50}, {"nodelock", 57}, {"lockfree", 154}}},
      {"page_comes_back_to_the_top_of_the_pool", {{"coarse", 362007}, {"rwlock", 362007}, {"nodelock", 228969}, {"lockfree", 18647}}},
      {"page_could_fall_or_was_free_at_every_moment", {{"coarse", 165}, {"rwlock", 165}, {"nodelock", 92}, {"lockfree", 28137}}},
      {"page_falls_by_hand_while_it_is_listed", {{"coarse", 8}, {"rwlock", 8}, {"nodelock", 9}, {"lockfree", 11097}}},
      {"page_is_evicted_into_other_hands_while_it_is_posted", {{"coarse", 13}, {"rwlock", 13}, {"nodelock", 9}, {"lockfree", 241}}},
      {"page_is_found_before_it_is_linked_again", {{"coarse", 3057}, {"rwlock", 3161}, {"nodelock", 566}, {"lockfree", 12726}}},
      {"page_is_left_behind_long_after", {{"coarse", 15}, {"rwlock", 23}, {"nodelock", 6}, {"lockfree", 26}}},
      {"page_is_recycled_for_another_prompt", {{"coarse", 120}, {"rwlock", 120}, {"nodelock", 28}, {"lockfree", 8581}}},
      {"page_is_told_before_it_is_found", {{"coarse", 176}, {"rwlock", 176}, {"nodelock", 72}, {"lockfree", 292}}},
      {"page_of_a_bucket_comes_back_in_another", {{"coarse", 21}, {"rwlock", 21}, {"nodelock", 10}, {"lockfree", 204}}},
      {"page_that_another_thread_gave_back", {{"coarse", 20}, {"rwlock", 20}, {"nodelock", 16}, {"lockfree", 20}}},
      {"page_that_another_thread_used", {{"coarse", 32}, {"rwlock", 32}, {"nodelock", 12}, {"lockfree", 50}}},
      {"parent_is_left_by_a_third_thread", {{"coarse", 3228}, {"rwlock", 3228}, {"nodelock", 876}, {"lockfree", 4958}}},
      {"parent_of_the_last_child_is_at_home_elsewhere", {{"coarse", 208}, {"rwlock", 216}, {"nodelock", 42}, {"lockfree", 3262}}},
      {"partial_page_is_never_published", {{"coarse", 69}, {"rwlock", 69}, {"nodelock", 34}, {"lockfree", 2592}}},
      {"priority_is_asked_for_beside_a_release", {{"coarse", 35}, {"rwlock", 35}}},
      {"private_tail_is_returned_at_release", {{"coarse", 35}, {"rwlock", 35}, {"nodelock", 12}, {"lockfree", 25}}},
      {"prompts_that_share_their_first_token", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 8}, {"lockfree", 32}}},
      {"refusal_beside_a_page_that_could_fall", {{"coarse", 20}, {"rwlock", 20}, {"nodelock", 22}, {"lockfree", 42}}},
      {"refused_allocation_beside_a_release", {{"coarse", 20}, {"rwlock", 20}, {"nodelock", 22}, {"lockfree", 250}}},
      {"refused_request_waits_for_a_release", {{"coarse", 233}, {"rwlock", 233}, {"nodelock", 220}, {"lockfree", 224}}},
      {"release_leaves_the_pages_of_other_requests_alone", {{"coarse", 35}, {"rwlock", 35}, {"nodelock", 6}, {"lockfree", 8}}},
      {"release_while_another_request_pins", {{"coarse", 756}, {"rwlock", 840}, {"nodelock", 242}, {"lockfree", 2110}}},
      {"request_is_cancelled_between_any_two_steps", {{"coarse", 28}, {"rwlock", 28}, {"nodelock", 12}, {"lockfree", 197}}},
      {"request_is_cancelled_while_it_waits_for_a_lease", {{"coarse", 52}, {"rwlock", 100}, {"nodelock", 52}, {"lockfree", 196}}},
      {"request_is_cancelled_while_it_waits_for_pages", {{"coarse", 157}, {"rwlock", 157}, {"nodelock", 209}, {"lockfree", 201}}},
      {"request_that_needs_no_page_pins_what_it_reads", {{"coarse", 44}, {"rwlock", 56}, {"nodelock", 158}, {"lockfree", 420900}}},
      {"request_too_large_beside_a_running_one", {{"coarse", 35}, {"rwlock", 55}, {"nodelock", 6}, {"lockfree", 22}}},
      {"roomy_pool_refuses_nobody", {{"coarse", 56}, {"rwlock", 56}, {"nodelock", 30}, {"lockfree", 116}}},
      {"same_block_below_two_parents", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 8}, {"lockfree", 40}}},
      {"shorter_and_longer_prompt_publish_together", {{"coarse", 68}, {"rwlock", 68}, {"nodelock", 30}, {"lockfree", 1820}}},
      {"shutdown_and_snapshot_beside_a_request", {{"coarse", 35}, {"rwlock", 35}, {"nodelock", 2}, {"lockfree", 10}}},
      {"statistics_beside_a_publication", {{"coarse", 5}, {"rwlock", 19}, {"nodelock", 296}, {"lockfree", 15}}},
      {"statistics_beside_an_eviction", {{"coarse", 6}, {"rwlock", 6}, {"nodelock", 5}, {"lockfree", 1113}}},
      {"statistics_of_a_page_that_changes_hands", {{"coarse", 32}, {"rwlock", 74}, {"nodelock", 172}, {"lockfree", 120}}},
      {"tails_of_two_requests_of_one_prompt", {{"coarse", 68}, {"rwlock", 68}, {"nodelock", 68}, {"lockfree", 5174}}},
      {"thread_without_an_index_shares_a_lane", {{"coarse", 252}, {"rwlock", 252}, {"nodelock", 72}, {"lockfree", 6669}}},
      {"threads_without_an_index_count_together", {{"coarse", 6}, {"rwlock", 10}, {"nodelock", 4}, {"lockfree", 8200}}},
      {"three_releases_of_one_prefix", {{"coarse", 90}, {"rwlock", 1494}, {"nodelock", 36}, {"lockfree", 4512}}},
      {"three_requests_on_a_one_page_pool", {{"coarse", 6834}, {"rwlock", 6834}, {"nodelock", 688}, {"lockfree", 35424}}},
      {"three_requests_publish_one_prefix", {{"coarse", 26190}, {"rwlock", 26238}, {"nodelock", 2088}, {"lockfree", 16974}}},
      {"told_below_an_adopted_page", {{"coarse", 2576}, {"rwlock", 4448}, {"nodelock", 1448}, {"lockfree", 4340}}},
      {"turn_passes_on_when_the_first_leaves", {{"coarse", 1943}, {"rwlock", 2679}, {"nodelock", 1967}, {"lockfree", 5535}}},
      {"two_leases_are_forked_at_once", {{"coarse", 252}, {"rwlock", 392}, {"nodelock", 1206}, {"lockfree", 54372}}},
      {"two_pages_of_one_bucket_fall", {{"coarse", 6}, {"rwlock", 6}, {"nodelock", 8}, {"lockfree", 16869}}},
      {"two_publishers_are_told", {{"coarse", 8058}, {"rwlock", 8058}, {"nodelock", 6912}, {"lockfree", 3650}}},
      {"two_requests_are_too_large", {{"coarse", 70}, {"rwlock", 70}, {"nodelock", 4}, {"lockfree", 1}}},
      {"two_requests_branch_off_one_prefix", {{"coarse", 70}, {"rwlock", 110}, {"nodelock", 20}, {"lockfree", 2912}}},
      {"two_requests_of_half_the_pool_each", {{"coarse", 62}, {"rwlock", 62}, {"nodelock", 152}, {"lockfree", 128}}},
      {"two_requests_publish_below_a_cached_prefix", {{"coarse", 66}, {"rwlock", 106}, {"nodelock", 20}, {"lockfree", 12944}}},
      {"two_requests_publish_one_prefix", {{"coarse", 66}, {"rwlock", 66}, {"nodelock", 20}, {"lockfree", 1800}}},
  };
  return all;
}

}  // namespace triecheck::explore
