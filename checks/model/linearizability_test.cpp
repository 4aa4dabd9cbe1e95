// The linearizability checker: histories that are correct only step by step, wrong ones that must be rejected, and a
// search without any pruning that must agree with it on small random histories.
#include "model/linearizability.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "checks/model/model_words.h"
#include "model/operation.h"
#include "model/state.h"

namespace {

using namespace triecheck::model;
using namespace triecheck::model::words;

page_view node(std::optional<page> parent, tokens block, bool pinned = false) {
  return {.state = page_state::cached, .parent = parent, .block = std::move(block), .pinned = pinned};
}

// A history over one cache, with one token in each page. Thread 0 prepares; what `alone` adds is behind all that was
// added before.
class story {
 public:
  explicit story(std::size_t page_count) : config_{page_count, 1} {}

  story& alone(unsigned thread, operation op, outcome observed) {
    return at(thread, std::move(op), std::move(observed), 0, 1).then();
  }

  /// The times count from the last `then`.
  story& at(unsigned thread, operation op, outcome observed, std::size_t called, std::size_t returned) {
    events_.push_back({thread, std::move(op), std::move(observed), now_ + called, now_ + returned});
    return *this;
  }

  story& then() {
    for (const event& e : events_) now_ = std::max(now_, e.returned + 1);
    return *this;
  }

  /// An open lease with all of `t` published on `own`; nothing of it was cached before.
  story& hold(lease l, const tokens& t, const pages& own) {
    return alone(0, lookup(l, t), {})
        .alone(0, allocate(l, t), leased(own, 0))
        .alone(0, publish(l, own.size()), leased(own, own.size()));
  }

  /// The same, released: cached and evictable.
  story& keep(lease l, const tokens& t, const pages& own) { return hold(l, t, own).alone(0, release(l), {}); }

  /// Thread 3 holds page `p` privately, and thread 1 opens a lease.
  story& reserve(page p) {
    return alone(3, lookup(90, {}), {}).alone(3, allocate(90, {9}), leased({p}, 0)).alone(1, lookup(91, {}), {});
  }

  /// Thread 1 allocates from 0 to 20 and cannot take its page before 10: that is when thread 3 gives it up.
  story& allocate_reserved(page p) {
    return at(1, allocate(91, {7}), leased({p}, 0), 0, 20).at(3, release(90), {}, 10, 11);
  }

  linearization check(const std::vector<page_view>* final_pages = nullptr, std::size_t limit_states = 1'000'000) const {
    return triecheck::model::check(config_, events_, final_pages, {.limit_states = limit_states});
  }

  linearization check_crowded() const {
    return triecheck::model::check(config_, events_, nullptr, {.rule = refusals::crowded});
  }

  void expect_yes(const std::vector<page_view>* final_pages = nullptr) const {
    const linearization l = check(final_pages);
    EXPECT_EQ(l.verdict, linearizable::yes) << l.reason;
  }

  void expect_no(const std::string& reason, const std::vector<page_view>* final_pages = nullptr) const {
    const linearization l = check(final_pages);
    EXPECT_EQ(l.verdict, linearizable::no);
    EXPECT_NE(l.reason.find(reason), std::string::npos) << l.reason;
  }

 private:
  config config_;
  std::vector<event> events_;
  std::size_t now_ = 0;
};

// ---- Order in time

TEST(linearizability, an_empty_history_is_linearizable) { story(1).expect_yes(); }

TEST(linearizability, the_order_names_every_step) {
  const linearization l = story(2)
                              .alone(0, lookup(1, {1, 2}), {})
                              .alone(0, allocate(1, {1, 2}), leased({1, 0}, 0))
                              .alone(0, publish(1, 2), leased({1, 0}, 2))
                              .alone(0, release(1), {})
                              .alone(3, lookup(2, {7}), {})
                              .alone(3, allocate(2, {7}, 1), leased({0, 1}, 0))
                              .alone(3, release(2), {})
                              .check();
  EXPECT_EQ(l.verdict, linearizable::yes);
  EXPECT_TRUE(l.reason.empty());
  EXPECT_EQ(l.order,
            (std::vector<std::string>{
                "thread 0: lookup #1 [1 2]: ok, no page", "thread 0: allocate #1 [1 2]: ok, pages | 1 0",
                "thread 0: publish #1 to 2, page 1", "thread 0: publish #1 to 2, page 0",
                "thread 0: publish #1 to 2: ok, pages 1 0", "thread 0: release #1: ok",
                "thread 3: lookup #2 [7]: ok, no page", "thread 3: allocate #2 [7] +1 evicts page 0",
                "thread 3: allocate #2 [7] +1 evicts page 1", "thread 3: allocate #2 [7] +1: ok, pages | 0 1",
                "thread 3: release #2 frees page 0", "thread 3: release #2 frees page 1", "thread 3: release #2: ok"}));
}

TEST(linearizability, a_lookup_that_misses_a_prefix_published_before_it_began_is_rejected) {
  const linearization l = story(2).hold(1, {1}, {1}).alone(1, lookup(2, {1, 2}), {}).check();
  EXPECT_EQ(l.verdict, linearizable::no);
  EXPECT_EQ(l.reason, "thread 1: lookup #2 [1 2] returned no page, but the longest prefix then was page 1");
  EXPECT_EQ(l.order.size(), 4u) << "lookup, allocate, one page published, publish";
}

TEST(linearizability, a_lookup_beside_a_publish_may_hit_or_miss) {
  for (const outcome& seen : {leased({}, 0), leased({0}, 1), leased({0, 1}, 2)}) {
    story s(2);
    s.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {1, 2}), leased({0, 1}, 0));
    s.at(0, publish(1, 2), leased({0, 1}, 2), 0, 9).at(1, lookup(2, {1, 2}), seen, 3, 4).expect_yes();
  }
}

TEST(linearizability, lookups_beside_a_publish_see_it_grow_never_shrink) {
  story before(2);
  before.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {1, 2}), leased({0, 1}, 0));
  before.at(0, publish(1, 2), leased({0, 1}, 2), 0, 9);
  story grows = before, shrinks = before;
  grows.at(1, lookup(2, {1, 2}), leased({0}, 1), 1, 2).at(2, lookup(3, {1, 2}), leased({0, 1}, 2), 3, 4).expect_yes();
  shrinks.at(1, lookup(2, {1, 2}), leased({0, 1}, 2), 1, 2).at(2, lookup(3, {1, 2}), leased({0}, 1), 3, 4);
  shrinks.expect_no("lookup #3 [1 2] returned page 0, but the longest prefix then was pages 0 1");
}

TEST(linearizability, operations_that_touch_in_time_may_take_either_order) {
  story s(1);
  s.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {1}), leased({0}, 0));
  s.at(0, publish(1, 1), leased({0}, 1), 0, 5).at(1, lookup(2, {1}), {}, 5, 6).expect_yes();
}

