// `triecheck bench-search` as its users meet it. Counts are asserted, times are not.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <string>

namespace triecheck::checks {
namespace {

using bench_search = command_line;

TEST_F(bench_search, json_has_every_figure_of_programs_and_scenarios) {
  const nlohmann::json j = run_json(
      "bench-search add_4_times_to_two_variables three_threads_count_apart refused_allocation_beside_a_release "
      "--limit 20s --executions 50");
  ASSERT_EQ(j["programs"].size(), 3u);
  const auto& two = j["programs"][0];
  EXPECT_EQ(two["name"], "add_4_times_to_two_variables");
  EXPECT_EQ(two["kind"], "litmus");
  EXPECT_EQ(two["threads"], 2);
  EXPECT_EQ(two["searches"]["exhaustive"]["executions"], 1);
  EXPECT_EQ(two["searches"]["not-reduced"]["executions"], 70);
  EXPECT_EQ(two["searches"]["relacy-full"]["executions"], 252);
  EXPECT_EQ(two["reduction"], 252.0);
  const auto& scenario = j["programs"][2];
  EXPECT_EQ(scenario["kind"], "scenario");
  EXPECT_EQ(scenario["searches"]["exhaustive"]["executions"], 20);
  for (const char* search : {"exhaustive", "not-reduced", "bounded", "relacy-full", "relacy-bound", "relacy-random"}) {
    for (const char* key : {"end", "executions", "seconds", "message"}) {
      EXPECT_TRUE(scenario["searches"][search].contains(key)) << search << ' ' << key;
    }
  }
  EXPECT_EQ(scenario["searches"]["relacy-random"]["executions"], 50);
  EXPECT_EQ(j["reduction"]["three_threads"]["programs"], 1);
  EXPECT_NEAR(j["reduction"]["three_threads"]["geometric_mean"].get<double>(), 1'680, 1e-6);
}

TEST_F(bench_search, fault_is_found_by_every_search_and_each_seed_is_reported) {
  const nlohmann::json j = run_json("bench-search fork_does_not_pin --seeds 3 --executions 1000 --limit 20s");
  ASSERT_EQ(j["faults"].size(), 1u);
  const auto& searches = j["faults"][0]["searches"];
  for (const char* search : {"exhaustive", "bounded", "relacy-full"})
    EXPECT_EQ(searches[search]["end"], "failed") << search;
  for (const char* search : {"pct", "random", "relacy-random"}) {
    EXPECT_EQ(searches[search]["runs"].size(), 3u) << search;
    EXPECT_TRUE(searches[search]["median_executions"].is_number()) << search;
  }
  EXPECT_TRUE(j["reduction"]["all"]["geometric_mean"].is_null());
}

TEST_F(bench_search, text_is_a_row_for_each_program_and_ends_with_the_means) {
  const ended e = run("bench-search check_then_act three_threads_count_apart --limit 20s --executions 50");
  EXPECT_EQ(e.status, 0) << e.err;
  EXPECT_TRUE(e.out.starts_with("program or scenario ")) << e.out;
  EXPECT_NE(e.out.find("\ncheck_then_act "), std::string::npos) << e.out;
  EXPECT_NE(e.out.find(" ! 2 "), std::string::npos) << e.out;
  EXPECT_NE(e.out.find("geometric mean over the 1 programs of three threads that both complete: 1680.0\n"),
            std::string::npos)
      << e.out;
}

TEST_F(bench_search, wrong_arguments_are_one_line) {
  expect_usage_error(
      "bench-search no_such_program",
      "triecheck: there is no litmus program, scenario or fault 'no_such_program' (without names, all are measured)");
  expect_usage_error("bench-search --limit soon",
                     "triecheck: --limit: expected a time such as 60s, 200ms, 1.5m or 2h, not 'soon'");
}

}  // namespace
}  // namespace triecheck::checks
