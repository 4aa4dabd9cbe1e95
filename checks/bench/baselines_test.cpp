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

using baselines = testing::Types<hash_chain_cache, page_trie_cache>;
struct name_of_baseline {
  template <class Cache>
  static std::string GetName(int) {
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

}  // namespace
}  // namespace triecheck::checks
