// Verdicts, exit codes, and the two formats that machines read.
#include "checks/report/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string>

namespace triecheck::checks {
namespace {

constexpr std::array<verdict, 4> from_best_to_worst{verdict::pass, verdict::incomplete, verdict::fail, verdict::error};

result result_with(verdict outcome) {
  result r;
  r.scenario = "lookup_against_eviction";
  r.cache = "coarse";
  r.strategy = "exhaustive";
  r.outcome = outcome;
  r.complete = outcome == verdict::pass;
  r.executions = 126;
  r.redundant = 7;
  r.steps = 5000;
  r.seconds = 0.25;
  r.scope = "2 threads, every interleaving";
  return r;
}

result failing_result() {
  result r = result_with(verdict::fail);
  r.strategy = "bounded";
  r.preemptions = 2;
  r.found = failure{.kind = "page-contents",
                    .message = "lease a reads page 0",
                    .threads = 2,
                    .operations = 5,
                    .preemptions = 1,
                    .schedule = "0*3 1*2",
                    .token = "lookup_against_eviction@coarse@0x3.1x2",
                    .replay = "triecheck replay f.json",
                    .file = "triecheck-failures/f.toml"};
  return r;
}

std::set<std::string> keys_of(const nlohmann::json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

bool contains(const std::string& text, const std::string& part) { return occurrences(text, part) != 0; }

TEST(verdict, the_worse_of_two_is_error_then_fail_then_incomplete_then_pass) {
  for (std::size_t i = 0; i < from_best_to_worst.size(); ++i) {
    for (std::size_t j = 0; j < from_best_to_worst.size(); ++j) {
      EXPECT_EQ(worse(from_best_to_worst[i], from_best_to_worst[j]), from_best_to_worst[std::max(i, j)])
          << i << " and " << j;
    }
  }
}

TEST(verdict, exit_codes_are_fixed_and_none_is_that_of_a_usage_error) {
  EXPECT_EQ(exit_code(verdict::pass), 0);
  EXPECT_EQ(exit_code(verdict::fail), 1);
  EXPECT_EQ(exit_usage, 2);
  EXPECT_EQ(exit_code(verdict::incomplete), 3);
  EXPECT_EQ(exit_code(verdict::error), 4);
}

TEST(verdict, words_are_fixed) {
  EXPECT_EQ(to_string(verdict::pass), "pass");
  EXPECT_EQ(to_string(verdict::fail), "fail");
  EXPECT_EQ(to_string(verdict::incomplete), "incomplete");
  EXPECT_EQ(to_string(verdict::error), "error");
}

TEST(verdict, a_report_is_as_bad_as_its_worst_result) {
  report r{.command = "explore", .results = {result_with(verdict::pass)}};
  EXPECT_EQ(r.outcome(), verdict::pass);
  r.results.push_back(result_with(verdict::incomplete));
  EXPECT_EQ(r.outcome(), verdict::incomplete);
  r.results.push_back(result_with(verdict::error));
  r.results.push_back(failing_result());
  EXPECT_EQ(r.outcome(), verdict::error);
}

TEST(verdict, a_report_without_results_is_incomplete) { EXPECT_EQ(report{}.outcome(), verdict::incomplete); }

TEST(verdict, a_fresh_result_is_no_pass) { EXPECT_EQ(result{}.outcome, verdict::error); }

TEST(verdict, json_of_a_report_has_exactly_the_documented_keys) {
  const nlohmann::json j = to_json(report{.command = "triecheck explore", .results = {result_with(verdict::pass)}});
  EXPECT_EQ(keys_of(j), (std::set<std::string>{"tool", "version", "command", "verdict", "results"}));
  EXPECT_EQ(j["tool"], "triecheck");
  EXPECT_FALSE(j["version"].get<std::string>().empty());
  EXPECT_EQ(j["command"], "triecheck explore");
  EXPECT_EQ(j["verdict"], "pass");
  ASSERT_EQ(j["results"].size(), 1U);
  EXPECT_EQ(keys_of(j["results"][0]),
            (std::set<std::string>{"scenario", "cache", "strategy", "preemptions", "verdict", "complete", "executions",
                                   "redundant", "steps", "seconds", "scope", "failure"}));
}

TEST(verdict, json_of_a_passing_result_has_null_for_what_it_has_not) {
  const nlohmann::json j = to_json(result_with(verdict::pass));
  EXPECT_TRUE(j["preemptions"].is_null());
  EXPECT_TRUE(j["failure"].is_null());
  EXPECT_EQ(j["scenario"], "lookup_against_eviction");
  EXPECT_EQ(j["cache"], "coarse");
  EXPECT_EQ(j["strategy"], "exhaustive");
  EXPECT_EQ(j["verdict"], "pass");
  EXPECT_EQ(j["complete"], true);
  EXPECT_EQ(j["executions"], 126);
  EXPECT_EQ(j["redundant"], 7);
  EXPECT_EQ(j["steps"], 5000);
  EXPECT_EQ(j["seconds"], 0.25);
  EXPECT_EQ(j["scope"], "2 threads, every interleaving");
}

TEST(verdict, json_of_a_failure_holds_what_replays_it) {
  const nlohmann::json j = to_json(failing_result());
  EXPECT_EQ(j["preemptions"], 2);
  const nlohmann::json expected = {{"kind", "page-contents"},
                                   {"message", "lease a reads page 0"},
                                   {"threads", 2},
                                   {"operations", 5},
                                   {"preemptions", 1},
                                   {"schedule", "0*3 1*2"},
                                   {"token", "lookup_against_eviction@coarse@0x3.1x2"},
                                   {"replay", "triecheck replay f.json"},
                                   {"file", "triecheck-failures/f.toml"}};
  EXPECT_EQ(j["failure"], expected);
}

TEST(verdict, json_of_an_empty_report_says_incomplete) {
  const nlohmann::json j = to_json(report{});
  EXPECT_EQ(j["verdict"], "incomplete");
  EXPECT_TRUE(j["results"].is_array());
  EXPECT_TRUE(j["results"].empty());
}

TEST(verdict, json_can_be_written_whatever_bytes_a_message_holds) {
  result r = failing_result();
  r.found->message = "a\xff\xc3(\xe2\x82\xac \xed\xa0\x80 \xf0\x9f\x92\xa1 \xf4\x90\x80\x80 \xc0\xaf \xe2\x82";
  const std::string replaced = "\xef\xbf\xbd";
  const nlohmann::json j = to_json(r);
  EXPECT_NO_THROW(static_cast<void>(j.dump()));
  EXPECT_EQ(j["failure"]["message"], "a" + replaced + replaced + "(\xe2\x82\xac " + replaced + replaced + replaced +
                                         " \xf0\x9f\x92\xa1 " + replaced + replaced + replaced + replaced + " " +
                                         replaced + replaced + " " + replaced + replaced);
}

TEST(verdict, junit_of_a_whole_report_reads_as_expected) {
  const report r{.command = "explore", .results = {result_with(verdict::pass), failing_result()}};
  EXPECT_EQ(to_junit(r, "explore"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"triecheck\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"0.500\">\n"
            "  <testsuite name=\"explore\" skipped=\"0\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"0.500\">\n"
            "    <testcase name=\"lookup_against_eviction\" classname=\"explore.coarse.exhaustive\" time=\"0.250\">\n"
            "      <system-out>2 threads, every interleaving</system-out>\n"
            "    </testcase>\n"
            "    <testcase name=\"lookup_against_eviction\" classname=\"explore.coarse.bounded-2\" time=\"0.250\">\n"
            "      <failure message=\"lease a reads page 0\" type=\"page-contents\">lease a reads page 0&#10;"
            "schedule: 0*3 1*2&#10;stored in triecheck-failures/f.toml&#10;replay: triecheck replay f.json</failure>\n"
            "      <system-out>2 threads, every interleaving</system-out>\n"
            "    </testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

TEST(verdict, junit_shows_an_incomplete_result_as_a_failure) {
  const std::string xml = to_junit({.command = "", .results = {result_with(verdict::incomplete)}}, "explore");
  EXPECT_TRUE(contains(xml, "failures=\"1\" errors=\"0\"")) << xml;
  EXPECT_TRUE(contains(xml, "<failure message=\"the run is incomplete: nothing is proved\" type=\"incomplete\">"))
      << xml;
  EXPECT_FALSE(contains(xml, "<skipped")) << xml;
}

TEST(verdict, junit_shows_a_failure_of_the_harness_as_an_error) {
  result r = result_with(verdict::error);
  r.found.emplace();
  r.found->kind = "crash";
  r.found->message = "the program under test got signal 11";
  const std::string xml = to_junit({.command = "", .results = {r}}, "explore");
  EXPECT_TRUE(contains(xml, "failures=\"0\" errors=\"1\"")) << xml;
  EXPECT_TRUE(contains(xml, "<error message=\"the program under test got signal 11\" type=\"crash\">")) << xml;
}

TEST(verdict, junit_of_an_empty_report_has_a_failing_test) {
  const std::string xml = to_junit({}, "explore");
  EXPECT_TRUE(contains(xml, "tests=\"1\" failures=\"1\"")) << xml;
  EXPECT_TRUE(contains(xml, "type=\"incomplete\"")) << xml;
}

TEST(verdict, junit_escapes_what_xml_reserves) {
  result r = failing_result();
  r.scenario = "a<b>&\"c'";
  r.found->message = "line 1\nline 2\t]]>";
  r.found->replay = "triecheck explore 'x' && echo \"<ok>\"";
  const std::string xml = to_junit({.command = "", .results = {r}}, "s&s");
  EXPECT_TRUE(contains(xml, "name=\"a&lt;b&gt;&amp;&quot;c&apos;\"")) << xml;
  EXPECT_TRUE(contains(xml, "message=\"line 1&#10;line 2&#9;]]&gt;\"")) << xml;
  EXPECT_TRUE(contains(xml, "replay: triecheck explore &apos;x&apos; &amp;&amp; echo &quot;&lt;ok&gt;&quot;</failure>"))
      << xml;
  EXPECT_EQ(occurrences(xml, "name=\"s&amp;s"), 2U) << xml;  // the suite and the class
}

TEST(verdict, junit_leaves_out_what_xml_cannot_say) {
  result r = failing_result();
  r.found->message = std::string(
                         "a\x01"
                         "b\x1b[31mc\0d\x7f",
                         11) +
                     "\xc2\x85"
                     "e\xef\xbf\xbe"
                     "f\rg\xff";
  const std::string xml = to_junit({.command = "", .results = {r}}, "explore");
  EXPECT_TRUE(contains(xml, "message=\"ab[31mcdefg\xef\xbf\xbd\"")) << xml;
}

TEST(verdict, junit_times_are_plain_numbers) {
  result r = result_with(verdict::pass);
  r.seconds = std::numeric_limits<double>::quiet_NaN();
  result slow = result_with(verdict::pass);
  slow.seconds = 12345678.9;
  const std::string xml = to_junit({.command = "", .results = {r, slow}}, "explore");
  EXPECT_TRUE(contains(xml, "classname=\"explore.coarse.exhaustive\" time=\"0.000\"")) << xml;
  EXPECT_EQ(occurrences(xml, "time=\"12345678.900\""), 3U) << xml;
}

}  // namespace
}  // namespace triecheck::checks
