// Forgetting, of every variant and under every policy: what was forgotten is not found, and is free once released.
#include <new>
#include <span>

#include <gtest/gtest.h>

#include "checks/cache/variant_suite.h"

namespace triecheck::unit {
namespace {

template <class P>
class forgetting_suite : public variant<P> {};
TYPED_TEST_SUITE(forgetting_suite, all_variants, name_of_variant);

TYPED_TEST(forgetting_suite, a_prefix_without_pins_is_free_at_once_with_all_below_it) {
  this->request({1, 2, 3, 4});
  this->request({1, 2, 5, 6});
  this->request({7, 8});
  EXPECT_TRUE(this->cache.forget(tokens{1, 2, 9}));
  EXPECT_EQ(this->cache.match(tokens{1, 2, 3, 4}).pages, 0U);
  EXPECT_EQ(this->cache.match(tokens{7, 8}).pages, 1U);
  const cache_stats s = this->cache.stats();
  EXPECT_EQ(s.free_pages, 3U);
  EXPECT_EQ(s.cached_pages, 1U);
  EXPECT_EQ(s.evicted_pages, 3U);
  EXPECT_EQ(s.forgotten_pages, 3U);
}

TYPED_TEST(forgetting_suite, what_is_above_or_beside_stays) {
  this->request({1, 2, 3, 4});
  this->request({1, 2, 5, 6});
  EXPECT_TRUE(this->cache.forget(tokens{1, 2, 3, 4}));
  EXPECT_EQ(this->cache.match(tokens{1, 2, 3, 4}).pages, 1U);
  EXPECT_EQ(this->cache.match(tokens{1, 2, 5, 6}).pages, 2U);
  EXPECT_FALSE(this->cache.forget(tokens{1, 2, 3, 4}));
  EXPECT_FALSE(this->cache.forget(tokens{1, 2, 5, 6}, key_space{1}));
  EXPECT_EQ(this->cache.stats().cached_pages, 2U);
}

TYPED_TEST(forgetting_suite, a_lease_keeps_what_it_has_and_frees_it_at_its_end) {
  auto l = this->published({1, 2, 3, 4});
  const pages had = TestFixture::pages_of(l.pages());
  EXPECT_TRUE(this->cache.forget(tokens{1, 2, 3, 4}));
  EXPECT_EQ(TestFixture::pages_of(l.cached_pages()), had);
  EXPECT_EQ(this->cache.match(tokens{1, 2, 3, 4}).pages, 1U);
  const page_view seen = this->cache.snapshot().pages[index_of(had[1])];
  EXPECT_TRUE(seen.forgotten);
  EXPECT_EQ(seen.pins, 1U);
  EXPECT_EQ(this->cache.available().pinned_pages, 2U);
  auto second = this->cache.fork(l);
  this->cache.release(l);
  EXPECT_EQ(this->cache.stats().cached_pages, 2U);
  this->cache.release(second.forked);
  EXPECT_EQ(this->cache.stats().cached_pages, 1U);
  EXPECT_EQ(this->state(had[1]), page_state::free);
}

TYPED_TEST(forgetting_suite, below_a_forgotten_page_pages_stay_private) {
  auto l = this->published({1, 2});
  EXPECT_TRUE(this->cache.forget(tokens{1, 2}));
  ASSERT_EQ(this->cache.allocate(l, tokens{3, 4}), status::ok);
  EXPECT_EQ(this->cache.publish(l, 4), status::ok);
  EXPECT_EQ(l.cached_pages().size(), 1U);
  EXPECT_EQ(l.private_pages().size(), 1U);
  EXPECT_EQ(this->cache.stats().private_pages, 1U);
  this->cache.release(l);
  EXPECT_EQ(this->cache.stats().free_pages, 4U);
}

TYPED_TEST(forgetting_suite, the_same_prefix_is_published_by_other_pages_at_once) {
  auto old = this->published({1, 2});
  EXPECT_TRUE(this->cache.forget(tokens{1, 2}));
  const pages anew = this->request({1, 2});
  EXPECT_NE(anew, TestFixture::pages_of(old.pages()));
  this->cache.release(old);
  EXPECT_EQ(this->cache.match(tokens{1, 2}).pages, 1U);
  EXPECT_EQ(this->cache.stats().cached_pages, 1U);
}

TYPED_TEST(forgetting_suite, a_namespace_is_forgotten_as_a_whole_and_no_other) {
  this->request({1, 2, 3, 4}, key_space{7});
  this->request({5, 6}, key_space{7});
  this->request({1, 2});
  EXPECT_TRUE(this->cache.forget(tokens{}, key_space{7}));
  EXPECT_FALSE(this->cache.forget(tokens{1}, key_space{7}));
  EXPECT_EQ(this->cache.match(tokens{1, 2}).pages, 1U);
  EXPECT_EQ(this->cache.stats().free_pages, 3U);
}

template <class P>
class forgetting_with_recency : public variant<P> {};
TYPED_TEST_SUITE(forgetting_with_recency, all_variants_with_recency, name_of_variant);

TYPED_TEST(forgetting_with_recency, the_parent_keeps_the_age_that_its_releases_gave_it) {
  const page_id parent = this->request({1, 2}).front();
  const page_id other = this->request({7, 8}).front();
  this->request({1, 2, 3, 4});
  EXPECT_TRUE(this->cache.forget(tokens{1, 2, 3, 4}));
  EXPECT_EQ(this->eviction_order(), (pages{other, parent}));
  EXPECT_EQ(this->cache.evict(1), 1U);
  EXPECT_EQ(this->state(other), page_state::free);
}

TYPED_TEST(forgetting_suite, a_shutdown_names_forgotten_pages_that_are_held) {
  const auto l = this->published({1, 2});
  EXPECT_TRUE(this->cache.forget(tokens{1, 2}));
  const shutdown_report report = this->cache.shutdown();
  EXPECT_EQ(report.result, status::pages_lost);
  ASSERT_EQ(report.lost.size(), 1U);
  EXPECT_EQ(report.lost.front().pins, 1U);
}

TYPED_TEST(forgetting_suite, a_long_chain_with_branches_is_forgotten) {
  typename TestFixture::cache_type large({.pages = 300, .tokens_per_page = 1});
  tokens prompt(100);
  for (std::size_t i = 0; i < prompt.size(); ++i) prompt[i] = static_cast<token>(i);
  for (const std::size_t at : {100U, 20U, 60U, 1U}) {
    auto l = large.lookup(std::span(prompt).first(at));
    tokens rest(prompt.begin() + static_cast<std::ptrdiff_t>(l.token_count()), prompt.end());
    if (at != 100) rest.assign(40, static_cast<token>(1000 + at));
    ASSERT_EQ(large.allocate(l, rest), status::ok);
    ASSERT_EQ(large.publish(l, l.token_count()), status::ok);
  }
  EXPECT_EQ(large.stats().cached_pages, 220U);
  EXPECT_TRUE(large.forget(std::span(prompt).first(2)));
  EXPECT_EQ(large.stats().cached_pages, 41U);
  EXPECT_EQ(large.match(prompt).pages, 1U);
  EXPECT_EQ(large.clear(), 41U);
  EXPECT_EQ(large.stats().free_pages, 300U);
}

}  // namespace
}  // namespace triecheck::unit