TEST(linearizability, operations_of_one_thread_keep_their_order_even_where_their_times_touch) {
  story s(1);
  s.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {1}), leased({0}, 0));
  s.at(0, publish(1, 1), leased({0}, 1), 0, 5).at(0, lookup(2, {1}), {}, 5, 6);
  s.expect_no("thread 0: lookup #2 [1] returned no page, but the longest prefix then was page 0");
}

TEST(linearizability, the_history_may_come_in_any_order) {
  const event opened{0, lookup(1, {}), {}, 0, 1}, taken{0, allocate(1, {1}), leased({0}, 0), 2, 3};
  EXPECT_EQ(check({1, 1}, {taken, opened}).verdict, linearizable::yes);
}

TEST(linearizability, an_event_that_returns_before_it_is_called_is_no_history) {
  EXPECT_THROW(static_cast<void>(check({1, 1}, {{0, clear(), freed(0), 2, 1}})), std::invalid_argument);
}

// ---- Pages

TEST(linearizability, one_page_for_two_leases_is_rejected) {
  story s(2);
  s.alone(0, lookup(1, {}), {}).alone(1, lookup(2, {}), {});
  s.at(0, allocate(1, {1}), leased({0}, 0), 0, 9).at(1, allocate(2, {2}), leased({0}, 0), 0, 9);
  s.expect_no("allocate #2 [2] took page 0, which was private to lease #1");
}

TEST(linearizability, a_page_may_change_hands_while_its_lease_is_released) {
  story s(1);
  s.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {1}), leased({0}, 0)).alone(1, lookup(2, {}), {});
  story early = s;
  s.at(0, release(1), {}, 0, 9).at(1, allocate(2, {2}), leased({0}, 0), 3, 4).expect_yes();
  early.at(0, release(1), {}, 5, 9).at(1, allocate(2, {2}), leased({0}, 0), 3, 4);
  early.expect_no("took page 0, which was private to lease #1");
}

TEST(linearizability, a_release_frees_private_pages_one_by_one_in_any_order_before_it_unpins) {
  for (const page taken : {1u, 2u}) {
    story s(3);
    s.hold(1, {1}, {0}).alone(0, allocate(1, {2, 3}), leased({0, 1, 2}, 1)).alone(1, lookup(2, {}), {});
    s.at(0, release(1), {}, 0, 9).at(1, allocate(2, {5}), leased({taken}, 0), 1, 2);
    story later = s;
    s.at(2, clear(), freed(0), 3, 4).at(2, lookup(3, {1}), leased({0}, 1), 5, 6).expect_yes();
    later.at(2, clear(), freed(0), 10, 11).at(2, lookup(3, {1}), leased({0}, 1), 12, 13);
    later.expect_no("lookup #3 [1] returned page 0, but the longest prefix then was no page");
  }
}

TEST(linearizability, a_refusal_while_a_page_was_free_all_the_time_is_rejected) {
  story s(2);
  s.hold(1, {1}, {0}).alone(1, lookup(2, {}), {});
  s.at(1, allocate(2, {2}), refused(status::cache_full), 0, 9).at(0, lookup(3, {1}), leased({0}, 1), 1, 2);
  s.expect_no("thread 1: allocate #2 [2] returned cache_full, but its shortage of 1 page was covered by 1 free");
}

TEST(linearizability, a_refusal_is_right_when_the_cache_was_full_at_some_instant) {
  story s(1);
  s.hold(1, {1}, {0}).alone(1, lookup(2, {}), {});
  story late = s;
  s.at(0, release(1), {}, 0, 9).at(1, allocate(2, {2}), refused(status::cache_full), 5, 6).expect_yes();
  late.alone(0, release(1), {})
      .alone(1, allocate(2, {2}), refused(status::cache_full))
      .expect_no("0 free and 1 evictable");
}

// ---- Publish

TEST(linearizability, one_of_two_publishers_of_a_block_adopts_the_node_of_the_other) {
  story s(2);
  s.alone(0, lookup(1, {1}), {}).alone(1, lookup(2, {1}), {});
  s.alone(0, allocate(1, {1}), leased({0}, 0)).alone(1, allocate(2, {1}), leased({1}, 0));
  story both_adopt = s, none_adopts = s;
  s.at(0, publish(1, 1), leased({1}, 1), 0, 9).at(1, publish(2, 1), leased({1}, 1), 0, 9).expect_yes();
  both_adopt.at(0, publish(1, 1), leased({1}, 1), 0, 9).at(1, publish(2, 1), leased({0}, 1), 0, 9);
  both_adopt.expect_no("no page was cached there and its own page");
  none_adopts.at(0, publish(1, 1), leased({0}, 1), 0, 9).at(1, publish(2, 1), leased({1}, 1), 0, 9);
  none_adopts.expect_no("page 0 was cached there and is to be adopted");
}

TEST(linearizability, two_publishers_of_a_chain_may_pass_each_other_between_pages) {
  // Lease 1 is first with block 1 and second with block 2: only an order that alternates their pages explains that.
  story s(4);
  s.alone(0, lookup(1, {1, 2}), {}).alone(1, lookup(2, {1, 2}), {});
  s.alone(0, allocate(1, {1, 2}), leased({0, 1}, 0)).alone(1, allocate(2, {1, 2}), leased({2, 3}, 0));
  s.at(0, publish(1, 2), leased({0, 3}, 2), 0, 9).at(1, publish(2, 2), leased({0, 3}, 2), 0, 9).expect_yes();
}

TEST(linearizability, a_duplicate_page_can_be_taken_while_its_publish_goes_on) {
  story s(3);
  s.alone(1, lookup(2, {1, 2}), {}).alone(1, allocate(2, {1, 2}), leased({1, 2}, 0)).keep(1, {1}, {0});
  s.alone(2, lookup(3, {}), {}).at(1, publish(2, 2), leased({0, 2}, 2), 0, 9);
  s.at(2, allocate(3, {7}), leased({1}, 0), 1, 2).at(2, lookup(4, {1, 2}), leased({0}, 1), 3, 4).expect_yes();
}

TEST(linearizability, a_page_is_pinned_as_soon_as_it_is_published) {
  story s(2);
  s.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {1, 2}), leased({0, 1}, 0));
  s.at(0, publish(1, 2), leased({0, 1}, 2), 0, 9).at(1, evict(1), freed(1), 0, 9);
  s.expect_no("evict 1 freed 1 page, but then nothing more was evictable");
}

TEST(linearizability, a_node_evicted_while_its_publisher_pins_it_is_rejected) {
  story s(2);
  s.hold(1, {1}, {0}).alone(1, clear(), freed(1)).expect_no("thread 1: clear freed 1 page, but then nothing more was");
  story taken(1);
  taken.hold(1, {1}, {0}).alone(1, lookup(2, {}), {}).alone(1, allocate(2, {2}), leased({0}, 0));
  taken.expect_no("took page 0, which was cached and pinned");
}

// ---- Evictions

