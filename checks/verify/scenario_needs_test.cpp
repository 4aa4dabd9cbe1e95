// What a cache of somebody's own may lack, and the words for wrong names.
#include "checks/verify/scenario_needs.h"

#include <gtest/gtest.h>

#include <string>

#include "checks/report/suggestion.h"

namespace triecheck::checks {
namespace {

scenario with(const std::string& line) {
  return parse_scenario("[cache]\npages = 1\ntokens_per_page = 1\n" + line +
                            "\n[[thread]]\nrun = [\"clear\"]\n[[thread]]\nrun = [\"clear\"]\n",
                        "s.toml");
}

TEST(scenario_needs, a_cache_without_events_or_policies_lacks_what_asks_for_them) {
  const variant mine{.name = "mine"};
  EXPECT_EQ(missing_for(with(""), mine), "");
  EXPECT_EQ(missing_for(with("events = true"), mine), "events");
  EXPECT_EQ(missing_for(with("policy = \"segmented\""), mine), "the policy segmented");
  const variant whole{.name = "whole", .takes_policies = true, .events = true};
  EXPECT_EQ(missing_for(with("events = true\npolicy = \"segmented\""), whole), "");
}

TEST(scenario_needs, every_shipped_cache_tells_events) {
  for (const variant& v : variants()) EXPECT_EQ(missing_for(with("events = true"), v), "") << v.name;
}

TEST(suggestion, the_nearest_name_is_one_that_a_slip_leads_to) {
  EXPECT_EQ(nearest_word("lockfre", {"coarse", "lockfree"}), "lockfree");
  EXPECT_EQ(nearest_word("bogus", {"coarse", "lockfree"}), "");
  EXPECT_EQ(nearest_word("ab", {"cd"}), "") << "nothing of it is left";
  EXPECT_EQ(nearest_word("two_request_publishes_one_prefx", {"two_requests_publish_one_prefix", "three"}),
            "two_requests_publish_one_prefix");
  EXPECT_EQ(nearest_word(std::string(200, 'a'), {std::string_view("aaa")}), "");
  EXPECT_EQ(did_you_mean("bogus", {"coarse"}, " (otherwise)"), " (otherwise)");
  EXPECT_EQ(did_you_mean("coarze", {"coarse"}), " (did you mean 'coarse'?)");
  EXPECT_EQ(suggestion("bogus", {"a", "b"}), " (known: \"a\", \"b\")");
}

}  // namespace
}  // namespace triecheck::checks
