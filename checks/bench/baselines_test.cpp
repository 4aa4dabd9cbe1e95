// The baselines are correct caches: a yardstick that is wrong measures nothing. They are held against the model in one
// thread, and against contents and structure in several.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "checks/bench/baselines/hash_chain.h"
#include "checks/bench/baselines/std_coarse.h"
#include "checks/bench/baselines/trie_of_pages.h"
#include "checks/properties/sequential.h"
#include "checks/simulate/run.h"
#include "checks/subject/cache_subject.h"
#include "checks/subject/production_caches.h"
#include "checks/trace/generate.h"

namespace triecheck::checks {
namespace {

template <class Cache>
class baseline : public testing::Test {};

using baselines = testing::Types<hash_chain_cache, page_trie_cache, std_coarse_cache<>>;
struct name_of_baseline {
  template <class Cache>
  static std::string GetName(int) {
    if (std::is_same_v<Cache, std_coarse_cache<>>) return "std_coarse";
    return std::is_same_v<Cache, hash_chain_cache> ? "hash_chain" : "page_trie";
  }
};
TYPED_TEST_SUITE(baseline, baselines, name_of_baseline);

TYPED_TEST(baseline, does_in_one_thread_what_the_model_does) {
  const fuzz_target target = {.cache = "baseline", .make = &make_subject<TypeParam>};
  const sequential_check check = check_sequential(target, {.seed = 1, .cases = 2000});
  std::string text;
  for (const std::string& line : check.lines) text += line + "\n";
  EXPECT_EQ(check.summary.outcome, verdict::pass) << check.summary.scope << "\n" << text;
}

TYPED_TEST(baseline, keeps_contents_and_structure_under_four_threads) {
  trace t = generate_trace(*find_shape("zipf"), 2000, 1);
  t.block_tokens = 16;
  const simulation s = run<TypeParam>(
      t, {.cache = "baseline", .pages = 600, .page_tokens = 16, .threads = 4, .in_flight = 4, .verify = true});
  EXPECT_EQ(s.outcome, verdict::pass) << (s.found ? s.found->message : "");
  EXPECT_GT(s.evicted_pages, 0U);
  EXPECT_GT(s.hit_pages, 0U);
}

TYPED_TEST(baseline, hits_what_a_variant_hits) {
  trace t = generate_trace(*find_shape("agent"), 1000, 1);
  t.block_tokens = 16;
  const simulation_options options = {.cache = "coarse", .pages = 1000, .page_tokens = 16, .in_flight = 8};
  const simulation mine = run<TypeParam>(t, options);
  const simulation variant = simulate(t, options);
  EXPECT_EQ(mine.hit_pages, variant.hit_pages);
  EXPECT_EQ(mine.evicted_pages, variant.evicted_pages);
}

// Of coarse and std-coarse the records, the parts and the whole are of one size: neither has a line of memory more to fetch.
using coarse = coarse_cache<std_sync>;
using coarse_trie = page_trie<std_sync, plain_count<std_sync, std::uint32_t>>;
static_assert(same_layout<coarse_trie::per_page, std_trie::per_page> && same_layout<coarse_trie, std_trie>);
static_assert(same_layout<page_pool<std_sync>::per_page, std_pool::per_page> && same_layout<page_pool<std_sync>, std_pool>);
static_assert(same_layout<recency_list<std_sync>::per_page, std_recency_list::per_page>);
static_assert(same_layout<recency_list<std_sync>, std_recency_list>);
static_assert(same_layout<cache_counters<plain_count<std_sync, std::uint64_t>>, std_counters>);
static_assert(same_layout<lease_buffers<std_sync>, std_lease_buffers>);
static_assert(same_layout<coarse, std_coarse_cache<>>);

// The same steps: pages, their order on the lists and every counter are those of `coarse`, not only what may be asked for.
TEST(std_coarse, does_step_by_step_what_coarse_does) {
  trace t = generate_trace(*find_shape("agent"), 500, 1);
  t.block_tokens = 16;
  const cache_config config = {.pages = 700, .tokens_per_page = 16};
  coarse shipped(config);
  std_coarse_cache<> written(config);
  std::deque<std::pair<coarse::lease_type, std_coarse_cache<>::lease_type>> open;
  std::vector<token> tokens;
  for (const trace_row& row : t.rows) {
    expand(row, t.block_tokens, tokens);
    auto& [a, b] = open.emplace_back(shipped.lookup(tokens), written.lookup(tokens));
    const auto rest = std::span<const token>(tokens).subspan(a.token_count());
    ASSERT_EQ(shipped.allocate(a, rest), written.allocate(b, rest));
    ASSERT_EQ(shipped.publish(a, tokens.size()), written.publish(b, tokens.size()));
    ASSERT_TRUE(std::equal(a.pages().begin(), a.pages().end(), b.pages().begin(), b.pages().end()));
    if (open.size() == 4) open.pop_front();
    ASSERT_EQ(shipped.stats(), written.stats());
    ASSERT_EQ(shipped.snapshot().eviction_order, written.snapshot().eviction_order);
  }
  EXPECT_GT(written.stats().evicted_pages, 0U);
  EXPECT_GT(written.stats().hit_pages, 0U);
}

}  // namespace
}  // namespace triecheck::checks