TEST(linearizability, the_evictions_of_an_allocate_lie_anywhere_inside_it) {
  story s(3);
  s.reserve(2).hold(1, {1}, {0}).hold(2, {5}, {1}).alone(0, release(1), {}).alone(0, release(2), {});
  story without = s;
  s.allocate_reserved(2).at(2, lookup(3, {1}), {}, 1, 2);
  s.at(2, lookup(4, {5}), leased({1}, 1), 3, 4)
      .at(2, release(4), {}, 5, 6)
      .at(2, lookup(5, {5}), {}, 7, 8)
      .expect_yes();
  s.at(2, lookup(6, {1}), leased({0}, 1), 9, 10);
  s.expect_no("lookup #6 [1] returned page 0, but the longest prefix then was no page");
  without.at(2, lookup(3, {1}), {}, 1, 2).expect_no("returned no page, but the longest prefix then was page 0");
}

TEST(linearizability, an_allocate_may_evict_more_than_it_takes) {
  story s(3);
  s.keep(1, {1}, {0}).alone(1, lookup(2, {}), {}).alone(1, allocate(2, {7}), leased({1}, 0));
  s.alone(2, lookup(3, {1}), {}).expect_yes();
}

TEST(linearizability, a_miss_may_come_from_evicting_the_node_and_all_below_it) {
  story s(3);
  s.keep(1, {1, 2}, {0, 1}).alone(1, lookup(2, {}), {}).alone(1, allocate(2, {7}), leased({2}, 0));
  s.alone(2, lookup(3, {1}), {}).expect_yes();
}

TEST(linearizability, a_publisher_keeps_its_own_page_where_the_node_that_stood_was_evicted) {
  story s(6);
  s.alone(1, lookup(1, {}), {}).alone(1, allocate(1, {1}), leased({0}, 0));
  outcome forked = leased({2}, 0);
  forked.copies = {{0, 2}};
  s.alone(1, fork(1, 2), forked).keep(3, {1}, {1}).alone(2, lookup(4, {}), {});
  story evicted = s, forked_evicted = s;
  s.alone(1, publish(1, 1), leased({0}, 1)).expect_no("page 1 was cached there and is to be adopted");
  evicted.alone(2, allocate(4, {7}), leased({3}, 0)).alone(1, publish(1, 1), leased({0}, 1)).expect_yes();
  forked_evicted.alone(2, allocate(4, {7}), leased({3}, 0)).alone(1, publish(2, 1), leased({2}, 1)).expect_yes();
}

TEST(linearizability, a_publisher_keeps_its_own_page_where_an_allocate_beside_it_evicts_the_node) {
  story s(3);
  s.reserve(2).alone(2, lookup(1, {}), {}).alone(2, allocate(1, {1}), leased({0}, 0)).keep(2, {1}, {1});
  story without = s;
  s.allocate_reserved(2).at(2, publish(1, 1), leased({0}, 1), 1, 2).expect_yes();
  without.at(2, publish(1, 1), leased({0}, 1), 1, 2).expect_no("page 1 was cached there and is to be adopted");
}

TEST(linearizability, an_allocate_that_needs_no_page_evicts_none) {
  story s(2);
  s.keep(1, {1}, {0}).alone(1, lookup(2, {}), {}).alone(1, allocate(2, {}), {}).alone(2, lookup(3, {1}), {});
  s.expect_no("lookup #3 [1] returned no page, but the longest prefix then was page 0");
}

TEST(linearizability, a_request_that_is_too_large_evicts_none) {
  story s(2);
  s.keep(1, {1}, {0}).alone(1, lookup(2, {}), {});
  s.alone(1, allocate(2, {7, 8, 9}), refused(status::request_too_large)).alone(2, lookup(3, {1}), {});
  s.expect_no("the longest prefix then was page 0");
}

TEST(linearizability, an_allocate_refused_for_want_of_pages_may_have_evicted) {
  story s(2);
  s.hold(1, {1}, {0}).keep(2, {5}, {1}).alone(1, lookup(3, {}), {});
  s.alone(1, allocate(3, {7, 8}), refused(status::cache_full)).alone(2, lookup(4, {5}), {}).expect_yes();
}

TEST(linearizability, evictions_happen_only_while_an_operation_that_may_evict_is_under_way) {
  // The page is still cached at time 6, and gone at 10: an allocate that began later may have evicted it, and only
  // that.
  story s(3);
  s.keep(1, {1}, {0}).alone(1, lookup(2, {}), {}).alone(2, lookup(3, {}), {});
  s.at(1, allocate(2, {7}), leased({1}, 0), 0, 4)
      .at(3, lookup(4, {1}), leased({0}, 1), 5, 6)
      .at(3, release(4), {}, 7, 8);
  story another = s;
  s.at(3, lookup(5, {1}), {}, 10, 11).expect_no("the longest prefix then was page 0");
  another.at(2, allocate(3, {8}), leased({2}, 0), 3, 12).at(3, lookup(5, {1}), {}, 10, 11).expect_yes();
}

TEST(linearizability, a_page_is_evicted_by_one_of_two_evictions) {
  story s(2);
  s.keep(1, {1}, {0});
  story twice = s;
  s.at(1, evict(1), freed(1), 0, 9).at(2, evict(1), freed(0), 0, 9).expect_yes();
  twice.at(1, evict(1), freed(1), 0, 9).at(2, evict(1), freed(1), 0, 9).expect_no("nothing more was evictable");
}

TEST(linearizability, any_evictable_node_may_fall) {
  for (const page kept : {0u, 1u}) {
    story s(2);
    s.hold(1, {1}, {0})
        .hold(2, {5}, {1})
        .alone(0, release(1), {})
        .alone(0, release(2), {})
        .alone(1, evict(1), freed(1));
    s.alone(1, lookup(3, {kept == 0 ? 1u : 5u}), leased({kept}, 1)).expect_yes();
  }
}

TEST(linearizability, an_eviction_that_stopped_early_found_nothing_at_some_instant) {
  story s(2);
  s.hold(1, {1}, {0});
  story late = s;
  s.at(0, release(1), {}, 0, 9).at(1, evict(1), freed(0), 0, 9).expect_yes();
  late.alone(0, release(1), {})
      .alone(1, evict(1), freed(0))
      .expect_no("evict 1 stopped after 0 pages, but page 0 was evictable");
}

TEST(linearizability, an_eviction_never_fails_and_frees_no_more_than_asked_for) {
  story s(2);
  s.keep(1, {1, 2}, {0, 1});
  story more = s;
  s.alone(1, evict(1), {.result = status::cache_full, .evicted = 1}).expect_no("evict 1 returned cache_full");
  more.alone(1, evict(1), freed(2)).expect_no("evict 1 freed 2 pages, which is more than asked for");
}

TEST(linearizability, a_clear_need_not_count_what_an_allocate_evicts_beside_it) {
  story s(3);
  s.reserve(2).keep(1, {1, 2}, {0, 1});
  story without = s;
  s.allocate_reserved(2).at(2, clear(), freed(0), 1, 2).expect_yes();
  without.at(2, clear(), freed(0), 1, 2).expect_no("clear stopped after 0 pages, but page 1 was evictable");
}

