// Long explorations as their users meet them: shards, merge, jobs, checkpoints and kills, estimates, progress
// guarantees.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

namespace triecheck::checks {
namespace {

// 28,560 executions: in pieces, and for about a second.
constexpr const char* large_scenario = R"([cache]
pages = 4
tokens_per_page = 1
[[thread]]
run = ["request 1 2"]
[[thread]]
run = ["request 1"]
[[thread]]
run = ["request 1"]
)";

class long_run : public command_line {
 protected:
  long_run() { write("large.toml", large_scenario); }

  nlohmann::json result_in(const std::string& file) const {
    return nlohmann::json::parse(contents(directory_ / file)).at("results").at(0);
  }

  void expect_the_whole(const nlohmann::json& r) const {
    EXPECT_EQ(r["verdict"], "pass");
    EXPECT_EQ(r["complete"], true);
    EXPECT_EQ(r["executions"], 28'560);
  }

  // Goes on from a checkpoint in which one value was changed, and the checksum with it.
  ended run_changed(nlohmann::json checkpoint, const std::string& place, const nlohmann::json& value) {
    checkpoint[nlohmann::json::json_pointer(place)] = value;
    checkpoint.erase("checksum");
    const std::string sum = std::to_string(std::hash<std::string>()(checkpoint.dump()));
    checkpoint["checksum"] = sum;
    write("wrong.checkpoint", checkpoint.dump());
    return run("explore --resume wrong.checkpoint");
  }

  // Starts the program, and kills it once `file` has been there for the given number of writes; returns how it ended.
  int kill_after(const std::string& arguments, const std::string& file, unsigned writes, int signal = SIGKILL) const {
    const pid_t child = fork();
    EXPECT_GE(child, 0);
    if (child == 0) {
      if (chdir(directory_.c_str()) != 0 || freopen("/dev/null", "w", stdout) == nullptr ||
          freopen("/dev/null", "w", stderr) == nullptr)
        _exit(9);
      execl("/bin/sh", "sh", "-c", ("exec '" TRIECHECK_BINARY "' " + arguments).c_str(), nullptr);
      _exit(9);
    }
    std::filesystem::file_time_type last{};
    for (unsigned seen = 0; seen < writes && waitpid(child, nullptr, WNOHANG) == 0;) {
      std::error_code none_yet;
      const auto now = std::filesystem::last_write_time(directory_ / file, none_yet);
      if (!none_yet && now != last) {
        last = now;
        ++seen;
      }
    }
    kill(child, signal);
    int ended = -1;
    waitpid(child, &ended, 0);
    return ended;
  }
};

TEST_F(long_run, shards_merge_to_the_verdict_and_the_counts_of_one_run) {
  std::string files;
  for (const char* i : {"0", "1", "2", "3"}) {
    const ended e = run(std::string("explore large.toml --cache coarse --shard ") + i + "/4 --json s" + i + ".json");
    EXPECT_EQ(e.status, 0) << e.out << e.err;
    EXPECT_NE(e.out.find("its part, "), std::string::npos) << e.out;
    EXPECT_EQ(result_in(std::string("s") + i + ".json")["complete"], false);
    files += std::string(" s") + i + ".json";
  }
  EXPECT_EQ(run("merge" + files + " --json all.json --junit all.xml").status, 0);
  expect_the_whole(result_in("all.json"));
  EXPECT_NE(contents(directory_ / "all.xml").find("failures=\"0\""), std::string::npos);

  const ended without = run("merge s0.json s2.json s3.json");
  EXPECT_EQ(without.status, 3);
  EXPECT_NE(without.out.find("missing: 1"), std::string::npos) << without.out;
}

TEST_F(long_run, shards_of_the_environment_are_those_of_the_flag) {
  ASSERT_EQ(run("explore large.toml --cache coarse --shard 2/4 --json flag.json").status, 0);
  setenv("TEST_TOTAL_SHARDS", "4", 1);
  setenv("TEST_SHARD_INDEX", "2", 1);
  const ended e = run("explore large.toml --cache coarse --json variable.json");
  unsetenv("TEST_TOTAL_SHARDS");
  unsetenv("TEST_SHARD_INDEX");
  EXPECT_EQ(e.status, 0) << e.err;
  EXPECT_EQ(e.err, "triecheck: shard 2 of 4 (TEST_TOTAL_SHARDS)\n");
  EXPECT_EQ(result_in("flag.json")["executions"], result_in("variable.json")["executions"]);
}

TEST_F(long_run, several_jobs_find_what_one_finds) {
  ASSERT_EQ(run("explore large.toml --cache coarse --jobs 2 --json two.json").status, 0);
  expect_the_whole(result_in("two.json"));
}

// Several spaces are not cut: each process takes one, and every number is that of a run in one process.
TEST_F(long_run, several_spaces_at_once_have_the_counts_of_one_after_the_other) {
  const std::string spaces =
      "explore large.toml clear_against_lookup three_releases_of_one_prefix fork_against_eviction large.toml --cache "
      "coarse ";
  ASSERT_EQ(run(spaces + "--jobs 1 --json one.json").status, 0);
  ASSERT_EQ(run(spaces + "--jobs 3 --json three.json").status, 0);
  const auto one = nlohmann::json::parse(contents(directory_ / "one.json"))["results"];
  const auto three = nlohmann::json::parse(contents(directory_ / "three.json"))["results"];
  ASSERT_EQ(one.size(), 5U);
  ASSERT_EQ(three.size(), one.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    for (const char* key : {"scenario", "cache", "verdict", "complete", "executions", "redundant", "steps"})
      EXPECT_EQ(three[i][key], one[i][key]) << key << " of " << one[i]["scenario"];
  }
}

TEST_F(long_run, a_killed_shard_resumes_to_the_counts_of_one_that_was_not) {
  ASSERT_EQ(run("explore large.toml --cache coarse --shard 1/2 --json whole.json").status, 0);
  kill_after("explore large.toml --cache coarse --shard 1/2 --checkpoint run.checkpoint", "run.checkpoint",
             1);  // before any piece
  kill_after("explore --resume run.checkpoint", "run.checkpoint", 2);
  kill_after("explore --resume run.checkpoint", "run.checkpoint", 2);
  const ended e = run("explore --resume run.checkpoint --jobs 2 --json resumed.json");
  EXPECT_EQ(e.status, 0) << e.out << e.err;
  const auto whole = result_in("whole.json");
  const auto resumed = result_in("resumed.json");
  for (const char* key : {"verdict", "complete", "executions", "redundant", "steps", "space"})
    EXPECT_EQ(resumed[key], whole[key]) << key;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "run.checkpoint.next"));
}

