// From an incident to all its interleavings: the log of a run, the window that shows what is wrong, a scenario
// of it, its exploration, the smallest failure. The programs are run as their users run them.
//
// Chance shows the defect of a race rarely, so threads that take turns write the log: the schedule is that of
// the report.
#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cache/lockfree.h"
#include "checks/cli/command_line.h"
#include "checks/historical/historical_cache.h"
#include "checks/log/logged_requests.h"
#include "checks/threads/turns.h"

namespace triecheck::checks {
namespace {

using historical_log = logged_cache<historical::historical_cache<std_sync>>;
using lease_type = decltype(std::declval<historical_log&>().cache.lookup({}));

class incident : public command_line {
 protected:
  // Thirty requests, one after the other. Then one is looked up and waits for its turn, and another one comes,
  // for which the pool has too few free pages.
  void write_log(const std::string& file, historical::defect_set defects) {
    historical_log c({.pages = 3, .tokens_per_page = 4}, 1 << 14, defects);
    turns threads(2);
    for (token i = 0; i < 30; ++i) {
      threads.run(i % 2, [&] { serve(c.cache, std::vector<token>{i, 1, 2, 3, 4 + i % 3, 5, 6}, 0, false); });
    }
    const std::vector<token> first = {29, 1, 2, 3, 7, 8}, second = {40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50};
    std::optional<lease_type> a, b;
    threads.run(0, [&] { a = c.cache.lookup(std::span(first).first(5)); });
    threads.run(1, [&] {
      b = c.cache.lookup(std::span(second).first(10));
      static_cast<void>(c.cache.allocate(*b, second));
    });
    threads.run(0, [&] { static_cast<void>(c.cache.allocate(*a, std::span(first).subspan(4))); });
    threads.run(1, [&] { b.reset(); });
    threads.run(0, [&] { a.reset(); });
    std::ofstream(directory_ / file, std::ios::binary) << c.text("historical");
  }
};

TEST_F(incident, becomes_a_scenario_that_fails_and_is_made_small) {
  write_log("server.log", {historical::defect::lookup_does_not_pin});

  const ended checked = run("check-log server.log");
  EXPECT_EQ(checked.status, 1) << checked.out << checked.err;
  EXPECT_NE(checked.out.find("page-ownership: page "), std::string::npos) << checked.out;
  const std::string command = checked.out.substr(checked.out.rfind("triecheck replay-log"));
  const std::string window =
      command.substr(command.find("--window ") + 9, command.find(" --output") - command.find("--window ") - 9);

  const ended cut = run("replay-log server.log --window " + window + " --output incident.toml");
  ASSERT_EQ(cut.status, 0) << cut.out << cut.err;

  const ended explored = run("explore incident.toml --cache historical --defect 18");
  EXPECT_EQ(explored.status, 1) << contents(directory_ / "incident.toml") << explored.out << explored.err;
  const ended right = run("explore incident.toml --cache historical --strategy bounded --preemptions 2");
  EXPECT_EQ(right.status, 0) << contents(directory_ / "incident.toml") << right.out << right.err;

  const ended shrunk = run(
      "shrink triecheck-failures/incident-historical-defect_18-page-ownership.toml --budget 5s --output small.toml");
  EXPECT_EQ(shrunk.status, 1) << explored.out << shrunk.out << shrunk.err;
  EXPECT_EQ(run("replay small.toml").status, 1);
}

// A scenario must fail by what the cache does, and not by itself.
TEST_F(incident, windows_of_a_right_cache_become_scenarios_that_pass) {
  {
    logged_cache<lockfree_cache<std_sync>> c({.pages = 8, .tokens_per_page = 2}, 1 << 18);
    serve_together(c.cache, 2, 30, 1);
    std::ofstream(directory_ / "right.log", std::ios::binary) << c.text("lockfree");
  }
  std::string all;
  for (int window = 3; window <= 40; window += 4) {
    const std::string file = "w" + std::to_string(window) + ".toml";
    const ended cut = run("replay-log right.log --operations 6 --window " + std::to_string(window) + " -o " + file);
    ASSERT_EQ(cut.status, 0) << cut.err;
    all += " " + file;
  }
  const ended explored = run("explore" + all + " --cache all --strategy bounded --preemptions 0");
  EXPECT_EQ(explored.status, 0) << explored.out << explored.err;
}

TEST_F(incident, the_same_run_of_the_right_cache_is_explained) {
  write_log("server.log", {});
  const ended checked = run("check-log server.log");
  EXPECT_EQ(checked.status, 0) << checked.out << checked.err;
  EXPECT_EQ(checked.out.find("pass: "), 0U) << checked.out;
  const nlohmann::json j = run_json("check-log server.log --chrome trace.json");
  EXPECT_EQ(j["verdict"], "pass");
  EXPECT_EQ(j["findings"].size(), 0U);
  EXPECT_TRUE(nlohmann::json::parse(contents(directory_ / "trace.json")).at("traceEvents").is_array());
}

TEST_F(incident, wrong_arguments_and_files_are_one_line_and_status_2) {
  std::ofstream(directory_ / "bad.log") << "triecheck-log 1\ncache pages 4 tokens_per_page 2\n0 1 2 evict = ok 0\n";
  std::ofstream(directory_ / "good.log") << "triecheck-log 1\ncache pages 4 tokens_per_page 2\n0 1 2 evict 1 = ok 0\n";
  for (const char* arguments :
       {"check-log", "check-log none.log", "check-log bad.log", "check-log good.log --cache fine",
        "check-log good.log --json good.log", "check-log good.log --operations 0", "replay-log good.log",
        "replay-log good.log --window 2", "replay-log bad.log --window 1"}) {
    const ended e = run(arguments);
    EXPECT_EQ(e.status, 2) << arguments << "\n" << e.out << e.err;
    EXPECT_EQ(e.err.find('\n'), e.err.size() - 1) << arguments << "\n" << e.err;
  }
  EXPECT_EQ(run("check-log bad.log").err, "bad.log:3:13: want a number of pages, not \"=\"\n");
}

}  // namespace
}  // namespace triecheck::checks
