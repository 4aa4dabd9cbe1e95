// Logs of real runs: written and read, judged, and cut into scenarios.
#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "cache/coarse.h"
#include "cache/lockfree.h"
#include "cache/nodelock.h"
#include "cache/rwlock.h"
#include "checks/historical/historical_cache.h"
#include "checks/log/check.h"
#include "checks/log/chrome.h"
#include "checks/log/cut.h"
#include "checks/log/log_file.h"
#include "checks/log/logged_requests.h"
#include "checks/subject/variants.h"

namespace triecheck::checks {
namespace {

const std::string head = "triecheck-log 1\ncache pages 4 tokens_per_page 2 variant coarse\n";

log_check judge(const std::string& text, std::size_t window_operations = 32) {
  const logged_run run = parse_log(text, "x.log");
  const variant* v = find_variant(run.variant);
  return check_log(
      run, {.window_operations = window_operations, .rule = v == nullptr ? model::refusals::crowded : v->refusals});
}

std::string shown(const log_check& c) {
  std::string text = to_string(c.outcome);
  for (const log_finding& f : c.findings)
    text +=
        "\nwindow " + std::to_string(f.window) + " line " + std::to_string(f.line) + " " + f.kind + ": " + f.message;
  for (const undecided_window& u : c.undecided) text += "\nundecided " + std::to_string(u.window) + ": " + u.why;
  for (const std::string& l : c.limits) text += "\n" + l;
  return text;
}

std::string problem(const std::string& text) {
  try {
    parse_log(text, "x.log");
  } catch (const log_error& e) {
    return e.what();
  }
  return "";
}

// ---- The file

TEST(operation_log, what_a_cache_did_is_read_back) {
  logged_cache<coarse_cache<std_sync>> c({.pages = 4, .tokens_per_page = 2}, 1 << 10);
  const std::vector<token> prompt = {1, 2, 3};
  {
    auto a = c.cache.lookup(prompt, key_space(7));
    ASSERT_EQ(c.cache.allocate(a, prompt, 2), status::ok);
    ASSERT_EQ(c.cache.publish(a, 3), status::ok);
    auto b = c.cache.fork(a);
    ASSERT_EQ(b.result, status::cache_full);
    ASSERT_EQ(c.cache.allocate(a, std::vector<token>(8)), status::request_too_large);
  }
  EXPECT_EQ(c.cache.evict(3), 1U);
  EXPECT_EQ(c.cache.clear(), 0U);
  static_cast<void>(c.cache.shutdown());

  const logged_run run = parse_log(c.text("coarse"), "x.log");
  std::vector<std::string> lines;
  for (const logged_event& e : run.events) lines.push_back(run.show(e));
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "thread 0: lookup 1 of [1 2 3] = ok, no page",
                       "thread 0: allocate 1 of 3 tokens = ok, pages | 0 1 2",
                       "thread 0: publish 1 to 3 = ok, pages 0 | 1 2",
                       "thread 0: fork 1 as 0 = cache_full",
                       "thread 0: allocate 1 of 8 tokens = request_too_large",
                       "thread 0: release 1 = ok",
                       "thread 0: evict 3 = 1 page",
                       "thread 0: clear = 0 pages",
                       "thread 0: shutdown = 0 pages",
                   }));
  EXPECT_EQ(run.events[0].op.space, 7U);
  EXPECT_EQ(run.events[1].op.extra_slots, 2U);
  EXPECT_EQ(run.pages, 4U);
  EXPECT_EQ(run.variant, "coarse");
  EXPECT_TRUE(run.lost.empty());
  for (const logged_event& e : run.events) EXPECT_LE(e.begin_ns, e.end_ns);
}

