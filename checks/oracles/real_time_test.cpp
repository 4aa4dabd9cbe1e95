// The real-time orders of a class against their definition, and the oracles that rest on them.
#include "checks/oracles/real_time.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "checks/explore/happens_before.h"
#include "checks/oracles/linearizability.h"
#include "checks/oracles/page_ownership.h"

namespace triecheck::checks {
namespace {

/// Which operation precedes which: a row per operation.
using precedence = std::vector<std::vector<bool>>;

bool contains(const precedence& more, const precedence& less) {
  for (std::size_t i = 0; i < more.size(); ++i) {
    for (std::size_t j = 0; j < more.size(); ++j) {
      if (less[i][j] && !more[i][j]) return false;
    }
  }
  return true;
}

/// An execution: steps of threads, each part of an operation, and what the operations are then.
struct drawn {
  std::vector<moment> steps;
  std::vector<std::size_t> operation;  // by step
  std::vector<interval> intervals;     // by operation, in the order in which they returned
};

drawn draw(unsigned seed) {
  std::mt19937 engine(seed);
  const auto number = [&](unsigned limit) { return static_cast<unsigned>(engine() % limit); };
  drawn d;
  explore::happens_before order;
  std::array<std::size_t, max_threads> current{};  // 1 + the operation that the thread is inside
  std::vector<interval> begun;
  const unsigned threads = 2 + number(2);
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned t = number(threads);
    const auto kind = number(4) == 0 ? explore::access::local : explore::access::store;
    const moment now{.thread = t, .clock = order.step(t, {.kind = kind, .object = 1U << 24 | number(3)})};
    if (current[t] == 0) {
      begun.push_back({.opened = now, .called = i});
      current[t] = begun.size();
    }
    interval& running = begun[current[t] - 1];
    running.closed = now;
    running.returned = i;
    d.steps.push_back(now);
    d.operation.push_back(current[t] - 1);
    if (number(2) == 0) current[t] = 0;
  }
  std::vector<std::size_t> by_return(begun.size());
  for (std::size_t i = 0; i < by_return.size(); ++i) by_return[i] = i;
  std::sort(by_return.begin(), by_return.end(), [&](auto a, auto b) { return begun[a].returned < begun[b].returned; });
  for (const std::size_t i : by_return) d.intervals.push_back(begun[i]);
  for (std::size_t& o : d.operation) {
    o = static_cast<std::size_t>(std::find(by_return.begin(), by_return.end(), o) - by_return.begin());
  }
  return d;
}

/// Every order of the steps that extends the happens-before order, and the precedence of operations that it has.
class all_extensions {
 public:
  explicit all_extensions(const drawn& d) : drawn_(d), at_(d.steps.size(), unplaced) { place(0); }

  std::set<precedence> largest() const {
    std::set<precedence> result;
    for (const precedence& p : found_) {
      const bool implied =
          std::any_of(found_.begin(), found_.end(), [&](const precedence& q) { return q != p && contains(q, p); });
      if (!implied) result.insert(p);
    }
    return result;
  }

 private:
  static constexpr std::size_t unplaced = static_cast<std::size_t>(-1);

  void place(std::size_t time) {
    if (time == at_.size()) return note();
    for (std::size_t i = 0; i < at_.size(); ++i) {
      if (at_[i] != unplaced) continue;
      bool ready = true;
      for (std::size_t j = 0; j < at_.size(); ++j) {
        ready = ready && (j == i || at_[j] != unplaced || !happens_before(drawn_.steps[j], drawn_.steps[i]));
      }
      if (!ready) continue;
      at_[i] = time;
      place(time + 1);
      at_[i] = unplaced;
    }
  }

  void note() {
    const std::size_t n = drawn_.intervals.size();
    std::vector<std::size_t> first(n, unplaced), last(n, 0);
    for (std::size_t i = 0; i < at_.size(); ++i) {
      const std::size_t o = drawn_.operation[i];
      first[o] = std::min(first[o], at_[i]);
      last[o] = std::max(last[o], at_[i]);
    }
    precedence p(n, std::vector<bool>(n));
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) p[a][b] = last[a] < first[b];
    }
    found_.insert(p);
  }

  const drawn& drawn_;
  std::vector<std::size_t> at_;
  std::set<precedence> found_;
};

