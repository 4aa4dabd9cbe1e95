// The simulation: numbers computed by hand, and caches that are broken on purpose, each of which it must catch.
#include "checks/simulate/simulate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cache/coarse.h"
#include "cache/monitoring/monitored.h"
#include "cache/sync/std.h"
#include "checks/simulate/accounts.h"
#include "checks/simulate/model_companion.h"
#include "checks/simulate/page_contents.h"
#include "checks/simulate/run.h"
#include "checks/subject/policies.h"
#include "checks/trace/generate.h"

namespace triecheck::checks {
namespace {

using sound_cache = coarse_cache<std_sync>;

trace_row row(std::uint64_t input_length, std::vector<std::uint64_t> hash_ids) {
  return {.input_length = input_length, .hash_ids = std::move(hash_ids)};
}

// Blocks of two tokens, for pages of two tokens: a hash id is a page.
trace small_trace() {
  return {.block_tokens = 2,
          .rows = {row(1024, {0, 1}), row(1024, {0, 1}), row(1100, {0, 1, 2}), row(1536, {3, 4, 5}), row(512, {0}),
                   row(0, {}), row(2560, {6, 7, 8, 9, 10})}};
}

simulation_options four_pages(std::size_t threads = 1) {
  return {.cache = "coarse", .pages = 4, .page_tokens = 2, .threads = threads, .verify = true};
}

// The kind of the failure that a run over `Cache` ends with; empty for a pass.
template <class Cache>
std::string found_in(simulation_options options) {
  const simulation s = run<Cache>(small_trace(), options);
  EXPECT_EQ(s.outcome, s.found ? verdict::fail : verdict::pass);
  return s.found ? s.found->kind : "";
}

template <class Cache>
std::string found_unverified() {
  simulation_options options = four_pages();
  options.verify = false;
  return found_in<Cache>(options);
}

TEST(simulate, numbers_of_one_request_after_another_are_those_computed_by_hand) {
  // Row by row: 2 new pages; both hit; both hit and a partial page; 3 new pages, for which one is evicted; 1 hit;
  // nothing; too large.
  const simulation s = simulate(small_trace(), four_pages());
  EXPECT_EQ(s.outcome, verdict::pass);
  EXPECT_FALSE(s.found);
  EXPECT_EQ(s.requests, 7U);
  EXPECT_EQ(s.rejected, 1U);
  EXPECT_EQ(s.looked_up_pages, 15U);
  EXPECT_EQ(s.hit_pages, 5U);
  EXPECT_EQ(s.allocated_pages, 6U);
  EXPECT_EQ(s.evicted_pages, 1U);
  EXPECT_EQ(s.free_pages, 0U);
  EXPECT_EQ(s.cached_pages, 4U);
}

TEST(simulate, numbers_with_two_requests_in_flight_are_those_computed_by_hand) {
  // The second row allocates the pages that the first has not published yet; the third finds the pool full, and so does
  // the fourth; the second's pages turn out to be duplicates.
  simulation_options options = four_pages();
  options.in_flight = 2;
  const simulation s = simulate(small_trace(), options);
  EXPECT_EQ(s.outcome, verdict::pass);
  EXPECT_EQ(s.requests, 7U);
  EXPECT_EQ(s.rejected, 3U);
  EXPECT_EQ(s.hit_pages, 3U);
  EXPECT_EQ(s.allocated_pages, 4U);
  EXPECT_EQ(s.evicted_pages, 0U);
  EXPECT_EQ(s.free_pages, 2U);
  EXPECT_EQ(s.cached_pages, 2U);
}

TEST(simulate, unverified_run_counts_the_same) {
  simulation_options options = four_pages();
  options.verify = false;
  const simulation s = simulate(small_trace(), options);
  EXPECT_EQ(s.outcome, verdict::pass);
  EXPECT_EQ(s.hit_pages, 5U);
  EXPECT_EQ(s.cached_pages, 4U);
}

// Pages and turns enough for several layers of words, for numbering anew, and for the wheel of priorities.
TEST(simulate, every_policy_does_on_a_trace_what_the_model_does) {
  trace t = generate_trace(*find_shape("agent"), 1500, 3);
  t.block_tokens = 2;
  std::set<std::uint64_t> hits;
  for (const policy& p : policies()) {
    simulation_options options{.cache = "coarse",
                               .policy = p.value,
                               .keep_hits = {.priority = 40, .requests = 150},
                               .pages = 600,
                               .page_tokens = 2,
                               .in_flight = 8,
                               .verify = true};
    const simulation s = simulate(t, options);
    EXPECT_EQ(s.outcome, verdict::pass) << p.name << (s.found ? ": " + s.found->message : "");
    EXPECT_GT(s.evicted_pages, 10 * options.pages) << p.name;
    hits.insert(s.hit_pages);
  }
  EXPECT_EQ(hits.size(), policies().size()) << "some policies did the same";
}

TEST(simulate, first_rows_alone_can_be_run) {
  simulation_options options = four_pages();
  options.requests = 2;
  EXPECT_EQ(simulate(small_trace(), options).looked_up_pages, 4U);
  options.requests = 100;
  EXPECT_EQ(simulate(small_trace(), options).requests, 7U);
}

TEST(simulate, threads_share_the_rows_and_lose_no_page) {
  trace t{.block_tokens = 2, .rows = {}};
  for (std::uint64_t i = 0; i < 3000; ++i) t.rows.push_back(row(1100, {i % 5, 10 + i % 7, 100 + i % 11}));
  for (const std::size_t threads : {2, 3, 8}) {
    simulation_options options = four_pages(threads);
    options.pages = 20;
    options.in_flight = 2;
    const simulation s = simulate(t, options);
    EXPECT_EQ(s.outcome, verdict::pass) << (s.found ? s.found->message : "");
    EXPECT_EQ(s.requests, 3000U);
    EXPECT_EQ(s.looked_up_pages, 6000U);
    EXPECT_EQ(s.free_pages + s.cached_pages, 20U);
  }
}

// The metrics of every variant are held against the model, and with threads against what these counted.
TEST(simulate, metrics_at_the_end_of_a_run_are_the_truth) {
  trace t = generate_trace(*find_shape("agent"), 300, 3);
  t.block_tokens = 2;
  for (const char* cache : {"coarse", "rwlock", "nodelock", "lockfree"}) {
    for (const std::size_t threads : {1, 4}) {
      const simulation s = simulate(t, {.cache = cache,
                                        .pages = 200,
                                        .page_tokens = 2,
                                        .threads = threads,
                                        .in_flight = 4,
                                        .verify = true,
                                        .metrics = true});
      EXPECT_EQ(s.outcome, verdict::pass) << cache << (s.found ? ": " + s.found->message : "");
      EXPECT_GT(s.evicted_pages, 0U);
      EXPECT_EQ(s.metrics[metric_names::hit_pages]["samples"][0]["value"], static_cast<double>(s.hit_pages)) << cache;
      EXPECT_NE(s.metrics_screen.find("lookup"), std::string::npos) << s.metrics_screen;
    }
  }
}

// The metrics of a run by hand, of which a change spoils one.
std::string wrong_in_metrics(const std::function<void(cache_reading&)>& spoil) {
  monitored_cache<sound_cache> cache({.pages = 4, .tokens_per_page = 2});
  request_tally total;
  for (const std::vector<std::uint32_t>& prompt :
       {std::vector<std::uint32_t>{1, 2, 3}, {1, 2, 4, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {6, 7, 8, 9, 10}}) {
    auto l = cache.lookup(prompt);
    ++total.requests;
    total.looked_up_tokens += prompt.size();
    const auto rest = std::span(prompt).subspan(l.token_count());
    if (cache.allocate(l, rest) == status::ok) {
      EXPECT_EQ(cache.publish(l, prompt.size()), status::ok);
    } else {
      ++total.rejected;
    }
  }
  cache_reading r = cache.read();
  const model::statistics truth = to_model_statistics(r.stats);
  spoil(r);
  const std::optional<failure> found = audit_metrics(total, calls_of(total), truth, 2, r);
  return found ? found->message : "";
}

TEST(accounts, every_wrong_count_in_the_metrics_is_found) {
  EXPECT_EQ(wrong_in_metrics([](cache_reading&) {}), "");
  const auto outcome = [](cache_operation o, std::size_t i) {
    return [=](cache_reading& r) { ++r.operations.of[static_cast<std::size_t>(o)].outcomes[i]; };
  };
  const std::pair<const char*, std::function<void(cache_reading&)>> faults[] = {
      {"operations_total{operation=lookup, outcome=ok}", outcome(cache_operation::lookup, 0)},
      {"operations_total{operation=allocate, outcome=ok}", outcome(cache_operation::allocate, 0)},
      {"operations_total{operation=allocate, outcome=request_too_large}", outcome(cache_operation::allocate, 1)},
      {"operations_total{operation=publish, outcome=ok}", outcome(cache_operation::publish, 0)},
      {"operations_total{operation=release, outcome=ok}", outcome(cache_operation::release, 0)},
      {"operations_total is", outcome(cache_operation::fork, 0)},
      {"looked_up_pages_total", [](cache_reading& r) { --r.stats.looked_up_pages; }},
      {"hit_pages_total", [](cache_reading& r) { ++r.stats.hit_pages; }},
      {"looked_up_tokens_total", [](cache_reading& r) { ++r.operations.looked_up_tokens; }},
      {"hit_tokens_total", [](cache_reading& r) { r.tokens_per_page = 1; }},
      {"published_pages_total", [](cache_reading& r) { ++r.stats.published_pages; }},
      {"duplicate_pages_total", [](cache_reading& r) { ++r.stats.duplicate_pages; }},
      {"evicted_pages_total{reason=room}",
       [](cache_reading& r) { ++r.operations.of[static_cast<std::size_t>(cache_operation::clear)].evicted_pages; }},
      {"refusals_total{reason=cache_full}",
       [](cache_reading& r) { std::swap(r.stats.refused_full, r.stats.refused_too_large); }},
      {"pages{state=free}", [](cache_reading& r) { std::swap(r.stats.free_pages, r.stats.cached_pages); }},
      {"open_leases", [](cache_reading& r) { ++r.stats.open_leases; }},
  };
  for (const auto& [what, spoil] : faults) {
    const std::string message = wrong_in_metrics(spoil);
    EXPECT_NE(message.find(what), std::string::npos) << what << ": " << message;
  }
}

// A monitored cache that counts a lookup twice.
struct miscounting_metrics : monitored_cache<sound_cache> {
  using monitored_cache::monitored_cache;
  cache_reading read() {
    cache_reading r = monitored_cache::read();
    ++r.operations.of[static_cast<std::size_t>(cache_operation::lookup)].outcomes[0];
    return r;
  }
};

TEST(simulate, wrong_metric_fails_the_run) {
  simulation_options options = four_pages();
  options.metrics = true;
  EXPECT_EQ(found_in<miscounting_metrics>(options), "metrics");
}

TEST(simulate, more_threads_than_rows_are_idle) { EXPECT_EQ(simulate(small_trace(), four_pages(16)).requests, 7U); }

TEST(simulate, unknown_variant_and_impossible_cache_are_refused) {
  simulation_options options = four_pages();
  options.cache = "bogus";
  EXPECT_THROW(simulate(small_trace(), options), std::invalid_argument);
  options = four_pages();
  options.policy = model::eviction_policy{99};
  EXPECT_THROW(simulate(small_trace(), options), std::invalid_argument);
  options = four_pages();
  options.page_tokens = SIZE_MAX;
  EXPECT_THROW(simulate(small_trace(), options), std::invalid_argument);
}

TEST(simulate, json_has_the_documented_keys) {
  const trace t = small_trace();
  const nlohmann::ordered_json json = to_json(t, four_pages(), simulate(t, four_pages()));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"verdict",
                                            "cache",
                                            "policy",
                                            "pages",
                                            "page_tokens",
                                            "block_tokens",
                                            "in_flight",
                                            "verified",
                                            "requests",
                                            "rejected",
                                            "looked_up_pages",
                                            "hit_pages",
                                            "allocated_pages",
                                            "evicted_pages",
                                            "free_pages",
                                            "cached_pages",
                                            "threads",
                                            "seconds",
                                            "requests_per_second",
                                            "latency_ns",
                                            "exact_hit_pages",
                                            "exact_rejected",
                                            "of_exact",
                                            "failure"}));
  for (const char* key : {"exact_hit_pages", "exact_rejected", "of_exact", "failure"})
    EXPECT_TRUE(json[key].is_null()) << key;
  EXPECT_TRUE(json["verified"].is_boolean());
  EXPECT_EQ(json["latency_ns"].size(), 4U);
}

