// A check as an assertion of GoogleTest: EXPECT_TRUE(passes(c)). A failing one prints the interleaving and the command
// that follows it again.
#pragma once

#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <string>

#include "checks/explore/check.h"

namespace triecheck::explore {

/// The command that runs the test that runs, on the schedule alone.
inline std::string replay_command(const report& r) {
  char program[PATH_MAX] = "TEST-PROGRAM";
  if (const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1); length > 0)
    program[length] = '\0';
  std::string command = "TRIECHECK_REPLAY='" + r.token + "' " + program;
  if (const auto* test = testing::UnitTest::GetInstance()->current_test_info()) {
    command += std::string(" --gtest_filter=") + test->test_suite_name() + "." + test->name();
  }
  return command;
}

inline testing::AssertionResult passes(const report& r) {
  testing::AssertionResult result = r.passed ? testing::AssertionSuccess() : testing::AssertionFailure();
  result << "\n" << r;
  if (!r.token.empty()) result << "\n" << replay_command(r);
  return result;
}

template <class Object>
testing::AssertionResult passes(const check<Object>& c) {
  return passes(c.run());
}

}  // namespace triecheck::explore
