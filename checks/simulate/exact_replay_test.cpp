// The comparison with the exact cache: replays computed by hand, variants that must match it, and caches that must not.
#include "checks/simulate/exact_replay.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "cache/coarse.h"
#include "cache/policies/first_in.h"
#include "cache/policies/ranked_leaves.h"
#include "cache/sync/std.h"
#include "checks/simulate/noting_watch.h"
#include "checks/simulate/run.h"
#include "checks/simulate/simulate.h"
#include "checks/subject/policies.h"
#include "checks/subject/variants.h"
#include "checks/threads/median.h"
#include "checks/trace/generate.h"

namespace triecheck::checks {
namespace {

using enum model::operation_kind;

constexpr std::size_t rows = 3000;

// Blocks of two tokens, for pages of two tokens.
trace generated(const char* shape) {
  trace t = generate_trace(*find_shape(shape), rows, 3);
  t.block_tokens = 2;
  return t;
}

simulation_options scarce(std::size_t pages, std::size_t threads = 1) {
  return {.cache = "coarse",
          .keep_hits = {.priority = 40, .requests = 150},
          .pages = pages,
          .page_tokens = 2,
          .threads = threads,
          .in_flight = 8,
          .compare_exact = true};
}

// ---- One thread

TEST(exact_replay, every_variant_hits_in_one_thread_exactly_what_the_exact_cache_hits) {
  const trace t = generated("agent");
  for (const variant& v : variants()) {
    for (const policy& p : policies()) {
      if (!v.takes_policies && p.value != model::eviction_policy::recency) continue;
      simulation_options options = scarce(600);
      options.cache = v.name;
      options.policy = p.value;
      const simulation s = simulate(t, options);
      ASSERT_TRUE(s.exact) << v.name;
      EXPECT_GT(s.hit_pages, 0U);
      EXPECT_EQ(s.hit_pages, s.exact->hit_pages) << v.name << ", " << p.name;
      EXPECT_EQ(of_exact(s), 1.0) << v.name << ", " << p.name;
    }
  }
}

TEST(exact_replay, what_one_thread_was_refused_is_refused_again) {
  const simulation s = simulate(generated("chat"), scarce(120));
  ASSERT_TRUE(s.exact);
  EXPECT_GT(s.rejected, 0U);
  EXPECT_EQ(s.rejected, s.exact->rejected);
  EXPECT_EQ(of_exact(s), 1.0);
}

TEST(exact_replay, run_without_the_option_has_no_comparison) {
  simulation_options options = scarce(600);
  options.compare_exact = false;
  const simulation s = simulate(generated("agent"), options);
  EXPECT_FALSE(s.exact);
  EXPECT_FALSE(of_exact(s));
}

TEST(exact_replay, where_the_exact_cache_hits_nothing_there_is_no_ratio) {
  simulation s;
  s.exact = exact_replay{};
  EXPECT_FALSE(of_exact(s));
}

// ---- Orders made by hand. Four pages; row 0 has three, rows 1 and 2 have the same two.

trace three_rows() {
  return {.block_tokens = 2,
          .rows = {{.input_length = 1536, .hash_ids = {0, 1, 2}},
                   {.input_length = 1024, .hash_ids = {3, 4}},
                   {.input_length = 1024, .hash_ids = {3, 4}}}};
}

exact_replay replayed(const std::vector<noted_operation>& order, std::size_t pages = 4) {
  return replay_exactly(three_rows(), {.pages = pages, .page_tokens = 2}, order);
}

TEST(exact_replay, operations_follow_the_order_and_not_the_rows) {
  EXPECT_EQ(replayed({{2, lookup}, {2, allocate}, {2, publish}, {2, release}, {1, lookup}, {1, allocate}}).hit_pages,
            2U);
  EXPECT_EQ(replayed({{2, lookup}, {1, lookup}, {2, allocate}, {1, allocate}, {2, publish}, {2, release}}).hit_pages,
            0U);
}

TEST(exact_replay, row_that_only_the_replay_refuses_is_released_at_once_and_skipped_from_then_on) {
  // Row 0 keeps three of four pages, so row 1 is refused; the run accepted and published it, which row 2 does not see.
  const exact_replay r = replayed({{0, lookup},
                                   {0, allocate},
                                   {1, lookup},
                                   {1, allocate},
                                   {1, publish},
                                   {1, release},
                                   {0, publish},
                                   {0, release},
                                   {2, lookup},
                                   {2, allocate},
                                   {2, publish},
                                   {2, release}});
  EXPECT_EQ(r.rejected, 1U);
  EXPECT_EQ(r.hit_pages, 0U);
}

TEST(exact_replay, row_that_only_the_run_refused_is_released_where_the_run_released_it) {
  // Row 1 gets its pages here and gives them back unpublished; with room for no more, row 0 would be refused otherwise.
  const exact_replay r = replayed({{1, lookup},
                                   {1, allocate},
                                   {1, release},
                                   {0, lookup},
                                   {0, allocate},
                                   {0, publish},
                                   {0, release},
                                   {2, lookup},
                                   {2, allocate}});
  EXPECT_EQ(r.rejected, 0U);
  EXPECT_EQ(r.hit_pages, 0U);
}

// ---- The order

struct row_alone {
  std::size_t row;
};

TEST(exact_replay, operations_are_noted_in_order_and_an_allocation_half_way_to_its_lookup) {
  noting_watch watch(2);
  watch.looked_up(row_alone{0}, {});
  watch.looked_up(row_alone{1}, {});
  watch.allocated(row_alone{1}, {}, model::status::ok);
  watch.published(row_alone{1});
  watch.released(row_alone{1});
  watch.allocated(row_alone{0}, {},
                  model::status::ok);  // half-way: between the allocation and the publication of row 1
  watch.released(row_alone{0});
  std::vector<std::pair<std::size_t, model::operation_kind>> order;
  for (const noted_operation& o : watch.in_order()) order.emplace_back(o.row, o.kind);
  EXPECT_EQ(order,
            (decltype(order){
                {0, lookup}, {1, lookup}, {1, allocate}, {0, allocate}, {1, publish}, {1, release}, {0, release}}));
}

// ---- Several threads

TEST(exact_replay, exact_cache_comes_close_to_itself_with_several_threads) {
  // Where calls overlap their order is a guess, and the machine may stop a thread between a call and its ticket.
  for (const std::size_t threads : {2, 5}) {
    const simulation s = simulate(generated("agent"), scarce(600, threads));
    ASSERT_TRUE(s.exact) << (s.found ? s.found->message : "");
    EXPECT_GT(of_exact(s), 0.9);
    EXPECT_LT(of_exact(s), 1.1);
  }
}

// ---- Caches that are not exact, sound as they are otherwise

// Of the unpinned leaves the one that was released last: each page that is released has a level below all earlier ones.
class newest_first : public ranked_leaves<std_sync> {
 public:
  using terms = no_terms;
  using ranked_leaves<std_sync>::per_page;

