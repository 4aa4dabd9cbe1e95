// `triecheck-bench` over a cache that interrupts it, or ends, leaves or holds up the process that measures: what was
// measured so far is there as a whole, no process is left, and no way out reads as a pass.
//
// The moments are publications of the cache under test (checks/subject/misbehaving_cache.h): no clock decides.
// TRIECHECK_BINARY is the benchmark over that cache.
#include "checks/cli/interrupted_command.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace triecheck::checks {
namespace {

constexpr const char* tiny_overload =
    "--only overload --seconds 0 --requests 20 --overload-pages 256 --overload-threads ";
constexpr std::size_t results_of_a_cell = 5U * 2;  // every variant, asking again and waiting

struct expected_end {
  const char* misbehaviour;
  const char* words;
};

const expected_end ends[] = {
    {"throws", "exception: an exception came out of the cache: the device has no memory left"},
    {"throws_a_number", "exception: an exception that is no std::exception"},
    {"crashes", "crash: "},
    {"aborts", "crash: the cache aborted"},
    {"terminates", "exception: std::terminate was called"},
    {"overflows", ""},  // of a fiber it is known, of another stack it is a crash
    {"exits", "exit: the cache called exit(0)"},
    {"exits_with_a_failure", "exit: the cache called exit(1)"},
    {"leaves", "exit: the cache left its process with status 0, past exit"},
    {"leaves_quickly", "exit: the cache called quick_exit"},
    {"ends_its_thread", ""},  // that of the cache alone, or the last one
    {"becomes_another_program", "exit: the cache left its process with status 0"},
    {"is_killed", "killed: the process that ran the cache was killed"},
    {"is_alarmed", "signal: "},
    {"closes_its_files", "pipe: the cache closed the way back"},
};

class bench_interrupts : public interrupted_command {
 protected:
  bench_interrupts() {
    setenv("TRIECHECK_COUNTER", (directory_ / "counter").c_str(), 1);
    setenv("TRIECHECK_PROGRESS", "0", 1);  // on a slow machine as well
  }
  ~bench_interrupts() override {
    for (const char* name :
         {"TRIECHECK_MISBEHAVIOUR", "TRIECHECK_COUNTER", "TRIECHECK_INTERRUPT_AT", "TRIECHECK_PROGRESS"}) {
      unsetenv(name);
    }
  }

  ended misbehave(const std::string& how, long moment, const std::string& arguments) const {
    setenv("TRIECHECK_MISBEHAVIOUR", how.c_str(), 1);
    setenv("TRIECHECK_INTERRUPT_AT", std::to_string(moment).c_str(), 1);
    for (const char* file : {"counter", "r.json"}) std::filesystem::remove(directory_ / file);
    return finish(start(arguments + " --json r.json", false));
  }

  nlohmann::json whole_json(const std::string& verdict) const {
    const std::string text = contents(directory_ / "r.json");
    const nlohmann::json j = nlohmann::json::parse(text, nullptr, false);
    EXPECT_TRUE(j.is_object() && j.value("verdict", "") == verdict) << text;
    EXPECT_EQ(j.value("tool", ""), "triecheck-bench") << text;
    return j;
  }

  nlohmann::json expect_incomplete(const ended& e) const {
    EXPECT_EQ(e.status, 3) << e.out << e.err;
    EXPECT_EQ(e.err, "triecheck-bench: interrupted\n");
    return whole_json("incomplete");
  }