precedence precedence_of(std::span<const stages> order) {
  precedence p(order.size(), std::vector<bool>(order.size()));
  for (std::size_t a = 0; a < order.size(); ++a) {
    for (std::size_t b = 0; b < order.size(); ++b) p[a][b] = order[a].closed < order[b].opened;
  }
  return p;
}

TEST(real_time, orders_are_the_largest_precedences_of_all_extensions_each_once) {
  std::size_t several = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const drawn d = draw(seed);
    real_time orders;
    orders.read(d.intervals);
    std::vector<precedence> found;
    EXPECT_TRUE(orders.each_order([&](std::span<const stages> order) {
      found.push_back(precedence_of(order));
      return true;
    }));
    const std::set<precedence> distinct(found.begin(), found.end());
    ASSERT_EQ(distinct.size(), found.size()) << "seed " << seed;
    ASSERT_EQ(distinct, all_extensions(d).largest()) << "seed " << seed;
    precedence executed(d.intervals.size(), std::vector<bool>(d.intervals.size()));
    for (std::size_t a = 0; a < executed.size(); ++a) {
      for (std::size_t b = 0; b < executed.size(); ++b)
        executed[a][b] = d.intervals[a].returned < d.intervals[b].called;
    }
    ASSERT_TRUE(contains(found.front(), executed)) << "seed " << seed;
    several += found.size() > 1;
  }
  EXPECT_GT(several, 200u);
}

TEST(real_time, orders_end_when_the_visitor_has_seen_enough) {
  real_time orders;
  const std::vector<interval> two = {{.opened = {0, {1}}, .closed = {0, {1}}},
                                     {.opened = {1, {0, 1}}, .closed = {1, {0, 1}}}};
  orders.read(two);
  std::size_t seen = 0;
  EXPECT_FALSE(orders.each_order([&](std::span<const stages>) { return ++seen == 0; }));
  EXPECT_EQ(seen, 1u);
}

interval one_step(unsigned thread, const clock_vector& clock, std::size_t time) {
  return {.opened = {thread, clock}, .closed = {thread, clock}, .called = time, .returned = time};
}

model::outcome with_pages(std::vector<model::page> pages, std::size_t cached) {
  model::outcome o;
  o.pages = std::move(pages);
  o.cached = cached;
  return o;
}

// Lease 0 leaves page 0 in the cache.
void cache_one_page(linearizability& oracle) {
  using enum model::operation_kind;
  oracle.record({.kind = lookup, .subject = 0, .tokens = {1}}, {}, {});
  oracle.record({.kind = allocate, .subject = 0, .tokens = {1}}, with_pages({0}, 0), {});
  oracle.record({.kind = publish, .subject = 0, .computed_tokens = 1}, with_pages({0}, 1), {});
  oracle.record({.kind = release, .subject = 0}, {}, {});
}

// A page is cached; thread 0 evicts it, then thread 1 looks it up and misses.
std::optional<std::string> evicted_and_missed(const clock_vector& clock_of_lookup, linearizability& oracle) {
  using enum model::operation_kind;
  oracle.clear();
  cache_one_page(oracle);
  model::outcome one;
  one.evicted = 1;
  oracle.record({.kind = evict, .count = 1}, one, one_step(0, {1, 0}, 0));
  oracle.record({.kind = lookup, .subject = 1, .tokens = {1}}, {}, one_step(1, clock_of_lookup, 1));
  return oracle.check({{}});
}

TEST(linearizability_oracle, an_answer_has_to_fit_every_order_that_the_steps_allow) {
  linearizability oracle({.pages = 1, .tokens_per_page = 1}, model::refusals::exact);
  EXPECT_EQ(evicted_and_missed({1, 1}, oracle), std::nullopt) << "the lookup happens after the eviction";
  EXPECT_EQ(oracle.orders(), 1u);
  const auto wrong = evicted_and_missed({0, 1}, oracle);
  ASSERT_TRUE(wrong.has_value()) << "nothing orders the two, and before the eviction the page was there";
  EXPECT_NE(wrong->find("thread 1: lookup #1 [1], then thread 0: evict 1"), std::string::npos) << *wrong;
}

