// Failure files and printed scenarios: what is written is read again as the same thing, whatever a message holds.
#include "checks/scenario/failure_file.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "checks/scenario/print.h"
#include "checks/scenario/scenario.h"

namespace triecheck::checks {
namespace {

const std::string program =  // nine lines
    "# Why this is asked.\ntitle = \"Two clear\"\n[cache]\npages = 2\ntokens_per_page = 2\n"
    "[[thread]]\nrun = [\"clear\"]\n[[thread]]\nrun = [\"clear\"]\n";

stored_failure a_failure() {
  return {.kind = "data-race",
          .message = "trie.pins[3]: thread 1 loads",
          .cache = "coarse",
          .fault = "a_fault",
          .strategy = "random",
          .seed = 7,
          .preemptions = 2,
          .schedule = "0x2.1s1.0w",
          .version = "0.1.0",
          .replay = "triecheck replay 'a file.toml@coarse@0x2'"};
}

std::string problem_in_failure(const std::string& table) {
  try {
    static_cast<void>(parse_scenario(program + table, "s.toml"));
  } catch (const scenario_error& e) {
    return e.what();
  }
  return "accepted";
}

const std::string least = "[failure]\nkind = \"pins\"\ncache = \"coarse\"\nschedule = \"0\"\n";  // lines 10 to 13

TEST(failure_file, what_is_written_is_read_again) {
  const scenario s = parse_scenario(failure_file_text(program, a_failure()), "s.toml");
  EXPECT_EQ(s.failure, a_failure());
  EXPECT_EQ(s.title, "Two clear");
  EXPECT_EQ(s.threads.size(), 2U);
}

TEST(failure_file, a_key_without_a_value_is_left_out) {
  stored_failure f = a_failure();
  f.fault.clear();
  f.seed.reset();
  const std::string text = failure_file_text(program, f);
  EXPECT_EQ(text.find("fault ="), std::string::npos);
  EXPECT_EQ(text.find("seed ="), std::string::npos);
  EXPECT_EQ(parse_scenario(text, "s.toml").failure, f);
}

TEST(failure_file, a_message_may_hold_any_bytes) {
  stored_failure f = a_failure();
  f.message = std::string("quote \" backslash \\ line\nend\ttab\r nul ") + '\0' +
              " \x1b[31m\x7f \xc3\xa4 '''\"\"\" [failure]\n";
  EXPECT_EQ(parse_scenario(failure_file_text(program, f), "s.toml").failure, f);
  f.message = "bad \xff\xc3 bytes";
  const auto read = parse_scenario(failure_file_text(program, f), "s.toml").failure;
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->message, "bad \xef\xbf\xbd\xef\xbf\xbd bytes");
  for (int byte = 0; byte < 128; ++byte) {
    f.message = std::string("<") + static_cast<char>(byte) + ">";
    EXPECT_EQ(parse_scenario(failure_file_text(program, f), "s.toml").failure, f) << byte;
  }
}

TEST(failure_file, an_older_failure_is_replaced) {
  const scenario once = parse_scenario(failure_file_text(program, a_failure()), "s.toml");
  stored_failure newer = a_failure();
  newer.kind = "pins";
  const std::string text = failure_file_text(once.source_text, newer);
  EXPECT_EQ(text, failure_file_text(program, newer));
  EXPECT_EQ(parse_scenario(text, "s.toml").failure, newer);
}

TEST(failure_file, the_scenario_keeps_its_comments_and_needs_no_line_end) {
  const scenario s = parse_scenario(failure_file_text(program.substr(0, program.size() - 1), a_failure()), "s.toml");
  EXPECT_TRUE(s.source_text.starts_with(program)) << s.source_text;
  EXPECT_FALSE(parse_scenario(s.source_text, "s.toml").failure.has_value());
}

TEST(failure_file, a_seed_that_toml_cannot_write_is_left_out) {
  stored_failure f = a_failure();
  f.seed = std::numeric_limits<std::uint64_t>::max();
  const auto read = parse_scenario(failure_file_text(program, f), "s.toml").failure;
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->seed.has_value());
}

TEST(failure_file, what_runs_the_execution_again_is_enough) {
  EXPECT_EQ(problem_in_failure(least), "accepted");
  EXPECT_EQ(problem_in_failure("[failure]\nkind = \"pins\"\ncache = \"coarse\"\n"),
            "s.toml:10:1: [failure] has no \"schedule\"");
  EXPECT_EQ(problem_in_failure("[failure]\nschedule = \"0\"\ncache = \"coarse\"\n"),
            "s.toml:10:1: [failure] has no \"kind\"");
  EXPECT_EQ(problem_in_failure("[failure]\nschedule = \"0\"\nkind = \"pins\"\n"),
            "s.toml:10:1: [failure] has no \"cache\"");
}

