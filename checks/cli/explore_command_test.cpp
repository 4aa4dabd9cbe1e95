// `triecheck explore` and `triecheck replay` as their users meet them.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

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
  EXPECT_NE(e.out.find("stores in the order of execution"), std::string::npos);
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

TEST_F(explore_command, numbers_of_executions_are_written_as_the_shipped_file_has_them) {
  write("two.toml", good_scenario);
  write("counts.txt", "# Mine.\nother coarse=7\n");
  ASSERT_EQ(run("explore two.toml two_requests_publish_one_prefix --cache all --counts counts.txt").status, 0);
  const std::string written = contents(directory_ / "counts.txt");
  const std::string shipped = contents(TRIECHECK_SCENARIOS_DIR "/executions.txt");
  const auto row = [](const std::string& text, const std::string& name) {
    const std::size_t start = text.find("\n" + name + " ");
    EXPECT_NE(start, std::string::npos) << text;
    return text.substr(start, text.find('\n', start + 1) - start);
  };
  const auto sorted = [](const std::string& text) {
    std::istringstream words(text);
    std::vector<std::string> all;
    for (std::string word; words >> word;) all.push_back(word);
    std::sort(all.begin(), all.end());
    return all;
  };
  const std::string name = "two_requests_publish_one_prefix";
  EXPECT_EQ(sorted(row(written, name)), sorted(row(shipped, name)));
  EXPECT_NE(row(written, "two").find(" nodelock="), std::string::npos);
  EXPECT_EQ(row(written, "other"), "\nother coarse=7");
  write("counts.txt", "two coarse\n");
  for (const char* wrong : {"--strategy pct", "--jobs 2"}) {
    expect_usage_error(
        "explore two.toml --counts counts.txt " + std::string(wrong),
        "triecheck: --counts goes with the default strategy in one process, from the beginning and without "
        "a limit, alone");
  }
  const ended damaged = run("explore two.toml --cache coarse --counts counts.txt");
  EXPECT_EQ(damaged.status, 2);
  EXPECT_EQ(damaged.err, "triecheck: counts.txt:1: expected CACHE=NUMBER, not 'coarse'\n");
}

TEST_F(explore_command, a_defect_is_a_number_of_the_historical_cache) {
  const std::string scenario = "explore lookup_against_eviction_of_the_same_leaf --failures none --defect ";
  const ended found = run(scenario + "18");
  EXPECT_EQ(found.status, 1);
  EXPECT_NE(last_line(found.out).find("@historical+defect_18@"), std::string::npos) << found.out;
  EXPECT_EQ(run(scenario + "18 --cache historical").status, 1);
  const ended elsewhere = run(scenario + "18 --cache coarse");
  EXPECT_EQ(elsewhere.status, 2);
  EXPECT_NE(elsewhere.err.find("applies to --cache historical only"), std::string::npos) << elsewhere.err;
  for (const char* wrong : {"0", "34", "eighteen", "18 --fault lookup_without_the_mutex"})
    EXPECT_EQ(run(scenario + wrong).status, 2) << wrong;
}

TEST_F(explore_command, failure_ends_with_the_command_that_replays_it) {
  const ended e = run("explore two_requests_publish_one_prefix --fault lookup_without_the_mutex --failures none");
  EXPECT_EQ(e.status, 1);
  EXPECT_TRUE(last_line(e.out).starts_with(typed("replay two_requests_publish_one_prefix@coarse+"))) << e.out;
  const ended again = paste(last_line(e.out));
  EXPECT_EQ(again.status, 1);
  EXPECT_TRUE(last_line(again.out).starts_with("data-race: ")) << again.out;
}

