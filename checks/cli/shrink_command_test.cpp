// Failure files as their users meet them: `explore` stores them, `replay` shows them, `shrink` makes them small, and
// among the regressions they run first.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace triecheck::checks {
namespace {

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  const std::size_t start = text.rfind('\n', end);
  return text.substr(start + 1, end - start);
}

class failure_files : public command_line {
 protected:
  const std::string race = "three_releases_of_one_prefix --fault release_without_the_mutex";
  const std::string file =
      "triecheck-failures/three_releases_of_one_prefix-coarse-release_without_the_mutex-data-race.toml";

  std::string text_of(const std::string& name) const { return contents(directory_ / name); }

  void replace(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = text_of(name);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    write(name, text.replace(at, from.size(), to));
  }

  // The last line of a report is a command that shows the failure in a new process.
  void expect_replays(const std::string& report, const std::string& kind) const {
    const std::string command = last_line(report);
    ASSERT_TRUE(command.starts_with(typed("replay "))) << report;
    const ended again = paste(command);
    EXPECT_EQ(again.status, 1) << again.out << again.err;
    EXPECT_TRUE(last_line(again.out).starts_with(kind + ": ")) << again.out;
  }
};

using shrink_command = failure_files;

TEST_F(failure_files, failing_run_stores_a_scenario_that_replays) {
  const ended e = run("explore " + race + " --json r.json");
  EXPECT_EQ(e.status, 1);
  EXPECT_NE(e.out.find("  stored in " + file + "\n"), std::string::npos) << e.out;
  const nlohmann::json failure = nlohmann::json::parse(text_of("r.json"))["results"][0]["failure"];
  EXPECT_EQ(failure["file"], file);
  EXPECT_TRUE(failure["token"].get<std::string>().starts_with(
      "three_releases_of_one_prefix@coarse+release_without_the_mutex@"));
  EXPECT_EQ(failure["replay"], typed("replay " + failure["token"].get<std::string>()));
  const ended again = run("replay " + file);
  EXPECT_EQ(again.status, 1) << again.err;
  EXPECT_EQ(again.err, "");
  EXPECT_TRUE(last_line(again.out).starts_with("data-race: ")) << again.out;
  EXPECT_EQ(run("explore " + file + " --cache coarse").status, 0) << "the fault is not put back unless it is named";
}

TEST_F(failure_files, folder_is_made_only_for_a_failure_that_is_to_be_stored) {
  EXPECT_EQ(run("explore clear_against_lookup").status, 0);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "triecheck-failures"));
  const ended e = run("explore " + race + " --failures none --json r.json");
  EXPECT_EQ(e.status, 1);
  EXPECT_EQ(e.out.find("stored"), std::string::npos) << e.out;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "triecheck-failures"));
  EXPECT_EQ(nlohmann::json::parse(text_of("r.json"))["results"][0]["failure"]["file"], "");
  EXPECT_EQ(run("explore " + race + " --failures kept/here").status, 1);
  EXPECT_TRUE(std::filesystem::exists(directory_ / "kept" / "here"));
}

TEST_F(failure_files, seed_is_stored_for_a_random_strategy) {
  EXPECT_EQ(run("explore " + race + " --strategy random --seed 7").status, 1);
  EXPECT_NE(text_of(file).find("\nstrategy = \"random\"\nseed = 7\n"), std::string::npos) << text_of(file);
}

TEST_F(failure_files, scenarios_of_one_name_do_not_overwrite_each_other) {
  for (const char* folder : {"a", "b"}) {
    std::filesystem::create_directory(directory_ / folder);
    write(std::string(folder) + "/s.toml",
          "[cache]\npages = 1\ntokens_per_page = 1\n[[thread]]\nrun = [\"a = lookup 1\"]\n"
          "[[thread]]\nrun = [\"b = lookup 1\"]\n");
  }
  EXPECT_EQ(run("explore a/s.toml b/s.toml --fault lookup_without_the_mutex").status, 1);
  for (const char* name :
       {"s-coarse-lookup_without_the_mutex-data-race.toml", "s-coarse-lookup_without_the_mutex-data-race-2.toml"}) {
    EXPECT_TRUE(std::filesystem::exists(directory_ / "triecheck-failures" / name)) << name;
  }
}

