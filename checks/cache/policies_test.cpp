// The eviction policies, each by orders that were worked out by hand; then what they are made of.
#include "cache/policies/bit_sets.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "cache/coarse.h"
#include "cache/policies/first_in.h"
#include "cache/policies/frequency.h"
#include "cache/policies/priority.h"
#include "cache/policies/segmented.h"
#include "cache/rwlock.h"
#include "cache/sync/std.h"
#include "checks/subject/policies.h"
#include "model/state.h"

namespace triecheck::unit {
namespace {

// A cache of pages of one token, whose nodes are named by their tokens: no path of these tests has a token twice.
template <class Cache>
class named_pages {
 public:
  explicit named_pages(std::size_t pages) : cache({.pages = pages, .tokens_per_page = 1}) {}

  typename Cache::lease_type published(std::initializer_list<token> path) {
    const std::vector<token> tokens(path);
    auto l = cache.lookup(tokens);
    EXPECT_EQ(cache.allocate(l, std::span(tokens).subspan(l.token_count())), status::ok);
    EXPECT_EQ(cache.publish(l, l.token_count()), status::ok);
    return l;
  }

  void request(std::initializer_list<token> path, typename Cache::policy::terms wanted = {}) {
    auto l = published(path);
    EXPECT_EQ(cache.release(l, wanted), status::ok);
  }

  // What is asked for at the publication, not at the release.
  void publish(std::initializer_list<token> path, std::size_t computed, retention wanted) {
    const std::vector<token> tokens(path);
    auto l = cache.lookup(tokens);
    EXPECT_EQ(cache.allocate(l, std::span(tokens).subspan(l.token_count())), status::ok);
    EXPECT_EQ(cache.publish(l, computed, wanted), status::ok);
    EXPECT_EQ(cache.publish(l, l.token_count()), status::ok);
  }

  std::vector<token> order() const {
    const cache_snapshot s = cache.snapshot();
    std::vector<token> names;
    for (const page_id page : s.eviction_order) names.push_back(s.pages[index_of(page)].block.front());
    return names;
  }

