// The shipped scenarios whose spaces are too large for a default run, each complete and with its known number of
// executions.
#include "checks/verify/explore.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "checks/verify/known_counts.h"

namespace triecheck::explore {
namespace {

struct large_space {
  std::string scenario, variant;
  std::uint64_t executions;
};

std::vector<large_space> large_spaces() {
  std::vector<large_space> spaces;
  for (const auto& [scenario, by_variant] : read_counts(TRIECHECK_SCENARIOS_DIR "/executions.txt")) {
    for (const auto& [variant, executions] : by_variant) {
      if (executions > most_at_once) spaces.push_back({scenario, variant, executions});
    }
  }
  return spaces;
}

class large_scenario : public testing::TestWithParam<large_space> {};

TEST_P(large_scenario, completes_with_its_number_of_executions) {
  const checks::scenario s =
      checks::load_scenario(std::filesystem::path(TRIECHECK_SCENARIOS_DIR) / (GetParam().scenario + ".toml"));
  explore_options o;
  o.cache = GetParam().variant;
  o.heed_bounds = true;
  const checks::result r = explore_scenario(s, s.name, o).outcome;
  EXPECT_EQ(r.outcome, checks::verdict::pass) << "again: triecheck explore " << s.name << " --cache " << o.cache;
  EXPECT_TRUE(r.complete) << "it has no bound that it could do without";
  EXPECT_EQ(r.executions, GetParam().executions);
}

INSTANTIATE_TEST_SUITE_P(all, large_scenario, testing::ValuesIn(large_spaces()),
                         [](const auto& p) { return p.param.variant + "_" + p.param.scenario; });

}  // namespace
}  // namespace triecheck::explore
