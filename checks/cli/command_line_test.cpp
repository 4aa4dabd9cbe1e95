// The command line as its users meet it: the program is run, and its output and exit status are read.
//
// TRIECHECK_BINARY is the program, TRIECHECK_SOURCE_DIR the top of the source tree.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace triecheck::checks {
namespace {

constexpr const char* good_line = R"({"timestamp": 0, "input_length": 600, "output_length": 1, "hash_ids": [0, 1]})";

// ---- The program as a whole

TEST_F(command_line, help_and_version_succeed) {
  for (const char* arguments : {"--help", "simulate --help", "list --help", "top --help", "soak --help", "--version"}) {
    const ended e = run(arguments);
    EXPECT_EQ(e.status, 0) << arguments;
    EXPECT_NE(e.out, "") << arguments;
    EXPECT_EQ(e.err, "") << arguments;
  }
  EXPECT_TRUE(run("--version").out.starts_with("triecheck "));
}

TEST_F(command_line, subcommand_that_is_missing_or_unknown_is_a_usage_error) {
  expect_usage_error("", "triecheck: which subcommand? (triecheck --help lists them)");
  expect_usage_error("simulat", "triecheck: there is no subcommand 'simulat' (did you mean 'simulate'?)");
  expect_usage_error("--bogus", "triecheck: there is no option '--bogus' (triecheck --help lists them)");
}

TEST_F(command_line, option_that_cannot_be_is_a_usage_error) {
  const std::string range = "must be a whole number from 1 to ";
  expect_usage_error("simulate", "triecheck: trace is required");
  expect_usage_error("simulate t", "triecheck: --pages is required");
  expect_usage_error("simulate t --pages", "triecheck: --pages needs a value");
  expect_usage_error("simulate t --pages 1 --pages 2", "triecheck: --pages is given more than once");
  expect_usage_error("simulate t --pages 0", "triecheck: --pages: " + range + "4294967294, not '0'");
  expect_usage_error("simulate t --pages abc", "triecheck: --pages: " + range + "4294967294, not 'abc'");
  expect_usage_error("simulate t --pages -3", "triecheck: --pages: " + range + "4294967294, not '-3'");
  expect_usage_error("simulate t --pages 1e3", "triecheck: --pages: " + range + "4294967294, not '1e3'");
  expect_usage_error("simulate t --pages 5 --threads 0", "triecheck: --threads: " + range + "256, not '0'");
  expect_usage_error("simulate t --pages 5 --in-flight 0", "triecheck: --in-flight: " + range + "1048576, not '0'");
  expect_usage_error("simulate t --pages 5 --page-tokens 0",
                     "triecheck: --page-tokens: " + range + "4294967295, not '0'");
  expect_usage_error("simulate t --pages 5 --block-tokens 1",
                     "triecheck: --block-tokens: must be a whole number from 2 to 1048576, not '1'");
  expect_usage_error("simulate t --pages 5 --bogus", "triecheck: The following argument was not expected: --bogus");
  expect_usage_error("simulate t t --pages 5", "triecheck: The following argument was not expected: t");
}

TEST_F(command_line, unknown_cache_is_answered_with_the_known_ones) {
  const ended e = run("simulate t --pages 5 --cache bogus");
  EXPECT_EQ(e.status, 2);
  EXPECT_TRUE(e.err.starts_with("triecheck: there is no cache called 'bogus'; the known ones are: ")) << e.err;
  EXPECT_NE(e.err.find("coarse"), std::string::npos);
  EXPECT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1);
}