TEST(linearizability, an_eviction_may_take_a_parent_whose_child_an_allocate_evicted) {
  story s(3);
  s.reserve(2).keep(1, {1, 2}, {0, 1});
  story without = s;
  s.allocate_reserved(2).at(2, evict(1), freed(1), 1, 2).at(2, lookup(3, {1}), {}, 3, 4).expect_yes();
  without.at(2, evict(1), freed(1), 1, 2).at(2, lookup(3, {1}), {}, 3, 4).expect_no("longest prefix then was page 0");
}

TEST(linearizability, a_lookup_pins_in_the_same_step) {
  story s(1);
  s.keep(1, {1}, {0});
  s.at(1, lookup(2, {1}), leased({0}, 1), 0, 9)
      .at(2, clear(), freed(1), 0, 9)
      .at(2, lookup(3, {1}), leased({0}, 1), 10, 11);
  s.expect_no("returned page 0, but the longest prefix then was no page");
}

// ---- Forks and closed leases

TEST(linearizability, a_fork_pins_the_chain_in_one_step) {
  story s(2);
  s.hold(1, {1}, {0}).at(0, fork(1, 2), leased({0}, 1), 0, 1).at(0, release(1), {}, 2, 3);
  story evicted = s;
  s.at(1, clear(), freed(0), 0, 9).expect_yes();
  evicted.at(1, clear(), freed(1), 0, 9).expect_no("clear freed 1 page, but then nothing more was evictable");
}

TEST(linearizability, a_fork_may_evict_for_its_pages) {
  story s(2);
  s.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {7}), leased({1}, 0)).keep(2, {5}, {0});
  outcome forked = leased({0}, 0);
  forked.copies = {{1, 0}};
  s.at(0, fork(1, 3), forked, 0, 9).at(1, lookup(4, {5}), {}, 1, 2).expect_yes();
}

TEST(linearizability, a_released_lease_stays_closed) {
  story s(2);
  s.hold(1, {1}, {0}).alone(0, release(1), {});
  story again = s;
  s.alone(0, release(1), {}).alone(0, publish(1, 1), refused(status::lease_closed)).expect_yes();
  again.alone(0, publish(1, 1), leased({0}, 1))
      .expect_no("publish #1 to 1 returned ok, pages 0, but the lease was not open");
}

// ---- The end, and the limit

TEST(linearizability, the_order_ends_in_the_final_snapshot) {
  story s(2);
  s.keep(1, {1}, {0});
  const std::vector<page_view> right = {node({}, {1}), {}}, gone = {{}, {}}, pinned = {node({}, {1}, true), {}};
  const std::vector<page_view> below = {node(1, {1}), {}}, other = {node({}, {2}), {}}, shorter = {node({}, {1})};
  s.expect_yes(&right);
  s.expect_no(
      "the final snapshot shows page 0 free, but after the last step it was cached below the root with block [1] "
      "and not pinned",
      &gone);
  s.expect_no("shows page 0 cached below the root with block [1] and pinned", &pinned);
  s.expect_no("shows page 0 cached below page 1", &below);
  s.expect_no("with block [2]", &other);
  s.expect_no("the final snapshot shows 1 pages, but the cache has 2", &shorter);
}

TEST(linearizability, the_final_snapshot_tells_which_node_fell) {
  story s(2);
  s.hold(1, {1}, {0}).hold(2, {5}, {1}).alone(0, release(1), {}).alone(0, release(2), {}).alone(1, evict(1), freed(1));
  const std::vector<page_view> first_fell = {{}, node({}, {5})}, second_fell = {node({}, {1}), {}},
                               both_fell = {{}, {}};
  s.expect_yes(&first_fell);
  s.expect_yes(&second_fell);
  s.expect_no("the final snapshot shows page", &both_fell);
}

TEST(linearizability, an_allocate_may_have_evicted_what_only_the_final_snapshot_misses) {
  story s(3);
  s.keep(1, {1, 2}, {0, 1}).alone(1, lookup(2, {}), {}).alone(1, allocate(2, {7}), leased({2}, 0));
  const std::vector<page_view> both_fell = {{}, {}, {page_state::leased, {}, {}, false}};
  const std::vector<page_view> parent_fell = {{}, node(0, {2}), {page_state::leased, {}, {}, false}};
  s.expect_yes(&both_fell);
  s.expect_no("the final snapshot shows page 0 free", &parent_fell);
}

// ---- Refusals under the relaxation

TEST(linearizability, a_match_beside_an_eviction_sees_the_chain_before_or_behind_it) {
  for (const std::size_t found : {1u, 2u}) {
    story(3)
        .keep(1, {1, 2}, {0, 1})
        .at(1, evict(1), freed(1), 0, 5)
        .at(2, match({1, 2}), matched(found), 1, 4)
        .expect_yes();
  }
  story(3)
      .keep(1, {1, 2}, {0, 1})
      .at(1, evict(1), freed(1), 0, 5)
      .at(2, match({1, 2}), matched(0), 1, 4)
      .expect_no("found 0 pages");
  story(3)
      .keep(1, {1, 2}, {0, 1})
      .alone(1, evict(1), freed(1))
      .alone(2, match({1, 2}), matched(2))
      .expect_no("found 2 pages");
}

TEST(linearizability, a_forget_beside_a_lookup_is_before_or_behind_it_and_takes_the_whole_chain) {
  for (const std::size_t found : {0u, 2u}) {
    story(3)
        .keep(1, {1, 2}, {0, 1})
        .at(1, forget({1}), forgotten(true), 0, 5)
        .at(2, match({1, 2}), matched(found), 1, 4)
        .expect_yes();
  }
  story(3)
      .keep(1, {1, 2}, {0, 1})
      .at(1, forget({1}), forgotten(true), 0, 5)
      .at(2, match({1, 2}), matched(1), 1, 4)
      .expect_no("found 1 page");
  story(3)
      .keep(1, {1, 2}, {0, 1})
      .alone(1, forget({1}), forgotten(true))
      .alone(2, match({1, 2}), matched(2))
      .expect_no("found 2 pages");
  story(3).keep(1, {1, 2}, {0, 1}).alone(1, forget({1, 2}), forgotten(false)).expect_no("page 1 was cached then");
}

TEST(linearizability, a_page_published_below_one_that_is_being_forgotten_is_private_or_found_by_nobody) {
  for (const std::size_t cached : {1u, 2u}) {
    story s(3);
    s.hold(1, {1}, {0}).alone(0, allocate(1, {2}), leased({0, 1}, 1));
    s.at(1, forget({1}), forgotten(true), 0, 9).at(2, match({1}), matched(0), 1, 2);
    s.at(0, publish(1, 2), leased({0, 1}, cached), 3, 8).then().alone(2, match({1, 2}), matched(0)).expect_yes();
    s.alone(2, match({1, 2}), matched(2)).expect_no("found 2 pages");
  }
}