TEST_F(long_run, an_interrupt_leaves_what_is_done_and_a_checkpoint_that_goes_on) {
  for (const int signal : {SIGINT, SIGTERM}) {
    // Written at the beginning, behind the first scenario, and on the way through the others.
    const int ended = kill_after(
        "explore three_releases_of_one_prefix large.toml large.toml --cache coarse --checkpoint run.checkpoint --json "
        "some.json",
        "run.checkpoint", 2, signal);
    ASSERT_TRUE(WIFEXITED(ended));
    EXPECT_EQ(WEXITSTATUS(ended), 3);
    const auto some = nlohmann::json::parse(contents(directory_ / "some.json"))["results"];
    ASSERT_EQ(some.size(), 3U);
    EXPECT_EQ(some[0]["verdict"], "pass");
    EXPECT_EQ(some[2]["verdict"], "incomplete");
    EXPECT_EQ(some[2]["scope"], "interrupted");
    EXPECT_EQ(run("explore --resume run.checkpoint --json rest.json").status, 0);
    expect_the_whole(nlohmann::json::parse(contents(directory_ / "rest.json"))["results"][2]);
    std::filesystem::remove(directory_ / "run.checkpoint");
  }
}

TEST_F(long_run, a_budget_leaves_a_checkpoint_that_goes_on) {
  const ended first = run("explore large.toml --cache coarse --budget 300ms --checkpoint run.checkpoint");
  EXPECT_EQ(first.status, 3) << first.out;
  EXPECT_NE(first.out.find("stopped by its budget"), std::string::npos) << first.out;
  const ended rest = run("explore --resume run.checkpoint --json rest.json");
  EXPECT_EQ(rest.status, 0) << rest.out << rest.err;
  expect_the_whole(result_in("rest.json"));
  // A finished run has nothing left to do, and says the same again.
  EXPECT_EQ(run("explore --resume run.checkpoint --json again.json").status, 0);
  EXPECT_EQ(result_in("again.json"), result_in("rest.json"));
}

