// Workloads as values: as words and back, and smaller ones.
#include "checks/properties/workload.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "checks/properties/workload_generator.h"
#include "checks/properties/workload_run.h"
#include "checks/subject/variants.h"

namespace triecheck::checks {
namespace {

TEST(workload, a_token_is_read_back_as_the_same_workload) {
  const rc::Gen<workload> generator = workloads(300, model::eviction_policy::priority);
  rc::Random random(11);
  for (int size = 0; size <= rc::kNominalSize; ++size) {
    const workload w = generator(random.split(), size).value();
    const std::optional<workload> again = from_token(to_token(w));
    ASSERT_TRUE(again) << to_token(w);
    EXPECT_EQ(again->cache.pages, w.cache.pages);
    EXPECT_EQ(again->cache.tokens_per_page, w.cache.tokens_per_page);
    EXPECT_EQ(again->cache.policy, w.cache.policy);
    EXPECT_EQ(again->commands, w.commands);
  }
}

TEST(workload, a_token_shows_the_workload) {
  const std::optional<workload> w = from_token("2x1:l0-7.8,a0+1,x0-5.6+1,p0,f0.1,r0,e2,c,l0-7@3");
  ASSERT_TRUE(w);
  EXPECT_EQ(w->cache.pages, 2U);
  EXPECT_EQ(w->commands.size(), 9U);
  EXPECT_EQ(w->commands[0].tokens, (std::vector<model::token>{7, 8}));
  EXPECT_EQ(w->commands[4].other, 1U);
  EXPECT_EQ(w->commands[0].space, 0U);
  EXPECT_EQ(w->commands[8].space, 3U);
  EXPECT_EQ(to_token(*w), "2x1:l0-7.8,a0+1,x0-5.6+1,p0,f0.1,r0,e2,c,l0-7@3");
}

TEST(workload, a_token_shows_the_policy_what_is_asked_for_and_the_time) {
  const std::string token = "2x1/priority:l0-7,r0k50.8,l0-7,r0k20,l0-7,r0,p0k7,p0.1k7.9,t8";
  const std::optional<workload> w = from_token(token);
  ASSERT_TRUE(w);
  EXPECT_EQ(w->cache.policy, model::eviction_policy::priority);
  EXPECT_EQ(w->commands[1].keep, (model::retention{.priority = 50, .expires_at = 8}));
  EXPECT_EQ(w->commands[3].keep, (model::retention{.priority = 20}));
  EXPECT_EQ(w->commands[5].keep, model::retention{});
  EXPECT_EQ(w->commands[6].keep, (model::retention{.priority = 7}));
  EXPECT_EQ(w->commands[7].keep, (model::retention{.priority = 7, .expires_at = 9}));
  EXPECT_EQ(w->commands[8].count, 8U);
  EXPECT_EQ(to_token(*w), token);
}

TEST(workload, a_token_shows_what_a_scheduler_asks_for) {
  const std::string token = "2x1:l0-7.8,a0+1_,x0-5_,m-7.8@1,m,s0.3,s0";
  const std::optional<workload> w = from_token(token);
  ASSERT_TRUE(w);
  ASSERT_EQ(w->commands.size(), 7U);
  EXPECT_TRUE(w->commands[1].free_only && w->commands[2].free_only);
  EXPECT_EQ(w->commands[3].kind, command_kind::match);
  EXPECT_EQ(w->commands[3].tokens, (std::vector<model::token>{7, 8}));
  EXPECT_EQ(w->commands[3].space, 1U);
  EXPECT_EQ(w->commands[5].computed, 3U);
  EXPECT_EQ(w->commands[6].kind, command_kind::shrink);
  EXPECT_FALSE(w->commands[6].computed);
  EXPECT_EQ(to_token(*w), token);
}

TEST(workload, a_token_shows_how_much_is_published) {
  const std::string token = "2x1:l0-7.8,a0,p0.1,p0,p0.0";
  const std::optional<workload> w = from_token(token);
  ASSERT_TRUE(w);
  EXPECT_EQ(w->commands[2].computed, 1U);
  EXPECT_FALSE(w->commands[3].computed);
  EXPECT_EQ(w->commands[4].computed, 0U);
  EXPECT_EQ(to_token(*w), token);
}

TEST(workload, a_token_shows_what_becomes_of_leases) {
  const std::string token = "2x1:l0-7,h0,d0,o,d0";
  const std::optional<workload> w = from_token(token);
  ASSERT_TRUE(w);
  EXPECT_EQ(w->commands[1].kind, command_kind::hand_over);
  EXPECT_EQ(w->commands[2].kind, command_kind::drop);
  EXPECT_EQ(w->commands[3].kind, command_kind::foreign);
  EXPECT_EQ(to_token(*w), token);
}

TEST(workload, a_token_shows_the_keys_of_blocks) {
  const std::string token = "2x1:l0-7.8=0:5.1:18446744073709551615@4294967296,x0-5=1:6+1,m-7=0:5,g-7=0:5@1,u1-7=0:5*3";
  const std::optional<workload> w = from_token(token);
  ASSERT_TRUE(w);
  EXPECT_EQ(w->commands[0].keys, (std::vector<model::block_key>{{0, 5}, {1, 18446744073709551615U}}));
  EXPECT_EQ(w->commands[0].space, 4294967296U);
  EXPECT_EQ(w->commands[1].keys, (std::vector<model::block_key>{{1, 6}}));
  EXPECT_EQ(to_token(*w), token);
  for (const char* wrong : {"2x1:l0-7=", "2x1:l0-7=0", "2x1:l0-7=0:", "2x1:l0-7=0:0", "2x1:l0-7=1:5.1:5",
                            "2x1:l0-7=1:5.0:5", "2x1:a0=0:1"}) {
    EXPECT_FALSE(from_token(wrong)) << wrong;
  }
}

TEST(workload, a_token_shows_how_often_a_prompt_is_used_again) {
  const std::string token = "2x1:u0-7.8@1*100,u1*3";
  const std::optional<workload> w = from_token(token);
  ASSERT_TRUE(w);
  EXPECT_EQ(w->commands[0].kind, command_kind::reuse);
  EXPECT_EQ(w->commands[0].count, 100U);
  EXPECT_EQ(leases_opened(*w), 103U);
  EXPECT_EQ(to_token(*w), token);
  EXPECT_FALSE(from_token("2x1:u0-7*1025"));
  EXPECT_FALSE(from_token("2x1:u0-7"));
}

TEST(workload, what_is_no_token_is_refused) {
  for (const char* text : {"",
                           "2",
                           "2x",
                           "2x1",
                           "0x1:c",
                           "1x0:c",
                           "2x1:z",
                           "2x1:c,",
                           "2x1:c c",
                           "2x1:l",
                           "2x1:l0-",
                           "2x1:l0-1.",
                           "2x1:e",
                           "2x1:e-1",
                           "2x1:f0",
                           "2x1:l0-4294967296",
                           "2x1:p64",
                           "2x1:p99999999999999999999",
                           "1025x1:c",
                           "1x65:c",
                           " 2x1:c",
                           "2x1:c\n",
                           "2x1/:c",
                           "2x1/oldest:c",
                           "2x1/priority",
                           "2x1:r0k",
                           "2x1:r0k1.",
                           "2x1:p0."}) {
    EXPECT_FALSE(from_token(text)) << '"' << text << '"';
  }
}

TEST(workload, every_smaller_workload_is_another_one_that_passes_too) {
  const rc::Gen<workload> generator = workloads(40, model::eviction_policy::priority);
  rc::Random random(12);
  for (int round = 0; round < 5; ++round) {
    const workload w = generator(random.split(), rc::kNominalSize).value();
    rc::seq::forEach(smaller_workloads(w), [&](const workload& smaller) {
      EXPECT_NE(to_token(smaller), to_token(w));
      EXPECT_FALSE(run_workload(variants().front().make, smaller).found) << to_token(smaller);
    });
  }
}

}  // namespace
}  // namespace triecheck::checks