TEST(simulate, percentiles_are_nearest_ranks) {
  request_tally tally;
  for (std::uint64_t i = 0; i < 1000; ++i)
    tally.latencies_ns.push_back((i * 7) % 1000 + 1);  // 1 .. 1000 in another order
  simulation s;
  fill_in(s, tally, {});
  EXPECT_EQ(s.latency.p50_ns, 500U);
  EXPECT_EQ(s.latency.p99_ns, 990U);
  EXPECT_EQ(s.latency.p999_ns, 999U);
  EXPECT_EQ(s.latency.max_ns, 1000U);
  tally.latencies_ns = {42};
  fill_in(s, tally, {});
  EXPECT_EQ(s.latency.p50_ns, 42U);
  EXPECT_EQ(s.latency.max_ns, 42U);
}

TEST(simulate, rows_of_two_namespaces_hit_each_its_own) {
  trace t{.block_tokens = 2, .rows = {row(1024, {0, 1}), row(1024, {0, 1}), row(1024, {0, 1}), row(1024, {0, 1})}};
  t.rows[1].space = t.rows[3].space = 7;
  for (const std::size_t threads : {1U, 2U}) {
    const simulation s = run<sound_cache>(t, four_pages(threads));
    EXPECT_EQ(s.outcome, verdict::pass);
    if (threads != 1) continue;
    EXPECT_EQ(s.hit_pages, 4U) << "the third row hits the first, the fourth the second";
    EXPECT_EQ(s.evicted_pages, 0U);
  }
}

