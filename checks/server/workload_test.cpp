#include "checks/server/workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace triecheck::server {
namespace {

TEST(workload, has_every_kind_of_request) {
  const auto plan = plan_requests(200, 1);
  std::map<std::vector<token>, int> prompts;
  std::map<std::vector<token>, int> beginnings;
  std::map<std::size_t, int> choices;
  int closing = 0;
  int streaming = 0;
  for (const planned_request& r : plan) {
    ++prompts[r.job.prompt];
    if (r.job.prompt.size() > 12) ++beginnings[{r.job.prompt.begin(), r.job.prompt.begin() + 12}];
    ++choices[r.job.choices];
    closing += r.closes_after ? 1 : 0;
    streaming += r.job.streams ? 1 : 0;
  }
  EXPECT_LT(prompts.size(), plan.size()) << "a prompt comes again";
  EXPECT_GT(prompts.size(), plan.size() / 2);
  EXPECT_GE(std::ranges::count_if(beginnings, [](const auto& b) { return b.second > 20; }), 3);
  for (const std::size_t n : {1U, 2U, 3U, 4U}) EXPECT_GT(choices[n], 0) << n;
  EXPECT_GT(closing, 0);
  EXPECT_GT(streaming, closing);
  EXPECT_LT(streaming, 200);
}

TEST(workload, is_the_same_for_the_same_seed) {
  const auto once = plan_requests(20, 7);
  const auto again = plan_requests(20, 7);
  const auto other = plan_requests(20, 8);
  const auto prompt = [](const planned_request& r) { return r.job.prompt; };
  EXPECT_TRUE(std::ranges::equal(once, again, {}, prompt, prompt));
  EXPECT_FALSE(std::ranges::equal(once, other, {}, prompt, prompt));
  const auto plain = plan_requests(20, 7, true);
  EXPECT_TRUE(std::ranges::equal(once, plain, {}, prompt, prompt));
  for (const planned_request& r : plain) EXPECT_TRUE(r.job.choices == 1 && !r.closes_after);
}

TEST(workload, no_request_needs_more_pages_than_the_smallest_pool) {
  for (const planned_request& r : plan_requests(500, 3)) {
    EXPECT_LE((r.job.prompt.size() + r.job.max_tokens - 1 + 3) / 4, pages_of_longest(4));
  }
}

}  // namespace
}  // namespace triecheck::server
