// What `triecheck bench-search` measures and how it sums up.
#include "checks/litmus/search_comparison.h"

#include <gtest/gtest.h>

namespace triecheck::litmus {
namespace {

constexpr auto complete = measurement::end::complete;
constexpr auto failed = measurement::end::failed;
constexpr auto stopped = measurement::end::stopped;

compared_program with_executions(unsigned threads, std::uint64_t ours, std::uint64_t relacys,
                                 measurement::end how = complete) {
  compared_program p{.name = "p", .threads = threads, .by = {}};
  p.by["exhaustive"] = {.how = complete, .executions = ours};
  p.by["relacy-full"] = {.how = how, .executions = relacys};
  return p;
}

TEST(search_comparison, a_program_of_the_catalogue_is_measured_with_its_known_counts) {
  const known_program& p = *find_program("three_threads_count_apart");
  const compared_program row = compare(p, {.limit = std::chrono::seconds(20), .most_executions = 100});
  EXPECT_EQ(row.by.size(), searches.size());
  EXPECT_EQ(row.by.at("exhaustive").executions, p.executions);
  EXPECT_EQ(row.by.at("not-reduced").executions, *p.unreduced);
  EXPECT_EQ(row.by.at("relacy-full").executions, *p.relacy_full);
  EXPECT_EQ(row.by.at("relacy-random").executions, 100u);
  for (const auto& [search, m] : row.by) EXPECT_EQ(m.how, complete) << search << ": " << m.message;
  EXPECT_EQ(row.reduction(), 1'680.0);
}

TEST(search_comparison, a_run_over_its_limit_is_stopped_and_has_no_reduction) {
  const compared_program row = compare(*find_program("three_threads_on_a_two_page_pool"),
                                       {.limit = std::chrono::milliseconds(50), .most_executions = 100});
  EXPECT_EQ(row.by.at("relacy-full").how, stopped);
  EXPECT_FALSE(row.reduction().has_value());
}

TEST(search_comparison, a_violation_ends_a_run_and_is_named) {
  const compared_program row = compare(*find_program("two_mutexes_in_opposite_orders"), {});
  for (const auto& [search, m] : row.by) {
    EXPECT_EQ(m.how, failed) << search;
    EXPECT_EQ(m.message, "deadlock") << search;
  }
  EXPECT_FALSE(row.reduction().has_value());
}

TEST(search_comparison, the_mean_is_geometric_and_leaves_out_what_did_not_end) {
  const std::vector<compared_program> rows = {with_executions(3, 1, 10), with_executions(3, 2, 2'000),
                                              with_executions(3, 1, 1'000'000, stopped), with_executions(2, 1, 1)};
  EXPECT_EQ(mean_of(rows, 3).programs, 2u);
  EXPECT_NEAR(mean_of(rows, 3).geometric_mean, 100, 1e-9);
  EXPECT_EQ(mean_of(rows, 0).programs, 3u);
  EXPECT_EQ(mean_of(rows, 4).programs, 0u);
}

TEST(search_comparison, a_run_without_a_failure_counts_as_longer_than_any_other) {
  compared_fault f;
  f.seeded["pct"] = {
      {.how = failed, .executions = 9}, {.how = stopped, .executions = 3}, {.how = failed, .executions = 4}};
  EXPECT_EQ(f.median("pct"), 9u);
  f.seeded["pct"].push_back({.how = complete, .executions = 5});
  EXPECT_EQ(f.median("pct"), std::nullopt);
  EXPECT_EQ(f.median_at_least("pct"), 5u);
  EXPECT_EQ(f.median("random"), std::nullopt);
}

}  // namespace
}  // namespace triecheck::litmus