TEST(linearizability, a_whole_namespace_is_forgotten_page_by_page_when_crowded) {
  story s(2);
  s.hold(1, {1}, {0}).hold(2, {2}, {1}).then().at(1, forget({}), forgotten(true), 0, 9);
  s.at(2, match({1}), matched(0), 1, 2).at(2, match({2}), matched(1), 3, 4).expect_no("found 1 page");
  EXPECT_EQ(s.check_crowded().verdict, linearizable::yes);
  s.then().alone(2, match({2}), matched(1));
  EXPECT_EQ(s.check_crowded().verdict, linearizable::no);
}

TEST(linearizability, a_match_shows_that_an_allocation_evicted_before_it) {
  story s(2);
  s.keep(1, {1, 2}, {0, 1}).alone(1, lookup(2, {}), {});
  s.at(1, allocate(2, {5}), leased({1}, 0), 0, 9)
      .at(2, match({1, 2}), matched(1), 1, 2)
      .at(2, match({1, 2}), matched(1), 3, 4)
      .expect_yes();
}

TEST(linearizability, pages_of_a_shrink_are_taken_before_it_returns) {
  story s(2);
  s.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {1, 2}), leased({0, 1}, 0)).alone(1, lookup(2, {}), {});
  s.at(0, shrink(1, 1), leased({0}, 0), 0, 9).at(1, allocate(2, {3}), leased({1}, 0), 1, 2).expect_yes();
}

TEST(linearizability, a_page_that_a_shrink_keeps_is_not_taken) {
  story s(2);
  s.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {1, 2}), leased({0, 1}, 0)).alone(1, lookup(2, {}), {});
  s.at(0, shrink(1, 1), leased({0}, 0), 0, 9).at(1, allocate(2, {3}), leased({0}, 0), 1, 2).expect_no("took page 0");
}

TEST(linearizability, a_page_that_another_request_evicted_serves_an_allocation_that_evicts_nothing) {
  story s(2);
  s.keep(1, {1}, {0}).keep(2, {2}, {1}).alone(1, lookup(3, {}), {}).alone(2, lookup(4, {}), {});
  s.at(1, evict(1), freed(1), 0, 9).at(2, allocate_free(4, {3}), leased({0}, 0), 1, 2).expect_yes();
  story alone(2);
  alone.keep(1, {1, 2}, {0, 1}).alone(2, lookup(4, {}), {});
  alone.alone(2, allocate_free(4, {3}), leased({1}, 0)).expect_no("took page 1, which was cached");
}

TEST(linearizability, an_allocation_that_evicts_nothing_is_refused_beside_evictable_pages_alone) {
  story s(2);
  s.keep(1, {1}, {0})
      .alone(2, lookup(4, {}), {})
      .alone(2, allocate_free(4, {3, 4}), refused(status::cache_full))
      .expect_yes();
  story wrong(2);
  wrong.keep(1, {1}, {0})
      .alone(2, lookup(4, {}), {})
      .alone(2, allocate_free(4, {3}), refused(status::cache_full))
      .expect_no("covered by 1 free");
}

TEST(linearizability, a_refusal_beside_another_thread_is_accepted_when_crowded) {
  story s(2);
  s.hold(1, {1}, {0}).alone(1, lookup(2, {}), {}).alone(0, lookup(3, {}), {});
  s.at(1, allocate(2, {7}), refused(status::cache_full), 0, 5)
      .at(0, allocate(3, {8}), refused(status::cache_full), 1, 2);
  s.expect_no("its shortage of 1 page was covered by 1 free");
  EXPECT_EQ(s.check_crowded().verdict, linearizable::yes);
}

TEST(linearizability, a_refusal_alone_is_exact_even_when_crowded) {
  story s(2);
  s.hold(1, {1}, {0})
      .alone(1, lookup(2, {}), {})
      .alone(1, allocate(2, {7}), refused(status::cache_full))
      .alone(0, lookup(3, {1}), leased({0}, 1));
  const linearization l = s.check_crowded();
  EXPECT_EQ(l.verdict, linearizable::no);
  EXPECT_NE(l.reason.find("its shortage of 1 page was covered by 1 free"), std::string::npos) << l.reason;
}

TEST(linearizability, an_operation_of_the_same_thread_crowds_nobody) {
  story s(2);
  s.alone(1, lookup(2, {}), {});
  s.at(1, lookup(3, {}), {}, 0, 4).at(1, allocate(2, {7}), refused(status::cache_full), 1, 5);
  EXPECT_EQ(s.check_crowded().verdict, linearizable::no);
}

TEST(linearizability, a_fork_may_be_refused_when_crowded) {
  story s(2);
  s.alone(1, lookup(2, {}), {}).alone(1, allocate(2, {7}), leased({0}, 0)).alone(0, lookup(4, {}), {});
  s.at(1, fork(2, 3), refused(status::cache_full), 0, 5).at(0, allocate(4, {8}), refused(status::cache_full), 1, 2);
  s.expect_no("was covered by 1 free");
  EXPECT_EQ(s.check_crowded().verdict, linearizable::yes);
}

TEST(linearizability, a_crowded_refusal_still_changes_no_lease_and_needs_a_need) {
  story changed(2);
  changed.alone(1, lookup(2, {}), {}).alone(0, lookup(3, {}), {});
  changed.at(1, allocate(2, {7}), refused(status::cache_full, {0}), 0, 5)
      .at(0, allocate(3, {8, 9}), leased({0, 1}, 0), 1, 2);
  EXPECT_NE(changed.check_crowded().reason.find("a refusal changes no lease"), std::string::npos);
  story needless(2);
  needless.alone(1, lookup(2, {}), {});
  needless.at(1, allocate(2, {}), refused(status::cache_full), 0, 5).at(0, lookup(3, {}), {}, 1, 2);
  EXPECT_NE(needless.check_crowded().reason.find("its shortage of 0 pages"), std::string::npos);
}

TEST(linearizability, an_eviction_may_end_early_when_crowded_and_not_alone) {
  for (const operation& op : {evict(1), clear()}) {
    story beside(2);
    beside.keep(1, {1}, {0}).keep(2, {2}, {1}).at(1, op, freed(0), 0, 9);
    beside.at(0, lookup(3, {1}), leased({0}, 1), 1, 2).at(0, release(3), {}, 3, 4);
    beside.at(0, lookup(4, {2}), leased({1}, 1), 5, 6).at(0, release(4), {}, 7, 8);
    beside.expect_no("was evictable");
    EXPECT_EQ(beside.check_crowded().verdict, linearizable::yes);
    story alone(2);
    alone.keep(1, {1}, {0}).alone(1, op, freed(0)).alone(0, lookup(3, {}), {});
    EXPECT_EQ(alone.check_crowded().verdict, linearizable::no);
  }
}