TEST_F(failure_files, folder_that_cannot_be_written_leaves_the_verdict_as_it_is) {
  write("occupied", "");
  const ended e = run("explore " + race + " --failures occupied");
  EXPECT_EQ(e.status, 1);
  EXPECT_TRUE(e.err.starts_with("triecheck: the failure cannot be stored in occupied/")) << e.err;
  EXPECT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1) << e.err;
  expect_replays(e.out, "data-race");
}

TEST_F(failure_files, file_from_another_version_says_so_in_one_line) {
  EXPECT_EQ(run("explore " + race).status, 1);
  replace(file, "version = \"", "version = \"0.0.");
  const ended e = run("replay " + file);
  EXPECT_EQ(e.status, 1);
  EXPECT_NE(e.err.find(" was stored by version 0.0."), std::string::npos) << e.err;
  EXPECT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1) << e.err;
}

TEST_F(failure_files, file_without_an_execution_is_a_usage_error) {
  write("plain.toml",
        "[cache]\npages = 1\ntokens_per_page = 1\n[[thread]]\nrun = [\"clear\"]\n[[thread]]\nrun = [\"clear\"]\n");
  for (const std::string command : {"replay", "shrink"}) {
    expect_usage_error(command + " plain.toml",
                       "triecheck: plain.toml: this scenario has no [failure], so there is no execution in it "
                       "(triecheck explore runs it)");
  }
  const std::string failure = "[failure]\nkind = \"pins\"\nschedule = \"0\"\n";
  write("misspelt.toml", text_of("plain.toml") + failure + "cash = \"coarse\"\n");
  expect_usage_error("replay misspelt.toml",
                     "misspelt.toml:11:1: unknown key \"cash\" in [failure] (did you mean \"cache\"?)");
  write("cache.toml", text_of("plain.toml") + failure + "cache = \"bogus\"\n");
  EXPECT_TRUE(run("replay cache.toml").err.starts_with("triecheck: there is no cache called 'bogus'"));
  write("fault.toml", text_of("plain.toml") + failure + "cache = \"coarse\"\nfault = \"bogus\"\n");
  expect_usage_error("shrink fault.toml", "triecheck: there is no fault 'bogus' (`triecheck list` shows them)");
}

TEST_F(failure_files, stored_schedule_of_a_regression_runs_first) {
  EXPECT_EQ(run("explore " + race).status, 1);
  std::filesystem::create_directories(directory_ / "mine" / "regressions");
  std::filesystem::rename(directory_ / file, directory_ / "mine" / "regressions" / "race.toml");
  write("mine/a.toml",
        "[cache]\npages = 1\ntokens_per_page = 1\n[[thread]]\nrun = [\"clear\"]\n[[thread]]\nrun = [\"clear\"]\n");
  const ended e = run("explore --scenarios mine --fault release_without_the_mutex --failures none");
  EXPECT_EQ(e.status, 1);
  EXPECT_TRUE(e.out.starts_with("fail  race  coarse, exhaustive: not complete, 1 execution, ")) << e.out;
  EXPECT_NE(e.out.find("on the schedule that the scenario stores"), std::string::npos) << e.out;
  expect_replays(e.out, "data-race");
  const ended mended = run("explore --scenarios mine --cache coarse");
  EXPECT_EQ(mended.status, 0) << mended.out;
  EXPECT_TRUE(mended.out.starts_with("pass  race  coarse, exhaustive: complete, 90 executions")) << mended.out;
}

