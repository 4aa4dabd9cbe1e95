// The specification of the cache in one thread, first half: construction, lookup, allocate, publish, fork.
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cache/events.h"
#include "checks/cache/variant_suite.h"

namespace triecheck::unit {
namespace {

TYPED_TEST_SUITE(variant, all_variants, name_of_variant);

// ---- Construction

TYPED_TEST(variant, config_without_pages_or_tokens_is_refused) {
  using tested = typename TestFixture::cache_type;
  const auto make = [](std::size_t page_count, std::size_t tokens_per_page) {
    tested made({.pages = page_count, .tokens_per_page = tokens_per_page});
  };
  EXPECT_THROW(make(0, 2), std::invalid_argument);
  EXPECT_THROW(make(2, 0), std::invalid_argument);
  EXPECT_THROW(make(0xffff'ffff, 1), std::invalid_argument);
  EXPECT_THROW(make(SIZE_MAX, 1), std::invalid_argument);
  EXPECT_THROW(make(2, SIZE_MAX), std::invalid_argument);
  EXPECT_THROW(make(1'000'000, SIZE_MAX / 1'000'000), std::invalid_argument);
  EXPECT_THROW(make(3, SIZE_MAX / sizeof(token) / 3), std::invalid_argument)
      << "the lines that a block ends on count, too";
  EXPECT_NO_THROW(make(1, 1));
}

TYPED_TEST(variant, new_cache_has_only_free_pages) {
  const cache_stats expected = {.free_pages = 4};
  EXPECT_EQ(this->cache.stats(), expected);
  EXPECT_EQ(this->cache.config().pages, 4U);
  EXPECT_EQ(this->cache.config().tokens_per_page, 2U);
  EXPECT_TRUE(this->eviction_order().empty());
}

// ---- Lookup

TYPED_TEST(variant, lookup_in_an_empty_cache_opens_a_lease_on_nothing) {
  const auto l = this->cache.lookup(tokens{1, 2, 3});
  EXPECT_TRUE(l.is_open());
  EXPECT_NE(l.id(), no_lease);
  EXPECT_TRUE(l.pages().empty());
  EXPECT_EQ(l.token_count(), 0U);
}

TYPED_TEST(variant, lookup_finds_what_was_published) {
  const pages published = this->request({1, 2, 3, 4});
  const auto l = this->cache.lookup(tokens{1, 2, 3, 4});
  EXPECT_EQ(this->pages_of(l.pages()), published);
  EXPECT_EQ(l.cached_pages().size(), 2U);
  EXPECT_TRUE(l.private_pages().empty());
  EXPECT_EQ(l.token_count(), 4U);
  EXPECT_EQ(l.cached_token_count(), 4U);
}

TYPED_TEST(variant, lookup_matches_full_blocks_only) {
  const pages published = this->request({1, 2, 3, 4});
  EXPECT_EQ(this->pages_of(this->cache.lookup(tokens{1, 2, 3}).pages()), pages{published[0]});
  EXPECT_TRUE(this->cache.lookup(tokens{1}).pages().empty());
  EXPECT_TRUE(this->cache.lookup(tokens{}).pages().empty());
}

TYPED_TEST(variant, lookup_stops_at_the_first_block_that_differs) {
  const pages published = this->request({1, 2, 3, 4});
  EXPECT_EQ(this->pages_of(this->cache.lookup(tokens{1, 2, 3, 9, 3, 4}).pages()), pages{published[0]});
  EXPECT_TRUE(this->cache.lookup(tokens{1, 9, 3, 4}).pages().empty());
  EXPECT_TRUE(this->cache.lookup(tokens{3, 4}).pages().empty());
}

TYPED_TEST(variant, same_block_below_another_parent_is_another_node) {
  const pages one = this->request({1, 2, 3, 4});
  const pages other = this->request({5, 6, 3, 4});
  EXPECT_NE(one[1], other[1]);
  EXPECT_EQ(this->pages_of(this->cache.lookup(tokens{5, 6, 3, 4}).pages()), other);
}

// ---- Namespaces

TYPED_TEST(variant, equal_tokens_in_two_namespaces_share_no_page) {
  const pages one = this->request({1, 2, 3, 4});
  EXPECT_TRUE(this->cache.lookup(tokens{1, 2, 3, 4}, key_space{7}).pages().empty());
  const pages other = this->request({1, 2, 3, 4}, key_space{7});
  for (const page_id p : one) EXPECT_EQ(std::count(other.begin(), other.end(), p), 0);
  EXPECT_EQ(this->pages_of(this->cache.lookup(tokens{1, 2, 3, 4}).pages()), one);
  EXPECT_EQ(this->pages_of(this->cache.lookup(tokens{1, 2, 3, 4}, key_space{7}).pages()), other);
}

TYPED_TEST(variant, every_number_of_64_bits_is_a_namespace) {
  constexpr std::uint64_t some[] = {0, 1, std::uint64_t{1} << 32, ~std::uint64_t{0}};
  for (const std::uint64_t n : some) this->request({1, 2}, key_space{n});
  EXPECT_EQ(this->cache.stats().cached_pages, 4U);
  for (const std::uint64_t n : some) {
    const auto l = this->cache.lookup(tokens{1, 2}, key_space{n});
    ASSERT_EQ(l.pages().size(), 1U) << n;
    EXPECT_EQ(l.space(), key_space{n});
    EXPECT_EQ(this->cache.snapshot().pages[index_of(l.pages()[0])].space, key_space{n});
  }
}

TYPED_TEST(variant, a_lease_publishes_in_the_namespace_of_its_lookup) {
  auto l = this->published({1, 2}, key_space{7});
  EXPECT_EQ(this->cache.allocate(l, tokens{3, 4}), status::ok);
  EXPECT_EQ(this->cache.publish(l, l.token_count()), status::ok);
  EXPECT_EQ(this->cache.lookup(tokens{1, 2, 3, 4}, key_space{7}).pages().size(), 2U);
  EXPECT_TRUE(this->cache.lookup(tokens{1, 2, 3, 4}).pages().empty());
  for (const page_id p : l.pages()) EXPECT_EQ(this->cache.snapshot().pages[index_of(p)].space, key_space{7});
}

TYPED_TEST(variant, a_fork_stays_in_the_namespace_of_its_lease) {
  auto l = this->allocated({1, 2}, key_space{7});
  auto f = this->cache.fork(l);
  ASSERT_EQ(f.result, status::ok);
  EXPECT_EQ(f.forked.space(), key_space{7});
  EXPECT_EQ(this->cache.publish(f.forked, f.forked.token_count()), status::ok);
  EXPECT_EQ(this->cache.lookup(tokens{1, 2}, key_space{7}).pages().size(), 1U);
  EXPECT_TRUE(this->cache.lookup(tokens{1, 2}).pages().empty());
}

// ---- Events

// Writes down the events that it receives, in words.
class listener final : public cache_events {
 public:
  void stored(const stored_page& p) noexcept override {
    heard.push_back("+" + name(p.page) + "<" + name(p.parent) + " in " +
                    std::to_string(static_cast<std::uint64_t>(p.space)));
    for (const token t : p.block) heard.back() += " " + std::to_string(t);
  }
  void removed(page_id page) noexcept override { heard.push_back("-" + name(page)); }
  void cleared(std::size_t pages) noexcept override { heard.push_back("cleared " + std::to_string(pages)); }

  static std::string name(page_id page) { return page == no_page ? "root" : std::to_string(index_of(page)); }
  std::vector<std::string> heard;
};

TYPED_TEST(variant, a_subscriber_hears_of_every_page_in_the_order_of_the_trie) {
  listener l;
  this->cache.subscribe(l);
  const pages p = this->request({1, 2, 3, 4}, key_space{5});
  const std::string first = listener::name(p[0]), second = listener::name(p[1]);
  EXPECT_EQ(l.heard,
            (std::vector<std::string>{"+" + first + "<root in 5 1 2", "+" + second + "<" + first + " in 5 3 4"}));
  l.heard.clear();
  EXPECT_EQ(this->cache.evict(1), 1U);
  EXPECT_EQ(this->cache.clear(), 1U);
  EXPECT_EQ(l.heard, (std::vector<std::string>{"-" + second, "-" + first, "cleared 1"}));
}

TYPED_TEST(variant, a_subscriber_hears_nothing_of_a_page_that_was_there) {
  listener l;
  this->cache.subscribe(l);
  auto one = this->allocated({1, 2});
  auto other = this->allocated({1, 2});
  EXPECT_EQ(this->cache.publish(one, one.token_count()), status::ok);
  EXPECT_EQ(this->cache.publish(other, other.token_count()), status::ok);
  EXPECT_EQ(this->cache.release(other), status::ok);
  EXPECT_EQ(l.heard.size(), 1U);
}

TYPED_TEST(variant, shutdown_is_heard_as_a_clear) {
  listener l;
  this->cache.subscribe(l);
  this->request({1, 2});
  l.heard.clear();
  EXPECT_EQ(this->cache.shutdown().result, status::ok);
  ASSERT_EQ(l.heard.size(), 2U);
  EXPECT_EQ(l.heard[1], "cleared 1");
}

// ---- Allocate

TYPED_TEST(variant, allocate_adds_private_pages_for_all_tokens) {
  const auto l = this->allocated({1, 2, 3});
  EXPECT_EQ(l.private_pages().size(), 2U);
  EXPECT_TRUE(l.cached_pages().empty());
  EXPECT_EQ(l.token_count(), 3U);
  EXPECT_EQ(l.cached_token_count(), 0U);
  for (const page_id p : l.pages()) EXPECT_EQ(this->state(p), page_state::leased);
}

TYPED_TEST(variant, allocate_fills_the_last_page_before_it_takes_another) {
  auto l = this->allocated({1});
  EXPECT_EQ(this->cache.allocate(l, tokens{2}), status::ok);
  EXPECT_EQ(l.pages().size(), 1U);
  EXPECT_EQ(this->cache.allocate(l, tokens{3}), status::ok);
  EXPECT_EQ(l.pages().size(), 2U);
  EXPECT_EQ(this->cache.allocate(l, tokens{}), status::ok);
  EXPECT_EQ(l.pages().size(), 2U);
}

TYPED_TEST(variant, a_lease_that_grows_token_by_token_is_rarely_moved) {
  typename TestFixture::cache_type large({.pages = 2000, .tokens_per_page = 1});
  auto l = large.lookup(tokens{});
  std::size_t moves = 0;
  for (token t = 0; t < 2000; ++t) {
    const page_id* const before = l.pages().data();
    ASSERT_EQ(large.allocate(l, tokens{t}), status::ok);
    if (l.pages().data() != before) ++moves;
  }
  EXPECT_LE(moves, 12U) << "what is there doubles";
}

TYPED_TEST(variant, extra_slots_take_pages_without_holding_tokens) {
  auto l = this->cache.lookup(tokens{});
  EXPECT_EQ(this->cache.allocate(l, tokens{1}, 2), status::ok);
  EXPECT_EQ(l.pages().size(), 2U);
  EXPECT_EQ(l.token_count(), 1U);
  EXPECT_EQ(this->cache.allocate(l, tokens{2, 3}), status::ok);
  EXPECT_EQ(l.pages().size(), 2U);  // the slots were there
  EXPECT_EQ(l.token_count(), 3U);
}

TYPED_TEST(variant, allocate_uses_free_pages_before_it_evicts) {
  const pages cached = this->request({1, 2, 3, 4});
  const auto l = this->allocated({5, 6, 7, 8});
  EXPECT_EQ(this->cache.stats().evicted_pages, 0U);
  EXPECT_EQ(this->pages_of(this->cache.lookup(tokens{1, 2, 3, 4}).pages()), cached);
}

TYPED_TEST(variant, allocate_evicts_exactly_the_shortfall) {
  const pages cached = this->request({1, 2, 3, 4, 5, 6});
  const auto l = this->allocated({7, 8, 7, 8});
  EXPECT_EQ(this->cache.stats().evicted_pages, 1U);
  EXPECT_EQ(this->cache.stats().free_pages, 0U);
  EXPECT_EQ(this->eviction_order(), (pages{cached[1], cached[0]}));
}

TYPED_TEST(variant, request_too_large_counts_the_cached_prefix_and_changes_nothing) {
  this->request({1, 2, 3, 4});
  auto l = this->cache.lookup(tokens{1, 2, 3, 4});
  const cache_stats before = this->cache.stats();
  EXPECT_EQ(this->cache.allocate(l, tokens{5, 6, 7, 8, 9}), status::request_too_large);
  EXPECT_EQ(l.pages().size(), 2U);
  EXPECT_EQ(l.token_count(), 4U);
  cache_stats after = this->cache.stats();
  EXPECT_EQ(std::exchange(after.refused_too_large, 0U), 1U);
  EXPECT_EQ(after, before);
  EXPECT_EQ(this->cache.allocate(l, tokens{5, 6, 7, 8}), status::ok);
}

TYPED_TEST(variant, slots_without_bound_are_too_large_and_do_not_overflow) {
  auto l = this->allocated({1});
  EXPECT_EQ(this->cache.allocate(l, tokens{}, SIZE_MAX), status::request_too_large);
  EXPECT_EQ(this->cache.allocate(l, tokens{2, 3}, SIZE_MAX), status::request_too_large);
  EXPECT_EQ(this->cache.allocate(l, tokens{2, 3}, SIZE_MAX - 2), status::request_too_large);
  EXPECT_EQ(this->cache.allocate(l, tokens{2, 3}, 6), status::request_too_large);
  EXPECT_EQ(l.pages().size(), 1U);
  EXPECT_EQ(l.token_count(), 1U);
  EXPECT_EQ(this->cache.stats().refused_too_large, 4U);
  EXPECT_EQ(this->cache.allocate(l, tokens{2, 3}, 5), status::ok);
  EXPECT_EQ(l.pages().size(), 4U);
}

TYPED_TEST(variant, full_cache_leaves_the_lease_unchanged) {
  const auto other = this->allocated({1, 2, 3, 4, 5, 6});
  auto l = this->allocated({7});
  EXPECT_EQ(this->cache.allocate(l, tokens{8, 9}), status::cache_full);
  EXPECT_TRUE(l.is_open());
  EXPECT_EQ(l.pages().size(), 1U);
  EXPECT_EQ(l.token_count(), 1U);
  EXPECT_EQ(this->cache.stats().refused_full, 1U);
  EXPECT_EQ(this->cache.allocate(l, tokens{8}), status::ok);  // room in the page it has
}

TYPED_TEST(variant, own_cached_prefix_is_not_evicted_for_the_rest) {
  this->request({1, 2, 3, 4});
  const auto other = this->allocated({5, 6});
  auto l = this->cache.lookup(tokens{1, 2, 3, 4});
  EXPECT_EQ(this->cache.allocate(l, tokens{7, 8, 9, 10}), status::cache_full);
  EXPECT_EQ(l.cached_pages().size(), 2U);
}

// ---- Publish

TYPED_TEST(variant, published_pages_become_the_cached_prefix) {
  auto l = this->allocated({1, 2, 3, 4, 5});
  const pages before = this->pages_of(l.pages());
  EXPECT_EQ(this->cache.publish(l, l.token_count()), status::ok);
  EXPECT_EQ(this->pages_of(l.pages()), before);
  EXPECT_EQ(l.cached_pages().size(), 2U);
  EXPECT_EQ(l.token_count(), 5U);
  EXPECT_EQ(l.cached_token_count(), 4U);
}

TYPED_TEST(variant, partial_page_is_never_published) {
  this->request({1, 2, 3});
  EXPECT_EQ(this->cache.stats().cached_pages, 1U);
  EXPECT_EQ(this->cache.stats().free_pages, 3U);
}

TYPED_TEST(variant, only_pages_of_computed_tokens_are_published) {
  auto l = this->allocated({1, 2, 3, 4, 5});
  for (const std::size_t computed : {0U, 1U}) EXPECT_EQ(this->cache.publish(l, computed), status::ok);
  EXPECT_EQ(l.cached_pages().size(), 0U);
  EXPECT_EQ(this->cache.publish(l, 3), status::ok);
  EXPECT_EQ(l.cached_pages().size(), 1U);
  EXPECT_EQ(this->cache.lookup(tokens{1, 2, 3, 4}).pages().size(), 1U);
  EXPECT_EQ(this->cache.publish(l, 5), status::ok);
  EXPECT_EQ(this->cache.lookup(tokens{1, 2, 3, 4}).pages().size(), 2U);
}

// The wrong order of a decode loop: what it publishes too early is what was computed before, so nobody is misled.
TYPED_TEST(variant, publish_before_the_computation_shares_nothing_new) {
  auto l = this->allocated({1, 2});
  std::size_t computed = 0;
  EXPECT_EQ(this->cache.publish(l, computed), status::ok);
  computed = 2;
  EXPECT_TRUE(this->cache.lookup(tokens{1, 2}).pages().empty());
  EXPECT_EQ(this->cache.publish(l, computed), status::ok);
  EXPECT_EQ(this->cache.lookup(tokens{1, 2}).pages().size(), 1U);
}

TYPED_TEST(variant, publish_of_fewer_tokens_than_before_changes_nothing) {
  auto l = this->published({1, 2, 3, 4, 5});
  const cache_stats before = this->cache.stats();
  for (const std::size_t computed : {0U, 1U, 2U, 3U}) EXPECT_EQ(this->cache.publish(l, computed), status::ok);
  EXPECT_EQ(l.cached_pages().size(), 2U);
  EXPECT_EQ(l.cached_token_count(), 4U);
  EXPECT_EQ(this->cache.stats(), before);
}

TYPED_TEST(variant, publish_of_more_tokens_than_the_lease_holds_is_a_broken_contract) {
  auto l = this->allocated({1, 2, 3});
#ifdef NDEBUG
  const cache_stats before = this->cache.stats();
  EXPECT_EQ(this->cache.publish(l, 4), status::invalid_argument);
  EXPECT_EQ(l.cached_pages().size(), 0U);
  EXPECT_EQ(this->cache.stats(), before);
  EXPECT_EQ(this->cache.publish(l, 3), status::ok);
#else
  EXPECT_DEATH(static_cast<void>(this->cache.publish(l, 4)), "condition && text");
#endif
}

TYPED_TEST(variant, second_publish_takes_up_where_the_first_ended) {
  auto l = this->published({1, 2, 3});
  EXPECT_EQ(this->cache.publish(l, l.token_count()), status::ok);
  EXPECT_EQ(this->cache.stats().published_pages, 1U);
  EXPECT_EQ(this->cache.allocate(l, tokens{4, 5}), status::ok);
  EXPECT_EQ(this->cache.publish(l, l.token_count()), status::ok);
  EXPECT_EQ(l.cached_pages().size(), 2U);
  EXPECT_EQ(this->cache.lookup(tokens{1, 2, 3, 4}).pages().size(), 2U);
}

TYPED_TEST(variant, duplicate_page_is_freed_and_the_standing_one_adopted) {
  auto first = this->allocated({1, 2});
  auto second = this->allocated({1, 2, 3, 4});
  const page_id duplicate = second.pages()[0], own = second.pages()[1];
  EXPECT_EQ(this->cache.publish(first, first.token_count()), status::ok);
  EXPECT_EQ(this->cache.publish(second, second.token_count()), status::ok);
  EXPECT_EQ(this->pages_of(second.pages()), (pages{first.pages()[0], own}));
  EXPECT_EQ(this->state(duplicate), page_state::free);
  EXPECT_EQ(this->cache.stats().duplicate_pages, 1U);
  EXPECT_EQ(this->cache.stats().published_pages, 2U);
  EXPECT_EQ(this->cache.release(first), status::ok);
  EXPECT_EQ(this->cache.evict(4), 0U);  // the second lease pins what it adopted
}

// ---- Fork

TYPED_TEST(variant, fork_shares_the_cached_prefix_and_copies_the_rest) {
  const auto l = this->published({1, 2, 3});
  auto r = this->cache.fork(l);
  ASSERT_EQ(r.result, status::ok);
  EXPECT_NE(r.forked.id(), l.id());
  EXPECT_EQ(r.forked.token_count(), 3U);
  EXPECT_EQ(this->pages_of(r.forked.cached_pages()), this->pages_of(l.cached_pages()));
  ASSERT_EQ(r.forked.private_pages().size(), 1U);
  EXPECT_NE(r.forked.pages()[1], l.pages()[1]);
  EXPECT_EQ(r.copies, (std::vector<page_copy>{{l.pages()[1], r.forked.pages()[1]}}));
  EXPECT_EQ(this->cache.stats().allocated_pages, 3U);
  EXPECT_EQ(this->cache.stats().lookups, 1U);
}

TYPED_TEST(variant, forked_leases_go_on_independently) {
  auto l = this->published({1, 2, 3});
  auto r = this->cache.fork(l);
  EXPECT_EQ(this->cache.allocate(l, tokens{4}), status::ok);
  EXPECT_EQ(this->cache.allocate(r.forked, tokens{5}), status::ok);
  EXPECT_EQ(this->cache.publish(l, l.token_count()), status::ok);
  EXPECT_EQ(this->cache.publish(r.forked, r.forked.token_count()), status::ok);
  EXPECT_EQ(this->pages_of(this->cache.lookup(tokens{1, 2, 3, 4}).pages()), this->pages_of(l.pages()));
  EXPECT_EQ(this->pages_of(this->cache.lookup(tokens{1, 2, 3, 5}).pages()), this->pages_of(r.forked.pages()));
  EXPECT_EQ(this->cache.release(l), status::ok);
  EXPECT_EQ(this->cache.evict(4), 1U);  // the fork still pins the page that both share
}

TYPED_TEST(variant, fork_copies_no_page_that_holds_no_token) {
  auto l = this->cache.lookup(tokens{});
  ASSERT_EQ(this->cache.allocate(l, tokens{1}, 3), status::ok);
  const auto r = this->cache.fork(l);
  ASSERT_EQ(r.result, status::ok);
  EXPECT_EQ(r.forked.private_pages().size(), 2U);
  EXPECT_EQ(r.copies, (std::vector<page_copy>{{l.pages()[0], r.forked.pages()[0]}}));
}

TYPED_TEST(variant, fork_of_published_pages_alone_needs_no_page) {
  const auto l = this->published({1, 2, 3, 4, 5, 6, 7, 8});
  const auto r = this->cache.fork(l);
  EXPECT_EQ(r.result, status::ok);
  EXPECT_TRUE(r.copies.empty());
  EXPECT_EQ(r.forked.cached_pages().size(), 4U);
}

TYPED_TEST(variant, fork_on_a_full_pool_is_refused_and_changes_nothing) {
  const auto l = this->published({1, 2, 3});
  const auto other = this->allocated({5, 6, 7, 8});
  const cache_stats before = this->cache.stats();
  const auto r = this->cache.fork(l);
  EXPECT_EQ(r.result, status::cache_full);
  EXPECT_FALSE(r.forked.is_open());
  EXPECT_TRUE(r.copies.empty());
  EXPECT_EQ(l.pages().size(), 2U);
  cache_stats after = this->cache.stats();
  EXPECT_EQ(std::exchange(after.refused_full, 0U), 1U);
  EXPECT_EQ(after, before);
}

TYPED_TEST(variant, fork_evicts_what_it_lacks) {
  this->request({5, 6, 7, 8});
  const auto l = this->published({1, 2, 3});
  const auto r = this->cache.fork(l);
  EXPECT_EQ(r.result, status::ok);
  EXPECT_EQ(this->cache.stats().evicted_pages, 1U);
}

}  // namespace
}  // namespace triecheck::unit