TEST(operation_log, keys_of_blocks_and_wide_namespaces_are_read_back_and_judged) {
  logged_cache<coarse_cache<std_sync>> c({.pages = 4, .tokens_per_page = 2}, 1 << 10);
  const std::vector<token> prompt = {1, 2, 3, 4};
  for (const std::uint64_t content : {std::uint64_t{7}, ~std::uint64_t{0}}) {
    const std::vector<block_key> keys = {{1, content}};
    auto a = c.cache.lookup({prompt, keys}, key_space(std::uint64_t{1} << 63));
    ASSERT_EQ(c.cache.allocate(a, {std::span(prompt).subspan(a.token_count()), keys}), status::ok);
    ASSERT_EQ(c.cache.publish(a, 4), status::ok);
  }
  const std::string text = c.text("coarse");
  const logged_run run = parse_log(text, "x.log");
  EXPECT_EQ(run.events[0].op.space, std::uint64_t{1} << 63);
  EXPECT_EQ(run.events[0].op.keys, (std::vector<model::block_key>{{1, 7}}));
  EXPECT_EQ(run.events[4].op.keys, (std::vector<model::block_key>{{1, ~std::uint64_t{0}}}));
  EXPECT_EQ(run.show(run.events[0]), "thread 0: lookup 1 of [1 2 3 4] keys 1:7 = ok, no page");
  const log_check checked = check_log(run, {});
  EXPECT_TRUE(checked.findings.empty());
  EXPECT_TRUE(checked.undecided.empty());
}

TEST(operation_log, bad_input_is_one_line_with_its_place) {
  const std::vector<std::pair<std::string, std::string>> all{
      {"", "x.log:1:1: the file is empty (want a log, which begins with \"triecheck-log 1\")"},
      {"{}", "x.log:1:1: this is no log of operations, which begins with \"triecheck-log 1\""},
      {"triecheck-log 2\n", "x.log:1:15: this is version 2 of the format; this program reads version 1"},
      {"triecheck-log 1\n", "x.log:1:1: there is no line \"cache pages N tokens_per_page N\""},
      {"triecheck-log 1\ncache pages 0 tokens_per_page 2",
       "x.log:2:13: a number of pages must be 1 to 4294967294, not 0"},
      {head + "0 5 6 loopup 1 in 0 of 1 = ok |", "x.log:3:7: unknown operation \"loopup\" (did you mean \"lookup\"?)"},
      {head + "0 6 5 clear = ok 0", "x.log:3:5: when it ended must be 6 to 18446744073709551615, not 5"},
      {head + "0 5 6 lookup 1 in 0 of 1 2 = ok 4 |", "x.log:3:33: a page must be 0 to 3, not 4"},
      {head + "0 5 6 lookup 1 in 0 of 1 2 = ok 3",
       "x.log:3:34: want \"|\" between cached and private pages, not the end of the line"},
      {head + "0 5 6 lookup 1 in 0 of 1 x = ok |", "x.log:3:26: want \"=\", not \"x\""},
      {head + "0 5 6 lookup 1 in 0 of 1 2 keys 0 = ok |", "x.log:3:33: want the key of a block, as 2:77, not \"0\""},
      {head + "0 5 6 lookup 1 in 0 of 1 2 keys 1:5 0:5 = ok |", "x.log:3:37: keys are in the order of their blocks"},
      {head + "0 5 6 release 1 = fine |", "x.log:3:19: unknown outcome \"fine\""},
      {head + "0 5 6 release 1 = ok | 1 |", "x.log:3:26: want a page, not \"|\""},
      {head + "0 5 6 fork 1 as 0 = ok |",
       "x.log:3:21: a fork has a new lease where it is ok, and \"as 0\" where it is refused"},
      {head + "hello\n", "x.log:3:1: want an operation, which begins with the number of its thread, not \"hello\""},
      {head + "thread 0 lost -1", "x.log:3:15: want a number of operations, not \"-1\""},
      {head + "0 99999999999999999999 6 clear = ok 0",
       "x.log:3:3: when the operation began must be 0 to 18446744073709551615, not 99999999999999999999"},
  };
  for (const auto& [text, message] : all) EXPECT_EQ(problem(text), message) << text;
}

