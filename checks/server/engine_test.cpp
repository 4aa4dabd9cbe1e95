// The engine without HTTP: every variant, pools that are too small, choices, cancellation, the end.
#include "checks/server/engine.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "checks/server/audit.h"

namespace triecheck::server {
namespace {

using tokens = std::vector<token>;
using namespace std::chrono_literals;

std::unique_ptr<engine> engine_over(const std::string& variant, const engine_options& options) {
  return std::make_unique<engine>(make_cache(variant, {.pages = options.pages, .tokens_per_page = options.page_tokens}),
                                  options);
}

class any_variant : public testing::TestWithParam<std::string> {};

// Prompts of 9 to 16 tokens, half of them with a common beginning.
tokens some_prompt(std::mt19937& random) {
  tokens prompt(random() % 2 == 0 ? 8 : 0, 7);
  const std::size_t more = 9 + random() % 8 - prompt.size();
  for (std::size_t i = 0; i < more; ++i) prompt.push_back(static_cast<token>(random() % 3));
  return prompt;
}

struct answer {
  request_end end = request_end::none;
  std::map<std::size_t, tokens> choices;
};

answer answer_of(request& r) {
  answer a;
  std::vector<produced_token> news;
  while (a.end == request_end::none) {
    a.end = r.wait(news, 10s);
    for (const produced_token& t : news) a.choices[t.choice].push_back(t.value);
  }
  return a;
}

void expect_answer(const engine& e, request& r) {
  const answer a = answer_of(r);
  EXPECT_EQ(a.end, request_end::done);
  ASSERT_EQ(a.choices.size(), r.job().choices);
  for (const auto& [choice, text] : a.choices) {
    EXPECT_EQ(text, e.model().continuation(r.job().prompt, r.job().max_tokens, choice)) << "choice " << choice;
  }
}

void expect_nothing_lost(engine& e) {
  EXPECT_EQ(audit(e, 10s).wrong, std::vector<std::string>());
  e.stop();
  EXPECT_EQ(e.cache().shutdown(), std::vector<std::string>());
}

TEST_P(any_variant, answers_are_those_of_a_run_without_a_cache) {
  for (const std::size_t pages : {7U, 20U, 200U}) {
    SCOPED_TRACE(pages);
    const auto e = engine_over(GetParam(), {.pages = pages});
    std::mt19937 random(1);
    std::vector<std::shared_ptr<request>> open;
    for (std::size_t i = 0; i < 60; ++i) {
      open.push_back(e->submit({.prompt = some_prompt(random), .max_tokens = 1 + random() % 12, .choices = 1 + i % 3}));
      ASSERT_NE(open.back(), nullptr);
    }
    for (const auto& r : open) expect_answer(*e, *r);
    EXPECT_GT(e->counts().hit_tokens, 0U);
    if (pages == 7) {
      EXPECT_GT(e->counts().preemptions, 0U);
    }
    expect_nothing_lost(*e);
  }
}

TEST_P(any_variant, a_request_that_fills_the_whole_pool_is_answered) {
  const auto e = engine_over(GetParam(), {.pages = 4});
  const std::size_t most = e->longest_request();
  for (int i = 0; i < 3; ++i) {
    const auto r = e->submit({.prompt = tokens(5, 1), .max_tokens = most - 5, .choices = 3});
    ASSERT_NE(r, nullptr);
    expect_answer(*e, *r);
  }
  expect_nothing_lost(*e);
}

TEST_P(any_variant, cancelled_requests_leave_nothing_and_hold_up_nobody) {
  const auto e = engine_over(GetParam(), {.pages = 8, .queue = 1000});
  std::mt19937 random(2);
  std::vector<std::shared_ptr<request>> kept;
  std::vector<std::shared_ptr<request>> dropped;
  for (std::size_t i = 0; i < 80; ++i) {
    auto r = e->submit({.prompt = some_prompt(random), .max_tokens = 12, .choices = 1 + i % 2, .streams = true});
    ASSERT_NE(r, nullptr);
    (i % 2 == 0 ? kept : dropped).push_back(r);
    std::vector<produced_token> news;
    if (i % 3 == 0) r->wait(news, 10s);  // it runs by now
    if (i % 2 != 0) e->cancel(*r);
  }
  for (const auto& r : dropped) {
    const request_end end = answer_of(*r).end;
    EXPECT_TRUE(end == request_end::cancelled || end == request_end::done);
  }
  for (const auto& r : kept) EXPECT_EQ(answer_of(*r).end, request_end::done);
  expect_nothing_lost(*e);
}

TEST_P(any_variant, a_stop_ends_all_requests_and_loses_no_page) {
  const auto e = engine_over(GetParam(), {.pages = 30});
  std::mt19937 random(3);
  std::vector<std::shared_ptr<request>> open;
  for (int i = 0; i < 40; ++i) open.push_back(e->submit({.prompt = some_prompt(random), .max_tokens = 60}));
  e->stop();
  for (const auto& r : open) {
    const request_end end = answer_of(*r).end;
    EXPECT_TRUE(end == request_end::stopped || end == request_end::done);
  }
  EXPECT_EQ(e->submit({.prompt = tokens(3, 1)}), nullptr);
  EXPECT_EQ(audit_at_rest(e->cache(), e->memory(), e->model()).wrong, std::vector<std::string>());
  EXPECT_EQ(e->cache().shutdown(), std::vector<std::string>());
}

INSTANTIATE_TEST_SUITE_P(caches, any_variant, testing::ValuesIn(cache_names()),
                         [](const auto& tested) { return tested.param; });

TEST(engine, the_queue_is_bounded) {
  const auto e = engine_over("coarse", {.pages = 30, .threads = 0, .queue = 2});
  const auto first = e->submit({.prompt = tokens(4, 1)});
  const auto second = e->submit({.prompt = tokens(4, 1)});
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(e->submit({.prompt = tokens(4, 1)}), nullptr);
  EXPECT_EQ(e->counts().refused_requests, 1U);
  e->cancel(*first);
  EXPECT_EQ(answer_of(*first).end, request_end::cancelled);
  EXPECT_NE(e->submit({.prompt = tokens(4, 1)}), nullptr);
}

// To the engine, leases of another holder are equivalent to lost pages.
TEST(engine, a_pool_that_lost_pages_fails_the_requests_that_need_them) {
  const auto e = engine_over("lockfree", {.pages = 6});
  auto lost = e->cache().lookup({});
  ASSERT_EQ(lost->allocate(tokens(16, 200)), status::ok);
  const auto never_admitted = e->submit({.prompt = tokens(9, 1), .max_tokens = 1});
  const auto never_grows = e->submit({.prompt = tokens(7, 1), .max_tokens = 10, .choices = 2});
  EXPECT_EQ(answer_of(*never_admitted).end, request_end::failed);
  EXPECT_EQ(answer_of(*never_grows).end, request_end::failed);
  lost.reset();
  const auto fits = e->submit({.prompt = tokens(7, 1), .max_tokens = 10, .choices = 2});
  expect_answer(*e, *fits);
  expect_nothing_lost(*e);
}

TEST(engine, the_last_token_of_a_cached_prompt_is_computed_again) {
  const auto e = engine_over("coarse", {.pages = 20});
  for (const std::size_t expected_hits : {0U, 4U}) {
    const std::uint64_t before = e->counts().hit_tokens;
    const auto r = e->submit({.prompt = tokens{1, 2, 3, 4, 5, 6, 7, 8}, .max_tokens = 3});
    expect_answer(*e, *r);
    EXPECT_EQ(e->counts().hit_tokens - before, expected_hits);
  }
}

TEST(audit, finds_a_page_whose_contents_changed) {
  const auto e = engine_over("coarse", {.pages = 20});
  answer_of(*e->submit({.prompt = tokens(9, 1), .max_tokens = 4}));
  EXPECT_EQ(audit(*e, 10s).compared_pages, 3U);
  for (std::uint32_t page = 0; page < 20; ++page) e->memory().contents(page_id{page})[5] += 1;
  EXPECT_EQ(audit(*e, 10s).wrong.size(), 3U);
}

TEST(audit, finds_a_lease_that_is_open) {
  const auto e = engine_over("coarse", {.pages = 20});
  answer_of(*e->submit({.prompt = tokens(9, 1), .max_tokens = 4}));
  const auto open = e->cache().lookup(tokens(4, 1));
  EXPECT_EQ(audit(*e, 10s).wrong.size(), 2U) << "the lease, and the page that it pins";
}

}  // namespace
}  // namespace triecheck::server