// An eviction of thread 0 and an allocation of thread 1 that is refused though the page is evictable, then free.
std::optional<std::string> refused_beside_an_eviction(const interval& eviction, const interval& refusal,
                                                      model::refusals rule) {
  linearizability oracle({.pages = 1, .tokens_per_page = 1}, rule);
  model::outcome full;
  full.result = model::status::cache_full;
  cache_one_page(oracle);
  oracle.record({.kind = model::operation_kind::lookup, .subject = 1}, {}, {});
  oracle.record({.kind = model::operation_kind::evict, .count = 1}, {.evicted = 1}, eviction);
  oracle.record({.kind = model::operation_kind::allocate, .subject = 1, .tokens = {1}}, full, refusal);
  return oracle.check({{}});
}

TEST(linearizability_oracle, a_crowded_refusal_needs_an_overlap_in_every_order) {
  const interval eviction = {.opened = {0, {1, 0}}, .closed = {0, {2, 1}}, .called = 0, .returned = 2};
  const interval inside = {.opened = {1, {1, 1}}, .closed = {1, {1, 1}}, .called = 1, .returned = 1};
  const interval free = {.opened = {1, {0, 1}}, .closed = {1, {0, 1}}, .called = 1, .returned = 1};
  EXPECT_TRUE(refused_beside_an_eviction(eviction, inside, model::refusals::exact).has_value());
  EXPECT_EQ(refused_beside_an_eviction(eviction, inside, model::refusals::crowded), std::nullopt);
  EXPECT_TRUE(refused_beside_an_eviction(eviction, free, model::refusals::crowded).has_value())
      << "it may have been alone";
}

TEST(linearizability_oracle, a_history_that_repeats_is_counted_as_often_as_it_comes) {
  linearizability oracle({.pages = 1, .tokens_per_page = 1}, model::refusals::exact);
  const auto run = [&] {
    oracle.clear();
    oracle.record({.kind = model::operation_kind::evict, .count = 1}, {}, one_step(0, {1, 0}, 0));
    oracle.record({.kind = model::operation_kind::evict, .count = 1}, {}, one_step(1, {0, 1}, 1));
    return oracle.check({{}});
  };
  EXPECT_EQ(run(), std::nullopt);
  EXPECT_EQ(run(), std::nullopt);
  EXPECT_EQ(oracle.histories(), 2u);
  EXPECT_EQ(oracle.orders(), 4u);
}

// Twelve operations that share nothing have 12! / 4!^3 = 34,650 orders: more than the oracle judges.
TEST(linearizability_oracle, too_many_orders_are_undecided) {
  linearizability oracle({.pages = 1, .tokens_per_page = 1}, model::refusals::exact);
  for (std::uint32_t i = 0; i < 12; ++i) {
    clock_vector clock{};
    clock[i % 3] = i / 3 + 1;
    oracle.record({.kind = model::operation_kind::evict, .count = 1}, {}, one_step(i % 3, clock, i));
  }
  EXPECT_EQ(oracle.check({{}}), std::nullopt);
  EXPECT_EQ(oracle.undecided(), 1u);
}

TEST(oracles, a_page_is_handed_out_only_behind_the_operation_that_gave_it_up) {
  const moment gives_up{.thread = 0, .clock = {3, 0}};
  const auto taken = [&](const clock_vector& last_step, std::size_t cached, std::size_t cached_before) {
    page_ownership o(1, 2);
    EXPECT_EQ(o.enter(0, {0}, cached_before, {.thread = 0, .clock = {2, 0}}), std::nullopt);
    o.strike(0, gives_up);
    return o.enter(1, {0}, cached, {.thread = 1, .clock = last_step}).has_value();
  };
  for (const std::size_t before : {0u, 1u}) {
    EXPECT_FALSE(taken({3, 2}, 0, before)) << "the step that takes it happens after the step that gave it up";
    EXPECT_TRUE(taken({2, 2}, 0, before)) << "nothing orders them";
  }
  EXPECT_TRUE(taken({2, 2}, 1, 0)) << "read as published, while it may still be private";
  EXPECT_FALSE(taken({2, 2}, 1, 1)) << "two leases may hold a published page";
}

}  // namespace
}  // namespace triecheck::checks
