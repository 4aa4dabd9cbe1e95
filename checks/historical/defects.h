// The switches of the historical cache: each puts one mistake of its original back. What each does,
// when it shows and as what: README.md of this folder; the numbers are those of checks/defects.md.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace triecheck::historical {

/// A mistake of the original, by what the code does wrong. The value is its number.
enum class defect : std::uint8_t {
  publish_overwrites_a_child = 1,
  parent_stays_a_candidate = 2,
  refusal_keeps_its_pin = 3,
  publisher_keeps_its_tail = 4,
  shorter_publish_rewinds = 5,
  pages_are_freed_twice = 6,
  match_and_pin_are_apart = 7,
  eviction_and_taking_are_apart = 8,
  duplicates_are_dropped = 9,
  fork_pins_without_the_lock = 10,
  release_unpins_without_the_lock = 11,
  releases_unpin_without_the_lock = 12,
  release_frees_every_allocated_page = 13,
  match_goes_on_below = 14,
  pages_are_taken_before_all_else = 15,
  fork_goes_without_a_page = 16,
  partial_page_changes_its_key = 17,
  lookup_does_not_pin = 18,
  publish_starts_where_the_lookup_ended = 19,
  pin_comes_with_pages = 20,
  follower_stays_pinned_above = 21,
  duplicates_stay_allocated = 22,
  duplicates_are_reset_without_the_lock = 23,
  any_releaser_frees_duplicates = 24,
  publish_frees_duplicates_again = 25,
  second_release_unpins = 26,
  partial_page_is_kept = 27,
  partial_page_is_published = 28,
  refusal_has_flushed_the_cache = 29,
  second_node_of_a_page_is_skipped = 30,
  evict_takes_no_lock = 31,
  shortfall_is_counted_without_the_lock = 32,
  beams_share_one_lease = 33,
};

inline constexpr unsigned defect_count = 33;

/// Which switches are on. A plain value.
class defect_set {
 public:
  constexpr defect_set() noexcept = default;
  constexpr defect_set(std::initializer_list<defect> all) noexcept {
    for (const defect d : all) bits_ |= bit(d);
  }

  constexpr defect_set with(defect d) const noexcept {
    defect_set more = *this;
    more.bits_ |= bit(d);
    return more;
  }
  constexpr bool has(defect d) const noexcept { return (bits_ & bit(d)) != 0; }

 private:
  static constexpr std::uint64_t bit(defect d) noexcept { return std::uint64_t{1} << static_cast<unsigned>(d); }

  std::uint64_t bits_ = 0;
};

/// What the last revision of the original had, as far as more than one of them can be on at once.
inline constexpr defect_set last_revision{
    defect::release_unpins_without_the_lock,       defect::lookup_does_not_pin,  defect::follower_stays_pinned_above,
    defect::duplicates_are_reset_without_the_lock, defect::partial_page_is_kept, defect::refusal_has_flushed_the_cache,
    defect::shortfall_is_counted_without_the_lock,
};

}  // namespace triecheck::historical