// Of a pool of four pages: what is refused for `needed` beside an operation of thread 0.
linearization refused_beside(story s, std::size_t needed, operation op, outcome observed) {
  s.alone(1, lookup(90, {}), {});
  s.at(1, allocate(90, tokens(needed, 7)), refused(status::cache_full), 0, 5)
      .at(0, std::move(op), std::move(observed), 1, 2);
  return s.check_crowded();
}

TEST(linearizability, a_crowded_refusal_misses_no_more_than_others_move) {
  const auto accepted = [](const linearization& l) { return l.verdict == linearizable::yes; };
  // A lookup hides the nodes that it finds, and no free page.
  const story one_cached = story(4).keep(1, {1}, {0});
  EXPECT_TRUE(accepted(refused_beside(one_cached, 4, lookup(3, {1}), leased({0}, 1))));
  EXPECT_FALSE(accepted(refused_beside(one_cached, 3, lookup(3, {1}), leased({0}, 1))));
  EXPECT_FALSE(accepted(refused_beside(one_cached, 4, lookup(3, {2}), {})));
  // An eviction hides what it evicts, and the parent of that.
  const story chain = story(4).keep(1, {1, 2}, {0, 1});
  EXPECT_TRUE(accepted(refused_beside(chain, 3, evict(1), freed(1))));
  EXPECT_FALSE(accepted(refused_beside(chain, 2, evict(1), freed(1))));
  // An allocation hides what it needed.
  const story two_held = story(4).hold(1, {1, 2}, {0, 1}).alone(0, lookup(3, {}), {});
  EXPECT_TRUE(accepted(refused_beside(two_held, 2, allocate(3, {8}), refused(status::cache_full))));
  EXPECT_FALSE(accepted(refused_beside(two_held, 1, allocate(3, {8}), refused(status::cache_full))));
  // A release hides its private pages, a publication those that it gives back.
  const story two_private = story(4).alone(0, lookup(3, {}), {}).alone(0, allocate(3, {8, 9}), leased({0, 1}, 0));
  EXPECT_TRUE(accepted(refused_beside(two_private, 3, release(3), {})));
  EXPECT_FALSE(accepted(refused_beside(two_private, 2, publish(3, 2), leased({0, 1}, 2))));
}

TEST(linearizability, the_search_gives_up_at_the_limit) {
  story s(2);
  s.hold(1, {1}, {0});
  const linearization one = s.check(nullptr, 1);
  EXPECT_EQ(one.verdict, linearizable::unknown);
  EXPECT_EQ(one.states, 1u);
  EXPECT_TRUE(one.reason.empty());
  const linearization all = s.check();
  EXPECT_EQ(all.verdict, linearizable::yes);
  EXPECT_EQ(s.check(nullptr, all.states).verdict, linearizable::yes);
  EXPECT_EQ(s.check(nullptr, all.states - 1).verdict, linearizable::unknown);
}

TEST(linearizability, the_reason_is_what_the_longest_order_met) {
  story s(2);
  s.alone(0, lookup(1, {}), {}).alone(0, allocate(1, {1}), leased({0}, 0));
  s.at(0, publish(1, 1), leased({0}, 1), 0, 9)
      .at(1, lookup(2, {1}), leased({0}, 1), 0, 8)
      .at(2, lookup(3, {2}), leased({1}, 1), 0, 9);
  const linearization l = s.check();
  EXPECT_EQ(l.verdict, linearizable::no);
  EXPECT_EQ(l.reason, "thread 2: lookup #3 [2] returned page 1, but the longest prefix then was no page");
  EXPECT_EQ(l.order.back(), "thread 1: lookup #2 [1]: ok, pages 0");
}

TEST(linearizability, of_several_objections_the_reason_is_that_of_the_operation_that_returned_first) {
  story s(2);
  s.at(0, lookup(1, {1}), leased({0}, 1), 0, 8)
      .at(1, lookup(2, {2}), leased({1}, 1), 0, 7)
      .at(2, lookup(3, {3}), leased({1}, 1), 0, 9);
  s.expect_no("thread 1: lookup #2 [2] returned page 1");
}

// ---- Random histories against a search without pruning

// Tries every atomic step at every point: each allocate or fork that needs pages may evict any evictable node, each
// release free any of its private pages.
class plain_search {
 public:
  plain_search(config c, std::vector<event> events, const std::vector<page_view>* final_pages)
      : config_(c), events_(std::move(events)), final_pages_(final_pages) {}

  std::optional<bool> run(std::size_t limit_states) {
    limit_states_ = limit_states;
    const bool found = visit(state(config_), std::vector<std::size_t>(events_.size(), 0));
    return gave_up_ ? std::nullopt : std::optional(found);
  }

 private:
  static constexpr std::size_t done = SIZE_MAX;

  bool visit(const state& s, const std::vector<std::size_t>& progress) {
    if (std::all_of(progress.begin(), progress.end(), [](std::size_t p) { return p == done; })) {
      return !final_pages_ || s.view() == *final_pages_;
    }
    std::u32string key = s.key();
    for (const std::size_t p : progress) key.push_back(static_cast<char32_t>(p));
    if (visited_.size() == limit_states_) gave_up_ = true;
    if (gave_up_ || !visited_.insert(key).second) return false;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (progress[i] != done && may_go(progress, i) && any_step(s, progress, i)) return true;
    }
    return false;
  }

  bool may_go(const std::vector<std::size_t>& progress, std::size_t i) const {
    for (std::size_t j = 0; j < events_.size(); ++j) {
      const bool same_thread = events_[j].thread == events_[i].thread && events_[j].called < events_[i].called;
      if (progress[j] != done && (same_thread || events_[j].returned < events_[i].called)) return false;
    }
    return true;
  }

  bool any_step(const state& s, const std::vector<std::size_t>& progress, std::size_t i) {
    const operation& op = events_[i].op;
    const outcome& seen = events_[i].observed;
    const auto each_page = [&](step_kind kind, std::size_t behind) {
      for (page p = 0; p < config_.pages; ++p) {
        if (go(s, progress, i, {kind, p}, behind)) return true;
      }
      return false;
    };
    switch (op.kind) {
      case operation_kind::lookup:
        return go(s, progress, i, {step_kind::lookup}, done);
      case operation_kind::allocate:
      case operation_kind::fork:
        if ((seen.result == status::ok || seen.result == status::cache_full) && !op.free_only && s.shortage(op) != 0 &&
            each_page(step_kind::evict_page, progress[i])) {
          return true;
        }
        return go(s, progress, i, {step_kind::take}, done);
      case operation_kind::publish:
        if (s.publishable(op) == 0) return go(s, progress, i, {step_kind::publish_end}, done);
        return go(s, progress, i, {step_kind::publish_page}, progress[i]);
      case operation_kind::release:
        return (!s.private_pages(op.subject).empty() && each_page(step_kind::free_page, progress[i])) ||
               go(s, progress, i, {step_kind::drop_pin}, done);
      case operation_kind::shrink:
        return (!s.returnable(op).empty() && each_page(step_kind::free_page, progress[i])) ||
               go(s, progress, i, {step_kind::shrink_end}, done);
      case operation_kind::set_time:
        return go(s, progress, i, {step_kind::set_time}, done);
      case operation_kind::match:
        return go(s, progress, i, {step_kind::match}, done);
      case operation_kind::forget:
        return go(s, progress, i, {step_kind::forget}, done);
      case operation_kind::evict:
      case operation_kind::clear:
        break;
    }
    if (progress[i] == seen.evicted) return go(s, progress, i, {step_kind::evict_end}, done);
    return each_page(step_kind::evict_page, progress[i] + 1);
  }

  bool go(state s, std::vector<std::size_t> progress, std::size_t i, const atomic_step& step, std::size_t behind) {
    if (s.apply(step, events_[i].op, events_[i].observed)) return false;
    progress[i] = behind;
    return visit(s, progress);
  }

  config config_;
  std::vector<event> events_;
  const std::vector<page_view>* final_pages_;
  std::size_t limit_states_ = 0;
  bool gave_up_ = false;
  std::unordered_set<std::u32string> visited_;
};

