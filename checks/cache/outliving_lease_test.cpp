// A lease that outlives its cache, and a cache that cannot be made: with assertions, and compiled without exceptions,
// as some servers are.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "cache/coarse.h"
#include "cache/lockfree.h"
#include "cache/nodelock.h"
#include "cache/rwlock.h"
#include "cache/sync/std.h"

namespace triecheck::checks {
namespace {

template <class Cache>
class outliving_lease : public testing::Test {};

using variants =
    testing::Types<coarse_cache<std_sync>, rwlock_cache<std_sync>, nodelock_cache<std_sync>, lockfree_cache<std_sync>>;
TYPED_TEST_SUITE(outliving_lease, variants);

template <class Cache>
void end_with_an_open_lease(bool released) {
  auto cache = std::make_unique<Cache>(cache_config{.pages = 4, .tokens_per_page = 1});
  const std::vector<token> tokens{1};
  auto lease = std::make_unique<typename Cache::lease_type>(cache->lookup(tokens));
  if (released) static_cast<void>(cache->release(*lease));
  cache.reset();
}

TYPED_TEST(outliving_lease, is_noticed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  end_with_an_open_lease<TypeParam>(true);
  EXPECT_DEATH(end_with_an_open_lease<TypeParam>(false), "condition && text");
}

TYPED_TEST(outliving_lease, cache_without_pages_ends_the_program) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // In another thread: GoogleTest catches what a test throws.
  EXPECT_DEATH(std::thread([] { TypeParam({.pages = 0, .tokens_per_page = 1}); }).join(), "pages must be");
}

}  // namespace
}  // namespace triecheck::checks