TEST_F(command_line, policy_that_cannot_be_is_a_usage_error) {
  const std::string known = "; the known ones are: recency, first-in, frequency, priority, segmented";
  expect_usage_error("simulate t --pages 5 --policy bogus", "triecheck: there is no policy called 'bogus'" + known);
  expect_usage_error("hit-rates t --pages 5 --policy bogus", "triecheck: there is no policy called 'bogus'" + known);
  expect_usage_error("fuzz --policy bogus", "triecheck: there is no policy called 'bogus'" + known);
  for (const std::string cache : {"nodelock", "lockfree"}) {
    const std::string alone = "triecheck: the cache '" + cache + "' knows the policy recency alone, not 'segmented'";
    expect_usage_error("simulate t --pages 5 --cache " + cache + " --policy segmented", alone);
    expect_usage_error("simulate t --pages 5 --cache " + cache + " --policy slru", alone);
    expect_usage_error("fuzz --cache " + cache + " --policy segmented", alone);
    expect_usage_error("fuzz --cache " + cache + " --reproduce 2x1/segmented:c", alone);
  }
  expect_usage_error("simulate t --pages 5 --keep-hits 5", "triecheck: --keep-hits goes with --policy priority alone");
  for (const std::string keep : {"x", "101", "5:", "5:x", "5:1:1"}) {
    expect_usage_error("simulate t --pages 5 --policy priority --keep-hits " + keep,
                       "triecheck: --keep-hits: expected a priority from 0 to 100, and after a colon for how many "
                       "requests, such as 50 or 50:2000, not '" +
                           keep + "'");
  }
  expect_usage_error(
      "hit-rates t --pages 5,x",
      "triecheck: --pages: must be whole numbers from 1 to 4294967294 with commas between them, not '5,x'");
  expect_usage_error("fuzz --reproduce 2x1/bogus:c",
                     "triecheck: --reproduce: not a workload as a failing run prints it: '2x1/bogus:c'");
}

TEST_F(command_line, error_about_an_argument_with_line_ends_is_one_line) {
  expect_usage_error("simulate t --pages \"$(printf '1\\n2')\"",
                     "triecheck: --pages: must be a whole number from 1 to 4294967294, not '1 2'");
}

TEST_F(command_line, leading_zeros_do_not_make_a_number_octal) {
  write("t", std::string(good_line) + "\n");
  EXPECT_EQ(run_json("simulate t --page-tokens 512 --pages 010")["pages"], 10);
}

// ---- Nothing is lost

TEST_F(command_line, result_replaces_nothing_that_the_run_reads) {
  write("t", std::string(good_line) + "\n");
  const std::string before = contents(directory_ / "t");
  const std::string kept = " is read by this run, and is not overwritten";
  expect_usage_error("simulate t --pages 5 --json t", "triecheck: t" + kept);
  expect_usage_error("simulate t --pages 5 --json ./t", "triecheck: ./t" + kept);
  expect_usage_error("hit-rates t --pages 5 --json t", "triecheck: t" + kept);
  EXPECT_EQ(contents(directory_ / "t"), before);
}

TEST_F(command_line, file_holds_one_result) {
  const std::string taken = " cannot hold two results";
  expect_usage_error("fuzz --cases 1 --json r --junit ./r", "triecheck: ./r" + taken);
  expect_usage_error("fuzz --cases 1 --json - --junit -", "triecheck: standard output" + taken);
  expect_usage_error("generate --shape chat --requests 1 --output r --json r", "triecheck: r" + taken);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "r")) << "what was refused leaves no file";
  EXPECT_EQ(run("generate --shape chat --requests 1 --output /dev/null --json /dev/null").status, 0)
      << "a device holds any number";
}

TEST_F(command_line, result_that_cannot_be_written_is_known_before_the_work) {
  write("t", std::string(good_line) + "\n");
  const std::string refused = "triecheck: nowhere/r cannot be written (No such file or directory)";
  for (const std::string command : {"list", "fuzz --cases 1", "simulate t --pages 5", "hit-rates t --pages 5"}) {
    expect_usage_error(command + " --json nowhere/r", refused);
  }
  expect_usage_error("fuzz --cases 1 --junit nowhere/r", refused);
}

TEST_F(command_line, result_that_cannot_be_written_after_the_work_goes_to_standard_output) {
  const ended e = run("generate --shape chat --requests 3 --output /dev/full");
  EXPECT_EQ(e.status, 4);
  EXPECT_EQ(std::count(e.out.begin(), e.out.end(), '\n'), 3);
  EXPECT_EQ(e.err,
            "triecheck: /dev/full cannot be written (No space left on device); the result is on standard output\n");
}

// ---- list

