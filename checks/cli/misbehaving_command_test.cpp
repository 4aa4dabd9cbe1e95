// Every command that runs a cache, over a cache that ends, leaves or holds up its process
// (checks/subject/misbehaving_cache.h): no way out reads as a pass, the words say what happened, and the command that
// shows it again does.
//
// TRIECHECK_BINARY is the command line over that cache.
#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace triecheck::checks {
namespace {

struct expected_end {
  const char* misbehaviour;
  const char* kind;
  const char* words;
};

const expected_end ends[] = {
    {"throws", "exception", "the device has no memory left"},
    {"throws_a_number", "exception", "an exception that is no std::exception"},
    {"crashes", "crash", "access to an invalid address"},
    {"aborts", "crash", "the cache aborted"},
    {"terminates", "exception",
     "std::terminate was called, for nobody caught the exception: the device has no memory left"},
    {"overflows", "", ""},  // of a fiber it is known, of another stack it is a crash
    {"exits", "exit", "the cache called exit(0)"},
    {"exits_with_a_failure", "exit", "the cache called exit(1)"},
    {"leaves", "exit", "the cache left its process with status 0, past exit"},
    {"leaves_quickly", "exit", "the cache called quick_exit"},
    {"ends_its_thread", "", ""},  // the harness catches everything, or the thread is the last: never a pass
    {"becomes_another_program", "exit", "the cache left its process with status 0"},
    {"is_killed", "killed", "was killed"},
    {"is_alarmed", "signal", "ended by signal 14"},
    {"closes_its_files", "pipe", "the cache closed the way back"},
};

const expected_end hangs[] = {
    {"spins", "hang", "the cache made no step for 500 ms"},
    {"sleeps", "hang", "the cache made no step for 500 ms"},
    {"stops", "hang", "the cache made no step for 500 ms"},
};

constexpr const char* scenario = R"([cache]
pages = 4
tokens_per_page = 1
[[thread]]
run = ["request 1"]
[[thread]]
run = ["request 2"]
)";

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const std::size_t start = text.rfind('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1,
                     end - (start == std::string::npos ? 0 : start + 1) + 1);
}

class misbehaving_command : public command_line {
 protected:
  misbehaving_command() {
    write("s.toml", scenario);
    std::string trace;
    for (const char* id : {"0", "1", "2"}) {
      trace += std::string(R"({"timestamp":0,"input_length":512,"output_length":1,"hash_ids":[)") + id + "]}\n";
    }
    write("t.jsonl", trace);
  }
  ~misbehaving_command() override { unsetenv("TRIECHECK_MISBEHAVIOUR"); }

  ended misbehave(const std::string& how, const std::string& arguments) const {
    setenv("TRIECHECK_MISBEHAVIOUR", how.c_str(), 1);
    return run(arguments);
  }

  static void expect_error(const ended& e, const expected_end& expected) {
    EXPECT_EQ(e.status, 4) << e.out << e.err;
    EXPECT_NE(e.out.find(expected.kind + std::string(*expected.kind == '\0' ? "" : ": ")), std::string::npos)
        << e.out << e.err;
    EXPECT_NE(e.out.find(expected.words), std::string::npos) << e.out << e.err;
  }

  void expect_the_last_line_repeats(const ended& first, const expected_end& expected, const std::string& more) const {
    const std::string again = last_line(first.out);
    ASSERT_TRUE(again.starts_with(typed(""))) << first.out;
    expect_error(paste(again + more), expected);
  }

  // All commands that take a cache. `patience` is an option, or empty.
  void expect_every_command_tells(const expected_end& expected, const std::string& patience) const {
    SCOPED_TRACE(expected.misbehaviour);
    const std::string over = " --cache misbehaving" + patience;
    const ended explored = misbehave(expected.misbehaviour, "explore s.toml --failures none" + over);
    expect_error(explored, expected);
    // Where a process was killed nobody knows by whom, so there is no execution to run again.
    if (expected.kind != std::string("killed")) expect_the_last_line_repeats(explored, expected, patience);
    const ended fuzzed = run("fuzz --seed 1 --cases 200" + over);
    EXPECT_TRUE(
        fuzzed.out.starts_with("seed 1\n" + typed("fuzz --cache misbehaving --cases 200 --seed 1 --length 300\n")))
        << fuzzed.out;
    expect_error(fuzzed, expected);
    expect_the_last_line_repeats(fuzzed, expected, patience);
    for (const std::string threads : {"1", "2"}) {
      expect_error(run("simulate t.jsonl --pages 64 --threads " + threads + over), expected);
    }
    expect_error(run("explore s.toml s.toml --jobs 2 --failures none" + over), expected);
    for (const std::string threads : {"1", "2"})
      expect_error(run("soak --for 300ms --pages 64 --threads " + threads + over), expected);
    const ended rates = run("hit-rates t.jsonl --pages 64" + over);
    EXPECT_EQ(rates.status, 4) << rates.out << rates.err;
    EXPECT_NE(rates.err.find(expected.words), std::string::npos) << rates.err;
  }
};

