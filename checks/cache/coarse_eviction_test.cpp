// The specification of the cache in one thread, second half: leases and their end, eviction, shutdown, what the cache
// shows of itself.
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "checks/cache/variant_suite.h"

namespace triecheck::unit {
namespace {

TYPED_TEST_SUITE(variant, all_variants, name_of_variant);
TYPED_TEST_SUITE(recency_variant, all_variants_with_recency, name_of_variant);

pages together(std::initializer_list<pages> lists) {
  pages all;
  for (const pages& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

// ---- Release, and the life of a lease

TYPED_TEST(variant, release_frees_private_pages_and_keeps_published_ones) {
  auto l = this->published({1, 2, 3});
  EXPECT_EQ(this->cache.release(l), status::ok);
  EXPECT_FALSE(l.is_open());
  EXPECT_TRUE(l.pages().empty());
  EXPECT_EQ(this->cache.stats().free_pages, 3U);
  EXPECT_EQ(this->cache.stats().cached_pages, 1U);
  EXPECT_EQ(this->cache.stats().open_leases, 0U);
}

TYPED_TEST(variant, second_release_does_nothing) {
  auto l = this->published({1, 2});
  const auto other = this->cache.lookup(tokens{1, 2});
  EXPECT_EQ(this->cache.release(l), status::ok);
  const cache_stats before = this->cache.stats();
  EXPECT_EQ(this->cache.release(l), status::ok);
  EXPECT_EQ(this->cache.stats(), before);
  EXPECT_EQ(this->cache.evict(4), 0U);  // the other lease's pin is still there
}

TYPED_TEST(variant, lease_is_released_at_the_end_of_its_scope) {
  {
    const auto l = this->published({1, 2, 3});
    EXPECT_EQ(this->cache.stats().open_leases, 1U);
  }
  EXPECT_EQ(this->cache.stats().open_leases, 0U);
  EXPECT_EQ(this->cache.clear(), 1U);
  EXPECT_EQ(this->cache.stats().free_pages, 4U);
}

TYPED_TEST(variant, lease_moves_and_does_not_copy) {
  using moved = typename TestFixture::lease_type;
  static_assert(!std::is_copy_constructible_v<moved> && !std::is_copy_assignable_v<moved>);
  static_assert(std::is_nothrow_move_constructible_v<moved> && std::is_nothrow_move_assignable_v<moved>);
  auto from = this->published({1, 2, 3});
  const lease_id id = from.id();
  moved to = std::move(from);
  EXPECT_FALSE(from.is_open());  // NOLINT(bugprone-use-after-move): what is left behind is specified
  EXPECT_EQ(to.id(), id);
  EXPECT_EQ(to.pages().size(), 2U);
  EXPECT_EQ(this->cache.stats().open_leases, 1U);
}

TYPED_TEST(variant, lease_that_is_assigned_to_is_released) {
  auto one = this->published({1, 2});
  auto other = this->allocated({5, 6});
  one = std::move(other);
  EXPECT_EQ(this->cache.stats().open_leases, 1U);
  EXPECT_EQ(one.private_pages().size(), 1U);
  EXPECT_EQ(this->cache.evict(4), 1U);  // nobody pins the first request's page any more
}

TYPED_TEST(variant, leases_are_numbered_in_the_order_of_opening) {
  const auto one = this->cache.lookup(tokens{});
  const auto other = this->cache.lookup(tokens{});
  EXPECT_LT(one.id(), other.id());
}

TYPED_TEST(variant, closed_lease_can_do_nothing) {
  using closed = typename TestFixture::lease_type;
  closed never_opened;
  auto released = this->published({1, 2});
  EXPECT_EQ(this->cache.release(released), status::ok);
  const cache_stats before = this->cache.stats();
  for (closed* l : {&never_opened, &released}) {
    EXPECT_EQ(this->cache.allocate(*l, tokens{1}), status::lease_closed);
    EXPECT_EQ(this->cache.allocate(*l, tokens{}, SIZE_MAX), status::lease_closed);
    EXPECT_EQ(this->cache.publish(*l, l->token_count()), status::lease_closed);
    const auto forked = this->cache.fork(*l);
    EXPECT_EQ(forked.result, status::lease_closed);
    EXPECT_FALSE(forked.forked.is_open());
    EXPECT_EQ(this->cache.release(*l), status::ok);
    EXPECT_FALSE(l->is_open());
  }
  EXPECT_EQ(this->cache.stats(), before);
}

TYPED_TEST(variant, lease_of_another_cache_is_refused_and_nothing_changes) {
  typename TestFixture::cache_type other({.pages = 4, .tokens_per_page = 2});
  auto l = other.lookup(tokens{1, 2, 3});
  ASSERT_EQ(other.allocate(l, tokens{1, 2, 3}), status::ok);
  const cache_stats here = this->cache.stats(), there = other.stats();
  EXPECT_EQ(this->cache.allocate(l, tokens{4}), status::invalid_argument);
  EXPECT_EQ(this->cache.allocate(l, tokens{4}, SIZE_MAX), status::invalid_argument);
  EXPECT_EQ(this->cache.publish(l, l.token_count()), status::invalid_argument);
  EXPECT_EQ(this->cache.release(l), status::invalid_argument);
  EXPECT_EQ(this->cache.fork(l).result, status::invalid_argument);
  EXPECT_EQ(this->cache.stats(), here);
  EXPECT_EQ(other.stats(), there);
  EXPECT_TRUE(l.is_open());
  EXPECT_EQ(l.token_count(), 3U);
  EXPECT_EQ(other.publish(l, l.token_count()), status::ok);
}

// ---- Eviction

TYPED_TEST(recency_variant, eviction_takes_the_chain_released_first_and_deeper_pages_before_their_parents) {
  const pages one = this->request({1, 2, 3, 4});
  const pages other = this->request({5, 6, 7, 8});
  EXPECT_EQ(this->eviction_order(), (pages{one[1], one[0], other[1], other[0]}));
  EXPECT_EQ(this->cache.evict(3), 3U);
  EXPECT_EQ(this->eviction_order(), pages{other[0]});
  for (const page_id p : together({one, {other[1]}})) EXPECT_EQ(this->state(p), page_state::free);
}

TYPED_TEST(recency_variant, release_renews_every_page_of_its_chain) {
  const pages one = this->request({1, 2, 3, 4});
  const pages other = this->request({5, 6});
  this->request({1, 2});
  EXPECT_EQ(this->eviction_order(), (pages{one[1], other[0], one[0]}));
}

TYPED_TEST(recency_variant, parent_that_becomes_a_leaf_falls_by_its_own_recency) {
  const pages one = this->request({1, 2, 3, 4});
  const pages other = this->request({1, 2, 5, 6});
  const pages third = this->request({7, 8});
  EXPECT_EQ(this->eviction_order(), (pages{one[1], other[1], other[0], third[0]}));
  EXPECT_EQ(this->cache.evict(3), 3U);
  EXPECT_EQ(this->eviction_order(), third);
}

TYPED_TEST(variant, pinned_page_and_its_ancestors_survive_eviction) {
  const pages chain = this->request({1, 2, 3, 4, 5, 6});
  const auto l = this->cache.lookup(tokens{1, 2, 3, 4});
  EXPECT_EQ(this->eviction_order(), pages{chain[2]});
  EXPECT_EQ(this->cache.evict(4), 1U);
  EXPECT_EQ(this->cache.clear(), 0U);
  EXPECT_EQ(this->pages_of(this->cache.lookup(tokens{1, 2, 3, 4, 5, 6}).pages()), (pages{chain[0], chain[1]}));
}

TYPED_TEST(variant, page_is_pinned_until_the_last_of_its_leases_is_released) {
  this->request({1, 2});
  auto one = this->cache.lookup(tokens{1, 2});
  auto other = this->cache.lookup(tokens{1, 2});
  EXPECT_EQ(this->cache.release(one), status::ok);
  EXPECT_EQ(this->cache.clear(), 0U);
  EXPECT_EQ(this->cache.release(other), status::ok);
  EXPECT_EQ(this->cache.clear(), 1U);
}

TYPED_TEST(variant, eviction_of_nothing_or_of_more_than_there_is_says_how_many_it_took) {
  this->request({1, 2, 3, 4});
  EXPECT_EQ(this->cache.evict(0), 0U);
  EXPECT_EQ(this->cache.evict(SIZE_MAX), 2U);
  EXPECT_EQ(this->cache.evict(1), 0U);
}

TYPED_TEST(variant, evicted_page_can_be_published_again) {
  this->request({1, 2, 3, 4});
  EXPECT_EQ(this->cache.clear(), 2U);
  EXPECT_EQ(this->request({1, 2, 3, 4}).size(), 2U);
  EXPECT_EQ(this->cache.lookup(tokens{1, 2, 3, 4}).pages().size(), 2U);
}

// ---- Shutdown, statistics, snapshot

TYPED_TEST(variant, shutdown_frees_every_page_when_all_leases_are_released) {
  this->request({1, 2, 3, 4});
  const shutdown_report report = this->cache.shutdown();
  EXPECT_EQ(report.result, status::ok);
  EXPECT_TRUE(report.lost.empty());
  EXPECT_EQ(this->cache.stats().free_pages, 4U);
}

TYPED_TEST(variant, shutdown_names_the_lost_pages_and_who_holds_them) {
  const auto l = this->published({1, 2, 3});
  const auto other = this->cache.lookup(tokens{1, 2});
  const shutdown_report report = this->cache.shutdown();
  EXPECT_EQ(report.result, status::pages_lost);
  ASSERT_EQ(report.lost.size(), 2U);
  for (const lost_page& lost : report.lost) {
    const bool cached = lost.page == l.pages()[0];
    EXPECT_TRUE(cached || lost.page == l.pages()[1]);
    EXPECT_EQ(lost.state, cached ? page_state::cached : page_state::leased);
    EXPECT_EQ(lost.holder, cached ? no_lease : l.id());
    EXPECT_EQ(lost.pins, cached ? 2U : 0U);
  }
}

TYPED_TEST(variant, cache_stays_usable_after_shutdown) {
  {
    const auto l = this->published({1, 2});
    EXPECT_EQ(this->cache.shutdown().result, status::pages_lost);
  }
  EXPECT_EQ(this->cache.shutdown().result, status::ok);
  EXPECT_EQ(this->request({1, 2}).size(), 1U);
}

TYPED_TEST(variant, statistics_count_what_happened) {
  this->request({1, 2, 3, 4, 5});                      // takes 3, publishes 2, frees 1
  auto l = this->cache.lookup(tokens{1, 2, 7, 8, 9});  // looks up 2, hits 1
  ASSERT_EQ(this->cache.allocate(l, tokens{7, 8, 9}), status::ok);
  ASSERT_EQ(this->cache.publish(l, l.token_count()), status::ok);  // pages: 1 2 | 3 4 | 7 8 | private
  ASSERT_EQ(this->cache.evict(1), 1U);                             // the page of 3 4
  ASSERT_EQ(this->cache.allocate(l, tokens{10, 11, 12, 13, 14}), status::request_too_large);
  const cache_stats expected = {.lookups = 2,
                                .looked_up_pages = 4,
                                .hit_pages = 1,
                                .allocated_pages = 5,
                                .published_pages = 3,
                                .duplicate_pages = 0,
                                .evicted_pages = 1,
                                .refused_too_large = 1,
                                .refused_full = 0,
                                .free_pages = 1,
                                .private_pages = 1,
                                .cached_pages = 2,
                                .open_leases = 1};
  EXPECT_EQ(this->cache.stats(), expected);
}

TYPED_TEST(variant, snapshot_shows_every_page) {
  const pages chain = this->request({1, 2, 3, 4});
  const auto l = this->cache.lookup(tokens{1, 2});
  const auto other = this->allocated({9});
  const cache_snapshot s = this->cache.snapshot();
  ASSERT_EQ(s.pages.size(), 4U);
  EXPECT_EQ(s.tokens_per_page, 2U);
  const page_view& root_child = s.pages[index_of(chain[0])];
  EXPECT_EQ(root_child.state, page_state::cached);
  EXPECT_EQ(root_child.parent, no_page);
  EXPECT_EQ(root_child.pins, 1U);
  EXPECT_EQ(root_child.block, (tokens{1, 2}));
  const page_view& leaf = s.pages[index_of(chain[1])];
  EXPECT_EQ(leaf.parent, chain[0]);
  EXPECT_EQ(leaf.pins, 0U);
  EXPECT_EQ(leaf.block, (tokens{3, 4}));
  const page_view& held = s.pages[index_of(other.pages()[0])];
  EXPECT_EQ(held.state, page_state::leased);
  EXPECT_EQ(held.holder, other.id());
  EXPECT_EQ(s.eviction_order, pages{chain[1]});
  EXPECT_TRUE((s.indexed == pages{chain[0], chain[1]}) || (s.indexed == pages{chain[1], chain[0]}));
}

}  // namespace
}  // namespace triecheck::unit