TEST(simulate, digest_of_a_page_depends_on_all_tokens_before_it) {
  const std::vector<std::uint32_t> one{1, 2, 3, 4, 5}, other{9, 2, 3, 4, 5};
  const auto a = prefix_digests(one, 2), b = prefix_digests(other, 2);
  ASSERT_EQ(a.size(), 3U);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NE(a[i], b[i]);
  EXPECT_EQ(prefix_digests(std::span(one).first(4), 2)[1], a[1]);
  EXPECT_NE(prefix_digests(std::span(one).first(3), 2)[1],
            a[1]);  // a partial page holds something else than a full one
  EXPECT_TRUE(prefix_digests({}, 2).empty());
  const auto elsewhere = prefix_digests(one, 2, 1);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NE(a[i], elsewhere[i]) << "and on the namespace";
}

TEST(simulate, long_runs_of_numbers_are_shortened) {
  EXPECT_EQ(shorten_numbers("lookup #3 [1 2 3]: wrong"), "lookup #3 [1 2 3]: wrong");
  EXPECT_EQ(shorten_numbers("pages 1 2 3 4 5 6 7 8 9 10 11 12 13 14 end"), "pages 1 2 3 4 5 6 7 8 ... (6 more) end");
}

// ---- Broken caches. Each hides members of the sound one; leases are those of the sound one.