TEST_F(misbehaving_command, no_end_of_its_process_is_a_pass) {
  for (const expected_end& expected : ends) expect_every_command_tells(expected, "");
}

TEST_F(misbehaving_command, cache_that_does_not_come_back_hangs) {
  for (const expected_end& expected : hangs) expect_every_command_tells(expected, " --patience 500ms");
}

// The smallest workload that publishes twice in one cache: shrinking works on what ends its process, too.
TEST_F(misbehaving_command, workload_that_ends_its_process_is_made_small) {
  for (const char* how : {"crashes", "exits", "leaves"}) {
    const ended e = misbehave(how, "fuzz --seed 1 --cases 200 --cache misbehaving");
    const std::string again = last_line(e.out);
    const std::string commands = again.substr(again.rfind(':') + 1);
    EXPECT_LE(std::count(commands.begin(), commands.end(), ','), 3) << e.out;
    EXPECT_NE(e.out.find("of case "), std::string::npos) << e.out;
    EXPECT_NE(e.out.find(": publish #"), std::string::npos) << e.out;
  }
}

TEST_F(misbehaving_command, simulation_says_at_which_line_of_the_trace) {
  const ended e = misbehave("exits", "simulate t.jsonl --pages 64 --cache misbehaving");
  EXPECT_NE(e.out.find("exit: the cache called exit(0) during operation 3 of line 2: publish\n"), std::string::npos)
      << e.out;
  const nlohmann::json j = nlohmann::json::parse(run("simulate t.jsonl --pages 64 --cache misbehaving --json -").out);
  EXPECT_EQ(j["verdict"], "error");
  EXPECT_EQ(j["failure"]["kind"], "exit");
}

TEST_F(misbehaving_command, results_are_written_when_the_process_under_test_died) {
  const ended e = misbehave("leaves", "fuzz --seed 1 --cases 200 --cache misbehaving --json r.json --junit r.xml");
  EXPECT_EQ(e.status, 4);
  const nlohmann::json j = nlohmann::json::parse(contents(directory_ / "r.json"));
  EXPECT_EQ(j["verdict"], "error");
  EXPECT_EQ(j["results"][0]["failure"]["kind"], "exit");
  EXPECT_NE(contents(directory_ / "r.xml").find("errors=\"1\""), std::string::npos);
}

TEST_F(misbehaving_command, output_that_the_cache_closes_or_writes_to_is_not_that_of_the_command) {
  for (const char* how : {"closes_its_output", "prints"}) {
    for (const char* arguments : {"explore s.toml --cache misbehaving --failures none --json -",
                                  "fuzz --seed 1 --cases 400 --cache misbehaving --json -",
                                  "simulate t.jsonl --pages 64 --cache misbehaving --json -"}) {
      const ended e = misbehave(how, arguments);
      EXPECT_EQ(e.status, 0) << how << ", " << arguments << ": " << e.out << e.err;
      EXPECT_EQ(nlohmann::json::parse(e.out, nullptr, false).value("verdict", ""), "pass") << e.out;
    }
  }
}

TEST_F(misbehaving_command, drawn_seed_is_on_the_screen_before_the_first_case) {
  const ended text = misbehave("is_killed", "fuzz --cases 200 --cache misbehaving");
  EXPECT_TRUE(text.out.starts_with("seed ")) << text.out;
  EXPECT_NE(text.out.find("\n" + typed("fuzz --cache misbehaving --cases 200 --seed ")), std::string::npos) << text.out;
  const ended json = run("fuzz --cases 200 --cache misbehaving --json -");
  EXPECT_TRUE(json.err.starts_with(typed("fuzz --cache misbehaving --cases 200 --seed "))) << json.err;
}

TEST_F(misbehaving_command, failure_that_does_not_come_back_is_shown_as_it_was) {
  const ended e = misbehave("refuses_now_and_then", "fuzz --seed 1 --cases 2000 --cache misbehaving");
  EXPECT_EQ(e.status, 4) << e.out;
  EXPECT_NE(e.out.find("not-deterministic: failed once and "), std::string::npos) << e.out;
  EXPECT_NE(e.out.find("-> cache_full"), std::string::npos) << "the operations of the run that failed: " << e.out;
  EXPECT_TRUE(last_line(e.out).starts_with(typed("fuzz --cache misbehaving --reproduce "))) << e.out;
}

}  // namespace
}  // namespace triecheck::checks
