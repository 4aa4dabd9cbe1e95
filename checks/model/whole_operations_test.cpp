// The checker of whole operations: histories that are correct step by step only are rejected, and so is another order
// of eviction than that of the policy.
#include "model/whole_operations.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "checks/model/model_words.h"

namespace {

using namespace triecheck::model;
using namespace triecheck::model::words;

// One token in each page. `alone` adds behind all that was added before.
class story {
 public:
  explicit story(std::size_t page_count) : config_{page_count, 1} {}

  story& alone(unsigned thread, operation op, outcome observed) {
    ++now_;
    return at(thread, std::move(op), std::move(observed), now_, now_);
  }
  story& at(unsigned thread, operation op, outcome observed, std::size_t called, std::size_t returned) {
    events_.push_back({thread, std::move(op), std::move(observed), called, returned});
    return *this;
  }

  /// `t` is cached on `own` afterwards.
  story& keep(lease l, const tokens& t, const pages& own) {
    return alone(0, lookup(l, t), {})
        .alone(0, allocate(l, t), leased(own, 0))
        .alone(0, publish(l, t.size()), leased(own, own.size()))
        .alone(0, release(l), {});
  }

  /// A snapshot that shows these pages cached, each below the one before, and `order`.
  story& snapshot(unsigned thread, std::size_t called, std::size_t returned, const tokens& cached, const pages& order) {
    shown_.resize(events_.size());
    end_state& seen = shown_.emplace_back(end_state{}).value();
    seen.pages.resize(config_.pages);
    for (page p = 0; p < cached.size(); ++p) {
      seen.pages[p] = {.state = page_state::cached,
                       .parent = p == 0 ? std::nullopt : std::optional(p - 1),
                       .block = {cached[p]},
                       .pinned = order.empty()};
    }
    seen.eviction_order = order;
    return at(thread, evict(0), freed(0), called, returned);
  }

  linearization check(const end_state* end = nullptr, std::size_t limit = 1'000'000) const {
    return check_whole(config_, events_, end, limit, shown_);
  }
  bool is_linearizable() const { return check().verdict == linearizable::yes; }
  bool is_step_by_step() const { return triecheck::model::check(config_, events_).verdict == linearizable::yes; }

 private:
  config config_;
  std::vector<event> events_;
  std::vector<std::optional<end_state>> shown_;
  std::size_t now_ = 0;
};

// Two operations that overlap have both orders.
TEST(whole_operations, overlapping_operations_take_either_order) {
  for (const bool found : {false, true}) {
    story s(1);
    s.alone(0, lookup(1, {1}), {}).alone(0, allocate(1, {1}), leased({0}, 0));
    s.at(0, publish(1, 1), leased({0}, 1), 10, 20).at(1, lookup(2, {1}), found ? leased({0}, 1) : outcome{}, 11, 12);
    EXPECT_TRUE(s.is_linearizable());
  }
}

TEST(whole_operations, a_publication_is_never_seen_half_done) {
  story s(2);
  s.alone(0, lookup(1, {1, 2}), {}).alone(0, allocate(1, {1, 2}), leased({0, 1}, 0));
  s.at(0, publish(1, 2), leased({0, 1}, 2), 10, 20).at(1, lookup(2, {1, 2}), leased({0}, 1), 11, 12);
  EXPECT_TRUE(s.is_step_by_step());
  const linearization l = s.check();
  EXPECT_EQ(l.verdict, linearizable::no);
  EXPECT_NE(l.reason.find("thread 1: lookup #2 [1 2] returned page 0"), std::string::npos) << l.reason;
}

TEST(whole_operations, the_oldest_page_is_evicted) {
  story right(3);
  right.keep(1, {1}, {0}).keep(2, {2}, {1}).alone(1, evict(1), freed(1)).alone(0, lookup(3, {2}), leased({1}, 1));
  EXPECT_TRUE(right.is_linearizable());
  story wrong(3);
  wrong.keep(1, {1}, {0}).keep(2, {2}, {1}).alone(1, evict(1), freed(1)).alone(0, lookup(3, {2}), {});
  EXPECT_TRUE(wrong.is_step_by_step());
  EXPECT_FALSE(wrong.is_linearizable());
}

TEST(whole_operations, a_refusal_evicts_nothing) {
  story s(2);
  s.keep(1, {1}, {0}).alone(1, lookup(2, {}), {}).alone(1, allocate(2, {5}), leased({1}, 0));
  s.alone(1, allocate(2, {6, 7}), refused(status::request_too_large, {1})).alone(1, lookup(3, {}), {});
  s.alone(1, allocate(3, {8, 9}), refused(status::cache_full)).alone(0, lookup(4, {1}), {});
  EXPECT_TRUE(s.is_step_by_step());
  EXPECT_FALSE(s.is_linearizable());
}

TEST(whole_operations, the_end_has_its_pages_and_their_order) {
  story s(2);
  s.keep(1, {1}, {0}).keep(2, {2}, {1});
  end_state end{{{page_state::cached, std::nullopt, {1}}, {page_state::cached, std::nullopt, {2}}}, {0, 1}};
  EXPECT_EQ(s.check(&end).verdict, linearizable::yes);
  end.eviction_order = {1, 0};
  const linearization l = s.check(&end);
  EXPECT_EQ(l.verdict, linearizable::no);
  EXPECT_NE(l.reason.find("the final snapshot shows the eviction order pages 1 0"), std::string::npos) << l.reason;
  end = {{{page_state::cached, std::nullopt, {1}}, {}}, {0}};
  EXPECT_NE(s.check(&end).reason.find("page 1 otherwise"), std::string::npos);
}

TEST(whole_operations, a_snapshot_is_of_one_instant) {
  const auto beside_an_eviction = [](const tokens& cached, const pages& order) {
    story s(2);
    s.keep(1, {1, 2}, {0, 1});
    s.at(0, evict(2), freed(2), 10, 20).snapshot(1, 11, 12, cached, order);
    return s.check();
  };
  EXPECT_EQ(beside_an_eviction({1, 2}, {1, 0}).verdict, linearizable::yes);
  EXPECT_EQ(beside_an_eviction({}, {}).verdict, linearizable::yes);
  EXPECT_EQ(beside_an_eviction({1}, {0}).verdict, linearizable::no) << "one of the two pages is gone";
  const linearization l = beside_an_eviction({1, 2}, {0, 1});
  EXPECT_EQ(l.verdict, linearizable::no);
  EXPECT_NE(l.reason.find("a snapshot shows"), std::string::npos) << l.reason;
}

TEST(whole_operations, the_search_gives_up_at_the_limit) {
  story s(1);
  s.alone(0, lookup(1, {}), {});
  s.at(0, allocate(1, {1}), refused(status::cache_full), 10, 20)
      .at(1, evict(0), freed(0), 10, 20)
      .at(2, evict(0), freed(0), 10, 20);
  EXPECT_EQ(s.check().verdict, linearizable::no);
  EXPECT_EQ(s.check(nullptr, 2).verdict, linearizable::unknown);
}

}  // namespace
