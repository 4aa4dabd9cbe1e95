// `triecheck explore` and `triecheck replay` as their users meet them.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace triecheck::checks {
namespace {

using explore_command = command_line;

constexpr const char* good_scenario = R"([cache]
pages = 2
tokens_per_page = 2
[[thread]]
run = ["request 1 2"]
[[thread]]
run = ["a = lookup 1 2", "release a"]
)";

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  const std::size_t start = text.rfind('\n', end);
  return text.substr(start + 1, end - start);
}

TEST_F(explore_command, scenario_file_passes_and_says_what_was_covered) {
  write("two.toml", good_scenario);
  const ended e = run("explore two.toml");
  EXPECT_EQ(e.status, 0) << e.out << e.err;
  EXPECT_TRUE(e.out.starts_with("pass  two  lockfree, exhaustive: complete, ")) << e.out;
  EXPECT_NE(e.out.find("Relacy's memory model"), std::string::npos);
}

TEST_F(explore_command, json_has_every_documented_key) {
  write("two.toml", good_scenario);
  const nlohmann::json j = run_json("explore two.toml");
  EXPECT_EQ(j["tool"], "triecheck");
  EXPECT_EQ(j["verdict"], "pass");
  EXPECT_EQ(j["command"], "triecheck explore two.toml");
  ASSERT_EQ(j["results"].size(), 1u);
  for (const char* key : {"scenario", "cache", "strategy", "preemptions", "verdict", "complete", "executions", "steps",
                          "seconds", "failure"}) {
    EXPECT_TRUE(j["results"][0].contains(key)) << key;
  }
  EXPECT_TRUE(j["results"][0]["failure"].is_null());
  EXPECT_EQ(j["results"][0]["complete"], true);
}

TEST_F(explore_command, failure_ends_with_the_command_that_replays_it) {
  const ended e = run("explore two_requests_publish_one_prefix --fault lookup_without_the_mutex --failures none");
  EXPECT_EQ(e.status, 1);
  EXPECT_TRUE(last_line(e.out).starts_with("triecheck replay two_requests_publish_one_prefix@coarse+")) << e.out;
  const ended again = run(last_line(e.out).substr(std::string("triecheck ").size()));
  EXPECT_EQ(again.status, 1);
  EXPECT_TRUE(last_line(again.out).starts_with("data-race: ")) << again.out;
}

TEST_F(explore_command, result_file_replays_its_failure) {
  EXPECT_EQ(run("explore two_requests_publish_one_prefix --fault lookup_without_the_mutex --failures none --json r.json").status, 1);
  const ended again = run("replay r.json");
  EXPECT_EQ(again.status, 1) << again.err;
  EXPECT_TRUE(last_line(again.out).starts_with("data-race: ")) << again.out;
  EXPECT_EQ(run("explore clear_against_lookup --json clean.json").status, 0);
  expect_usage_error("replay clean.json", "triecheck: clean.json: there is no failure to replay in this result");
  write("other.json", "{");
  expect_usage_error("replay other.json", "triecheck: other.json: this is neither a failure file nor a result of `triecheck explore --json`");
}