TEST_F(command_line, list_shows_scenarios_caches_and_strategies) {
  const std::string directory = "list --scenarios '" TRIECHECK_SOURCE_DIR "/scenarios'";
  const nlohmann::json json = run_json(directory);
  ASSERT_TRUE(json.is_object());
  ASSERT_FALSE(json["scenarios"].empty());
  for (const char* key : {"name", "title", "threads", "pages"}) EXPECT_TRUE(json["scenarios"][0].contains(key)) << key;
  ASSERT_EQ(json["policies"].size(), 5U);
  EXPECT_EQ(json["policies"][0]["name"], "recency");
  ASSERT_FALSE(json["caches"].empty());
  EXPECT_EQ(json["caches"][0]["refusals"], "at once");
  EXPECT_EQ(json["caches"][0]["statistics"], "all");
  EXPECT_EQ(json["caches"][0]["nonblocking"], false);
  ASSERT_TRUE(json["strategies"].is_array() && json["faults"].is_array());
  if (!json["strategies"].empty()) {  // a build without the explorer has none
    EXPECT_EQ(json["strategies"][0]["name"], "exhaustive");
  }
  const ended e = run(directory);
  EXPECT_EQ(e.status, 0);
  EXPECT_NE(e.out.find(json["scenarios"][0]["title"].get<std::string>()), std::string::npos);
}

TEST_F(command_line, list_prefers_the_scenarios_of_the_current_directory) {
  std::filesystem::create_directories(directory_ / "scenarios");
  EXPECT_TRUE(run_json("list")["scenarios"].empty());
  std::filesystem::remove(directory_ / "scenarios");
  EXPECT_FALSE(run_json("list")["scenarios"].empty());
}

TEST_F(command_line, list_names_what_is_wrong_with_a_directory_or_a_scenario) {
  expect_usage_error("list --scenarios nowhere", "nowhere:1:1: there is no such directory");
  std::filesystem::create_directories(directory_ / "scenarios");
  write("scenarios/broken.toml", "title = 7\n");
  const ended e = run("list");
  EXPECT_EQ(e.status, 2);
  EXPECT_TRUE(e.err.starts_with("scenarios/broken.toml:1:")) << e.err;
  EXPECT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1);
}

// ---- soak

TEST_F(command_line, soak_refuses_what_it_cannot_do) {
  expect_usage_error("soak --for soon", "triecheck: --for: expected a time such as 60s, 200ms, 1.5m or 2h, not 'soon'");
  expect_usage_error("soak --for 1ms", "triecheck: --for takes 100ms to 1000h");
  expect_usage_error(
      "soak --shape chta",
      "triecheck: there is no shape called 'chta' (did you mean 'chat'?); the known ones are: chat, zipf, agent");
  expect_usage_error(
      "soak --cache bogus",
      "triecheck: there is no cache called 'bogus'; the known ones are: coarse, rwlock, nodelock, lockfree");
  expect_usage_error("soak nowhere", "nowhere:1:1: the trace cannot be opened: No such file or directory");
  expect_usage_error("soak --threads 256", "triecheck: --threads: must be a whole number from 1 to 255, not '256'");
  expect_usage_error("soak --json r --svg r", "triecheck: r cannot hold two results");
}

TEST_F(command_line, soak_passes_and_writes_what_it_measured) {
  const ended e = run("soak --for 300ms --cache lockfree --pages 512 --json r.json --svg r.svg --metrics");
  EXPECT_EQ(e.status, 0) << e.out << e.err;
  EXPECT_EQ(e.out.substr(0, 21), "verdict          pass") << e.out;
  EXPECT_NE(e.out.find("memory at rest"), std::string::npos) << e.out;
  const nlohmann::json json = nlohmann::json::parse(contents(directory_ / "r.json"));
  EXPECT_EQ(json["verdict"], "pass");
  EXPECT_GT(json["requests"], 0);
  EXPECT_TRUE(contents(directory_ / "r.svg").starts_with("<svg "));
}

// ---- simulate: traces that cannot be used

TEST_F(command_line, trace_that_cannot_be_read_is_a_usage_error) {
  std::filesystem::create_directories(directory_ / "directory");
  write("empty", "");
  expect_usage_error("simulate nowhere --pages 5",
                     "nowhere:1:1: the trace cannot be opened: No such file or directory");
  expect_usage_error("simulate directory --pages 5", "directory:1:1: this is a directory, not a trace");
  expect_usage_error("simulate empty --pages 5", "empty:1:1: the trace is empty");
}

