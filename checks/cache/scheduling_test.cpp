// What a scheduler asks for, of every variant: match, shrink, an allocation that evicts nothing, hits of admitted
// requests, and what is available.
#include <span>

#include <gtest/gtest.h>

#include "checks/cache/variant_suite.h"

namespace triecheck::unit {
namespace {

template <class P>
class scheduling : public variant<P> {};
TYPED_TEST_SUITE(scheduling, all_variants, name_of_variant);

TYPED_TEST(scheduling, match_finds_what_a_lookup_would_find_and_counts_nothing) {
  this->request({1, 2, 3, 4}, key_space{7});
  const cache_stats before = this->cache.stats();
  EXPECT_EQ(this->cache.match(tokens{1, 2, 3, 4, 5}, key_space{7}), (cached_prefix{.pages = 2, .tokens = 4}));
  EXPECT_EQ(this->cache.match(tokens{1, 2, 4, 3}, key_space{7}), (cached_prefix{.pages = 1, .tokens = 2}));
  EXPECT_EQ(this->cache.match(tokens{1, 2, 3, 4}), cached_prefix{});
  EXPECT_EQ(this->cache.match(tokens{}, key_space{7}), cached_prefix{});
  EXPECT_EQ(this->cache.stats(), before);
}

TYPED_TEST(scheduling, match_pins_nothing_and_renews_no_recency) {
  this->request({1, 2});
  this->request({3, 4});
  const pages order = this->eviction_order();
  EXPECT_EQ(this->cache.match(tokens{1, 2}).pages, 1U);
  EXPECT_EQ(this->eviction_order(), order);
  EXPECT_EQ(this->cache.clear(), 2U);
  EXPECT_EQ(this->cache.match(tokens{1, 2}).pages, 0U);
}

TYPED_TEST(scheduling, match_of_a_long_prompt_finds_all_of_it) {
  typename TestFixture::cache_type large({.pages = 200, .tokens_per_page = 1});
  tokens prompt(200);
  for (std::size_t i = 0; i < prompt.size(); ++i) prompt[i] = static_cast<token>(i);
  auto l = large.lookup(prompt);
  for (const std::size_t end : {64U, 65U, 192U, 200U}) {
    ASSERT_EQ(large.allocate(l, std::span(prompt).subspan(l.token_count(), end - l.token_count())), status::ok);
    ASSERT_EQ(large.publish(l, end), status::ok);
    EXPECT_EQ(large.match(prompt).pages, end);
    EXPECT_EQ(large.match(std::span(prompt).first(63)).pages, 63U);
  }
}

TYPED_TEST(scheduling, shrink_returns_the_pages_that_hold_none_of_the_tokens_kept) {
  auto l = this->allocated({1, 2, 3, 4, 5});
  const pages all = TestFixture::pages_of(l.pages());
  ASSERT_EQ(this->cache.allocate(l, {}, 2), status::ok);
  EXPECT_EQ(l.pages().size(), 4U);
  EXPECT_EQ(this->cache.shrink(l, 5), status::ok);
  EXPECT_EQ(TestFixture::pages_of(l.pages()), all);
  EXPECT_EQ(this->cache.shrink(l, 3), status::ok);
  EXPECT_EQ(l.token_count(), 3U);
  EXPECT_EQ(l.pages().size(), 2U);
  EXPECT_EQ(this->cache.stats().free_pages, 2U);
  ASSERT_EQ(this->cache.allocate(l, tokens{6}), status::ok);
  ASSERT_EQ(this->cache.publish(l, 4), status::ok);
  EXPECT_EQ(this->cache.match(tokens{1, 2, 3, 6}).pages, 2U);
}

TYPED_TEST(scheduling, shrink_leaves_the_cached_prefix_alone) {
  auto l = this->published({1, 2, 3, 4, 5});
  EXPECT_EQ(this->cache.shrink(l, 1), status::ok);
  EXPECT_EQ(l.token_count(), 4U);
  EXPECT_EQ(l.cached_pages().size(), 2U);
  EXPECT_TRUE(l.private_pages().empty());
  this->cache.release(l);
  EXPECT_EQ(this->cache.shrink(l, 0), status::lease_closed);
}

TYPED_TEST(scheduling, an_allocation_from_free_pages_alone_evicts_nothing) {
  this->request({1, 2, 3, 4});
  auto l = this->cache.lookup(tokens{});
  EXPECT_EQ(this->cache.allocate(l, tokens{5, 6, 7, 8, 9}, 0, page_source::free_only), status::cache_full);
  EXPECT_EQ(this->cache.match(tokens{1, 2, 3, 4}).pages, 2U);
  EXPECT_EQ(this->cache.allocate(l, tokens{5, 6, 7, 8}, 0, page_source::free_only), status::ok);
  EXPECT_EQ(this->cache.stats().evicted_pages, 0U);
  EXPECT_EQ(this->cache.allocate(l, tokens{9}), status::ok);
  EXPECT_EQ(this->cache.stats().evicted_pages, 1U);
}

TYPED_TEST(scheduling, a_refused_attempt_is_taken_out_of_the_hit_rate_when_it_ends) {
  const auto held = this->published({1, 2, 3, 4, 5});
  {
    auto l = this->cache.lookup(tokens{1, 2, 8, 9});
    EXPECT_EQ(this->cache.allocate(l, tokens{8, 9, 10, 11}), status::cache_full);
    EXPECT_EQ(this->cache.stats().admitted_hit_pages(), 1U);
  }
  EXPECT_EQ(this->cache.stats().admitted_hit_pages(), 0U);
  EXPECT_EQ(this->cache.stats().admitted_looked_up_pages(), 2U);  // those of the request that is there
  auto l = this->cache.lookup(tokens{1, 2, 8, 9});
  EXPECT_EQ(this->cache.allocate(l, tokens{8, 9, 10}), status::cache_full);
  EXPECT_EQ(this->cache.allocate(l, tokens{8}), status::ok);
  EXPECT_EQ(this->cache.allocate(l, tokens{8, 9, 10}), status::cache_full);
  this->cache.release(l);
  EXPECT_EQ(this->cache.stats().admitted_hit_pages(), 1U);
}

TYPED_TEST(scheduling, available_says_what_an_allocation_could_have) {
  this->request({9, 10});
  const auto l = this->published({1, 2, 3});
  const available_pages now{.free_pages = 1, .evictable_pages = 1, .pinned_pages = 1, .private_pages = 1};
  EXPECT_EQ(this->cache.available(), now);
  EXPECT_EQ(this->cache.available().obtainable(), 2U);
  const auto same = this->cache.lookup(tokens{1, 2});
  const available_pages shared = this->cache.available();
  EXPECT_EQ(shared.pinned_pages, TestFixture::cache_type::counts_shared_pages_once ? 1U : 2U);
  EXPECT_EQ(shared.free_pages + shared.evictable_pages + shared.pinned_pages + shared.private_pages, 4U);
}

}  // namespace
}  // namespace triecheck::unit