  newest_first(column<per_page> nodes, std::size_t pages) : ranked_leaves<std_sync>(nodes, pages, most) {}

  void released(page_id page, bool unpinned) {
    set_level(page, --newest_);
    if (unpinned) list_if_leaf(page);
  }
  page_id oldest() const { return first(); }
  template <class Trie, class Visit>
  void in_order(const Trie& trie, Visit visit) const {
    in_order_of(
        trie, [](std::size_t level) { return level; }, visit);
  }

 private:
  static constexpr std::size_t most = 4 * rows;  // releases of a page
  std::size_t newest_ = most;
};

struct cache_that_evicts_one_too_many : coarse_cache<std_sync> {
  using coarse_cache<std_sync>::coarse_cache;
  status allocate(lease_type& l, std::span<const token> tokens) {
    evict(1);
    return coarse_cache<std_sync>::allocate(l, tokens);
  }
};

template <class Cache>
double of_exact_with(const trace& t, const simulation_options& options) {
  const simulation s = run<Cache>(t, options);
  EXPECT_EQ(s.outcome, verdict::pass) << (s.found ? s.found->message : "");
  return of_exact(s).value_or(0);
}

// What the hits of a run are of the exact cache's, in the middle of several runs: where calls overlap their order is a
// guess.
template <class Run>
double usual_share(Run run) {
  std::vector<double> shares;
  for (int i = 0; i < 9; ++i) shares.push_back(run());
  return median(std::move(shares));
}

constexpr double enough = 0.995;

// On this trace recency matters where 12,000 pages are kept: evicting in the order of publication hits 1 % less.
trace long_chat() {
  trace t = generate_trace(*find_shape("chat"), 12'000, 1);
  t.block_tokens = 2;
  return t;
}

TEST(exact_replay, every_variant_hits_what_the_exact_cache_hits_but_for_five_in_a_thousand) {
  const trace t = long_chat();
  for (const variant& v : variants()) {
    for (const std::size_t threads : {1, 2, 4, 8}) {
      simulation_options options = scarce(12'000, threads);
      options.cache = v.name;
      EXPECT_GE(usual_share([&] { return of_exact(simulate(t, options)).value_or(0); }), enough)
          << v.name << ", " << threads << " threads";
    }
  }
}

TEST(exact_replay, cache_that_evicts_what_was_published_first_hits_less_than_that) {
  // In one thread: how far several drift apart changes what the order of eviction is worth.
  const double share = of_exact_with<coarse_cache<std_sync, first_in<std_sync>>>(long_chat(), scarce(12'000));
  EXPECT_LT(share, enough);
  EXPECT_GT(share, 0.98) << "it is by little that it falls short";
}

// Every prompt of two pages comes a second time, 40 rows behind the first, and never again. With four threads the same
// one takes both, so that it does not matter how far they drift apart.
trace twice_each() {
  trace t{.block_tokens = 2, .rows = {}};
  for (std::uint64_t i = 0; i < rows; ++i) {
    const std::uint64_t prompt = i / 40 % 2 == 0 ? i : i - 40;
    t.rows.push_back({.input_length = 1024, .hash_ids = {2 * prompt, 2 * prompt + 1}});
  }
  return t;
}

TEST(exact_replay, cache_that_evicts_the_newest_first_falls_far_behind_with_any_number_of_threads) {
  for (const std::size_t threads : {1, 4}) {
    EXPECT_LT((of_exact_with<coarse_cache<std_sync, newest_first>>(twice_each(), scarce(400, threads))), 0.5)
        << threads;
  }
}

TEST(exact_replay, cache_that_evicts_one_page_too_many_for_each_request_falls_behind) {
  for (const std::size_t threads : {1, 4}) {
    EXPECT_LT((of_exact_with<cache_that_evicts_one_too_many>(generated("zipf"), scarce(1200, threads))), 0.95)
        << threads;
  }
}

}  // namespace
}  // namespace triecheck::checks