  Cache cache;
};

using names = std::vector<token>;
template <class Policy>
using coarse_with = named_pages<coarse_cache<std_sync, Policy>>;

// ---- first-in

TEST(policies, first_in_takes_what_was_published_first_whatever_was_hit_since) {
  coarse_with<first_in<std_sync>> c(4);
  c.request({1});
  c.request({2});
  c.request({3});
  c.request({1});
  EXPECT_EQ(c.order(), (names{1, 2, 3}));
}

TEST(policies, first_in_takes_a_parent_behind_its_last_child_and_before_what_came_later) {
  coarse_with<first_in<std_sync>> c(6);
  c.request({1, 2});
  c.request({3});
  c.request({1, 4});
  EXPECT_EQ(c.order(), (names{2, 3, 4, 1}));
}

TEST(policies, first_in_forgets_no_place_while_a_page_is_pinned) {
  coarse_with<first_in<std_sync>> c(4);
  c.request({1});
  c.request({2});
  {
    const auto l = c.published({1});
    EXPECT_EQ(c.order(), names{2});
    EXPECT_EQ(c.cache.evict(4), 1U);  // comes past the pinned one
    c.request({3});
  }
  EXPECT_EQ(c.order(), (names{1, 3}));
}

// ---- frequency

TEST(policies, frequency_takes_what_the_fewest_leases_held_and_among_equals_the_one_released_first) {
  coarse_with<frequency<std_sync>> c(6);
  for (const token t : {1U, 2U, 3U, 1U, 2U, 1U, 4U}) c.request({t});
  EXPECT_EQ(c.order(), (names{3, 4, 2, 1}));
}

TEST(policies, frequency_lets_what_was_popular_be_overtaken) {
  coarse_with<frequency<std_sync>> c(2);
  for (int i = 0; i < 4; ++i) c.request({1});
  token fresh = 10;
  for (; c.order().back() == 1; ++fresh) {
    ASSERT_LT(fresh, 20U) << "the popular page never falls";
    c.request({fresh});
  }
  EXPECT_EQ(fresh,
            14U);  // evictions of pages that counted 1, 2 and 3 made the fourth new one count as much as the old one
}

// ---- priority

TEST(policies, priority_takes_the_lowest_and_among_equals_the_one_released_first) {
  coarse_with<priority<std_sync>> c(7);
  c.request({1}, {.priority = 90});
  c.request({2}, {.priority = 20});
  c.request({3});
  c.request({4}, {.priority = 90});
  c.request({5}, {.priority = 21});
  c.request({6}, {.priority = 20});
  EXPECT_EQ(c.order(), (names{3, 2, 6, 5, 1, 4}));
}

TEST(policies, every_priority_from_none_to_a_hundred_is_told_apart) {
  coarse_with<priority<std_sync>> c(102);
  for (unsigned p = 101; p-- > 0;) c.request({p}, {.priority = p});
  c.request({101}, {.priority = 1000});  // counts as a hundred
  names expected;
  for (token p = 0; p <= 101; ++p) expected.push_back(p);
  EXPECT_EQ(c.order(), expected);
}

TEST(policies, priority_that_expired_counts_as_none_and_the_page_stands_by_its_release) {
  coarse_with<priority<std_sync>> c(6);
  c.request({1});
  c.request({2}, {.priority = 50, .expires_at = 7});
  c.request({3});
  c.cache.set_time(6);
  EXPECT_EQ(c.order(), (names{1, 3, 2}));
  c.cache.set_time(7);
  EXPECT_EQ(c.order(), (names{1, 2, 3}));
}

TEST(policies, priority_falls_back_to_a_lower_one_that_lives_longer) {
  coarse_with<priority<std_sync>> c(6);
  c.request({1}, {.priority = 30});
  c.request({1}, {.priority = 80, .expires_at = 3});
  c.request({2}, {.priority = 60});
  c.request({3});
  EXPECT_EQ(c.order(), (names{3, 2, 1}));
  c.cache.set_time(3);
  EXPECT_EQ(c.order(), (names{3, 1, 2}));
}

TEST(policies, priority_keeps_the_four_highest_retentions) {
  coarse_with<priority<std_sync>> c(6);
  for (unsigned i = 1; i <= 5; ++i) c.request({1}, {.priority = 60 - i, .expires_at = i});
  c.request({2}, {.priority = 1});
  for (std::uint64_t now = 1; now <= 3; ++now) {
    c.cache.set_time(now);
    EXPECT_EQ(c.order(), (names{2, 1})) << now;
  }
  c.cache.set_time(4);  // the fifth was not kept
  EXPECT_EQ(c.order(), (names{1, 2}));
}

TEST(policies, time_does_not_go_backwards) {
  coarse_with<priority<std_sync>> c(6);
  c.cache.set_time(9);
  c.cache.set_time(5);
  c.request({1}, {.priority = 50, .expires_at = 9});  // over
  c.request({2});
  EXPECT_EQ(c.order(), (names{1, 2}));
  c.request({1}, {.priority = 50});
  c.cache.set_time(retention::for_ever);
  EXPECT_EQ(c.order(), (names{2, 1})) << "what has no end does not end";
}

TEST(policies, priority_is_asked_for_at_publication_page_by_page) {
  coarse_with<priority<std_sync>> c(6);
  c.publish({1, 2}, 1, {.priority = 70});  // the second page without a retention
  c.request({3}, {.priority = 50});
  EXPECT_EQ(c.order(), (names{2, 3, 1}));
  const auto l = c.published({2});
  c.publish({2}, 1, {.priority = 99});  // cached before: not asked for
  EXPECT_EQ(c.order(), (names{2, 3, 1}));
}

TEST(policies, priority_is_asked_for_of_a_page_that_is_adopted) {
  coarse_with<priority<std_sync>> c(6);
  const std::vector<token> tokens{1};
  auto late = c.cache.lookup(tokens);
  ASSERT_EQ(c.cache.allocate(late, tokens), status::ok);
  c.request({1});
  c.request({2});
  ASSERT_EQ(c.cache.publish(late, 1, {.priority = 5}), status::ok);
  c.cache.release(late);
  c.request({3}, {.priority = 4});
  EXPECT_EQ(c.order(), (names{2, 3, 1}));
}

TEST(policies, priorities_expire_in_the_order_of_their_ends) {
  constexpr token pages = 40;
  coarse_with<priority<std_sync>> c(pages);
  names expected;
  for (token i = 0; i < pages; ++i) {
    c.request({i}, {.priority = 100 - i, .expires_at = 1 + i * 17 % pages});
    expected.push_back(i);
  }
  std::vector<std::uint64_t> ends;
  for (token i = 0; i < pages; ++i) ends.push_back(1 + i * 17 % pages);
  for (std::uint64_t now = 1; now <= pages; ++now) {
    c.cache.set_time(now);
    std::sort(expected.begin(), expected.end(), [&](token a, token b) {
      const auto rank = [&](token t) { return ends[t] <= now ? std::pair(0U, t) : std::pair(100U - t, t); };
      return rank(a) < rank(b);
    });
    EXPECT_EQ(c.order(), expected) << now;
  }
}

// Ends that change while many pages wait for theirs.
TEST(policies, priorities_expire_in_order_though_ends_change) {
  constexpr token pages = 40;
  coarse_with<priority<std_sync>> c(pages);
  std::vector<std::vector<retention>> asked(pages);
  std::vector<unsigned> released(pages);
  std::uint64_t random = 7;
  unsigned releases = 0;
  const auto ask = [&](token page, unsigned priority) {
    random = random * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    asked[page].push_back({.priority = priority, .expires_at = 100 + (random >> 33) % 1000});
    released[page] = ++releases;
    c.request({page}, asked[page].back());
  };
  for (token i = 0; i < pages; ++i) ask(i, 1);
  for (unsigned priority = 2; priority < 82; ++priority) ask(priority * 23 % pages, priority);
  for (std::uint64_t now = 100; now < 1'200; now += 7) {
    c.cache.set_time(now);
    names expected;
    for (token i = 0; i < pages; ++i) expected.push_back(i);
    const auto rank = [&](token page) {
      unsigned highest = 0;
      for (const retention& r : asked[page]) highest = std::max(highest, r.expires_at > now ? r.priority : 0);
      return std::pair(highest, released[page]);
    };
    std::sort(expected.begin(), expected.end(), [&](token one, token other) { return rank(one) < rank(other); });
    ASSERT_EQ(c.order(), expected) << now;
  }
}

TEST(policies, priority_of_an_evicted_page_is_not_that_of_its_successor) {
  coarse_with<priority<std_sync>> c(2);
  c.request({1}, {.priority = 50, .expires_at = 3});
  EXPECT_EQ(c.cache.clear(), 1U);
  c.request({2});
  c.request({3});
  EXPECT_EQ(c.order(), (names{2, 3}));
  c.cache.set_time(3);
  EXPECT_EQ(c.order(), (names{2, 3}));
  c.request({2});
  EXPECT_EQ(c.order(), (names{3, 2}));
}

// ---- segmented

TEST(policies, segmented_takes_what_was_held_once_before_what_was_held_again) {
  coarse_with<segmented<std_sync>> c(10);
  c.request({1});
  c.request({2});
  c.request({1});
  c.request({3});
  c.request({4});
  EXPECT_EQ(c.order(), (names{2, 3, 4, 1}));
}

TEST(policies, segmented_protects_three_tenths_and_the_rest_stands_by_its_release) {
  coarse_with<segmented<std_sync>> c(10);
  for (const token t : {1U, 2U, 3U, 4U, 5U}) c.request({t});
  for (const token t : {1U, 2U, 3U, 4U}) c.request({t});
  EXPECT_EQ(c.order(), (names{5, 1, 2, 3, 4}));
  c.request({6});
  EXPECT_EQ(c.order(), (names{5, 1, 6, 2, 3, 4}));
}

TEST(policies, segmented_counts_a_page_that_is_evicted_as_protected_no_more) {
  coarse_with<segmented<std_sync>> c(4);  // protects one
  c.request({1});
  c.request({1});
  EXPECT_EQ(c.cache.clear(), 1U);
  c.request({1});
  c.request({2});
  c.request({2});
  EXPECT_EQ(c.order(), (names{1, 2}));
}

// ---- All

TEST(policies, policies_are_taken_by_the_other_lock_too) {
  named_pages<rwlock_cache<std_sync, segmented<std_sync>>> c(10);
  c.request({1});
  c.request({2});
  c.request({1});
  EXPECT_EQ(c.order(), (names{2, 1}));
}

TEST(policies, policies_have_names_and_recency_is_the_default) {
  EXPECT_EQ(checks::policies().front().value, model::eviction_policy::recency);
  EXPECT_EQ(model::config{}.policy, model::eviction_policy::recency);
  for (const checks::policy& p : checks::policies()) {
    ASSERT_NE(checks::find_policy(p.name), nullptr);
    EXPECT_EQ(checks::find_policy(p.name)->value, p.value);
    EXPECT_EQ(checks::name_of(p.value), p.name);
  }
  EXPECT_EQ(checks::find_policy("oldest"), nullptr);
}

TEST(policies, bit_sets_know_their_least_member_in_one_layer_and_in_several) {
  for (const std::size_t bound : {1U, 2U, 64U, 65U, 4096U, 4097U, 300'000U}) {
    bit_sets<std_sync> sets(2, bound);
    std::set<std::size_t> expected;
    std::mt19937 random(static_cast<unsigned>(bound));
    for (int i = 0; i < 2000; ++i) {
      const std::size_t number = random() % bound;
      ASSERT_EQ(sets.test(1, number), expected.contains(number));
      if (random() % 2 == 0) {
        sets.set(1, number);
        expected.insert(number);
      } else {
        const std::size_t gone = random() % 2 == 0 || expected.empty() ? number : *expected.begin();
        sets.clear(1, gone);
        expected.erase(gone);
      }
      ASSERT_EQ(sets.first(1), expected.empty() ? sets.none : *expected.begin());
      ASSERT_EQ(sets.first(0), sets.none);
    }
  }
}

}  // namespace
}  // namespace triecheck::unit