TEST_F(shrink_command, stored_failure_becomes_a_smaller_one_that_replays) {
  EXPECT_EQ(run("explore four_requests_on_a_three_page_pool --fault release_keeps_private_pages --failures f").status,
            1);
  const std::string input = "f/four_requests_on_a_three_page_pool-coarse-release_keeps_private_pages-refusal.toml";
  const std::string before = text_of(input);
  const ended e = run("shrink " + input + " --json r.json");
  EXPECT_EQ(e.status, 1) << e.out << e.err;
  EXPECT_EQ(text_of(input), before);
  const std::string output =
      "f/four_requests_on_a_three_page_pool-coarse-release_keeps_private_pages-refusal-shrunk.toml";
  EXPECT_EQ(last_line(e.out), typed("replay " + output));
  expect_replays(e.out, "refusal");
  const nlohmann::json j = nlohmann::json::parse(text_of("r.json"));
  EXPECT_EQ(j["verdict"], "fail");
  EXPECT_EQ(j["before"]["threads"], 4);
  EXPECT_LE(j["after"]["threads"], 2);
  EXPECT_LE(j["after"]["operations"], 6);
  EXPECT_EQ(j["smallest"], true);
  EXPECT_EQ(j["shortest"], true);
  EXPECT_EQ(j["failure"]["kind"], "refusal");
  EXPECT_EQ(j["failure"]["file"], output);
  EXPECT_EQ(run("explore " + output).status, 0) << "the shipped text passes the smaller scenario";
  EXPECT_EQ(run("explore " + output + " --fault release_keeps_private_pages --failures none").status, 1);
}

TEST_F(shrink_command, token_and_result_file_are_shrunk_too) {
  EXPECT_EQ(run("explore " + race + " --failures none --json r.json").status, 1);
  const std::string token = nlohmann::json::parse(text_of("r.json"))["results"][0]["failure"]["token"];
  for (const std::string& execution : {token, std::string("r.json")}) {
    const ended e = run("shrink " + execution + " --output 'my smaller one.toml'");
    EXPECT_EQ(e.status, 1) << e.err;
    EXPECT_EQ(last_line(e.out), typed("replay 'my smaller one.toml'"));
    expect_replays(e.out, "data-race");
  }
  EXPECT_EQ(
      last_line(run("shrink " + token).out),
      typed("replay triecheck-failures/three_releases_of_one_prefix-coarse-release_without_the_mutex-shrunk.toml"));
}

TEST_F(shrink_command, budget_that_ends_keeps_the_best_so_far_and_says_so) {
  EXPECT_EQ(run("explore " + race).status, 1);
  const ended e = run("shrink " + file + " --budget 0s");
  EXPECT_EQ(e.status, 1);
  EXPECT_NE(e.out.find("not the smallest for certain: the budget ended"), std::string::npos) << e.out;
  expect_replays(e.out, "data-race");
}

TEST_F(shrink_command, failure_that_does_not_show_again_is_incomplete) {
  EXPECT_EQ(run("explore " + race).status, 1);
  replace(file, "fault = \"release_without_the_mutex\"\n", "");
  const ended e = run("shrink " + file + " --json r.json");
  EXPECT_EQ(e.status, 3) << e.out << e.err;
  EXPECT_TRUE(e.out.starts_with("incomplete: there is nothing to shrink")) << e.out;
  EXPECT_EQ(nlohmann::json::parse(text_of("r.json"))["verdict"], "incomplete");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_ / "triecheck-failures"), {}), 1);
}

TEST_F(shrink_command, bad_arguments_are_one_line_each) {
  EXPECT_EQ(run("explore " + race + " --failures f").status, 1);
  const std::string input = "f/three_releases_of_one_prefix-coarse-release_without_the_mutex-data-race.toml";
  write("notes.txt", "not to be replaced");
  for (const std::string& arguments :
       {std::string("shrink"), std::string("shrink nonsense"), std::string("shrink 'a@coarse@0x'"),
        std::string("shrink f"), std::string("shrink 'no_such@coarse@0'"),
        std::string("shrink 'clear_against_lookup@coarse+bogus@0'"), "shrink " + input + " --output " + input,
        "shrink " + input + " --output ./f/../" + input, "shrink " + input + " --output f",
        "shrink " + input + " --output notes.txt", "shrink " + input + " --output no/such/folder/x.toml",
        "shrink " + input + " --budget soon", "shrink " + input + " --json no/such/folder/r.json",
        "explore " + race + " --failures ''"}) {
    const ended e = run(arguments);
    EXPECT_EQ(e.status, 2) << arguments << "\n" << e.out << e.err;
    EXPECT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1) << arguments << ": " << e.err;
    EXPECT_TRUE(e.err.starts_with("triecheck: ")) << arguments << ": " << e.err;
    EXPECT_EQ(e.out, "") << arguments;
  }
  EXPECT_EQ(text_of("notes.txt"), "not to be replaced");
}

}  // namespace
}  // namespace triecheck::checks
