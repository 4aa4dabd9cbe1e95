// The hub of events: the nodes that a new subscriber is given, and the order of the events of all subscribers.
#include "cache/event_hub.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

#include "cache/sync/std.h"

namespace triecheck {
namespace {

constexpr page_id p0{0}, p1{1}, p2{2};

// Writes down the events that it receives, in words.
struct listener final : cache_events {
  void stored(const stored_page& p) noexcept override {
    heard += "+" + name(p.page) + "<" + name(p.parent) + ":" + std::to_string(p.hash) + "," +
             std::to_string(p.block[0]) + (p.key == 0 ? " " : "k" + std::to_string(p.key) + " ");
  }
  void removed(page_id page) noexcept override { heard += "-" + name(page) + " "; }
  void cleared(std::size_t pages) noexcept override { heard += "cleared " + std::to_string(pages) + " "; }

  static std::string name(page_id page) { return page == no_page ? "root" : std::to_string(index_of(page)); }
  std::string heard;
};

class hub : public testing::Test {
 protected:
  void store(page_id page, page_id parent, token first, std::uint64_t key = 0) {
    const std::array<token, 2> block = {first, 0};
    hub_.stored(
        {.page = page, .parent = parent, .space = key_space{3}, .hash = 10 + first, .block = block, .key = key});
  }

  event_hub<std_sync> hub_{{.pages = 3, .tokens_per_page = 2}};
};

TEST_F(hub, who_joins_is_told_what_is_cached_and_then_what_changes) {
  store(p1, no_page, 7);
  store(p0, p1, 8, 5);
  listener early, late;
  hub_.join(early);
  EXPECT_EQ(early.heard, "+1<root:17,7 +0<1:18,8k5 ");
  store(p2, p1, 9);
  hub_.removed(p0);
  hub_.join(late);
  EXPECT_EQ(late.heard, "+1<root:17,7 +2<1:19,9 ");
  hub_.cleared(0);
  EXPECT_EQ(early.heard, "+1<root:17,7 +0<1:18,8k5 +2<1:19,9 -0 cleared 0 ");
  EXPECT_EQ(late.heard, "+1<root:17,7 +2<1:19,9 cleared 0 ");
}

TEST_F(hub, who_left_is_told_nothing_and_may_join_again) {
  listener l;
  hub_.join(l);
  hub_.leave(l);
  store(p0, no_page, 1);
  hub_.leave(l);
  EXPECT_EQ(l.heard, "");
  hub_.join(l);
  EXPECT_EQ(l.heard, "+0<root:11,1 ");
}

TEST_F(hub, children_are_removed_before_their_parent) {
  listener l;
  hub_.join(l);
  store(p0, no_page, 1);
  store(p1, p0, 2);
  store(p2, p1, 3);
  l.heard.clear();
  hub_.removed(p0);
  EXPECT_EQ(l.heard, "-2 -1 -0 ");
  hub_.removed(p1);
  hub_.removed(p2);
  store(p2, no_page, 4);
  EXPECT_EQ(l.heard, "-2 -1 -0 +2<root:14,4 ");
}

TEST_F(hub, what_is_stored_below_a_page_that_is_gone_is_not_told) {
  listener l;
  hub_.join(l);
  store(p0, no_page, 1);
  hub_.removed(p0);
  l.heard.clear();
  store(p1, p0, 2);
  store(p2, p1, 3);
  hub_.removed(p1);
  hub_.removed(p2);
  EXPECT_EQ(l.heard, "");
  store(p1, no_page, 4);
  EXPECT_EQ(l.heard, "+1<root:14,4 ");
}

TEST_F(hub, a_removal_that_comes_before_its_page_is_not_told) {
  listener l;
  hub_.join(l);
  hub_.removed(p1);
  store(p1, no_page, 1);
  EXPECT_EQ(l.heard, "");
  store(p1, no_page, 2);
  EXPECT_EQ(l.heard, "+1<root:12,2 ");
}

TEST_F(hub, an_impossible_configuration_is_refused) {
  EXPECT_THROW(event_hub<std_sync>({.pages = 0, .tokens_per_page = 1}), std::invalid_argument);
}

}  // namespace
}  // namespace triecheck
