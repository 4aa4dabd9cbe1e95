// `triecheck-bench` as its users meet it, on one tiny load: what it says, not how fast anything is.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <tuple>

namespace triecheck::checks {
namespace {

class bench_command : public command_line {};

TEST_F(bench_command, one_tiny_run_measures_every_cell_and_draws_its_charts) {
  const nlohmann::json json = run_json(
      "--seconds 0 --requests 200 --threads 2,1 --pages 1024,2048 --cycle-pages 16384 --svg charts "
      "--overload-threads 2 --overload-pages 256");
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["tool"], "triecheck-bench");
  EXPECT_EQ(json["verdict"], "pass");
  std::set<std::string> caches, loads, modes;
  for (const nlohmann::json& r : json["results"]) {
    caches.insert(r["cache"]);
    loads.insert(r["load"]);
    modes.insert(r["mode"]);
    EXPECT_GT(r["requests_per_second"], 0);
    EXPECT_GT(r["latency_ns"]["p50"], 0);
    EXPECT_LE(r["latency_ns"]["p50"], r["latency_ns"]["p999"]);
    EXPECT_GE(r["latency_over_usual"]["p999"], 1);
    if (r["mode"] == "full cycle" && r["sweep"] == "threads") {
      EXPECT_EQ(r["pages"], 16384);
    }
    EXPECT_EQ(r["spin_scale"].is_null(), r["threads"] == 1);
    EXPECT_EQ(r["line_ns"].is_null(), r["threads"] == 1);
  }
  EXPECT_TRUE(caches.contains("coarse") && caches.contains("hash-chain") && caches.contains("page-trie"));
  EXPECT_EQ(loads, (std::set<std::string>{"agent", "zipf"}));
  EXPECT_EQ(modes, (std::set<std::string>{"cold lookup", "full cycle", "warm lookup"}));
  EXPECT_FALSE(json["machine"]["limits"].empty());
  EXPECT_GT(json["machine"]["spin_scale"], 0);
  EXPECT_EQ(json["machine"]["walks"].size(), json["loads"].size());
  EXPECT_TRUE(caches.contains("bare-walk"));
  EXPECT_EQ(json["overload"]["results"].size(), 4U * 2) << "every variant, asking again and waiting";
  for (const char* chart : {"zipf-threads.svg", "zipf-pages.svg", "agent-threads.svg", "agent-pages.svg"}) {
    EXPECT_TRUE(contents(directory_ / "charts" / chart).ends_with("</svg>\n")) << chart;
  }
}

TEST_F(bench_command, overload_runs_alone_for_every_variant_and_number_of_threads) {
  const nlohmann::json json =
      run_json("--only overload --seconds 0 --requests 300 --overload-threads 3,1 --overload-pages 512");
  ASSERT_TRUE(json.is_object());
  EXPECT_FALSE(json.contains("results") || json.contains("machine"));
  EXPECT_EQ(json["overload"]["pages"], 512);
  EXPECT_EQ(json["overload"]["requests"], 300);
  std::set<std::tuple<std::string, std::string, int>> cells;
  for (const nlohmann::json& r : json["overload"]["results"]) {
    cells.emplace(r["cache"], r["when_refused"], r["threads"]);
    EXPECT_GT(r["seconds"], 0);
    EXPECT_GE(r["worst_over_median"], 1);
    EXPECT_GE(r["attempts"], 300);
    EXPECT_LE(r["refused"], r["attempts"]);
    EXPECT_LE(r["allocate_ns"]["p50"], r["allocate_ns"]["p999"]);
    if (r["cache"] == "coarse" && r["when_refused"] == "asks again") {
      EXPECT_EQ(r["ratio"]["seconds"], 1);
      EXPECT_EQ(r["ratio"]["p99"], 1);
    }
  }
  EXPECT_EQ(cells.size(), 4U * 2 * 2);
  EXPECT_FALSE(run_json("--only memory").contains("overload"));
  EXPECT_EQ(run_json("--only loads --seconds 0 --requests 20 --threads 1 --pages 1024").count("overload"), 0U);
}

TEST_F(bench_command, trace_is_measured_with_one_page_and_with_32_pages_for_a_block) {
  write("t.jsonl", R"({"timestamp":0,"input_length":1100,"output_length":1,"hash_ids":[0,1,2]})"
                   "\n");
  const nlohmann::json json = run_json("--trace t.jsonl --seconds 0 --threads 1 --pages 1024");
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["loads"][0]["pages"], 3);
  EXPECT_EQ(json["loads"][1]["pages"], 69);  // 1,100 tokens on pages of 16
}

TEST_F(bench_command, arguments_that_cannot_be_are_usage_errors) {
  const std::string list =
      "triecheck-bench: --threads: must be whole numbers from 1 to 256 with commas between them, not '";
  for (const std::string text : {"0", "1,,2", "1,", "257", "two", "-1", ""}) {
    expect_usage_error("--threads '" + text + "'", list + text + "'");
  }
  expect_usage_error("--pages 1k",
                     "triecheck-bench: --pages: must be whole numbers from 1 to 67108864 with commas between "
                     "them, not '1k'");
  expect_usage_error("--cycle-pages 0",
                     "triecheck-bench: --cycle-pages: must be a whole number from 1 to 67108864, not '0'");
  for (const std::string text : {"-1", "nan", "1s", ""}) {
    expect_usage_error("--seconds '" + text + "'",
                       "triecheck-bench: --seconds: must be a number from 0 to 3600, not '" + text + "'");
  }
  expect_usage_error("--patience 99ms", "triecheck-bench: --patience: must be at least 100ms, not '99ms'");
  expect_usage_error("--requests 0", "triecheck-bench: --requests: must be a whole number from 1 to 1000000, not '0'");
  expect_usage_error("--only peace",
                     "triecheck-bench: --only: must be loads, overload, memory, misses or metrics, not 'peace'");
  expect_usage_error(
      "--overload-threads 0",
      "triecheck-bench: --overload-threads: must be whole numbers from 1 to 256 with commas between them, not '0'");
  expect_usage_error("--overload-pages 255",
                     "triecheck-bench: --overload-pages: must be a whole number from 256 to 67108864, not '255'");
  expect_usage_error("--trace nowhere", "nowhere:1:1: the trace cannot be opened: No such file or directory");
  expect_usage_error("--json nowhere/t", "triecheck-bench: nowhere/t cannot be written (No such file or directory)");
  write("short.jsonl", R"({"timestamp":0,"input_length":500,"output_length":1,"hash_ids":[0]})"
                       "\n");
  expect_usage_error(
      "--trace short.jsonl",
      "triecheck-bench: short.jsonl has no request with a full block of tokens: there is nothing to find again");
  write("file", "");
  expect_usage_error("--svg file/charts", "triecheck-bench: file/charts cannot be made (Not a directory)");
  expect_usage_error("zipf", "triecheck-bench: The following argument was not expected: zipf");
}

}  // namespace
}  // namespace triecheck::checks