TEST(operation_log, every_prefix_of_a_log_is_read_or_refused_in_one_line) {
  logged_cache<coarse_cache<std_sync>> c({.pages = 4, .tokens_per_page = 2}, 1 << 10);
  serve_together(c.cache, 1, 2, 1);
  const std::string text = c.text("coarse");
  for (std::size_t length = 0; length < text.size(); ++length) {
    const std::string wrong = problem(text.substr(0, length));
    EXPECT_EQ(wrong.find('\n'), std::string::npos);
    EXPECT_TRUE(wrong.empty() || wrong.starts_with("x.log:")) << wrong;
  }
}

TEST(operation_log, a_full_ring_keeps_the_latest_and_counts_the_lost) {
  logged_cache<coarse_cache<std_sync>> c({.pages = 4, .tokens_per_page = 2}, 128);
  for (std::size_t i = 0; i < 100; ++i) static_cast<void>(c.cache.evict(i));
  const log_contents log = c.log.read();
  ASSERT_EQ(log.threads.size(), 1U);
  const logged_thread& t = log.threads.front();
  ASSERT_EQ(t.operations.size(), 16U) << "eight words each";
  EXPECT_EQ(t.lost, 84U);
  for (std::size_t i = 0; i < t.operations.size(); ++i) EXPECT_EQ(t.operations[i].count, 84 + i);
}

TEST(operation_log, what_does_not_fit_is_counted) {
  logged_cache<coarse_cache<std_sync>> c({.pages = 4, .tokens_per_page = 2}, 32);
  auto l = c.cache.lookup(std::vector<token>(100));
  EXPECT_EQ(c.log.read().unlogged, 1U);
  EXPECT_EQ(judge(c.text("coarse")).outcome, verdict::incomplete);
}

// ---- The trace of Chrome, against the fields that its format documents

TEST(operation_log, the_chrome_trace_has_the_documented_fields) {
  logged_cache<lockfree_cache<std_sync>> c({.pages = 6, .tokens_per_page = 2}, 1 << 16);
  serve_together(c.cache, 2, 50, 1);
  const logged_run run = parse_log(c.text("lockfree"), "x.log");
  const log_finding finding{
      .kind = "page-ownership", .message = "\"quoted\" \xff", .window = 1, .line = run.events[3].line};
  const nlohmann::json trace = nlohmann::json::parse(chrome_trace(run, {finding}));
  std::size_t slices = 0, instants = 0;
  std::set<int> named;
  for (const auto& e : trace.at("traceEvents")) {
    const std::string ph = e.at("ph").get<std::string>();
    EXPECT_TRUE(e.at("name").is_string());
    EXPECT_TRUE(e.at("pid").is_number_integer());
    if (ph == "M") {
      EXPECT_TRUE(e.at("args").at("name").is_string());
      if (e.at("name") == "thread_name") named.insert(e.at("tid").get<int>());
      continue;
    }
    EXPECT_TRUE(e.at("cat").is_string());
    EXPECT_GE(e.at("ts").get<double>(), 0);
    EXPECT_TRUE(named.contains(e.at("tid").get<int>()));
    if (ph == "i") {
      ++instants;
      EXPECT_EQ(e.at("s"), "g");
      continue;
    }
    ASSERT_EQ(ph, "X");
    ++slices;
    EXPECT_GE(e.at("dur").get<double>(), 0);
    EXPECT_TRUE(e.at("args").is_object());
  }
  EXPECT_EQ(slices, run.events.size());
  EXPECT_EQ(instants, 1U);
}

// ---- Judged

// Page 0 has the block 1 2, and lease 1 gave it back.
const std::string published = head +
                              "0 10 11 lookup 1 in 0 of 1 2 = ok |\n0 12 13 allocate 1 of 1 2 plus 0 = ok | 0\n"
                              "0 14 15 publish 1 to 2 = ok 0 |\n0 16 17 release 1 = ok |\n";

TEST(operation_log, a_run_that_is_right_passes) {
  const log_check c =
      judge(published +
            "0 20 21 lookup 2 in 0 of 1 2 3 = ok 0 |\n1 20 30 lookup 3 in 0 of 3 4 = ok |\n"
            "1 31 32 allocate 3 of 3 4 plus 0 = ok | 1\n0 40 41 release 2 = ok |\n1 40 41 release 3 = ok |\n");
  EXPECT_EQ(shown(c), "pass");
  EXPECT_EQ(c.operations, 9U);
}

