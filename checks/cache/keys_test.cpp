// Keys of blocks, of every variant and under every policy: blocks are equal where tokens and keys are.
#include <cstdint>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "checks/cache/variant_suite.h"

namespace triecheck::unit {
namespace {

using keys = std::vector<block_key>;

template <class P>
class keys_suite : public variant<P> {
 protected:
  using lease_type = typename variant<P>::lease_type;

  lease_type published(const tokens& t, const keys& k) {
    lease_type l = this->cache.lookup({t, k});
    EXPECT_EQ(this->cache.allocate(l, {this->rest(t, l), k}), status::ok);
    EXPECT_EQ(this->cache.publish(l, l.token_count()), status::ok);
    return l;
  }
  pages request(const tokens& t, const keys& k) {
    const lease_type l = published(t, k);
    return this->pages_of(l.cached_pages());
  }
  std::size_t matched(const tokens& t, const keys& k = {}) const { return this->cache.match({t, k}).pages; }
};
TYPED_TEST_SUITE(keys_suite, all_variants, name_of_variant);

TYPED_TEST(keys_suite, equal_tokens_under_other_keys_never_meet) {
  const pages first = this->request({1, 2, 3, 4}, {{0, 7}});
  EXPECT_EQ(this->matched({1, 2, 3, 4}), 0U);
  EXPECT_EQ(this->matched({1, 2, 3, 4}, {{0, 8}}), 0U);
  EXPECT_EQ(this->matched({1, 2, 3, 4}, {{1, 7}}), 0U);
  EXPECT_EQ(this->matched({1, 2, 3, 4}, {{0, 7}, {1, 7}}), 1U);
  EXPECT_EQ(this->matched({1, 2, 3, 4}, {{0, 7}}), 2U);
  EXPECT_NE(this->request({1, 2}, {{0, 8}}), pages{first[0]});
  EXPECT_NE(this->request({1, 2}, {}), pages{first[0]});
  EXPECT_EQ(this->request({1, 2}, {{0, 7}}), pages{first[0]});
}

TYPED_TEST(keys_suite, a_key_has_64_bits) {
  for (const std::uint64_t k : {std::uint64_t{1}, std::uint64_t{1} << 32, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    this->request({1, 2}, {{0, k}});
  }
  EXPECT_EQ(this->cache.stats().cached_pages, 4U);
  for (const std::uint64_t k : {std::uint64_t{1}, std::uint64_t{1} << 32, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    const keys named = {{0, k}};
    const auto l = this->cache.lookup({tokens{1, 2}, named});
    ASSERT_EQ(l.pages().size(), 1U);
    EXPECT_EQ(this->cache.snapshot().pages[index_of(l.pages()[0])].key, k);
  }
}

TYPED_TEST(keys_suite, key_0_is_none_and_a_key_of_a_block_that_is_not_asked_for_says_nothing) {
  const pages p = this->request({1, 2, 3, 4}, {{0, 0}});
  EXPECT_EQ(this->matched({1, 2, 3, 4}), 2U);
  EXPECT_EQ(this->matched({1, 2, 3}, {{1, 5}, {9, 5}}), 1U);
  EXPECT_EQ(this->request({1, 2, 3, 4}, {{1, 0}, {2, 5}}), p);
}

TYPED_TEST(keys_suite, a_namespace_and_a_key_are_both_compared) {
  const key_space far{std::uint64_t{1} << 63 | 5};
  const keys k = {{0, 7}};
  auto l = this->cache.lookup({tokens{1, 2}, k}, far);
  ASSERT_EQ(this->cache.allocate(l, {tokens{1, 2}, k}), status::ok);
  ASSERT_EQ(this->cache.publish(l, 2), status::ok);
  EXPECT_EQ(this->cache.match({tokens{1, 2}, k}, far).pages, 1U);
  EXPECT_EQ(this->cache.match({tokens{1, 2}, k}, key_space{5}).pages, 0U);
  EXPECT_EQ(this->cache.match(tokens{1, 2}, far).pages, 0U);
  const page_view seen = this->cache.snapshot().pages[index_of(l.pages()[0])];
  EXPECT_EQ(seen.space, far);
  EXPECT_EQ(seen.key, 7U);
}

TYPED_TEST(keys_suite, a_block_that_others_fill_keeps_the_key_that_it_began_with) {
  const keys prompt_keys = {{1, 7}};
  auto l = this->cache.lookup({tokens{1, 2, 3}, prompt_keys});
  ASSERT_EQ(this->cache.allocate(l, {tokens{1, 2, 3}, prompt_keys}), status::ok);
  ASSERT_EQ(this->cache.allocate(l, tokens{4, 5}), status::ok);
  EXPECT_EQ(keys(l.keys().begin(), l.keys().end()), prompt_keys);
  ASSERT_EQ(this->cache.publish(l, 5), status::ok);
  EXPECT_TRUE(l.keys().empty());
  EXPECT_EQ(this->matched({1, 2, 3, 4}, prompt_keys), 2U);
  EXPECT_EQ(this->matched({1, 2, 3, 4}), 1U);
}

TYPED_TEST(keys_suite, a_block_without_a_key_may_get_one_before_it_is_full) {
  auto l = this->cache.lookup(tokens{});
  const keys late = {{0, 7}}, passed_over = {{0, 9}, {7, 9}};
  ASSERT_EQ(this->cache.allocate(l, tokens{1}), status::ok);
  ASSERT_EQ(this->cache.allocate(l, {tokens{2, 3, 4}, late}), status::ok);
  ASSERT_EQ(this->cache.publish(l, 2), status::ok);
  EXPECT_EQ(this->matched({1, 2}, late), 1U);
  ASSERT_EQ(this->cache.allocate(l, {tokens{5}, passed_over}), status::ok) << "block 0 is cached, block 7 has no token";
  EXPECT_TRUE(l.keys().empty());
}

TYPED_TEST(keys_suite, a_shrink_drops_the_keys_of_what_it_drops_and_a_fork_has_those_of_the_first) {
  auto l = this->cache.lookup(tokens{});
  const keys guess = {{0, 7}, {1, 8}}, other = {{1, 9}};
  ASSERT_EQ(this->cache.allocate(l, {tokens{1, 2, 3}, guess}), status::ok);
  ASSERT_EQ(this->cache.shrink(l, 3), status::ok);
  EXPECT_EQ(keys(l.keys().begin(), l.keys().end()), guess);
  ASSERT_EQ(this->cache.shrink(l, 2), status::ok);
  ASSERT_EQ(this->cache.allocate(l, {tokens{3, 4}, other}), status::ok);
  auto f = this->cache.fork(l);
  ASSERT_EQ(f.result, status::ok);
  this->cache.release(l);
  EXPECT_TRUE(l.keys().empty());
  ASSERT_EQ(this->cache.publish(f.forked, 4), status::ok);
  EXPECT_EQ(this->matched({1, 2, 3, 4}, {{0, 7}, {1, 9}}), 2U);
  EXPECT_EQ(this->matched({1, 2, 3, 4}, guess), 1U);
}

TYPED_TEST(keys_suite, what_has_another_key_is_not_forgotten) {
  this->request({1, 2}, {{0, 7}});
  this->request({1, 2}, {{0, 8}});
  const keys seven = {{0, 7}};
  EXPECT_FALSE(this->cache.forget(tokens{1, 2}));
  EXPECT_TRUE(this->cache.forget({tokens{1, 2}, seven}));
  EXPECT_EQ(this->matched({1, 2}, {{0, 8}}), 1U);
  EXPECT_TRUE(this->cache.forget({}));
  EXPECT_EQ(this->cache.stats().cached_pages, 0U);
}

#ifdef NDEBUG  // with assertions these end the program
TYPED_TEST(keys_suite, a_contradiction_is_refused_and_changes_nothing) {
  const keys seven = {{0, 7}}, eight = {{0, 8}}, late = {{1, 7}};
  auto l = this->cache.lookup({tokens{1, 2, 3, 4}, seven});
  ASSERT_EQ(this->cache.allocate(l, {tokens{1, 2, 3, 4}, seven}), status::ok);
  EXPECT_EQ(this->cache.allocate(l, {tokens{5}, eight}), status::invalid_argument);
  EXPECT_EQ(this->cache.allocate(l, {tokens{5}, late}), status::invalid_argument) << "block 1 is full";
  EXPECT_EQ(l.token_count(), 4U);
  EXPECT_EQ(this->cache.allocate(l, {tokens{5}, seven}), status::ok);
}

TYPED_TEST(keys_suite, keys_out_of_order_find_nothing) {
  this->request({1, 2, 3, 4}, {{0, 7}, {1, 8}});
  const keys mixed = {{1, 8}, {0, 7}}, twice = {{0, 7}, {0, 7}};
  for (const keys& k : {mixed, twice}) {
    EXPECT_EQ(this->matched({1, 2, 3, 4}, k), 0U);
    EXPECT_FALSE(this->cache.forget({tokens{1, 2}, k}));
    auto l = this->cache.lookup({tokens{1, 2, 3, 4}, k});
    EXPECT_TRUE(l.pages().empty());
    EXPECT_EQ(this->cache.allocate(l, {tokens{1, 2}, k}), status::invalid_argument);
  }
}
#endif

}  // namespace
}  // namespace triecheck::unit
