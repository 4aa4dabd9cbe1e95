// The lanes of the eviction order, where only the order itself shows a mistake. The threads take turns, so every run is
// the same.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "cache/lockfree.h"
#include "cache/sync/std.h"
#include "checks/threads/turns.h"

namespace triecheck::checks {
namespace {

class lanes : public testing::Test {
 protected:
  void serve(std::size_t thread, std::vector<token> tokens) {
    who_.run(thread, [&] {
      auto l = cache_.lookup(tokens);
      EXPECT_EQ(cache_.allocate(l, std::span<const token>(tokens).subspan(l.token_count())), status::ok);
      EXPECT_EQ(cache_.publish(l, l.token_count()), status::ok);
      EXPECT_EQ(cache_.release(l), status::ok);
    });
  }

  void evict_one(std::size_t thread) {
    who_.run(thread, [&] { EXPECT_EQ(cache_.evict(1), 1U); });
  }

  // How many pages a lookup of `tokens` would find. Looks at the whole cache and changes nothing.
  std::size_t cached(std::initializer_list<token> tokens) {
    const cache_snapshot s = cache_.snapshot();
    page_id above = no_page;
    std::size_t found = 0;
    for (const token t : tokens) {
      std::size_t i = 0;
      while (i < s.pages.size() &&
             !(s.pages[i].state == page_state::cached && s.pages[i].parent == above && s.pages[i].block.front() == t))
        ++i;
      if (i == s.pages.size()) break;
      above = page_id{static_cast<std::uint32_t>(i)};
      ++found;
    }
    return found;
  }

  lockfree_cache<std_sync> cache_{{.pages = 1000, .tokens_per_page = 1}};
  turns who_{2};
};

// A page belongs to the lane of thread 0, its child to that of thread 1, which evicts the child. The page was used
// since, behind others that thread 0 listed: it keeps the place that this use gave it.
TEST_F(lanes, a_page_keeps_its_place_when_its_child_falls_in_another_lane) {
  serve(0, {1});
  serve(1, {1, 2});
  for (const token older : {10U, 11U, 12U}) serve(0, {older});
  serve(0, {1});
  for (token newer = 100; newer < 300; ++newer) serve(0, {newer});

  evict_one(0);
  EXPECT_EQ(cached({10}), 0U) << "thread 0 sorts what it released and evicts the oldest of it";
  evict_one(1);
  EXPECT_EQ(cached({1, 2}), 1U) << "thread 1 has nothing but the child";
  evict_one(0);
  evict_one(0);
  EXPECT_EQ(cached({1}), 1U) << "the page is not the next one to fall";
  EXPECT_EQ(cached({11}) + cached({12}), 0U);
  evict_one(0);
  EXPECT_EQ(cached({1}), 0U) << "the page is";
}

// A page belongs to the lane of thread 0, its child to that of thread 1. Thread 1 knows nothing old in thread 0's lane,
// where everything is pinned. When the child is evicted, the page is as old as the child and is evicted soon, although
// thread 1 goes on in its own lane.
TEST_F(lanes, a_page_that_falls_bare_in_another_lane_falls_soon) {
  using lease_type = lockfree_cache<std_sync>::lease_type;
  const auto hold = [&](std::vector<token> tokens) {
    lease_type l = cache_.lookup(tokens);
    EXPECT_EQ(cache_.allocate(l, std::span<const token>(tokens).subspan(l.token_count())), status::ok);
    EXPECT_EQ(cache_.publish(l, l.token_count()), status::ok);
    return l;
  };
  constexpr std::size_t newer = 160;
  std::vector<lease_type> held;
  serve(0, {1});
  who_.run(1, [&] {
    held.push_back(hold({1, 2}));
    for (token t = 100; t < 100 + newer; ++t) held.push_back(hold({t}));
  });
  who_.run(0, [&] { EXPECT_EQ(cache_.evict(1), 0U); });
  who_.run(1, [&] {
    for (lease_type& l : held) static_cast<void>(cache_.release(l));
  });
  std::size_t fell = 0;
  do {
    evict_one(1);
    ++fell;
  } while (cached({1}) == 1);
  EXPECT_EQ(cached({1, 2}), 0U);
  EXPECT_LE(fell, 2 + newer / 16) << "but for a sixteenth of its age";
}

}  // namespace
}  // namespace triecheck::checks