TEST(operation_log, a_page_that_two_leases_hold_is_found) {
  const log_check c =
      judge(published +
            "0 20 21 lookup 2 in 0 of 1 2 3 = ok 0 |\n1 20 21 lookup 3 in 0 of 3 4 = ok |\n"
            "1 31 32 allocate 3 of 3 4 plus 0 = ok | 0\n0 40 41 release 2 = ok |\n1 40 41 release 3 = ok |\n");
  ASSERT_EQ(c.outcome, verdict::fail) << shown(c);
  EXPECT_EQ(c.findings[0].kind, "page-ownership");
  EXPECT_EQ(c.findings[0].message, "page 0 was handed out to lease 3 while lease 2 held it as published");
  EXPECT_EQ(c.findings[0].line, 9U);
  EXPECT_EQ(c.findings[0].first_line, 7U);
}

TEST(operation_log, calls_and_returns_of_one_time_overlap) {
  // Lease 2 gives page 0 back from 40 on, and lease 3 gets it at 40.
  const log_check c =
      judge(published +
            "0 20 21 lookup 2 in 0 of 1 2 3 = ok 0 |\n1 20 21 lookup 3 in 0 of 3 4 = ok |\n"
            "1 31 40 allocate 3 of 3 4 plus 0 = ok | 0\n0 40 41 release 2 = ok |\n1 50 51 release 3 = ok |\n");
  EXPECT_EQ(shown(c), "pass");
}

TEST(operation_log, a_prefix_that_stood_all_the_time_must_be_found) {
  const log_check c =
      judge(published + "0 20 21 lookup 2 in 0 of 1 2 3 = ok 0 |\n1 30 31 lookup 3 in 0 of 1 2 = ok |\n", 1);
  ASSERT_EQ(c.outcome, verdict::fail) << shown(c);
  EXPECT_EQ(c.findings[0].kind, "linearizability");
  EXPECT_EQ(c.findings[0].window, 6U);
  EXPECT_NE(c.findings[0].message.find("lookup #3 [1 2] returned no page, but the longest prefix then was page 0"),
            std::string::npos)
      << shown(c);
}

TEST(operation_log, a_prefix_that_nobody_holds_may_have_been_evicted_and_not_otherwise) {
  const std::string misses = "1 90 91 lookup 3 in 0 of 1 2 = ok |\n";
  for (const std::size_t window : {1U, 32U}) {
    EXPECT_EQ(judge(published + misses, window).outcome, verdict::fail) << window;
    EXPECT_EQ(shown(judge(published + "0 20 21 evict 1 = ok 1\n" + misses, window)), "pass") << window;
    EXPECT_EQ(judge(published + "0 20 21 evict 1 = ok 0\n" + misses, window).outcome, verdict::fail) << window;
  }
}

TEST(operation_log, a_refusal_needs_a_reason) {
  const std::string full =
      "0 20 21 lookup 2 in 0 of 5 6 = ok |\n0 22 23 allocate 2 of 5 6 7 8 9 10 plus 0 = ok | 1 2 3\n"
      "1 30 31 lookup 3 in 0 of 9 9 = ok |\n1 32 33 allocate 3 of 9 9 9 9 plus 0 = cache_full |\n";
  EXPECT_EQ(shown(judge(published + full, 1)), "pass");
  const std::string free = "1 30 31 lookup 3 in 0 of 9 9 = ok |\n1 32 33 allocate 3 of 9 9 9 9 plus 0 = cache_full |\n";
  EXPECT_EQ(judge(published + free, 1).outcome, verdict::fail);
}