struct miscounting_cache : sound_cache {
  using sound_cache::sound_cache;
  cache_stats stats() const {
    cache_stats s = sound_cache::stats();
    ++s.hit_pages;
    return s;
  }
};

TEST(simulate, wrong_counter_is_found) {
  EXPECT_EQ(found_unverified<miscounting_cache>(), "statistics");
  EXPECT_EQ(found_in<miscounting_cache>(four_pages()), "statistics");
}

struct cache_that_keeps_a_lease : sound_cache {
  using sound_cache::sound_cache;
  status release(lease_type& l) {
    if (kept.is_open() || l.pages().empty()) return sound_cache::release(l);
    kept = std::move(l);
    return status::ok;
  }
  lease_type kept;
};

TEST(simulate, lease_that_stays_open_is_found) {
  EXPECT_EQ(found_unverified<cache_that_keeps_a_lease>(), "statistics");
  EXPECT_EQ(found_in<cache_that_keeps_a_lease>(four_pages()), "statistics");
}

struct cache_with_a_missing_page : sound_cache {
  using sound_cache::sound_cache;
  cache_stats stats() const {
    cache_stats s = sound_cache::stats();
    if (s.free_pages != 0)
      --s.free_pages;
    else
      --s.cached_pages;
    return s;
  }
};

TEST(simulate, page_that_is_neither_free_nor_cached_is_found) {
  EXPECT_EQ(found_unverified<cache_with_a_missing_page>(), "conservation");
}

struct cache_that_loses_a_page : sound_cache {
  using sound_cache::sound_cache;
  shutdown_report shutdown() {
    shutdown_report report = sound_cache::shutdown();
    report.lost.push_back({page_id(2), page_state::leased, lease_id(5), 0});
    return report;
  }
};

TEST(simulate, page_that_shutdown_loses_is_found_and_named) {
  const simulation s = run<cache_that_loses_a_page>(small_trace(), four_pages());
  ASSERT_TRUE(s.found);
  EXPECT_EQ(s.found->kind, "pages-lost");
  EXPECT_EQ(s.found->message, "shutdown lost 1 of 4 pages: page 2 is private to lease 5");
}

struct cache_that_answers_for_another_prompt : sound_cache {
  using sound_cache::sound_cache;
  lease_type lookup(std::span<const token> tokens, key_space) {
    if (tokens.size() < 6) return sound_cache::lookup(tokens);
    std::vector<token> other(tokens.begin(), tokens.end());
    std::iota(other.begin(), other.end(), token{0});  // the prompt of the first row
    return sound_cache::lookup(other);
  }
};