TEST_F(long_run, a_budget_is_shared_so_that_small_spaces_end_and_results_keep_their_order) {
  std::string huge = "[cache]\npages = 4\ntokens_per_page = 1\n";
  for (int i = 0; i < 4; ++i) huge += "[[thread]]\nrun = [\"request 1 2\"]\n";
  write("huge.toml", huge);
  write("small.toml",
        "[cache]\npages = 1\ntokens_per_page = 1\n[[thread]]\nrun = [\"clear\"]\n[[thread]]\nrun = [\"clear\"]\n");
  for (const std::string jobs : {"1", "2"}) {
    const auto before = std::chrono::steady_clock::now();
    const ended e = run(
        "explore huge.toml huge.toml small.toml huge.toml small.toml --cache coarse --budget 4s --json r.json --jobs " +
        jobs);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - before;
    EXPECT_EQ(e.status, 3) << e.out << e.err;
    EXPECT_LT(taken.count(), 20) << "with room for a machine that has other things to do";
    const auto results = nlohmann::json::parse(contents(directory_ / "r.json"))["results"];
    std::vector<std::string> ends;
    for (const auto& r : results)
      ends.push_back(r["scenario"].get<std::string>() + ' ' + r["verdict"].get<std::string>());
    EXPECT_EQ(ends, (std::vector<std::string>{"huge incomplete", "huge incomplete", "small pass", "huge incomplete",
                                              "small pass"}));
    std::vector<std::size_t> places;
    for (const char* line : {"incomplete  huge", "pass  small"}) places.push_back(e.out.find(line));
    EXPECT_LT(places[0], places[1]) << e.out;
    EXPECT_NE(e.out.find("stopped by its budget"), std::string::npos) << e.out;
  }
}

TEST_F(long_run, a_budget_that_is_spent_says_what_has_not_begun) {
  const ended e = run("explore large.toml large.toml --cache coarse --budget 0s");
  EXPECT_EQ(e.status, 3);
  EXPECT_NE(e.out.find("not begun; stopped by its budget"), std::string::npos) << e.out;
}

TEST_F(long_run, what_fails_soon_is_told_before_a_large_space_is_explored) {
  write("contradicted.toml",
        "[cache]\npages = 1\ntokens_per_page = 1\n[expect]\nverdict = \"fail\"\n[[thread]]\nrun = [\"request 1\"]\n"
        "[[thread]]\nrun = [\"evict 1\"]\n");
  const ended e = run("explore large.toml contradicted.toml --cache coarse --failures none");
  EXPECT_EQ(e.status, 1);
  const std::size_t failing = e.out.find("fail  contradicted"), large = e.out.find("pass  large");
  ASSERT_NE(failing, std::string::npos) << e.out;
  ASSERT_NE(large, std::string::npos) << e.out;
  EXPECT_LT(failing, large) << e.out;
}