TEST(operation_log, two_pages_of_one_block_and_two_blocks_of_one_page_are_found) {
  const log_check two_pages =
      judge(published + "0 20 21 lookup 2 in 0 of 1 2 = ok 0 |\n1 20 21 lookup 3 in 0 of 1 2 = ok 1 |\n");
  EXPECT_NE(shown(two_pages).find("one block has two pages"), std::string::npos) << shown(two_pages);
  const log_check two_blocks =
      judge(published + "0 20 21 lookup 2 in 0 of 1 2 = ok 0 |\n1 20 21 lookup 3 in 0 of 3 4 = ok 0 |\n");
  EXPECT_NE(shown(two_blocks).find("as the page of other tokens"), std::string::npos) << shown(two_blocks);
}

TEST(operation_log, a_log_that_lost_its_beginning_gives_no_false_alarm_and_is_undecided) {
  const std::string rest =
      "thread 0 lost 5\n0 20 21 lookup 2 in 0 of 1 2 3 = ok 3 |\n1 30 31 lookup 3 in 0 of 1 2 = ok 3 |\n"
      "0 32 33 release 1 = ok |\n1 34 35 lookup 4 in 0 of 7 8 = ok 1 |\n1 36 37 allocate 4 of 1 2 3 4 plus 0 = "
      "cache_full 1 |\n";
  const log_check c = judge(head + rest);
  EXPECT_EQ(c.outcome, verdict::incomplete);
  EXPECT_TRUE(c.findings.empty()) << shown(c);
  EXPECT_NE(shown(c).find("5 operations were lost before 20 ns"), std::string::npos) << shown(c);
  // A page that is held twice is found without the beginning of the log.
  const log_check twice =
      judge(head + rest + "1 40 41 lookup 5 in 0 of 6 6 = ok |\n1 42 43 allocate 5 of 6 6 plus 0 = ok | 3\n");
  EXPECT_EQ(twice.outcome, verdict::fail) << shown(twice);
}

TEST(operation_log, what_overlaps_the_end_of_the_log_is_left_out) {
  // Lease 2 gives page 0 back while lease 3 gets it; the log is complete until 60, in the middle of that release.
  const std::string text = published +
                           "complete until 60\n0 20 21 lookup 2 in 0 of 1 2 3 = ok 0 |\n"
                           "1 20 21 lookup 3 in 0 of 3 4 = ok |\n0 40 99 release 2 = ok |\n"
                           "1 45 50 allocate 3 of 3 4 plus 0 = ok | 0\n";
  const log_check c = judge(text);
  EXPECT_TRUE(c.findings.empty()) << shown(c);
  EXPECT_EQ(c.operations, 6U);
  EXPECT_EQ(c.ignored, 2U);
}

TEST(operation_log, a_stretch_without_a_moment_of_rest_is_undecided) {
  std::string text = head + "9 0 100000 lookup 1 in 0 of 1 = ok |\n";
  for (int i = 0; i < 2100; ++i)
    text += "0 " + std::to_string(10 * i + 1) + " " + std::to_string(10 * i + 2) + " evict 1 = ok 0\n";
  const log_check c = judge(text);
  EXPECT_EQ(c.outcome, verdict::incomplete);
  EXPECT_NE(shown(c).find("no moment between them at which none ran"), std::string::npos) << shown(c);
}

// ---- Logs of caches, right and wrong

template <class Cache>
class logs_of : public testing::Test {};
using caches = testing::Types<coarse_cache<std_sync>, rwlock_cache<std_sync>, nodelock_cache<std_sync>,
                              lockfree_cache<std_sync>, historical::historical_cache<std_sync>>;
TYPED_TEST_SUITE(logs_of, caches);

template <class Cache>
std::string variant_of() {
  if constexpr (std::is_same_v<Cache, rwlock_cache<std_sync>>) return "rwlock";
  if constexpr (std::is_same_v<Cache, nodelock_cache<std_sync>>) return "nodelock";
  if constexpr (std::is_same_v<Cache, lockfree_cache<std_sync>>) return "lockfree";
  return "coarse";
}

