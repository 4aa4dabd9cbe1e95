// The changes that make a scenario smaller: each has a case in which it is offered, and none offers what is no
// scenario.
#include "checks/scenario/reductions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "checks/scenario/print.h"

namespace triecheck::checks {
namespace {

struct sections {
  std::string init;
  std::vector<std::string> threads;
  std::string final;
  std::size_t pages = 1;
  std::size_t tokens_per_page = 1;
};

scenario read(const sections& parts) {
  const auto run = [](const std::string& steps) { return "run = [" + steps + "]\n"; };
  std::string text = "[cache]\npages = " + std::to_string(parts.pages) +
                     "\ntokens_per_page = " + std::to_string(parts.tokens_per_page) + "\n";
  if (!parts.init.empty()) text += "[init]\n" + run(parts.init);
  for (const std::string& thread : parts.threads) text += "[[thread]]\n" + run(thread);
  if (!parts.final.empty()) text += "[final]\n" + run(parts.final);
  return parse_scenario(text, "s.toml");
}

bool offers(const sections& from, const sections& to) {
  const std::vector<scenario> all = reductions(read(from));
  const std::string wanted = print_scenario(read(to));
  return std::any_of(all.begin(), all.end(), [&](const scenario& s) { return print_scenario(s) == wanted; });
}

const std::string clear = "\"clear\"";

TEST(reductions, a_thread_is_dropped_but_two_stay) {
  EXPECT_TRUE(offers({.threads = {clear, "\"evict 1\"", "\"evict 2\""}}, {.threads = {clear, "\"evict 2\""}}));
  for (const scenario& s : reductions(read({.threads = {clear, clear}, .pages = 2}))) EXPECT_EQ(s.threads.size(), 2U);
}

TEST(reductions, a_thread_runs_before_or_after_the_others) {
  const sections from{.init = "\"evict 1\"", .threads = {clear, "\"evict 2\"", clear}, .final = "\"evict 3\""};
  EXPECT_TRUE(offers(from, {.init = "\"evict 1\", \"evict 2\"", .threads = {clear, clear}, .final = "\"evict 3\""}));
  EXPECT_TRUE(offers(from, {.init = "\"evict 1\"", .threads = {clear, clear}, .final = "\"evict 2\", \"evict 3\""}));
}

TEST(reductions, two_threads_are_joined) {
  EXPECT_TRUE(
      offers({.threads = {clear, "\"evict 1\"", "\"evict 2\""}}, {.threads = {clear, "\"evict 2\", \"evict 1\""}}));
}

TEST(reductions, a_step_is_dropped) {
  EXPECT_TRUE(offers({.init = clear, .threads = {clear, clear}}, {.threads = {clear, clear}}));
  EXPECT_TRUE(offers({.threads = {clear, "\"clear\", \"evict 1\""}}, {.threads = {clear, "\"evict 1\""}}));
  EXPECT_TRUE(offers({.threads = {clear, "\"stats\", \"evict 1\""}}, {.threads = {clear, "\"evict 1\""}}));
}

TEST(reductions, a_lookup_takes_the_steps_of_its_lease_along_and_those_of_its_forks) {
  EXPECT_TRUE(offers(
      {.threads = {clear, "\"a = lookup 1\", \"evict 1\", \"b = fork a\", \"release a\", \"read b\", \"release b\""}},
      {.threads = {clear, "\"evict 1\""}}));
}

TEST(reductions, a_lease_that_is_opened_again_stays) {
  EXPECT_TRUE(offers({.threads = {clear, "\"a = lookup 1\", \"release a\", \"a = lookup 2\", \"release a\""}},
                     {.threads = {clear, "\"a = lookup 2\", \"release a\""}}));
}

TEST(reductions, a_request_is_split_only_where_it_loses_an_operation) {
  const sections from{.threads = {clear, "\"request 1 or stop\""}};
  EXPECT_TRUE(offers(from, {.threads = {clear, "\"r = lookup 1\", \"release r\""}}));
  EXPECT_TRUE(offers(
      from, {.threads = {clear, "\"r = lookup 1\", \"allocate r or stop\", \"write r\", \"read r\", \"release r\""}}));
  EXPECT_FALSE(offers(
      from, {.threads = {clear, "\"r = lookup 1\", \"allocate r or stop\", \"write r\", \"publish r\", \"read r\""}}));
}

TEST(reductions, a_split_request_gets_a_lease_that_is_free) {
  EXPECT_TRUE(offers({.threads = {clear, "\"r = lookup 2\", \"request 1\", \"release r\""}},
                     {.threads = {clear, "\"r = lookup 2\", \"r1 = lookup 1\", \"release r1\", \"release r\""}}));
}

TEST(reductions, steps_at_the_ends_of_a_thread_move_out_of_it) {
  const sections from{.threads = {clear, "\"request 1\", \"a = lookup 1\", \"release a\", \"evict 1\""}};
  EXPECT_TRUE(
      offers(from, {.init = "\"request 1\"", .threads = {clear, "\"a = lookup 1\", \"release a\", \"evict 1\""}}));
  EXPECT_TRUE(
      offers(from, {.threads = {clear, "\"request 1\", \"a = lookup 1\", \"release a\""}, .final = "\"evict 1\""}));
  EXPECT_TRUE(
      offers(from, {.init = "\"request 1\", \"a = lookup 1\", \"release a\"", .threads = {clear, "\"evict 1\""}}));
  for (const scenario& s : reductions(read({.threads = {clear, "\"a = lookup 1\", \"release a\""}}))) {
    EXPECT_TRUE(s.init.empty() && s.final.empty()) << "a lease belongs to one section: " << s.source_text;
  }
}

TEST(reductions, the_pool_gets_smaller_alone_and_with_a_dropped_step) {
  const sections from{.init = "\"request 1 2\"", .threads = {clear, clear}, .pages = 4};
  EXPECT_TRUE(offers(from, {.init = "\"request 1 2\"", .threads = {clear, clear}, .pages = 3}));
  EXPECT_TRUE(offers(from, {.init = "\"request 1 2\"", .threads = {clear, clear}, .pages = 2}));
  EXPECT_TRUE(offers(from, {.threads = {clear, clear}, .pages = 2}));
}

TEST(reductions, equal_prefixes_are_shortened_together_and_alone) {
  const sections from{.threads = {"\"a = lookup 1 2 3\"", "\"b = lookup 1 2 3\""}, .pages = 3};
  EXPECT_TRUE(offers(from, {.threads = {"\"a = lookup 1 2\"", "\"b = lookup 1 2\""}, .pages = 3}));
  EXPECT_TRUE(offers(from, {.threads = {"\"a = lookup 1\"", "\"b = lookup 1\""}, .pages = 2}));
  EXPECT_TRUE(offers(from, {.threads = {"\"a = lookup 1 2 3\"", "\"b = lookup 1 2\""}, .pages = 3}));
}

TEST(reductions, pages_hold_fewer_tokens) {
  const std::string grown = "\"a = lookup 1 2 3\", \"allocate a\", \"extend a 4 5\"";
  const sections from{.threads = {clear, grown}, .tokens_per_page = 2};
  EXPECT_TRUE(offers(from, {.threads = {clear, "\"a = lookup 1 3\", \"allocate a\", \"extend a 5\""}}));
  EXPECT_TRUE(offers(from, {.threads = {clear, "\"a = lookup 2\", \"allocate a\", \"extend a 4\""}}));
  EXPECT_TRUE(offers(from, {.threads = {clear, grown}}));
}

TEST(reductions, all_steps_come_into_one_namespace) {
  const std::string split = "\"a = lookup 1 in 3\", \"release a\", \"request 1 in 4\"";
  EXPECT_TRUE(
      offers({.threads = {clear, split}}, {.threads = {clear, "\"a = lookup 1\", \"release a\", \"request 1\""}}));
}

TEST(reductions, what_is_read_or_published_was_written) {
  const std::string lease = "\"a = lookup 1\", \"allocate a\", \"write a\", \"read a\", \"publish a\"";
  for (const scenario& s : reductions(read({.threads = {clear, lease}})))
    EXPECT_FALSE(misuses_a_lease(s)) << s.source_text;
  EXPECT_TRUE(
      misuses_a_lease(read({.threads = {clear, "\"a = lookup 1\", \"allocate a\", \"b = fork a\", \"read b\""}})));
  EXPECT_FALSE(misuses_a_lease(read({.threads = {clear, "\"a = lookup 1\", \"read a\", \"publish a\""}})));
}

TEST(reductions, what_is_published_up_to_a_number_of_tokens_was_written_and_is_held) {
  const auto misused = [](const std::string& thread) { return misuses_a_lease(read({.threads = {clear, thread}})); };
  EXPECT_TRUE(misused(R"("a = lookup 1 2", "allocate a", "publish a 1", "write a")"));
  EXPECT_FALSE(misused(R"("a = lookup 1 2", "allocate a", "publish a", "write a")"));
  EXPECT_FALSE(misused(R"("a = lookup 1 2", "allocate a", "write a", "publish a 2")"));
  EXPECT_TRUE(misused(R"("a = lookup 1 2", "allocate a", "write a", "publish a 3")"));
  EXPECT_FALSE(misused(R"("a = lookup 1 2", "allocate a", "extend a 3", "write a", "b = fork a", "publish b 3")"));
}

TEST(reductions, what_is_published_goes_with_the_prefix) {
  const sections from{.threads = {clear, R"("a = lookup 1 2 3", "allocate a", "write a", "publish a 3")"}};
  EXPECT_TRUE(offers(from, {.threads = {clear, R"("a = lookup 1 2", "allocate a", "write a", "publish a 2")"}}));
  EXPECT_TRUE(offers(from, {.threads = {clear, R"("a = lookup 1 2 3", "allocate a", "write a", "publish a")"}}));
  const sections wrong{.threads = {clear, R"("a = lookup 1 2 3", "allocate a", "write a", "publish a 4")"}};
  EXPECT_TRUE(offers(wrong, {.threads = {clear, R"("a = lookup 1 2", "allocate a", "write a", "publish a 4")"}}));
}

TEST(reductions, a_lease_that_nobody_takes_or_gives_any_more_stays_where_it_is) {
  const std::string gives = R"("a = lookup 1", "give a")";
  const sections from{.threads = {gives, R"("b = take a", "read b")", clear}};
  EXPECT_TRUE(offers(from, {.threads = {R"("a = lookup 1")", clear}}));
  EXPECT_TRUE(offers(from, {.threads = {R"("a = lookup 1", "b = move a", "read b")", clear}}));
  EXPECT_TRUE(offers({.threads = {clear, R"("a = lookup 1", "b = move a", "read b")"}},
                     {.threads = {clear, R"("a = lookup 1", "read a")"}}));
}

TEST(reductions, a_cancelled_thread_keeps_who_cancels_it) {
  const sections from{.threads = {"\"stats\"", "\"evict 1\"", R"("clear", "cancel 1")"}};
  EXPECT_TRUE(offers(from, {.threads = {"\"evict 1\"", R"("clear", "cancel 0")"}}));
  EXPECT_TRUE(offers(from, {.threads = {"\"stats\"", "\"clear\""}}));
}

TEST(reductions, what_stands_behind_operands_goes) {
  const auto with = [](const std::string& allocation, const std::string& release) {
    return sections{
        .threads = {clear, "\"a = lookup 1\", \"allocate a" + allocation + "\", \"release a" + release + "\""}};
  };
  EXPECT_TRUE(offers(with(" plus 2", ""), with("", "")));
  EXPECT_TRUE(offers(with(" plus 2", ""), with(" plus 1", "")));
  EXPECT_TRUE(offers(with(" failing 2", ""), with(" failing 1", "")));
  EXPECT_TRUE(offers(with(" failing 2", ""), with("", "")));
  EXPECT_TRUE(offers(with("", " keep 50 until 2"), with("", " keep 50")));
  EXPECT_TRUE(offers(with("", " keep 50 until 2"), with("", "")));
}

TEST(reductions, a_release_that_nobody_wrote_counts) {
  EXPECT_EQ(size_of(read({.threads = {clear, "\"a = lookup 1\""}})).operations,
            size_of(read({.threads = {clear, "\"a = lookup 1\", \"release a\""}})).operations);
}

TEST(reductions, every_chain_ends_in_a_scenario_that_cannot_get_smaller) {
  for (const auto& file : find_scenarios(TRIECHECK_SCENARIOS_DIR)) {
    scenario s = load_scenario(file);
    std::size_t links = 0;
    for (std::vector<scenario> next = reductions(s); !next.empty(); next = reductions(s)) {
      for (const scenario& smaller : next) EXPECT_LT(size_of(smaller), size_of(s)) << smaller.source_text;
      s = next[next.size() / 2];
      ASSERT_LT(++links, 200U) << file;
    }
    EXPECT_EQ(size_of(s).threads, 2U) << file;
  }
}

}  // namespace
}  // namespace triecheck::checks