// By a relative path, through PATH, and by names and files that a shell would take apart.
TEST_F(explore_command, commands_run_as_pasted_however_the_program_was_called) {
  write("it's \"mine\" $HOME.toml", good_scenario);
  for (const char* folder : {"bin", "my tools", "a=b"}) {
    std::filesystem::create_directory(directory_ / folder);
    std::filesystem::create_symlink(TRIECHECK_BINARY, directory_ / folder / "triecheck");
  }
  std::filesystem::create_symlink(TRIECHECK_BINARY, directory_ / "-odd");
  std::filesystem::create_directory(directory_ / "mine");
  write("mine/in_a_folder.toml", good_scenario);
  const std::string file = R"('it'\''s "mine" $HOME.toml')";
  const std::string path = "PATH=\"$PWD/bin:$PATH\" ";
  const std::pair<std::string, std::string> calls[] = {{"bin/triecheck", "bin/triecheck"},
                                                       {"./bin/../bin/triecheck", "./bin/../bin/triecheck"},
                                                       {"'my tools/triecheck'", "'my tools/triecheck'"},
                                                       {"'a=b/triecheck'", "'a=b/triecheck'"},
                                                       {"./-odd", "./-odd"},
                                                       {path + "triecheck", "triecheck"}};
  for (const auto& [call, printed] : calls) {
    for (const std::string& scenario : {file, std::string("in_a_folder --scenarios mine")}) {
      const ended e = paste(call + " explore " + scenario + " --fault lookup_without_the_mutex --failures none");
      ASSERT_EQ(e.status, 1) << call << e.err;
      EXPECT_TRUE(last_line(e.out).starts_with(printed + " replay ")) << e.out;
      const ended again = paste(printed == "triecheck" ? path + last_line(e.out) : last_line(e.out));
      EXPECT_EQ(again.status, 1) << last_line(e.out) << again.err;
      EXPECT_TRUE(last_line(again.out).starts_with("data-race: ")) << again.out;
    }
  }
  // Where the word that the program was called by leads nowhere, it names itself.
  const ended renamed =
      paste("bash -c 'exec -a nowhere " TRIECHECK_BINARY
            " explore in_a_folder --scenarios mine --fault lookup_without_the_mutex --failures none'");
  EXPECT_EQ(renamed.status, 1) << renamed.err;
  EXPECT_NE(last_line(renamed.out).find("/triecheck replay mine/in_a_folder.toml@coarse+"), std::string::npos)
      << renamed.out;
}

TEST_F(explore_command, near_names_are_suggested_wherever_a_name_is_taken) {
  write("two.toml", good_scenario);
  const std::string race = "three_releases_of_one_prefix";
  const std::pair<std::string, std::string> cases[] = {
      {"explore three_release_of_one_prefix", "(did you mean '" + race + "'?)"},
      {"explore tow.toml", "tow.toml:1:1: there is no such file (did you mean 'two.toml'?)"},
      {"explore two.toml --cache lockfre", "(did you mean 'lockfree'?)"},
      {"explore two.toml --fault lookup_without_a_mutex", "(did you mean 'lookup_without_the_mutex'?)"},
      {"explore two.toml --strategy exhuastive", "(did you mean 'exhaustive'?)"},
      {"explore two.toml --bugdet 5s", "(did you mean '--budget'?)"},
      {"explore two.toml --bugdet=5s", "(did you mean '--budget'?)"},
      {"exlpore two.toml", "(did you mean 'explore'?)"},
      {"--verison", "(did you mean '--version'?)"},
      {"replay three_release_of_one_prefix@coarse@0", "(did you mean '" + race + "'?)"},
      {"replay " + race + "@coarze@0", "(did you mean 'coarse'?)"},
      {"replay " + race + "@coarse+lookup_without_a_mutex@0", "(did you mean 'lookup_without_the_mutex'?)"},
      {"shrink three_release_of_one_prefix@coarse@0", "(did you mean '" + race + "'?)"},
      {"fuzz --policy frequncy", "(did you mean 'frequency'?)"},
      {"fuzz --fault frequency_never_age", "(did you mean 'frequency_never_ages'?)"},
      {"simulate t --pages 5 --cache rwlok", "(did you mean 'rwlock'?)"},
      {"hit-rates t --pages 5 --policy segmentd", "(did you mean 'segmented'?)"},
      {"generate --shape agnet", "(did you mean 'agent'?)"},
      {"bench-search check_then_acts", "(did you mean 'check_then_act'?)"},
  };
  for (const auto& [arguments, hint] : cases) {
    const ended e = run(arguments);
    EXPECT_EQ(e.status, 2) << arguments << e.out;
    EXPECT_NE(e.err.find(hint), std::string::npos) << arguments << ": " << e.err;
    EXPECT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1) << arguments << ": " << e.err;
  }
}

