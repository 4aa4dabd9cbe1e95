// SIGINT and SIGTERM at twenty moments of every long command, once and several times: `incomplete`, with what was done
// so far in whole files, and no process left.
//
// The moments are publications of the cache under test, which sends the signals itself
// (checks/subject/misbehaving_cache.h), and lines of output: no clock decides. TRIECHECK_BINARY is the command line
// over that cache.
#include "checks/cli/interrupted_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace triecheck::checks {
namespace {

// A space of hundreds of thousands of executions.
constexpr const char* endless_scenario = R"([cache]
pages = 6
tokens_per_page = 1
[[thread]]
run = ["request 1 2", "request 3"]
[[thread]]
run = ["request 1", "request 3 4"]
[[thread]]
run = ["request 1", "request 5"]
)";

constexpr std::array moments = {1, 2, 3, 5, 8, 12, 17, 25, 40, 60, 90, 130, 190, 270, 380, 500, 650, 800, 1000, 1300};

class interrupts : public interrupted_command {
 protected:
  interrupts() {
    write("endless.toml", endless_scenario);
    std::string trace;
    for (int i = 0; i < 1'500; ++i) {
      trace += R"({"timestamp":0,"input_length":2048,"output_length":1,"hash_ids":[)";
      for (int block = 0; block < 4; ++block) trace += (block == 0 ? "" : ",") + std::to_string(i * 4 + block);
      trace += "]}\n";
    }
    write("t.jsonl", trace);
    setenv("TRIECHECK_COUNTER", (directory_ / "counter").c_str(), 1);
  }
  ~interrupts() override {
    for (const char* name :
         {"TRIECHECK_MISBEHAVIOUR", "TRIECHECK_COUNTER", "TRIECHECK_INTERRUPT_AT", "TRIECHECK_CRASHES_TOO"})
      unsetenv(name);
  }

  void expect_whole_files(bool junit) const {
    const nlohmann::json j = nlohmann::json::parse(contents(directory_ / "r.json"), nullptr, false);
    ASSERT_TRUE(j.is_object()) << contents(directory_ / "r.json");
    EXPECT_EQ(j["verdict"], "incomplete");
    EXPECT_FALSE(std::filesystem::exists(directory_ / "r.json.next"));
    if (!junit) return;
    const std::string xml = contents(directory_ / "r.xml");
    EXPECT_TRUE(xml.starts_with("<?xml ") && xml.ends_with("</testsuites>\n")) << xml;
    EXPECT_NE(xml.find("type=\"incomplete\""), std::string::npos) << xml;
  }

  void clean() const {
    for (const char* file : {"counter", "r.json", "r.xml"}) std::filesystem::remove(directory_ / file);
  }

  nlohmann::json expect_incomplete(const ended& e, bool junit) const {
    EXPECT_EQ(e.status, 3) << e.out << e.err;
    EXPECT_NE(e.err.find("triecheck: interrupted"), std::string::npos) << e.err;
    expect_whole_files(junit);
    const nlohmann::json j = nlohmann::json::parse(contents(directory_ / "r.json"), nullptr, false);
    clean();
    return j;
  }

  // Before the program begins, at each moment once, and at each moment several times.
  template <class Check>
  void interrupt_everywhere(const std::string& arguments, bool junit, Check check) const {
    const std::string all = arguments + " --cache misbehaving --json r.json" + (junit ? " --junit r.xml" : "");
    setenv("TRIECHECK_MISBEHAVIOUR", "none", 1);
    expect_incomplete(finish(start(all, true)), junit);
    for (std::size_t i = 0; i < moments.size(); ++i) {
      SCOPED_TRACE(arguments + ", publication " + std::to_string(moments[i]));
      setenv("TRIECHECK_MISBEHAVIOUR", i % 2 == 0 ? "interrupts" : "interrupts_twice", 1);
      setenv("TRIECHECK_INTERRUPT_AT", std::to_string(moments[i]).c_str(), 1);
      check(expect_incomplete(finish(start(all, false)), junit));
    }
  }
};

TEST_F(interrupts, explore_reports_what_it_explored) {
  interrupt_everywhere("explore endless.toml endless.toml --failures none", true, [](const nlohmann::json& j) {
    ASSERT_EQ(j["results"].size(), 2U);
    // The one that ran says so; the other one had its look, or not even that.
    unsigned running = 0;
    for (const nlohmann::json& r : j["results"]) {
      EXPECT_EQ(r["verdict"], "incomplete");
      const bool ran = r["scope"].get<std::string>().find("stopped by an interrupt") != std::string::npos;
      if (!ran) {
        EXPECT_EQ(r["scope"], "interrupted");
      }
      running += ran ? 1 : 0;
    }
    EXPECT_EQ(running, 1U);
  });
}