  // Of one thread under overload: the same in every run.
  long publications_of_the_first_cell() const {
    const ended e = misbehave("interrupts", 0, std::string(tiny_overload) + "1");
    EXPECT_EQ(e.status, 0) << e.err;
    EXPECT_EQ(whole_json("pass")["overload"]["results"].size(), results_of_a_cell);
    const std::string counted = contents(directory_ / "counter");
    long count = 0;
    if (counted.size() == sizeof count) std::memcpy(&count, counted.data(), sizeof count);
    EXPECT_GT(count, 20);
    return count;
  }
};

TEST_F(bench_interrupts, signal_before_the_program_begins_is_heeded) {
  for (const std::string part : {"", " --only loads", " --only overload", " --only memory"}) {
    const nlohmann::json j = expect_incomplete(finish(start("--requests 20 --json r.json" + part, true)));
    EXPECT_FALSE(j.contains("results") || j.contains("overload") || j.contains("memory")) << j;
  }
}

TEST_F(bench_interrupts, interrupted_overload_reports_the_cells_before) {
  const long first = publications_of_the_first_cell();
  for (const long moment :
       {1L, 2L, 5L, 12L, first / 2, first - 1, first, first + 1, first + 2, first + 12, first + first / 2}) {
    SCOPED_TRACE("publication " + std::to_string(moment) + ", " + std::to_string(first) + " in the first cell");
    const ended e =
        misbehave(moment % 2 == 0 ? "interrupts" : "interrupts_twice", moment, std::string(tiny_overload) + "1,2");
    const nlohmann::json j = expect_incomplete(e);
    EXPECT_EQ(j.contains("overload"), moment > first);
    EXPECT_EQ(e.out.starts_with("overload: 20 requests"), moment > first) << e.out;
    if (moment <= first) continue;
    EXPECT_EQ(j["overload"]["results"].size(), results_of_a_cell);
    for (const nlohmann::json& r : j["overload"]["results"]) EXPECT_EQ(r["threads"], 1);
  }
}

// While the synchronisation of each call is counted; what comes next takes as long as the machine likes.
TEST_F(bench_interrupts, interrupted_loads_leave_out_what_was_not_measured) {
  for (const long moment : {1L, 2L, 3L, 4L, 5L, 6L}) {
    const ended e = misbehave(moment % 2 == 0 ? "interrupts" : "interrupts_twice", moment,
                              "--requests 20 --threads 1 --pages 1024 --svg charts");
    const nlohmann::json j = expect_incomplete(e);
    for (const char* part : {"synchronisation", "machine", "results", "memory", "overload"}) {
      EXPECT_FALSE(j.contains(part)) << j;
    }
    EXPECT_EQ(e.out, "");
    EXPECT_TRUE(std::filesystem::is_empty(directory_ / "charts"));
  }
}

TEST_F(bench_interrupts, killed_child_is_an_error_with_what_was_measured) {
  const long first = publications_of_the_first_cell();
  for (const long moment : {1L, first, first + 1, first + 12}) {
    SCOPED_TRACE("publication " + std::to_string(moment) + ", " + std::to_string(first) + " in the first cell");
    const ended e = misbehave("is_killed_at_its_moment", moment, std::string(tiny_overload) + "1,2");
    EXPECT_EQ(e.status, 4) << e.out << e.err;
    EXPECT_TRUE(e.err.starts_with("triecheck-bench: killed: the process that ran the cache was killed")) << e.err;
    const std::string where =
        " while this was measured: overload, 256 pages, threads: " + std::to_string(1 + (moment > first)) +
        ", misbehaving, a refused request " + (moment == first ? "waits" : "asks again") + "\n";
    EXPECT_TRUE(e.err.ends_with(where)) << e.err;
    const nlohmann::json j = whole_json("error");
    EXPECT_EQ(j["failure"]["kind"], "killed");
    EXPECT_EQ(j.contains("overload"), moment > first);
    if (moment > first) {
      EXPECT_EQ(j["overload"]["results"].size(), results_of_a_cell);
    }
  }
}

TEST_F(bench_interrupts, no_end_of_the_process_that_measures_is_a_pass) {
  for (const expected_end& expected : ends) {
    SCOPED_TRACE(expected.misbehaviour);
    const ended e = misbehave(expected.misbehaviour, 0, std::string(tiny_overload) + "1");
    EXPECT_EQ(e.status, 4) << e.out << e.err;
    EXPECT_NE(e.err.find(std::string("triecheck-bench: ") + expected.words), std::string::npos) << e.err;
    EXPECT_FALSE(whole_json("error")["failure"]["message"].get<std::string>().empty());
  }
}

TEST_F(bench_interrupts, cache_that_does_not_come_back_hangs) {
  for (const char* how : {"spins", "sleeps", "stops"}) {
    const ended e = misbehave(how, 0, std::string(tiny_overload) + "1 --patience 500ms");
    EXPECT_EQ(e.status, 4) << e.out << e.err;
    EXPECT_TRUE(
        e.err.starts_with("triecheck-bench: hang: the cache made no step for 500 ms while this was measured: overload"))
        << e.err;
    EXPECT_EQ(whole_json("error")["failure"]["kind"], "hang");
  }
}

TEST_F(bench_interrupts, what_the_cache_prints_or_closes_is_not_the_output_of_the_command) {
  for (const char* how : {"prints", "closes_its_output"}) {
    setenv("TRIECHECK_MISBEHAVIOUR", how, 1);
    const ended e = run(std::string(tiny_overload) + "1 --json -");
    EXPECT_EQ(e.status, 0) << how << ": " << e.err;
    EXPECT_EQ(nlohmann::json::parse(e.out, nullptr, false).value("verdict", ""), "pass") << e.out;
  }
}

}  // namespace
}  // namespace triecheck::checks