TEST_F(command_line, mistake_in_a_trace_is_named_with_line_and_column) {
  const auto expect = [this](const std::string& second_line, const std::string& error) {
    write("t.jsonl", std::string(good_line) + "\n" + second_line + "\n");
    expect_usage_error("simulate t.jsonl --pages 5", "t.jsonl:2:" + error);
  };
  expect("{\"a\":1,}", "8: this is not JSON: unexpected '}'; expected string literal");
  expect("[]", "1: a line must be one JSON object, but this is an array");
  expect("{\"timestamp\": 0}", "1: the field \"input_length\" is missing");
  expect("{\"timestamp\": \"0\"}", "15: \"timestamp\" must be a number, but is a string");
  expect("{\"input_length\": -1}", "18: \"input_length\" must not be negative, but is -1");
  expect("{\"input_length\": 1.5}", "18: \"input_length\" must be a whole number, but is 1.5");
  expect("{\"output_length\": null}", "19: \"output_length\" must be a whole number, but is null");
  expect(R"({"hash_ids":[0],"timestamp":0,"input_length":513,"output_length":1})",
         "13: an input_length of 513 tokens needs 2 hash_ids (one for each started block of 512), but there are 1");
  expect(R"({"hash_ids":[1,8388608]})",
         "16: the hash id 8388608 is out of range: with blocks of 512 tokens, 32 bits hold the tokens of ids up to "
         "8388607");
  expect("", "1: the line is empty");
}

// ---- simulate: results

// Pages of two tokens and blocks of two: a hash id is a page. By hand, with four pages: two are new, then both hit,
// then three are new and evict one, then one request is too large.
constexpr const char* small_trace = R"({"timestamp":0,"input_length":1024,"output_length":1,"hash_ids":[0,1]})"
                                    "\n"
                                    R"({"timestamp":1,"input_length":1100,"output_length":1,"hash_ids":[0,1,2]})"
                                    "\n"
                                    R"({"timestamp":2,"input_length":1536,"output_length":1,"hash_ids":[3,4,5]})"
                                    "\n"
                                    R"({"timestamp":3,"input_length":2560,"output_length":1,"hash_ids":[6,7,8,9,10]})"
                                    "\n";

TEST_F(command_line, simulation_of_a_small_trace_gives_the_numbers_computed_by_hand) {
  write("t.jsonl", small_trace);
  for (const char* verify : {"", " --verify"}) {
    const nlohmann::json json =
        run_json("simulate t.jsonl --pages 4 --page-tokens 2 --block-tokens 2" + std::string(verify));
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json["verdict"], "pass");
    EXPECT_EQ(json["verified"], *verify != '\0');
    EXPECT_EQ(json["requests"], 4);
    EXPECT_EQ(json["rejected"], 1);
    EXPECT_EQ(json["looked_up_pages"], 12);
    EXPECT_EQ(json["hit_pages"], 2);
    EXPECT_EQ(json["allocated_pages"], 6);
    EXPECT_EQ(json["evicted_pages"], 1);
    EXPECT_EQ(json["free_pages"], 0);
    EXPECT_EQ(json["cached_pages"], 4);
    EXPECT_TRUE(json["failure"].is_null());
  }
}

TEST_F(command_line, table_of_a_simulation_says_what_its_json_says) {
  write("t.jsonl", small_trace);
  const ended e = run("simulate t.jsonl --pages 4 --page-tokens 2 --block-tokens 2 --json result.json");
  EXPECT_EQ(e.status, 0);
  EXPECT_NE(e.out.find("looked-up pages  12\n"), std::string::npos) << e.out;
  EXPECT_NE(e.out.find("hit pages        2 (16.7 %)\n"), std::string::npos) << e.out;
  EXPECT_EQ(nlohmann::json::parse(contents(directory_ / "result.json"))["looked_up_pages"], 12);
}