TEST_F(interrupts, explore_with_several_processes_leaves_none) {
  interrupt_everywhere("explore endless.toml --jobs 3 --failures none", true, [](const nlohmann::json&) {});
}

// The processes that explore ignore signals; the command hears them and ends all.
TEST_F(interrupts, explore_of_several_spaces_at_once_leaves_no_process) {
  for (const int moment : {0, 100, 400, 1500}) {
    const started s = start(
        "explore endless.toml endless.toml endless.toml --cache coarse --jobs 2 --failures none --json r.json --junit "
        "r.xml",
        false);
    std::this_thread::sleep_for(std::chrono::milliseconds(moment + 100));
    kill(s.process, moment % 200 == 0 ? SIGINT : SIGTERM);
    const nlohmann::json j = expect_incomplete(finish(s), true);
    ASSERT_EQ(j["results"].size(), 3U);
    for (const nlohmann::json& r : j["results"]) EXPECT_EQ(r["verdict"], "incomplete");
  }
}

TEST_F(interrupts, checkpoint_of_an_interrupted_run_goes_on) {
  setenv("TRIECHECK_MISBEHAVIOUR", "interrupts", 1);
  for (const int moment : {1, 400, 1500}) {
    setenv("TRIECHECK_INTERRUPT_AT", std::to_string(moment).c_str(), 1);
    expect_incomplete(
        finish(start("explore endless.toml --cache misbehaving --checkpoint c --failures none --json r.json", false)),
        false);
    setenv("TRIECHECK_INTERRUPT_AT", "1", 1);
    expect_incomplete(finish(start("explore --resume c --failures none --json r.json", false)), false);
    std::filesystem::remove(directory_ / "c");
  }
}

TEST_F(interrupts, fuzz_reports_the_cases_that_ran) {
  interrupt_everywhere("fuzz --cases 1000000 --seed 1", true, [](const nlohmann::json& j) {
    EXPECT_NE(j["results"][0]["scope"].get<std::string>().find("of 1000000 sequential workloads"), std::string::npos);
    EXPECT_NE(j["results"][0]["scope"].get<std::string>().find("; interrupted"), std::string::npos);
  });
}

TEST_F(interrupts, simulate_reports_the_requests_that_ran) {
  interrupt_everywhere("simulate t.jsonl --pages 24 --page-tokens 128 --verify", false,
                       [](const nlohmann::json& j) { EXPECT_LT(j["requests"], 1'500); });
}

// The worker that interrupts goes no further, so the others wait for it in vain: the grace ends the soak.
TEST_F(interrupts, soak_reports_what_ran) {
  interrupt_everywhere("soak --for 1h --pages 64 --patience 300ms", false,
                       [](const nlohmann::json& j) { EXPECT_GT(j["requests"], 0); });
}

TEST_F(interrupts, soak_that_is_interrupted_is_audited) {
  const started s = start("soak --for 1h --pages 256 --json r.json", false);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  kill(s.process, SIGINT);
  const nlohmann::json j = expect_incomplete(finish(s), false);
  EXPECT_GE(j["rests"].size(), 1U);
}

TEST_F(interrupts, hit_rates_reports_what_ran) {
  interrupt_everywhere("hit-rates t.jsonl --pages 24,32 --page-tokens 128 --verify", false,
                       [](const nlohmann::json& j) { EXPECT_EQ(j["results"].size(), 2U); });
}

TEST_F(interrupts, shrink_reports_the_smallest_so_far) {
  setenv("TRIECHECK_CRASHES_TOO", "1", 1);
  setenv("TRIECHECK_MISBEHAVIOUR", "none", 1);
  const ended found = run("explore endless.toml --cache misbehaving --failures none");
  ASSERT_EQ(found.status, 4) << found.out;
  const std::string token = found.out.substr(found.out.rfind(" replay ") + 8);
  for (const int moment : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24}) {
    SCOPED_TRACE(moment);
    setenv("TRIECHECK_MISBEHAVIOUR", moment % 2 == 0 ? "interrupts" : "interrupts_twice", 1);
    setenv("TRIECHECK_INTERRUPT_AT", std::to_string(moment).c_str(), 1);
    const ended e =
        finish(start("shrink " + token.substr(0, token.find('\n')) + " --output s.toml --json r.json", false));
    expect_incomplete(e, false);
    std::filesystem::remove(directory_ / "s.toml");
  }
}

TEST_F(interrupts, comparison_of_searches_reports_what_it_measured) {
  setenv("TRIECHECK_MISBEHAVIOUR", "none", 1);
  for (int lines = 1; lines <= 20; ++lines) {
    SCOPED_TRACE(lines);
    const ended e = finish(start("bench-search --limit 5ms --executions 20 --json r.json", false), lines);
    expect_incomplete(e, false);
    EXPECT_GE(std::count(e.out.begin(), e.out.end(), '\n'), lines);
  }
}

}  // namespace
}  // namespace triecheck::checks
