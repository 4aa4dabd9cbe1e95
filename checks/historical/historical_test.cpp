// The historical cache as it was in the end: right for one request at a time, and what its lookups
// return is not protected.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "cache/sync/std.h"
#include "checks/historical/historical_cache.h"

namespace triecheck::historical {
namespace {

using cache = historical_cache<std_sync>;
using tokens = std::vector<token>;

constexpr cache_config small{.pages = 8, .tokens_per_page = 2};

TEST(last_revision, answers_one_request_at_a_time_correctly) {
  cache c(small, last_revision);
  std::map<page_id, tokens> contents;  // the prefix whose keys and values lie in the page
  std::size_t hits = 0;
  for (token i = 0; i < 1000; ++i) {
    const tokens prompt = {1, 2, i % 2, 3, i % 5, 4};
    auto l = c.lookup(prompt);
    hits += l.cached_pages().size();
    ASSERT_EQ(c.allocate(l, std::span<const token>(prompt).subspan(l.token_count())), status::ok);
    for (std::size_t page = 0; page < l.pages().size(); ++page) {
      const tokens prefix(prompt.begin(), prompt.begin() + 2 * static_cast<std::ptrdiff_t>(page + 1));
      tokens& content = contents[l.pages()[page]];
      if (page >= l.cached_pages().size()) content = prefix;
      ASSERT_EQ(content, prefix) << "request " << i;
    }
    ASSERT_EQ(c.publish(l, prompt.size()), status::ok);
    ASSERT_EQ(c.release(l), status::ok);
  }
  EXPECT_GT(hits, 0U);
  EXPECT_TRUE(c.shutdown().lost.empty());
}

TEST(last_revision, gives_a_page_that_a_lookup_returned_to_another_request) {
  cache c({.pages = 1, .tokens_per_page = 2}, last_revision);
  const tokens first = {1, 2}, second = {3, 4};
  auto l = c.lookup(first);
  ASSERT_EQ(c.allocate(l, first), status::ok);
  ASSERT_EQ(c.publish(l, 2), status::ok);
  ASSERT_EQ(c.release(l), status::ok);

  auto a = c.lookup(first);
  auto b = c.lookup(second);
  ASSERT_EQ(c.allocate(b, second), status::ok);
  EXPECT_EQ(a.pages()[0], b.pages()[0]);
}

}  // namespace
}  // namespace triecheck::historical
