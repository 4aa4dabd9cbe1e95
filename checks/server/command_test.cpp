// The programs as their users run them: how they end, what they say to a wrong command line, what a
// failing run shows.
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "checks/log/check.h"
#include "checks/log/log_file.h"
#include "checks/server/client.h"
#include "checks/server/server_process.h"
#include "checks/server/wrong_cache.h"

namespace triecheck::server {
namespace {

struct ended {
  int status;
  std::string output;  // both streams
};

ended run(const std::string& command) {
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  ended e{-1, {}};
  std::array<char, 4096> part;
  for (std::size_t n; (n = fread(part.data(), 1, part.size(), pipe)) != 0;) e.output.append(part.data(), n);
  const int raw = pclose(pipe);
  if (WIFEXITED(raw)) e.status = WEXITSTATUS(raw);
  return e;
}

TEST(server_command, ends_by_a_signal_with_nothing_lost) {
  server_process server(TRIECHECK_SERVER, {"--port", "0", "--cache", "nodelock"});
  client c("127.0.0.1", server.port());
  const client_answer got = c.complete({.job = {.prompt = {1, 2, 3, 4, 5}, .max_tokens = 4}, .closes_after = {}});
  EXPECT_TRUE(got.is_complete) << got.trouble;
  const server_process::ended e = server.end();
  EXPECT_EQ(e.status, 0) << e.output;
  EXPECT_EQ(e.output, "ended: 1 requests, 4 tokens; 254 free and 2 cached pages of 256, nothing is wrong\n");
}

TEST(server_command, writes_a_log_of_its_cache_that_is_explained) {
  const std::string file = testing::TempDir() + "server_command_" + std::to_string(getpid()) + ".log";
  for (const char* cache : {"lockfree", "historical"}) {
    server_process server(TRIECHECK_SERVER, {"--port", "0", "--cache", cache, "--operation-log", file});
    client c("127.0.0.1", server.port());
    const client_answer got =
        c.complete({.job = {.prompt = {1, 2, 3, 4, 5}, .max_tokens = 4, .choices = 2}, .closes_after = {}});
    EXPECT_TRUE(got.is_complete) << got.trouble;
    EXPECT_EQ(server.end().status, 0);
    const checks::logged_run run = checks::load_log(file);
    EXPECT_EQ(run.variant, cache);
    const checks::log_check checked = checks::check_log(run, {});
    EXPECT_EQ(checked.outcome, checks::verdict::pass);
    EXPECT_GT(checked.operations, 5U);
    std::remove(file.c_str());
  }
}

TEST(server_command, a_wrong_command_line_is_one_line_and_status_2) {
  for (const char* arguments : {"--cache fine", "--pages 0", "--port 70000", "--queue x", "--whatever", "--fault none",
                                "--pages 1000000 --page-tokens 4096", "--cache coarse --defect 18",
                                "--cache historical --defect 34", "--operation-log /nowhere/at/all"}) {
    const ended e = run(std::string(TRIECHECK_SERVER) + " " + arguments);
    EXPECT_EQ(e.status, 2) << arguments << "\n" << e.output;
    EXPECT_EQ(e.output.find('\n'), e.output.size() - 1) << e.output;
  }
}

TEST(server_command, a_port_that_is_taken_is_said) {
  server_process server(TRIECHECK_SERVER, {"--port", "0"});
  const ended e = run(TRIECHECK_SERVER " --port " + std::to_string(server.port()));
  EXPECT_EQ(e.status, 4);
  EXPECT_EQ(e.output, "triecheck-server: cannot listen on 127.0.0.1:" + std::to_string(server.port()) + "\n");
}

// `triecheck top` over a server that has done something.
TEST(server_command, metrics_are_shown_on_a_terminal) {
  server_process server(TRIECHECK_SERVER, {"--port", "0", "--cache", "coarse", "--contention"});
  const std::string port = std::to_string(server.port());
  client c("127.0.0.1", server.port());
  EXPECT_TRUE(c.complete({.job = {.prompt = {1, 2, 3, 4, 5}, .max_tokens = 4}, .closes_after = {}}).is_complete);
  for (const std::string& url : {"127.0.0.1:" + port, "http://127.0.0.1:" + port + "/metrics"}) {
    const ended e = run(TRIECHECK_BINARY " top --once " + url);
    EXPECT_EQ(e.status, 0) << e.output;
    for (const char* part : {"since the start of the server\n", "\nhits ", "\npages     [", "\nlookup           1.0",
                             "\npublish ", "\ncache.mutex "}) {
      EXPECT_NE(e.output.find(part), std::string::npos) << part << "\n" << e.output;
    }
  }
  const ended none = run(TRIECHECK_BINARY " top --once 127.0.0.1:" + port + "/health");
  EXPECT_EQ(none.status, 4);
  EXPECT_EQ(none.output, "triecheck: http://127.0.0.1:" + port +
                             "/health answered something else than metrics in the text format of Prometheus\n");
  EXPECT_EQ(server.end().status, 0);
  const ended gone = run(TRIECHECK_BINARY " top --once 127.0.0.1:" + port);
  EXPECT_EQ(gone.status, 4);
  EXPECT_TRUE(gone.output.starts_with("triecheck: http://127.0.0.1:" + port + "/metrics cannot be read: "))
      << gone.output;
}

TEST(server_command, top_says_what_is_wrong_with_its_command_line) {
  for (const char* wrong : {"", "--once", "ftp://host", "http://", "host --interval 1ms", "host --interval x"}) {
    const ended e = run(std::string(TRIECHECK_BINARY) + " top " + wrong);
    EXPECT_EQ(e.status, 2) << wrong << "\n" << e.output;
    EXPECT_EQ(e.output.find('\n'), e.output.size() - 1) << e.output;
  }
}

TEST(server_command, help_names_every_fault) {
  const ended e = run(TRIECHECK_SERVER " --help");
  EXPECT_EQ(e.status, 0);
  for (const seeded_fault& f : seeded_faults()) EXPECT_NE(e.output.find(f.name), std::string::npos) << f.name;
}

// The line that it ends with is a command that runs, and fails again.
TEST(server_test_command, a_failing_run_ends_with_a_command_that_fails_again) {
  ended e = run(TRIECHECK_SERVER_TEST " --cache coarse --pool one --concurrency 4 --fault lookup_returns_another_page");
  EXPECT_EQ(e.status, 1) << e.output;
  EXPECT_NE(e.output.find("a run without a cache says"), std::string::npos) << e.output;
  ASSERT_TRUE(e.output.ends_with("\n"));
  e.output.pop_back();
  const std::string last = e.output.substr(e.output.rfind('\n') + 1);
  EXPECT_EQ(last, TRIECHECK_SERVER_TEST
            " --cache coarse --pool one --concurrency 4 --requests 96 --page-tokens 4 --threads 4"
            " --seed 1 --fault lookup_returns_another_page");
  EXPECT_EQ(run(last).status, 1);
}

TEST(server_test_command, without_a_mismatch_an_expected_one_fails) {
  const ended e =
      run(TRIECHECK_SERVER_TEST " --cache coarse --pool one --concurrency 1 --requests 4 --expect-mismatches");
  EXPECT_EQ(e.status, 1) << e.output;
  EXPECT_NE(e.output.find("fail: the fault was not found"), std::string::npos) << e.output;
}

TEST(server_test_command, a_server_that_does_not_start_is_an_error) {
  const ended e = run(TRIECHECK_SERVER_TEST " --cache coarse --pool one --concurrency 1 --server /bin/true");
  EXPECT_EQ(e.status, 4) << e.output;
  EXPECT_EQ(run(TRIECHECK_SERVER_TEST " --concurrency 65").status, 2);
}

}  // namespace
}  // namespace triecheck::server