TYPED_TEST(logs_of, one_thread_pass) {
  for (const std::size_t pages : {4U, 16U}) {
    logged_cache<TypeParam> c({.pages = pages, .tokens_per_page = 2}, 1 << 18);
    serve_together(c.cache, 1, 100, pages);
    EXPECT_EQ(shown(judge(c.text(variant_of<TypeParam>()))), "pass") << pages;
    EXPECT_EQ(shown(judge(c.text(variant_of<TypeParam>()), 4)), "pass") << pages;
  }
}

TYPED_TEST(logs_of, several_threads_have_no_violation) {
  for (const std::size_t pages : {4U, 16U}) {
    logged_cache<TypeParam> c({.pages = pages, .tokens_per_page = 2}, 1 << 18);
    serve_together(c.cache, 3, 60, pages);
    const log_check checked = judge(c.text(variant_of<TypeParam>()));
    EXPECT_TRUE(checked.findings.empty()) << shown(checked);
  }
}

TYPED_TEST(logs_of, rings_that_lost_operations_have_no_violation) {
  logged_cache<TypeParam> c({.pages = 6, .tokens_per_page = 2}, 1 << 11);
  serve_together(c.cache, 2, 150, 1);
  const log_check checked = judge(c.text(variant_of<TypeParam>()));
  EXPECT_TRUE(checked.findings.empty()) << shown(checked);
  EXPECT_EQ(checked.outcome, verdict::incomplete);
  EXPECT_NE(checked.operations, 0U);
}

TEST(operation_log, a_log_that_is_read_beside_operations_has_no_violation) {
  logged_cache<lockfree_cache<std_sync>> c({.pages = 16, .tokens_per_page = 2}, 1 << 12);
  std::vector<std::string> texts;
  run_together(3, [&](std::size_t t, auto) {
    if (t == 2) {
      for (int i = 0; i < 5; ++i) {
        texts.push_back(log_text(c.log.read(), c.cache.config(), "lockfree"));
        std::this_thread::yield();
      }
      return;
    }
    for (token i = 0; i < 200; ++i) serve(c.cache, std::vector<token>{i % 3, 10, 20 + i % 2, 30}, 1, false);
  });
  for (const std::string& text : texts) {
    const log_check checked = judge(text);
    EXPECT_TRUE(checked.findings.empty()) << shown(checked);
  }
}

using historical_log = logged_cache<historical::historical_cache<std_sync>>;

// Two requests, one after the other: the second gets the pages that the first got.
TEST(operation_log, the_defect_of_the_first_report_is_found_in_its_log) {
  historical_log c({.pages = 4, .tokens_per_page = 2}, 1 << 12,
                   historical::defect_set{historical::defect::lookup_does_not_pin});
  const std::vector<token> a = {1, 2, 3}, b = {3, 4, 5, 6, 7, 8, 9, 10};
  serve(c.cache, a, 0, false);
  EXPECT_EQ(shown(judge(c.text("historical"))), "pass");
  {
    auto reader = c.cache.lookup(a);
    auto writer = c.cache.lookup(b);
    ASSERT_EQ(c.cache.allocate(writer, b), status::ok);
  }
  const log_check checked = judge(c.text("historical"));
  ASSERT_FALSE(checked.findings.empty()) << shown(checked) << c.text("historical");
  EXPECT_EQ(checked.findings[0].kind, "page-ownership") << shown(checked);
}

// Defects that show without a race, and break no contract on the way. Most of the others need threads that meet, a
// refusal, or memory that fails.
class defects_in_logs : public testing::TestWithParam<int> {};

TEST_P(defects_in_logs, are_found) {
  historical_log c({.pages = 8, .tokens_per_page = 2}, 1 << 18,
                   historical::defect_set{static_cast<historical::defect>(GetParam())});
  serve_together(c.cache, 1, 60, 1);
  const log_check checked = judge(c.text("historical"));
  EXPECT_EQ(checked.outcome, verdict::fail) << shown(checked);
}

INSTANTIATE_TEST_SUITE_P(historical, defects_in_logs, testing::Values(2, 4, 9, 18, 19, 24, 27, 28));

}  // namespace
}  // namespace triecheck::checks