// Three threads whose atomic steps alternate at random: what they record is linearizable by construction.
class simulation {
 public:
  explicit simulation(unsigned seed) : random_(seed), config_{1 + draw(3), 1}, state_(config_) {}

  std::vector<event> run(std::size_t operations) {
    while ((events_.size() < operations || under_way()) && !testing::Test::HasFailure()) {
      client& c = clients_[draw(clients_.size())];
      if (c.current) {
        advance(c);
      } else if (events_.size() < operations) {
        begin(c);
      }
    }
    return events_;
  }

  const config& cache() const { return config_; }
  std::vector<page_view> final_pages() const { return state_.view(); }

 private:
  struct client {
    unsigned thread = 0;
    std::optional<std::size_t> current = {};  // the event under way
    lease number = 0;                         // its lease; 0 before the first
    bool open = false;
    std::size_t tokens = 0;  // that its lease holds
    pages all = {};
    std::size_t cached = 0;
  };

  std::size_t draw(std::size_t below) { return random_() % below; }

  bool under_way() const {
    return std::any_of(clients_.begin(), clients_.end(), [](const client& c) { return c.current.has_value(); });
  }

  tokens draw_tokens() {
    tokens t(draw(4));
    for (token& x : t) x = static_cast<token>(draw(2));
    return t;
  }

  void begin(client& c) {
    operation op;
    const std::size_t choice = draw(12);
    if (choice == 11) {
      op = draw(3) == 0 ? forget(draw_tokens()) : match(draw_tokens());
    } else if (choice == 0) {
      op = draw(2) == 0 ? clear() : evict(1 + draw(2));
    } else if (!c.open && (c.number == 0 || choice < 8)) {
      op = lookup(++leases_, draw_tokens());
      c.number = leases_;
    } else if (choice < 5) {
      op = allocate(c.number, draw_tokens(), draw(2));
      op.free_only = draw(3) == 0;
    } else if (choice == 10) {
      op = shrink(c.number, draw(c.tokens + 2));
    } else if (choice < 7) {
      op = publish(c.number, draw(3) == 0 ? draw(c.tokens + 2) : c.tokens);
    } else {
      op = choice == 7 ? fork(c.number, ++leases_) : release(c.number);
    }
    c.current = events_.size();
    events_.push_back({c.thread, std::move(op), c.open ? leased(c.all, c.cached) : outcome{}, now_++, 0});
  }

  bool accepted(const atomic_step& s, const event& e) { return !state_.apply(s, e.op, e.observed); }

  void finish(client& c) {
    event& e = events_[*c.current];
    if (e.op.kind != operation_kind::fork && has_lease(e.op.kind)) {
      c.all = e.observed.pages;
      c.cached = e.observed.cached;
    }
    if (e.op.kind == operation_kind::lookup) {
      c.open = true;
      c.tokens = c.cached;
    }
    if (e.op.kind == operation_kind::allocate && e.observed.result == status::ok) c.tokens += e.op.tokens.size();
    if (e.op.kind == operation_kind::shrink && e.observed.result == status::ok)
      c.tokens = std::max(e.op.kept_tokens, c.cached);
    if (e.op.kind == operation_kind::release) c.open = false;
    e.returned = now_++;
    c.current.reset();
  }

  void advance(client& c) {
    event& e = events_[*c.current];
    const bool on_lease = has_lease(e.op.kind) && e.op.kind != operation_kind::lookup;
    if (on_lease && !c.open) {
      if (e.op.kind != operation_kind::release) e.observed = refused(status::lease_closed);
      return finish(c);
    }
    switch (e.op.kind) {
      case operation_kind::lookup:
        e.observed.pages = state_.longest_prefix(e.op.tokens);
        e.observed.cached = e.observed.pages.size();
        ASSERT_TRUE(accepted({step_kind::lookup}, e));
        return finish(c);
      case operation_kind::allocate:
      case operation_kind::fork:
        return take(c, e);
      case operation_kind::publish:
        return publish_one(c, e);
      case operation_kind::release:
        return release_one(c, e);
      case operation_kind::shrink:
        return shrink_one(c, e);
      case operation_kind::match:
        e.observed = matched(state_.lookup_hits(e.op.tokens));
        ASSERT_TRUE(accepted({step_kind::match}, e));
        return finish(c);
      case operation_kind::set_time:
        ASSERT_TRUE(accepted({step_kind::set_time}, e));
        return finish(c);
      case operation_kind::forget:
        e.observed = forgotten(!state_.forgettable(e.op).empty());
        ASSERT_TRUE(accepted({step_kind::forget}, e));
        return finish(c);
      case operation_kind::evict:
      case operation_kind::clear:
        return evict_one(c, e);
    }
  }

  bool evict_any(const event& e) {
    pages order = state_.eviction_order();
    std::shuffle(order.begin(), order.end(), random_);
    return std::any_of(order.begin(), order.end(), [&](page p) { return accepted({step_kind::evict_page, p}, e); });
  }

  void take(client& c, event& e) {
    const std::size_t needed = state_.shortage(e.op);
    if (needed != 0 && !e.op.free_only && draw(3) == 0 && evict_any(e)) return;
    const bool forks = e.op.kind == operation_kind::fork;
    if (forks) e.observed = leased({c.all.begin(), c.all.begin() + static_cast<std::ptrdiff_t>(c.cached)}, c.cached);
    pages usable = free_pages();
    std::shuffle(usable.begin(), usable.end(), random_);
    if (needed <= usable.size()) {
      e.observed.pages.insert(e.observed.pages.end(), usable.begin(),
                              usable.begin() + static_cast<std::ptrdiff_t>(needed));
      // With one token in each page the spare pages of a lease are those behind its tokens.
      for (std::size_t i = c.cached; forks && i < c.all.size(); ++i) {
        if (accepted({step_kind::take}, e)) return opened(c, e);
        e.observed.copies.emplace_back(c.all[i], e.observed.pages[i]);
      }
      if (accepted({step_kind::take}, e)) return opened(c, e);
    }
    for (const status s : {status::request_too_large, status::cache_full}) {
      e.observed = forks ? refused(s) : refused(s, c.all, c.cached);
      if (accepted({step_kind::take}, e)) return finish(c);
    }
    e.observed = forks ? outcome{} : leased(c.all, c.cached);
    ASSERT_TRUE(evict_any(e));
  }

