// What monitoring costs: the judgement of turns, and one tiny measurement of every variant.
#include "checks/bench/monitoring_cost.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "checks/trace/generate.h"

namespace triecheck::checks {
namespace {

TEST(monitoring_cost, is_that_of_the_same_turn_and_noise_that_of_bare_passes_that_follow_each_other) {
  // Metrics take 4 % more time, contention 25 %; the machine gets slower by half meanwhile. Turns 1 and 3
  // were measured backwards: their bare pass is followed by that of the next.
  std::vector<monitoring_turn> turns;
  for (const double speed : {100.0, 90.0, 80.0, 70.0, 60.0})
    turns.push_back({1.04 * speed, speed, 1.04 * speed / 1.25});
  const monitoring_cost c = judge_monitoring(turns);
  EXPECT_EQ(c.turns, 5U);
  EXPECT_NEAR(c.metrics.median, 0.04, 1e-9);
  EXPECT_NEAR(c.contention.median, 0.25, 1e-9);
  EXPECT_NEAR(c.contention.least, 0.25, 1e-9);
  EXPECT_NEAR(c.noise, 70.0 / 60 - 1, 1e-9);
}

TEST(monitoring_cost, every_variant_is_measured_with_each_number_of_threads) {
  trace t = generate_trace(*find_shape("agent"), 30, 1);
  t.block_tokens = 16;
  const std::vector<load> loads = {make_load("agent", "", t, 16, 1 << 20)};
  constexpr std::array<std::size_t, 2> threads = {1, 2};
  std::vector<monitoring_cost> all;
  measure_monitoring(loads, threads, 0, all);
  EXPECT_EQ(all.size(), 4U * 2 * 2) << "variants, modes, threads";
  const std::string table = to_table(all);
  for (const char* name : {"coarse", "rwlock", "nodelock", "lockfree"}) EXPECT_NE(table.find(name), std::string::npos);
  EXPECT_EQ(to_json(all)[0]["turns"], 2);
  EXPECT_EQ(to_table(std::vector<monitoring_cost>{}), "");
}

}  // namespace
}  // namespace triecheck::checks