TEST(simulate, page_of_another_prefix_is_found_with_any_number_of_threads) {
  const simulation s = run<cache_that_answers_for_another_prompt>(small_trace(), four_pages());
  ASSERT_TRUE(s.found);
  EXPECT_EQ(s.found->kind, "page-contents");
  EXPECT_EQ(s.failed_row, 3U);
  EXPECT_TRUE(s.found->message.starts_with("line 4: page ")) << s.found->message;
  trace t = small_trace();
  t.rows = {row(1024, {0, 1}),    row(1536, {3, 4, 5}), row(1024, {0, 1}),
            row(1536, {3, 4, 5}), row(1024, {0, 1}),    row(1536, {3, 4, 5})};
  simulation_options options = four_pages(2);
  options.pages = 40;
  for (int i = 0; i < 4; ++i) {
    const std::size_t rows = t.rows.size();
    for (std::size_t k = 0; k < rows; ++k) t.rows.push_back(t.rows[k]);
  }
  t.rows.insert(t.rows.end(), 2, row(1536, {6, 7, 8}));  // by now the first prompt is cached for certain
  const simulation shared = run<cache_that_answers_for_another_prompt>(t, options);
  ASSERT_TRUE(shared.found);
  EXPECT_EQ(shared.found->kind, "page-contents");
}

struct cache_that_evicts_too_much : sound_cache {
  using sound_cache::sound_cache;
  status allocate(lease_type& l, std::span<const token> tokens) {
    evict(1);
    return sound_cache::allocate(l, tokens);
  }
};

struct cache_that_does_not_publish : sound_cache {
  using sound_cache::sound_cache;
  status publish(lease_type&, std::size_t) { return status::ok; }
};

TEST(simulate, what_only_the_model_knows_to_be_wrong_is_found) {
  EXPECT_EQ(found_in<cache_that_evicts_too_much>(four_pages()), "statistics");
  EXPECT_EQ(found_in<cache_that_does_not_publish>(four_pages()), "model-mismatch");
}

struct cache_with_another_eviction_order : sound_cache {
  using sound_cache::sound_cache;
  cache_snapshot snapshot() const {
    cache_snapshot s = sound_cache::snapshot();
    std::reverse(s.eviction_order.begin(), s.eviction_order.end());
    return s;
  }
};

struct cache_with_another_pin : sound_cache {
  using sound_cache::sound_cache;
  cache_snapshot snapshot() const {
    cache_snapshot s = sound_cache::snapshot();
    const auto node =
        std::find_if(s.pages.begin(), s.pages.end(), [](const page_view& p) { return p.state == page_state::cached; });
    if (node != s.pages.end()) ++node->pins;
    return s;
  }
};

TEST(simulate, structure_that_differs_at_the_end_is_found) {
  const simulation order = run<cache_with_another_eviction_order>(small_trace(), four_pages());
  ASSERT_TRUE(order.found);
  EXPECT_EQ(order.found->kind, "eviction-order");
  EXPECT_NE(order.found->message.find("the eviction order differs at place 0"), std::string::npos)
      << order.found->message;
  const simulation pinned = run<cache_with_another_pin>(small_trace(), four_pages());
  ASSERT_TRUE(pinned.found);
  EXPECT_EQ(pinned.found->kind, "page-states");
  EXPECT_NE(pinned.found->message.find(", pinned in the cache and "), std::string::npos) << pinned.found->message;
}

TEST(simulate, structure_is_checked_at_the_end_with_any_number_of_threads) {
  EXPECT_EQ(found_in<cache_with_another_eviction_order>(four_pages(2)), "structure");
  EXPECT_EQ(found_in<cache_with_another_pin>(four_pages(2)), "structure");
}

struct cache_with_a_wrong_status : sound_cache {
  using sound_cache::sound_cache;
  status publish(lease_type&, std::size_t) { return status::lease_closed; }
};

TEST(simulate, status_that_an_open_lease_cannot_get_is_found) {
  EXPECT_EQ(found_unverified<cache_with_a_wrong_status>(), "unexpected-status");
}

struct cache_that_throws : sound_cache {
  using sound_cache::sound_cache;
  status publish(lease_type&, std::size_t) { throw std::runtime_error("out of order"); }
};

TEST(simulate, exception_of_a_thread_reaches_the_caller) {
  EXPECT_THROW(run<cache_that_throws>(small_trace(), four_pages(2)), std::runtime_error);
}

}  // namespace
}  // namespace triecheck::checks