  // A forked lease has no client: it is released at once, by the same thread.
  void opened(client& c, event& e) {
    const operation op = e.op;
    finish(c);
    if (op.kind != operation_kind::fork) return;
    for (const page p : state_.private_pages(op.forked))
      ASSERT_FALSE(state_.apply({step_kind::free_page, p}, release(op.forked), {}));
    ASSERT_FALSE(state_.apply({step_kind::drop_pin}, release(op.forked), {}));
    const std::size_t called = now_++;
    events_.push_back({c.thread, release(op.forked), {}, called, now_++});
  }

  void publish_one(client& c, event& e) {
    if (e.op.computed_tokens > c.tokens) e.observed.result = status::invalid_argument;
    if (state_.publishable(e.op) == 0) {
      ASSERT_TRUE(accepted({step_kind::publish_end}, e));
      return finish(c);
    }
    const page own = e.observed.pages[e.observed.cached];
    for (page p = 0; p < config_.pages; ++p) {
      e.observed.pages[e.observed.cached] = p;
      if (!accepted({step_kind::publish_page}, e)) continue;
      ++e.observed.cached;
      return;
    }
    FAIL() << "neither page " << own << " nor another can be published";
  }

  void release_one(client& c, event& e) {
    e.observed = {};
    pages own = state_.private_pages(c.number);
    if (own.empty()) {
      ASSERT_TRUE(accepted({step_kind::drop_pin}, e));
      return finish(c);
    }
    ASSERT_TRUE(accepted({step_kind::free_page, own[draw(own.size())]}, e));
  }

  void shrink_one(client& c, event& e) {
    if (e.op.kept_tokens > c.tokens) e.observed.result = status::invalid_argument;
    if (const pages own = state_.returnable(e.op); !own.empty()) {
      const page freed = own[draw(own.size())];
      ASSERT_TRUE(accepted({step_kind::free_page, freed}, e));
      std::erase(e.observed.pages, freed);
      return;
    }
    ASSERT_TRUE(accepted({step_kind::shrink_end}, e));
    finish(c);
  }

  void evict_one(client& c, event& e) {
    const bool more = e.op.kind == operation_kind::clear || e.observed.evicted < e.op.count;
    if (more && evict_any(e)) {
      ++e.observed.evicted;
      return;
    }
    e.observed = freed(e.observed.evicted);
    ASSERT_TRUE(accepted({step_kind::evict_end}, e));
    finish(c);
  }

  pages free_pages() const {
    const std::vector<page_view> view = state_.view();
    pages found;
    for (page p = 0; p < view.size(); ++p) {
      if (view[p].state == page_state::free) found.push_back(p);
    }
    return found;
  }

  std::mt19937 random_;
  config config_;
  state state_;
  std::array<client, 3> clients_{{{.thread = 0}, {.thread = 1}, {.thread = 2}}};
  std::vector<event> events_;
  std::size_t now_ = 0;
  lease leases_ = 0;
};

// Changes one observation or one time, so that most histories stop being linearizable, some of them narrowly.
void distort(std::vector<event>& events, const config& c, std::mt19937& random) {
  const auto draw = [&random](std::size_t below) { return random() % below; };
  event& e = events[draw(events.size())];
  switch (draw(6)) {
    case 0:
      if (!e.observed.pages.empty()) e.observed.pages[draw(e.observed.pages.size())] = static_cast<page>(draw(c.pages));
      break;
    case 1:
      if (!e.observed.pages.empty()) e.observed.pages.pop_back();
      e.observed.cached = std::min(e.observed.cached, e.observed.pages.size());
      break;
    case 2:
      e.observed.evicted = e.observed.evicted == 0 ? 1 : e.observed.evicted - 1;
      break;
    case 3:
      e.observed.result = e.observed.result == status::ok ? status::cache_full : status::ok;
      break;
    case 4:
      e.returned = e.called + draw(e.returned - e.called);
      break;
    default:
      e.called = e.returned - draw(e.returned - e.called);
      break;
  }
}

struct agreement {
  std::size_t yes = 0, no = 0, too_long = 0;
};

void expect_agreement(const config& c, const std::vector<event>& events, const std::vector<page_view>* final_pages,
                      agreement& seen) {
  const std::optional<bool> plain = plain_search(c, events, final_pages).run(20'000);
  if (!plain) {
    ++seen.too_long;
    return;
  }
  ++(*plain ? seen.yes : seen.no);
  const linearization l = check(c, events, final_pages);
  EXPECT_EQ(l.verdict, *plain ? linearizable::yes : linearizable::no) << l.reason;
  EXPECT_EQ(l.reason.empty(), *plain);
}

std::string show(const std::vector<event>& events) {
  std::string text;
  for (const event& e : events) {
    text += "thread " + std::to_string(e.thread) + " " + std::to_string(e.called) + ".." + std::to_string(e.returned) +
            ": " + show(e.op) + " -> " + show(e.op, e.observed) + "\n";
  }
  return text;
}

TEST(linearizability, what_was_run_step_by_step_is_linearizable) {
  for (unsigned seed = 0; seed < 300 && !HasFailure(); ++seed) {
    simulation s(seed);
    const std::vector<event> events = s.run(30);
    const std::vector<page_view> last = s.final_pages();
    const linearization l = check(s.cache(), events, &last);
    EXPECT_EQ(l.verdict, linearizable::yes) << "seed " << seed << ": " << l.reason << "\n" << show(events);
  }
}

TEST(linearizability, pruning_changes_no_verdict) {
  agreement seen;
  for (unsigned seed = 0; seed < 400 && !HasFailure(); ++seed) {
    simulation s(seed);
    const std::vector<event> right = s.run(9);
    const std::vector<page_view> last = s.final_pages();
    std::mt19937 random(seed);
    for (int variant = 0; variant < 6 && !HasFailure(); ++variant) {
      std::vector<event> events = right;
      if (variant != 0) distort(events, s.cache(), random);
      SCOPED_TRACE("seed " + std::to_string(seed) + ", variant " + std::to_string(variant) + "\n" + show(events));
      expect_agreement(s.cache(), events, nullptr, seen);
      expect_agreement(s.cache(), events, &last, seen);
      std::vector<page_view> other = last;
      other[random() % other.size()] = {};
      expect_agreement(s.cache(), events, &other, seen);
    }
  }
  EXPECT_GT(seen.yes, 500u);
  EXPECT_GT(seen.no, 500u);
  EXPECT_LT(seen.too_long, seen.yes);
}

}  // namespace
