// The code of cache/scheduler.md, compiled as it is printed there, and run under every variant.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cache/coarse.h"
#include "cache/lockfree.h"
#include "cache/nodelock.h"
#include "cache/rwlock.h"
#include "cache/sync/std.h"

namespace {

std::vector<std::pair<triecheck::page_id, triecheck::page_id>> copied;
void copy_page(triecheck::page_id from, triecheck::page_id to) { copied.emplace_back(from, to); }
void compute(const auto&) {}

namespace coarse {
using server_cache = triecheck::coarse_cache<triecheck::std_sync>;
#include "scheduler_guide.inc"
}  // namespace coarse
namespace rwlock {
using server_cache = triecheck::rwlock_cache<triecheck::std_sync>;
#include "scheduler_guide.inc"
}  // namespace rwlock
namespace nodelock {
using server_cache = triecheck::nodelock_cache<triecheck::std_sync>;
#include "scheduler_guide.inc"
}  // namespace nodelock
namespace lockfree {
using server_cache = triecheck::lockfree_cache<triecheck::std_sync>;
#include "scheduler_guide.inc"
}  // namespace lockfree

using triecheck::status;
using numbers = std::vector<triecheck::token>;

// Which of them is meant, the type of the cache says.
using namespace coarse;
using namespace rwlock;
using namespace nodelock;
using namespace lockfree;

template <class Cache>
class scheduler_guide : public testing::Test {
 protected:
  Cache cache_{{.pages = 4, .tokens_per_page = 2}};
};

struct variant_names {
  template <class Cache>
  static std::string GetName(int i) {
    return std::array{"coarse", "rwlock", "nodelock", "lockfree"}[static_cast<std::size_t>(i)];
  }
};
using variants =
    testing::Types<coarse::server_cache, rwlock::server_cache, nodelock::server_cache, lockfree::server_cache>;
TYPED_TEST_SUITE(scheduler_guide, variants, variant_names);

TYPED_TEST(scheduler_guide, a_request_is_admitted_grows_forks_and_leaves) {
  auto& cache = this->cache_;
  const numbers prompt{1, 2, 3, 4, 5};
  EXPECT_TRUE(surely_fits(cache, prompt));
  EXPECT_EQ(tokens_to_compute(cache, prompt), 5u);
  auto l = admit(cache, {1});
  ASSERT_TRUE(l);
  EXPECT_TRUE(prefill(cache, *l, prompt, 2));
  EXPECT_EQ(l->cached_pages().size(), 2u);
  EXPECT_EQ(tokens_to_compute(cache, prompt), 1u);
  EXPECT_EQ(cache.available().obtainable(), 1u);
  EXPECT_FALSE(surely_fits(cache, {7, 8, 9}));
  EXPECT_FALSE(admit(cache, {7, 8, 9}));
  copied.clear();
  EXPECT_EQ(beams(cache, *l, 3).size(), 1u);  // there is no page for a third
  EXPECT_EQ(copied.size(), 1u);
  EXPECT_TRUE(append(cache, *l, 6));
  EXPECT_EQ(l->cached_pages().size(), 3u);
}

TYPED_TEST(scheduler_guide, what_was_guessed_or_reserved_is_given_back) {
  auto& cache = this->cache_;
  auto l = admit(cache, {1, 2, 3});
  ASSERT_TRUE(l);
  ASSERT_EQ(cache.allocate(*l, numbers{4, 5, 6}), status::ok);
  EXPECT_EQ(cache.available().free_pages, 1u);
  EXPECT_TRUE(reject(cache, *l, 3));
  EXPECT_EQ(l->token_count(), 3u);
  EXPECT_EQ(cache.available().free_pages, 2u);
  ASSERT_EQ(cache.allocate(*l, {}, 4), status::ok);
  EXPECT_EQ(cache.available().free_pages, 0u);
  EXPECT_TRUE(return_reserve(cache, *l));
  EXPECT_EQ(cache.available().free_pages, 2u);
}

TYPED_TEST(scheduler_guide, a_prefetch_leaves_alone_what_a_preempted_request_left) {
  auto& cache = this->cache_;
  auto l = admit(cache, {1, 2, 3, 4, 5});
  ASSERT_TRUE(l);
  preempt(cache, *l, 4);
  EXPECT_EQ(cache.available().evictable_pages, 2u);
  auto other = cache.lookup(numbers{});
  EXPECT_FALSE(prefetch(cache, other, {7, 8, 9, 10, 11}));
  EXPECT_TRUE(prefetch(cache, other, {7, 8, 9, 10}));
  EXPECT_EQ(cache.match(numbers{1, 2, 3, 4, 5}).tokens, 4u);
}

TYPED_TEST(scheduler_guide, two_pictures_under_one_placeholder_never_meet) {
  auto& cache = this->cache_;
  const numbers prompt{1, 9, 9, 9, 2};  // the picture is shown in the blocks 0 and 1
  const auto first = keys_of(std::vector<coarse::picture>{{0, 1, 77}});
  const auto second = keys_of(std::vector<coarse::picture>{{0, 1, 78}});
  EXPECT_EQ(first, (std::vector<triecheck::block_key>{{0, 77}, {1, 77}}));
  {
    auto l = admit_with(cache, prompt, first);
    ASSERT_TRUE(l);
    ASSERT_EQ(cache.publish(*l, 4), status::ok);
  }
  EXPECT_EQ(cache.match({prompt, first}).pages, 2u);
  EXPECT_EQ(cache.match({prompt, second}).pages, 0u);
  EXPECT_EQ(cache.match(prompt).pages, 0u);
  const auto both = keys_of(std::vector<coarse::picture>{{0, 0, 77}, {1, 1, 78}, {1, 1, 79}}, 5);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_NE(both[0].key, 77u) << "the salt counts";
  EXPECT_NE(both[1].key, 79u);
  auto alone = admit_alone(cache, {1, 9}, 5);
  ASSERT_TRUE(alone);
  ASSERT_EQ(cache.publish(*alone, 2), status::ok);
  EXPECT_EQ(cache.match(numbers{1, 9}).pages, 0u);
}

TYPED_TEST(scheduler_guide, a_request_that_is_tried_again_counts_once) {
  auto& cache = this->cache_;
  auto first = admit(cache, {1, 2, 3});
  ASSERT_TRUE(first);
  ASSERT_EQ(cache.publish(*first, 2), status::ok);
  auto large = admit(cache, {5, 6, 7});
  ASSERT_TRUE(large);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(admit(cache, {1, 2, 8, 9}));
  cache.release(*large);
  EXPECT_TRUE(admit(cache, {1, 2, 8, 9}));
  EXPECT_EQ(cache.stats().hit_pages, 4u);
  EXPECT_EQ(cache.stats().admitted_hit_pages(), 1u);
  EXPECT_EQ(hit_rate(cache), 1.0 / 4);
}

TYPED_TEST(scheduler_guide, a_request_that_waits_is_cancelled) {
  auto& cache = this->cache_;
  auto all = admit(cache, {1, 2, 3, 4, 5, 6, 7});
  ASSERT_TRUE(all);
  std::atomic<bool> is_cancelled{false};
  const auto asked = [&] { return is_cancelled.load(); };
  std::thread waiting([&] { EXPECT_FALSE(admit_in_turn(cache, {8}, asked)); });
  cancel(cache, [&] { is_cancelled = true; });
  waiting.join();
  cache.release(*all);
  is_cancelled = false;
  EXPECT_TRUE(admit_in_turn(cache, {8}, asked));
}

}  // namespace