TEST_F(command_line, metrics_of_a_simulation_are_in_table_and_json) {
  write("t.jsonl", small_trace);
  for (const char* cache : {"coarse", "lockfree"}) {
    const std::string simulate =
        "simulate t.jsonl --pages 4 --page-tokens 2 --block-tokens 2 --verify --cache " + std::string(cache);
    const nlohmann::json json = run_json(simulate + " --metrics");
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json["verdict"], "pass");
    const nlohmann::json& metrics = json["metrics"];
    EXPECT_EQ(metrics["triecheck_cache_looked_up_pages_total"]["samples"][0]["value"], 12);
    EXPECT_EQ(metrics["triecheck_cache_hit_tokens_total"]["samples"][0]["value"], 4);
    EXPECT_EQ(metrics["triecheck_cache_refusals_total"]["kind"], "counter");
    EXPECT_TRUE(metrics.contains("triecheck_cache_lock_acquisitions_total"));  // lockfree: of the queue for pages
    EXPECT_FALSE(run_json(simulate).contains("metrics"));
    const ended e = run(simulate + " --metrics");
    EXPECT_NE(e.out.find("\npages     ["), std::string::npos) << e.out;
    EXPECT_NE(e.out.find("\nlookup           4.0"), std::string::npos) << e.out;
  }
  expect_usage_error("simulate t.jsonl --pages 5 --metrics --compare-exact",
                     "triecheck: --compare-exact does not go with --metrics: run one after the other");
}

TEST_F(command_line, comparison_with_the_exact_cache_is_in_table_and_json) {
  write("t.jsonl", small_trace);
  const std::string simulate = "simulate t.jsonl --pages 4 --page-tokens 2 --block-tokens 2";
  EXPECT_TRUE(run_json(simulate)["of_exact"].is_null());
  const nlohmann::json json = run_json(simulate + " --compare-exact");
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["exact_hit_pages"], 2);
  EXPECT_EQ(json["exact_rejected"], 1);
  EXPECT_EQ(json["of_exact"], 1.0);
  const ended e = run(simulate + " --compare-exact");
  EXPECT_NE(e.out.find("exact hit pages  2 (16.7 %)\n"), std::string::npos) << e.out;
  EXPECT_NE(e.out.find("of exact         1.0000\n"), std::string::npos) << e.out;
  EXPECT_EQ(run(simulate).out.find("exact"), std::string::npos);
  EXPECT_NE(run("simulate t.jsonl --pages 1 --compare-exact").out.find("of exact         -\n"), std::string::npos);
}

TEST_F(command_line, comparison_with_the_exact_cache_does_not_go_with_verification) {
  expect_usage_error(
      "simulate t --pages 5 --verify --compare-exact",
      "triecheck: --compare-exact does not go with --verify, whose checks between the operations would change "
      "their order: run one after the other");
}

TEST_F(command_line, cache_that_is_too_large_is_a_usage_error) {
  write("t.jsonl", small_trace);
  expect_usage_error("simulate t.jsonl --pages 4294967294 --page-tokens 4294967295",
                     "triecheck: there is not enough memory for 4294967294 pages of 4294967295 tokens");
}

// ---- simulate: a real trace

std::string real_trace() {
  if (const char* given = std::getenv("TRIECHECK_TRACE")) return given;
  return TRIECHECK_SOURCE_DIR "/../shared/traces/conversation_trace.jsonl";
}

std::string missing_trace() { return "there is no trace " + real_trace() + "; set TRIECHECK_TRACE to one"; }

TEST_F(command_line, real_trace_in_one_thread_is_what_the_model_says) {
  if (!std::filesystem::exists(real_trace())) GTEST_SKIP() << missing_trace();
  const nlohmann::json json =
      run_json("simulate '" + real_trace() + "' --pages 10000 --page-tokens 512 --cache coarse --threads 1 --verify");
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["verdict"], "pass");
  EXPECT_EQ(json["requests"], 12031);
  EXPECT_EQ(json["looked_up_pages"], 276491);
  EXPECT_EQ(json["hit_pages"], 62001);
  EXPECT_EQ(json["rejected"], 0);
}

TEST_F(command_line, real_trace_in_two_threads_loses_no_page) {
  if (!std::filesystem::exists(real_trace())) GTEST_SKIP() << missing_trace();
  for (const char* in_flight : {"1", "32"}) {
    const nlohmann::json json =
        run_json("simulate '" + real_trace() + "' --pages 10000 --page-tokens 512 --cache coarse " +
                 "--threads 2 --verify --in-flight " + in_flight);
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json["verdict"], "pass");
    EXPECT_EQ(json["looked_up_pages"], 276491);
    EXPECT_EQ(json["free_pages"].get<int>() + json["cached_pages"].get<int>(), 10000);
  }
}

}  // namespace
}  // namespace triecheck::checks
