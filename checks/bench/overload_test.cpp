// The load that asks for more than there is: every request ends once, and what is reported is what was measured.
#include "checks/bench/overload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace triecheck::checks {
namespace {

TEST(overload, load_is_the_same_for_the_same_arguments_and_asks_for_more_pages_than_there_are) {
  const overload_load l = make_overload(512, 400);
  const overload_load again = make_overload(512, 400);
  EXPECT_EQ(l.prompts.tokens, again.prompts.tokens);
  ASSERT_EQ(l.requests.size(), 400U);
  ASSERT_EQ(l.prompts.requests(), 400U);
  std::size_t own_tokens = 0, with_beams = 0, cancelled = 0;
  for (std::size_t i = 0; i < l.requests.size(); ++i) {
    own_tokens += l.prompts.request(i).size() - 300 + l.requests[i].output_tokens;
    with_beams += l.requests[i].beams > 1;
    cancelled += l.requests[i].is_cancelled;
  }
  EXPECT_GT(own_tokens / l.requests.size() * l.open, l.pages * l.page_tokens)
      << "open requests need more than the pool, beams left out";
  EXPECT_GT(with_beams, 20U);
  EXPECT_GT(cancelled, 20U);
}

TEST(overload, open_requests_are_shared_among_threads_and_each_has_one) {
  const overload_load l = make_overload(4096, 1);
  EXPECT_EQ(l.batch(1), 512U);
  EXPECT_EQ(l.batch(128), 4U);
  EXPECT_EQ(make_overload(256, 1).batch(128), 1U);
}

TEST(overload, every_variant_ends_every_request_once_and_is_refused_and_preempted_on_the_way) {
  const overload_load l = make_overload(least_overload_pages, 80);
  const auto is_cancelled = [](const overload_load::request& r) { return r.is_cancelled; };
  const auto cancelled = static_cast<std::uint64_t>(std::count_if(l.requests.begin(), l.requests.end(), is_cancelled));
  for (const overload_contestant& c : overload_contestants()) {
    for (const std::size_t threads : {1U, 2U}) {
      const overload_pass p = c.run(l, threads, c.then);
      SCOPED_TRACE(std::string(c.name) + " " + to_string(c.then));
      EXPECT_EQ(p.cancelled, cancelled) << c.name;
      EXPECT_EQ(p.finished + p.cancelled, l.requests.size()) << c.name;
      EXPECT_GT(p.preempted, 0U) << c.name;
      EXPECT_GT(p.refused, 0U) << c.name;
      EXPECT_EQ(p.attempts - p.refused, l.requests.size() + p.preempted)
          << c.name << ": a preempted request is admitted again";
      EXPECT_EQ(p.allocate.count(), p.attempts) << c.name;
      EXPECT_EQ(p.left_open, 0U) << c.name;
      EXPECT_GT(p.seconds, 0) << c.name;
    }
  }
}

// Passes of made-up caches: what one costs depends on how many there were before.
overload_pass made_up(double seconds, std::uint64_t latency_ns) {
  overload_pass p{.seconds = seconds, .processor_seconds = 2 * seconds, .attempts = 10, .refused = 4, .preempted = 1};
  for (int i = 0; i < 10; ++i) p.allocate.add(latency_ns);
  return p;
}
std::string order_of_passes;

const std::vector<overload_contestant> made_up_contestants = {
    {"slow-at-times", when_refused::asks_again,
     [](const overload_load&, std::size_t, when_refused) {
       order_of_passes += 'a';
       return made_up(std::count(order_of_passes.begin(), order_of_passes.end(), 'a') == 2 ? 40 : 4, 100);
     }},
    {"even", when_refused::waits,
     [](const overload_load&, std::size_t, when_refused) {
       order_of_passes += 'b';
       return made_up(2, 120);
     }},
};

TEST(overload, ratios_are_medians_of_pairs_and_the_worst_pass_shows) {
  order_of_passes.clear();
  const overload_load l = make_overload(256, 1);
  const std::vector<std::size_t> threads = {3};
  const auto results = measure_overload(l, threads, 1, made_up_contestants);
  EXPECT_EQ(order_of_passes, "ababababab") << "in turns, five passes at least";
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].cache, "slow-at-times");
  EXPECT_EQ(results[0].threads, 3U);
  EXPECT_EQ(results[0].passes, 5U);
  EXPECT_EQ(results[0].seconds, 4);
  EXPECT_EQ(results[0].over_first, 1);
  EXPECT_EQ(results[0].worst_over_median, 10);
  EXPECT_EQ(results[1].then, when_refused::waits);
  EXPECT_EQ(results[1].over_first, 0.5);
  EXPECT_EQ(results[1].processor_seconds, 4);
  EXPECT_EQ(results[1].processor_over_first, 0.5);
  EXPECT_EQ(results[1].worst_over_median, 1);
  EXPECT_EQ(results[1].refused, 4);
  EXPECT_EQ(results[1].p99_ns, 120U);
  EXPECT_EQ(results[1].p99_over_first, 1.2);

  order_of_passes.clear();
  EXPECT_EQ(measure_overload(l, threads, 0, made_up_contestants)[0].passes, 1U);
}

TEST(overload, table_and_json_have_a_line_for_each_cell) {
  EXPECT_EQ(to_table(overload_report{}), "");
  overload_report report{.requests = 10, .pages = 256, .open = 32};
  report.results = {{.cache = "coarse",
                     .threads = 8,
                     .passes = 5,
                     .seconds = 0.5,
                     .over_first = 1,
                     .worst_over_median = 1.25,
                     .p99_ns = 1500,
                     .p99_over_first = 1},
                    {.cache = "lockfree",
                     .then = when_refused::waits,
                     .threads = 8,
                     .passes = 5,
                     .seconds = 0.25,
                     .over_first = 0.5,
                     .worst_over_median = 1.5,
                     .refused = 7,
                     .p99_ns = 3000,
                     .p99_over_first = 2}};
  const std::string table = to_table(report);
  EXPECT_NE(table.find("  coarse      asks again        8      5    500.0     1.00     1.25"), std::string::npos)
      << table;
  EXPECT_NE(table.find("  lockfree    waits             8      5    250.0     0.50     1.50"), std::string::npos)
      << table;
  const nlohmann::ordered_json json = to_json(report);
  EXPECT_EQ(json["pages"], 256);
  EXPECT_EQ(json["results"][1]["when_refused"], "waits");
  EXPECT_EQ(json["results"][1]["ratio"]["seconds"], 0.5);
  EXPECT_EQ(json["results"][1]["allocate_ns"]["p99"], 3000);
}

}  // namespace
}  // namespace triecheck::checks