TEST_F(long_run, a_violation_of_few_preemptions_is_found_before_the_search_at_length) {
  const ended e = run("explore large.toml --fault release_without_the_mutex --failures none --json found.json");
  EXPECT_EQ(e.status, 1);
  EXPECT_LE(result_in("found.json").at("executions"), 4'096);
}

TEST_F(long_run, an_estimate_proves_nothing) {
  const ended e = run("explore large.toml --cache coarse --estimate --json estimate.json");
  EXPECT_EQ(e.status, 3);
  EXPECT_NE(e.out.find("0 executions of about "), std::string::npos) << e.out;
  const auto expected = result_in("estimate.json").at("expected_executions");
  EXPECT_LE(expected["low"], 28'560);
  EXPECT_GE(expected["high"], 28'560);
}

TEST_F(long_run, a_mutex_is_in_the_way_and_the_demand_replays) {
  const ended e = run("explore large.toml --cache coarse --obstruction --json blocked.json");
  EXPECT_EQ(e.status, 0) << "coarse is recorded as blocking";
  EXPECT_NE(e.out.find("failed as it must (coarse is recorded as blocking): obstruction"), std::string::npos) << e.out;
  const auto expected = result_in("blocked.json").at("expects_failure");
  EXPECT_EQ(expected.at("found"), true);
  EXPECT_EQ(expected.at("failure").at("schedule"), "0.1!700");
  const ended again = run("replay 'large.toml@coarse@0.1!700'");
  EXPECT_EQ(again.status, 1);
  EXPECT_NE(again.out.find("obstruction: thread 1"), std::string::npos) << again.out;
}

TEST_F(long_run, wrong_use_is_one_line_each) {
  ASSERT_EQ(run("explore large.toml --cache coarse --shard 0/2 --json s0.json").status, 0);
  ASSERT_EQ(run("explore two_requests_publish_one_prefix --json whole.json --checkpoint done.checkpoint").status, 0);
  write("torn.json", "{\n  \"tool\": ");
  const std::pair<const char*, const char*> cases[] = {
      {"explore large.toml --cache coarse --shard 5/4", "--shard: expected I/N"},
      {"explore large.toml --cache coarse --strategy relacy-full --shard 1/4",
       "--shard has no effect with --strategy relacy-full"},
      {"explore large.toml --cache coarse --strategy random --estimate",
       "--estimate has no effect with --strategy random"},
      {"explore large.toml --cache coarse --jobs 0", "--jobs: must be a whole number from 1 to 256"},
      {"explore --resume missing.checkpoint", "missing.checkpoint cannot be read"},
      {"explore --resume whole.json", "whole.json: this is no checkpoint"},
      {"explore --resume torn.json", "torn.json:2:"},
      {"explore large.toml --cache coarse --resume done.checkpoint",
       "scenario: --resume takes this from the checkpoint"},
      {"explore --strategy pct --resume done.checkpoint", "--strategy: --resume takes this from the checkpoint"},
      {"merge whole.json", "whole.json: this is the result of a whole run"},
      {"merge s0.json s0.json", "s0.json: shard 0 is given twice"},
      {"merge torn.json", "torn.json:2:"},
      {"merge missing.json", "missing.json cannot be read"},
      {"merge", "file"},
      {"explore large.toml --cache coarse --checkpoint nowhere/run.checkpoint",
       "nowhere/run.checkpoint cannot be written"},
  };
  for (const auto& [arguments, message] : cases) {
    const ended e = run(arguments);
    EXPECT_EQ(e.status, 2) << arguments << e.out;
    EXPECT_NE(e.err.find(message), std::string::npos) << arguments << ": " << e.err;
    EXPECT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1) << arguments << ": " << e.err;
  }
}

// As in every other kind of file: the file, the place, and no number in its stead.
TEST_F(long_run, a_number_that_does_not_fit_is_refused_with_its_place) {
  ASSERT_EQ(run("explore large.toml --cache coarse --executions 100 --shard 0/2 --json s0.json").status, 3);
  write("huge.json", "{\n  \"is\": \"checkpoint\",\n  \"seconds\": 1e999}\n");
  for (const char* arguments :
       {"explore --resume huge.json", "merge huge.json", "explore large.toml --checkpoint huge.json"}) {
    const ended e = run(arguments);
    EXPECT_EQ(e.status, 2) << arguments << e.out << e.err;
    if (std::string(arguments).find("--checkpoint") != std::string::npos)
      continue;  // it is no checkpoint, and is not replaced
    EXPECT_EQ(e.err, "triecheck: huge.json:3:14: the number 1e999 is out of range\n") << arguments;
  }
  write("huge.json", "{\n  \"is\": \"checkpoint\",\n  \"seed\": 18446744073709551616}\n");
  EXPECT_EQ(run("explore --resume huge.json").err,
            "triecheck: huge.json:3:11: the number 18446744073709551616 is out of range\n");
  const std::string shard = contents(directory_ / "s0.json");
  for (const char* key : {"executions", "steps", "redundant"}) {
    for (const char* number : {"99999999999999999999", "1e30", "-1", "1.5", "\"1\""}) {
      nlohmann::json j = nlohmann::json::parse(shard);
      j["results"][0][key] = nlohmann::json::parse(number);
      write("wrong.json", j.dump());
      const ended e = run("merge wrong.json");
      EXPECT_EQ(e.status, 2) << key << number << e.out << e.err;
      EXPECT_TRUE(e.err.starts_with("triecheck: wrong.json: ")) << e.err;
      EXPECT_NE(e.err.find("results[0]: " + std::string(key) + " must be a whole number from 0 to "), std::string::npos)
          << e.err;
    }
  }
}

// A whole checkpoint, with a checksum that fits, in which one number is none.
TEST_F(long_run, a_checkpoint_with_a_number_that_does_not_fit_is_refused) {
  ASSERT_EQ(run("explore large.toml --cache coarse --strategy random --budget 100ms --executions 1000000 --checkpoint "
                "run.checkpoint")
                .status,
            3);
  const nlohmann::json whole = nlohmann::json::parse(contents(directory_ / "run.checkpoint"));
  const nlohmann::json huge = nlohmann::json::parse("99999999999999999999");
  const std::pair<const char*, nlohmann::json> changes[] = {{"/states/0/round", huge},
                                                            {"/states/0/space", huge},
                                                            {"/states/0/earlier/0", huge},
                                                            {"/states/0/pieces/0/2/0", huge},
                                                            {"/states/0/pieces/0/3", huge},
                                                            {"/states/0/pieces/0/0", "#99999999999999999999+4"},
                                                            {"/states/0/pieces/0/0", "#18446744073709551615+4"},
                                                            {"/states/0/pieces/0/0", "#1+x"},
                                                            {"/plan/seed", huge},
                                                            {"/plan/executions", huge},
                                                            {"/plan/depth", 4294967296}};
  for (const auto& [place, value] : changes) {
    const ended e = run_changed(whole, place, value);
    EXPECT_EQ(e.status, 2) << place << e.out << e.err;
    EXPECT_TRUE(e.err.starts_with("triecheck: wrong.checkpoint: this checkpoint is damaged ("))
        << place << ": " << e.err;
  }
}

TEST_F(long_run, a_checkpoint_with_a_place_that_its_search_cannot_have_is_refused) {
  ASSERT_EQ(run("explore large.toml --cache coarse --executions 28000 --checkpoint run.checkpoint").status, 3);
  const nlohmann::json whole = nlohmann::json::parse(contents(directory_ / "run.checkpoint"));
  ASSERT_FALSE(whole.at("/states/0/pieces/0/4"_json_pointer).get<std::string>().empty());
  for (const char* position : {"g000000", "0", "9010000", "0030000x", "0030000vv", "0030000."}) {
    const ended e = run_changed(whole, "/states/0/pieces/0/4", position);
    EXPECT_EQ(e.status, 2) << position << e.out << e.err;
    EXPECT_EQ(e.err, "triecheck: wrong.checkpoint: this checkpoint is damaged (piece 0: '" + std::string(position) +
                         "' is not a position of this search)\n");
  }
  EXPECT_EQ(run_changed(whole, "/states/0/pieces/0/0", "#0+7").err,
            "triecheck: wrong.checkpoint: this checkpoint is damaged (piece 0: '#0+7' is no piece of this strategy)\n");
  EXPECT_EQ(run_changed(whole, "/states/0/round", 1).err,
            "triecheck: wrong.checkpoint: this checkpoint is damaged (there is no round 1)\n");
}

TEST_F(long_run, what_ran_before_a_checkpoint_counts_once) {
  for (const std::string strategy : {"exhaustive", "random"}) {
    const std::string command = "explore large.toml --cache coarse --executions 28000 --checkpoint run.checkpoint";
    kill_after(command + " --strategy " + strategy, "run.checkpoint", 2);
    run("explore --resume run.checkpoint --json resumed.json");
    EXPECT_EQ(result_in("resumed.json").at("executions"), 28000) << strategy;
    std::filesystem::remove(directory_ / "run.checkpoint");
  }
}

TEST_F(long_run, a_checkpoint_of_another_build_is_refused) {
  ASSERT_EQ(run("explore two_requests_publish_one_prefix --checkpoint run.checkpoint").status, 0);
  auto j = nlohmann::json::parse(contents(directory_ / "run.checkpoint"));
  j["build"] = "1";
  j.erase("checksum");
  const std::string sum = std::to_string(std::hash<std::string>()(j.dump()));
  j["checksum"] = sum;
  write("run.checkpoint", j.dump());
  const ended e = run("explore --resume run.checkpoint");
  EXPECT_EQ(e.status, 2);
  EXPECT_NE(e.err.find("another build"), std::string::npos) << e.err;
}

TEST_F(long_run, a_checkpoint_that_was_edited_is_refused) {
  ASSERT_EQ(run("explore two_requests_publish_one_prefix --checkpoint run.checkpoint").status, 0);
  auto j = nlohmann::json::parse(contents(directory_ / "run.checkpoint"));
  j["results"][0]["executions"] = 7;
  write("run.checkpoint", j.dump());
  const ended e = run("explore --resume run.checkpoint");
  EXPECT_EQ(e.status, 2);
  EXPECT_NE(e.err.find("damaged"), std::string::npos) << e.err;
}

TEST_F(long_run, a_checkpoint_replaces_nothing_but_that_of_a_finished_run) {
  const ended scenario = run("explore large.toml --cache coarse --checkpoint large.toml");
  EXPECT_EQ(scenario.status, 2);
  EXPECT_EQ(contents(directory_ / "large.toml"), large_scenario);
  EXPECT_EQ(run("explore large.toml --cache coarse --json large.toml").status, 2);
  EXPECT_EQ(contents(directory_ / "large.toml"), large_scenario);
  EXPECT_EQ(run("explore large.toml --cache coarse --json same --junit same").status, 2);
  EXPECT_EQ(run("explore large.toml --cache coarse --checkpoint .").status, 2);
  ASSERT_EQ(run("explore large.toml --cache coarse --budget 300ms --checkpoint run.checkpoint").status, 3);
  const ended again = run("explore large.toml --cache coarse --checkpoint run.checkpoint");
  EXPECT_EQ(again.status, 2);
  EXPECT_NE(again.err.find("--resume goes on with it"), std::string::npos) << again.err;
  ASSERT_EQ(run("explore --resume run.checkpoint").status, 0);
  EXPECT_EQ(run("explore large.toml --cache coarse --executions 10 --checkpoint run.checkpoint").status, 3);
}

TEST_F(long_run, shards_of_different_scenarios_do_not_merge_to_a_pass) {
  ASSERT_EQ(
      run("explore large.toml --cache coarse --strategy random --executions 600 --shard 0/2 --json s0.json").status, 0);
  write("large.toml", std::string(large_scenario) + "[final]\nrun = [\"clear\"]\n");
  ASSERT_EQ(
      run("explore large.toml --cache coarse --strategy random --executions 600 --shard 1/2 --json s1.json").status, 0);
  EXPECT_EQ(run("merge s0.json s1.json").status, 4);
}

}  // namespace
}  // namespace triecheck::checks