TEST(failure_file, a_misspelt_key_is_named_with_its_place) {
  EXPECT_EQ(problem_in_failure(least + "sed = 7\n"),
            "s.toml:14:1: unknown key \"sed\" in [failure] (did you mean \"seed\"?)");
  EXPECT_EQ(problem_in_failure("[failur]\n"),
            "s.toml:10:2: unknown key \"failur\" in a scenario (did you mean \"failure\"?)");
}

TEST(failure_file, a_value_of_the_wrong_type_is_named_with_its_place) {
  EXPECT_EQ(problem_in_failure(least + "seed = \"7\"\n"), "s.toml:14:8: \"seed\" must be an integer, not a string");
  EXPECT_EQ(problem_in_failure(least + "seed = -7\n"), "s.toml:14:8: \"seed\" must not be negative");
  EXPECT_EQ(problem_in_failure(least + "preemptions = 1.5\n"),
            "s.toml:14:15: \"preemptions\" must be an integer, not a floating-point number");
  EXPECT_EQ(problem_in_failure(least + "message = 7\n"), "s.toml:14:11: \"message\" must be a string, not an integer");
  EXPECT_EQ(problem_in_failure(least + "fault = \"\"\n"), "s.toml:14:9: \"fault\" is empty");
  EXPECT_EQ(problem_in_failure("[[failure]]\n"),
            "s.toml:10:1: \"failure\" must be a table, written [failure], not an array");
}

TEST(failure_file, a_schedule_that_is_none_is_named_with_its_place) {
  EXPECT_EQ(problem_in_failure("[failure]\nkind = \"pins\"\ncache = \"coarse\"\nschedule = \"0x2.9\"\n"),
            "s.toml:13:12: schedule, character 5: expected a thread, 0 to 7");
}

TEST(failure_file, the_failure_is_the_last_table) {
  const std::string wanted = ": [failure] must be the last table of the file";
  EXPECT_EQ(problem_in_failure(least + "[final]\nrun = [\"clear\"]\n"), "s.toml:10:2" + wanted);
  EXPECT_EQ(problem_in_failure(least + "[[thread]]\nrun = [\"clear\"]\n"), "s.toml:10:2" + wanted);
  try {
    static_cast<void>(
        parse_scenario("failure = {kind = \"pins\", cache = \"coarse\", schedule = \"0\"}\n" + program, "s.toml"));
    FAIL() << "accepted";
  } catch (const scenario_error& e) {
    EXPECT_EQ(e.what(), "s.toml:1:1" + wanted);
  }
}

bool same_steps(const std::vector<step>& a, const std::vector<step>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const step& x, const step& y) {
    return x.kind == y.kind && x.lease == y.lease && x.source == y.source && x.tokens == y.tokens &&
           x.count == y.count && x.or_stop == y.or_stop && x.or_wait == y.or_wait;
  });
}

TEST(print_scenario, every_shipped_scenario_is_read_again_as_it_was) {
  for (const auto& file : find_scenarios(TRIECHECK_SCENARIOS_DIR)) {
    SCOPED_TRACE(file.filename().string());
    const scenario s = load_scenario(file);
    const scenario again = parse_scenario(print_scenario(s), s.name + ".toml");
    EXPECT_EQ(again.title, s.title);
    EXPECT_EQ(again.pages, s.pages);
    EXPECT_EQ(again.tokens_per_page, s.tokens_per_page);
    EXPECT_TRUE(same_steps(again.init, s.init));
    EXPECT_TRUE(same_steps(again.final, s.final));
    EXPECT_EQ(again.expect_failure, s.expect_failure);
    EXPECT_EQ(again.expect_kind, s.expect_kind);
    ASSERT_EQ(again.threads.size(), s.threads.size());
    for (std::size_t t = 0; t < s.threads.size(); ++t) EXPECT_TRUE(same_steps(again.threads[t], s.threads[t]));
  }
}

TEST(print_scenario, every_kind_of_step_and_an_expectation_are_written) {
  const std::string text =
      "title = \"All \\\"steps\\\"\"\n\n[cache]\npages = 2\ntokens_per_page = 1\npolicy = \"segmented\"\nevents = "
      "true\n\n[init]\nrun = [\"request 1 2 or stop\", \"evict 3\"]\n"
      "\n[[thread]]\nrun = [\"x = lookup 1\", \"allocate x or stop\", \"extend x 2 3\", \"write x\", \"read x\", "
      "\"publish x\", "
      "\"y = fork x or stop\", \"release x\"]\n\n[[thread]]\nrun = [\"clear\", \"stats\"]\n\n[expect]\nverdict = "
      "\"fail\"\nkind = \"pins\"\n";
  EXPECT_EQ(print_scenario(parse_scenario(text, "s.toml")), text);
}

}  // namespace
}  // namespace triecheck::checks