TEST_F(explore_command, junit_tells_passes_from_failures) {
  const ended e = run("explore two_requests_publish_one_prefix clear_against_lookup --fault lookup_without_the_mutex --failures none --junit j.xml");
  EXPECT_EQ(e.status, 1);
  const std::string xml = contents(directory_ / "j.xml");
  EXPECT_NE(xml.find("tests=\"2\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("<failure"), std::string::npos) << xml;
}

TEST_F(explore_command, run_that_stops_early_is_incomplete) {
  const ended few = run("explore three_requests_publish_one_prefix --executions 10");
  EXPECT_EQ(few.status, 3);
  EXPECT_TRUE(few.out.starts_with("incomplete  ")) << few.out;
  const ended late = run("explore three_requests_publish_one_prefix --budget 20ms");
  EXPECT_EQ(late.status, 3) << late.out;
  EXPECT_NE(late.out.find("not complete"), std::string::npos);
}

TEST_F(explore_command, directory_without_scenarios_is_incomplete) {
  std::filesystem::create_directory(directory_ / "none");
  EXPECT_EQ(run("explore --scenarios none").status, 3);
}

TEST_F(explore_command, bad_scenario_is_one_line_with_its_place) {
  write("misspelt.toml", std::string(good_scenario) + "[final]\nrun = [\"evct 1\"]\n");
  expect_usage_error("explore misspelt.toml", "misspelt.toml:9:9: unknown step \"evct\" (did you mean \"evict\"?)");
  write("key.toml", "[cache]\npages = 2\ntokens_per_page = 2\nsize = 3\n");
  const ended key = run("explore key.toml");
  EXPECT_EQ(key.status, 2);
  EXPECT_TRUE(key.err.starts_with("key.toml:4:1: ")) << key.err;
  write("type.toml", "[cache]\npages = \"two\"\ntokens_per_page = 2\n");
  const ended type = run("explore type.toml");
  EXPECT_EQ(type.status, 2);
  EXPECT_TRUE(type.err.starts_with("type.toml:2:9: ")) << type.err;
  write("five.toml", "[cache]\npages = 2\ntokens_per_page = 2\n" + [] {
    std::string threads;
    for (int i = 0; i < 5; ++i) threads += "[[thread]]\nrun = [\"request 1\"]\n";
    return threads;
  }());
  const ended five = run("explore five.toml");
  EXPECT_EQ(five.status, 2);
  EXPECT_TRUE(five.err.starts_with("five.toml:12:1: ")) << five.err;
  write("empty.toml", "");
  std::filesystem::create_directory(directory_ / "folder.toml");
  for (const char* file : {"empty.toml", "folder.toml", "missing.toml"}) {
    const ended e = run(std::string("explore ") + file);
    EXPECT_EQ(e.status, 2) << file;
    EXPECT_TRUE(e.err.starts_with(std::string(file) + ":1:1: ")) << e.err;
    EXPECT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1) << e.err;
    EXPECT_EQ(e.out, "");
  }
}

TEST_F(explore_command, bad_arguments_are_one_line_each) {
  for (const char* arguments :
       {"explore no_such_scenario", "explore --cache bogus", "explore --strategy bogus", "explore --fault bogus",
        "explore --seed 7", "explore --strategy random --preemptions 1", "explore --strategy relacy-random --stale-depth 0",
        "explore --json - --junit -", "explore --json no/such/folder/r.json", "explore --budget soon", "explore --budget 5", "explore --stale-depth 3", "explore --executions 0",
        "replay", "replay nonsense", "replay 'a@coarse@0x'", "replay 'a@bogus@0'", "replay 'no_such@coarse@0'",
        "replay 'clear_against_lookup@coarse+bogus@0'"}) {
    const ended e = run(arguments);
    EXPECT_EQ(e.status, 2) << arguments << "\n" << e.out << e.err;
    EXPECT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1) << arguments << ": " << e.err;
    EXPECT_TRUE(e.err.starts_with("triecheck: ")) << arguments << ": " << e.err;
    EXPECT_EQ(e.out, "") << arguments;
  }
}

TEST_F(explore_command, workloads_take_the_faults_that_they_can_show) {
  for (const auto& [arguments, line] : {
           std::pair{"fuzz --fault nonsense", "triecheck: there is no fault 'nonsense' (`triecheck list` shows them)"},
           std::pair{"fuzz --fault publish_pins_twice",
                     "triecheck: the fault 'publish_pins_twice' is for `triecheck explore tails_of_two_requests_of_one_prompt "
                     "--fault publish_pins_twice`"},
           std::pair{"fuzz --cache coarse --fault handed_parent_goes_to_the_back",
                     "triecheck: the fault 'handed_parent_goes_to_the_back' is one of nodelock, not of coarse"},
       }) {
    const ended e = run(arguments);
    EXPECT_EQ(e.status, 2) << arguments;
    EXPECT_EQ(e.err, std::string(line) + "\n") << arguments;
  }
}

TEST_F(explore_command, schedule_that_no_longer_fits_says_at_which_operation) {
  const ended e = run("replay 'clear_against_lookup@coarse@0x2.3'");
  EXPECT_EQ(e.status, 4) << e.out << e.err;
  EXPECT_NE(e.out.find("the schedule does not fit the program at operation 3"), std::string::npos) << e.out;
}

TEST_F(explore_command, policy_that_the_cache_or_the_fault_does_not_take_is_a_usage_error) {
  write("s.toml",
        "[cache]\npages = 2\ntokens_per_page = 1\npolicy = \"segmented\"\n"
        "[[thread]]\nrun = [\"request 1\"]\n[[thread]]\nrun = [\"request 2\"]\n");
  const std::string asked = "triecheck: the scenario 's' asks for the policy segmented, but the ";
  expect_usage_error("explore s.toml --cache nodelock", asked + "cache 'nodelock' knows recency alone");
  expect_usage_error("explore s.toml --fault publish_pins_twice", asked + "fault 'publish_pins_twice' knows recency alone");
  expect_usage_error("explore s.toml --fault frequency_never_ages", asked + "fault 'frequency_never_ages' knows frequency alone");
  EXPECT_EQ(run("explore s.toml --fault first_release_protects --failures none").status, 0) << "only its order is wrong";
  EXPECT_EQ(run_json("explore s.toml")["results"][0]["cache"], "coarse") << "where none is named, one that takes it";
}

TEST_F(explore_command, list_names_the_faults) {
  const nlohmann::json j = run_json("list");
  EXPECT_GE(j["faults"].size(), 15u);
  EXPECT_GE(j["scenarios"].size(), 15u);
}

}  // namespace
}  // namespace triecheck::checks