TEST_F(explore_command, what_is_not_explored_is_said) {
  write("two.toml", good_scenario);
  const ended one = run("explore two.toml");
  EXPECT_NE(one.out.find("\nexplored under lockfree alone; --cache all adds coarse, rwlock, nodelock\n"),
            std::string::npos)
      << one.out;
  EXPECT_EQ(run("explore two.toml --cache lockfree").out.find("explored under"), std::string::npos);
  // A cache that does not have what a scenario needs leaves it out; a scenario that was named is refused.
  std::filesystem::create_directory(directory_ / "mine");
  write("mine/plain.toml", good_scenario);
  write("mine/ranked.toml",
        "[cache]\npages = 2\ntokens_per_page = 1\npolicy = \"segmented\"\n[[thread]]\nrun = [\"request "
        "1\"]\n[[thread]]\nrun = [\"request 2\"]\n");
  const ended some = run("explore --scenarios mine --cache nodelock --json some.json");
  EXPECT_EQ(some.status, 0) << some.err;
  EXPECT_NE(some.out.find("\nleft out: 1 scenario under nodelock, which does not have the policy segmented (ranked)\n"),
            std::string::npos)
      << some.out;
  const nlohmann::json j = nlohmann::json::parse(contents(directory_ / "some.json"));
  EXPECT_EQ(j["results"].size(), 1U);
  EXPECT_EQ(j["left_out"],
            nlohmann::json::parse(R"([{"cache": "nodelock", "needs": "the policy segmented", "scenario": "ranked"}])"));
  const ended all = run("explore --scenarios mine --cache all");
  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_NE(all.out.find("left out: 1 scenario under lockfree"), std::string::npos) << all.out;
  EXPECT_NE(all.out.find("pass: 6 of 6 passed"), std::string::npos) << all.out;
  EXPECT_EQ(run("explore mine/ranked.toml --cache nodelock").status, 2);
  // One scenario that wants a policy does not decide for all where no cache is named; named itself, it does.
  const ended folder = run("explore --scenarios mine");
  EXPECT_NE(folder.out.find("left out: 1 scenario under lockfree"), std::string::npos) << folder.out;
  EXPECT_NE(folder.out.find("\nexplored under lockfree alone"), std::string::npos) << folder.out;
  EXPECT_NE(run("explore mine/ranked.toml").out.find("\nexplored under coarse alone"), std::string::npos);
}

TEST_F(explore_command, result_file_replays_its_failure) {
  EXPECT_EQ(
      run("explore two_requests_publish_one_prefix --fault lookup_without_the_mutex --failures none --json r.json")
          .status,
      1);
  const ended again = run("replay r.json");
  EXPECT_EQ(again.status, 1) << again.err;
  EXPECT_TRUE(last_line(again.out).starts_with("data-race: ")) << again.out;
  EXPECT_EQ(run("explore clear_against_lookup --json clean.json").status, 0);
  expect_usage_error("replay clean.json", "triecheck: clean.json: there is no failure to replay in this result");
  write("other.json", "{");
  expect_usage_error(
      "replay other.json",
      "triecheck: other.json: this is neither a failure file nor a result of `triecheck explore --json`");
}

TEST_F(explore_command, junit_tells_passes_from_failures) {
  const ended e =
      run("explore two_requests_publish_one_prefix clear_against_lookup --fault lookup_without_the_mutex --failures "
          "none --junit j.xml");
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
  write(
      "nine.toml", "[cache]\npages = 2\ntokens_per_page = 2\n" + [] {
        std::string threads;
        for (int i = 0; i < 9; ++i) threads += "[[thread]]\nrun = [\"request 1\"]\n";
        return threads;
      }());
  const ended nine = run("explore nine.toml");
  EXPECT_EQ(nine.status, 2);
  EXPECT_TRUE(nine.err.starts_with("nine.toml:20:1: ")) << nine.err;
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
        "explore --seed 7", "explore --strategy random --preemptions 1",
        "explore --strategy relacy-random --stale-depth 0", "explore --json - --junit -",
        "explore --json no/such/folder/r.json", "explore --budget soon", "explore --budget 5",
        "explore --stale-depth 4", "explore --executions 0", "replay", "replay nonsense", "replay 'a@coarse@0x'",
        "replay 'a@bogus@0'", "replay 'no_such@coarse@0'", "replay 'clear_against_lookup@coarse+bogus@0'"}) {
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
                     "triecheck: the fault 'publish_pins_twice' is for `" TRIECHECK_BINARY
                     " explore tails_of_two_requests_of_one_prompt --fault publish_pins_twice`"},
           std::pair{"fuzz --cache coarse --fault handed_parent_goes_to_the_back",
                     "triecheck: the fault 'handed_parent_goes_to_the_back' applies to --cache nodelock only"},
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
  expect_usage_error("explore s.toml --fault publish_pins_twice",
                     asked + "fault 'publish_pins_twice' knows recency alone");
  expect_usage_error("explore s.toml --fault frequency_never_ages",
                     asked + "fault 'frequency_never_ages' knows frequency alone");
  EXPECT_EQ(run("explore s.toml --fault first_release_protects --failures none").status, 0)
      << "only its order is wrong";
  EXPECT_EQ(run_json("explore s.toml")["results"][0]["cache"], "coarse") << "where none is named, one that takes it";
}

TEST_F(explore_command, list_names_the_faults) {
  const nlohmann::json j = run_json("list");
  EXPECT_GE(j["faults"].size(), 15u);
  EXPECT_GE(j["scenarios"].size(), 15u);
}

}  // namespace
}  // namespace triecheck::checks
