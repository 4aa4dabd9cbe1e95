// The parts of the benchmark: percentiles, loads, passes, charts. That it measures well no test can say.
#include "checks/bench/bench.h"

#include <gtest/gtest.h>

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cache/coarse.h"
#include "cache/sync/std.h"
#include "checks/bench/baselines/bare_walk.h"
#include "checks/bench/course.h"
#include "checks/bench/isolated_bench.h"
#include "checks/bench/report.h"
#include "checks/bench/spinning.h"
#include "checks/report/chart.h"
#include "checks/subject/production_caches.h"
#include "checks/trace/generate.h"

namespace triecheck::checks {
namespace {

// ---- Percentiles

TEST(bench, percentiles_of_few_small_values_are_exact) {
  latency_histogram h;
  EXPECT_EQ(h.percentile(500), 0U);
  for (std::uint64_t v = 1; v <= 100; ++v) h.add(v);
  EXPECT_EQ(h.percentile(500), 50U);
  EXPECT_EQ(h.percentile(990), 99U);
  EXPECT_EQ(h.percentile(999), 100U);
}

TEST(bench, percentile_of_any_value_is_off_by_less_than_one_in_a_hundred) {
  for (std::uint64_t v = 1; v < std::uint64_t{1} << 62; v += v / 4 + 1) {
    latency_histogram h;
    h.add(v);
    const std::uint64_t shown = h.percentile(500);
    EXPECT_LE(std::max(v, shown) - std::min(v, shown), v / 100) << v;
  }
}

TEST(bench, histograms_add_up) {
  latency_histogram a, b;
  for (int i = 0; i < 99; ++i) a.add(10);
  b.add(1000);
  a.add(b);
  EXPECT_EQ(a.count(), 100U);
  EXPECT_EQ(a.percentile(990), 10U);
  EXPECT_GT(a.percentile(999), 990U);
}

// ---- Loads

load small_load(std::size_t block_tokens = 16) {
  trace t = generate_trace(*find_shape("zipf"), 300, 1);
  t.block_tokens = block_tokens;
  return make_load("small", "of a test", t, 16, 1 << 20);
}

TEST(bench, load_has_the_tokens_of_the_trace_and_counts_its_pages) {
  trace t;
  t.block_tokens = 16;
  t.rows = {{0, 1024, 1, {0, 1}}, {0, 0, 1, {}}, {0, 1100, 1, {0, 1, 2}}};
  const load l = make_load("l", "", t, 16, 1000);
  ASSERT_EQ(l.requests(), 2U);  // the row without tokens is left out
  EXPECT_EQ(l.request(0).size(), 32U);
  EXPECT_EQ(l.request(1)[16], 16U);
  EXPECT_EQ(l.pages, 5U);
  EXPECT_EQ(l.longest_pages, 3U);
  EXPECT_EQ(l.distinct_pages, 2U);  // the third block is no full page
  EXPECT_GT(l.unused, *std::max_element(l.tokens.begin(), l.tokens.end()));
  EXPECT_EQ(make_load("l", "", t, 16, 40).requests(), 1U);
  EXPECT_EQ(make_load("l", "", t, 16, 1).requests(), 1U);
}

// ---- Passes

TEST(bench, every_contestant_serves_all_requests_and_hits_the_same_in_one_thread) {
  const load l = small_load();
  std::vector<std::uint64_t> hits;
  for (const contestant& c : contestants()) {
    const auto prepared = c.prepare(l, bench_mode::full_cycle, 512);
    const bench_pass p = prepared->run(1);
    EXPECT_EQ(p.requests, l.requests()) << c.name;
    EXPECT_EQ(p.rejected, 0U) << c.name;
    EXPECT_EQ(p.pages, l.pages) << c.name;
    EXPECT_EQ(p.latencies.all().count(), l.requests()) << c.name;
    EXPECT_GT(p.seconds, 0) << c.name;
    // A pass starts anew: it hits what the one before did.
    EXPECT_EQ(prepared->run(1).hit_pages, p.hit_pages) << c.name;
    EXPECT_EQ(prepared->run(3).requests, l.requests()) << c.name;
    hits.push_back(p.hit_pages);
  }
  EXPECT_EQ(std::adjacent_find(hits.begin(), hits.end(), std::not_equal_to<>()), hits.end());
  EXPECT_GT(hits.front(), 0U);
}

TEST(bench, lookups_find_every_full_page) {
  const load l = small_load();
  for (const contestant& c : contestants()) {
    for (const bench_mode mode : {bench_mode::warm_lookup, bench_mode::cold_lookup}) {
      const bench_pass p = c.prepare(l, mode, l.distinct_pages + l.longest_pages)->run(2);
      EXPECT_GE(p.requests, 2U) << c.name;
      EXPECT_EQ(p.latencies.all().count(), p.requests) << c.name;
      // All pages but the last, partial one.
      EXPECT_GE(p.hit_pages, p.requests) << c.name;
      EXPECT_GT(p.timed_ns, 0U) << c.name;
    }
  }
}

TEST(bench, bare_walk_finds_what_caches_find) {
  const load l = small_load();
  const bench_pass p =
      walk_hop_by_hop().prepare(l, bench_mode::cold_lookup, l.distinct_pages + l.longest_pages)->run(2);
  EXPECT_EQ(p.latencies.all().count(), p.requests);
  const bare_walk walk(l, l.distinct_pages);
  coarse_cache<std_sync> cache({.pages = l.distinct_pages + l.longest_pages, .tokens_per_page = l.page_tokens});
  for (std::size_t i = 0; i < l.requests(); ++i) {
    publish_request(cache, l.request(i));
    EXPECT_EQ(walk.lookup(l.request(i)), cache.lookup(l.request(i)).cached_pages().size()) << i;
  }
  const std::vector<token> unknown(2 * l.page_tokens, l.unused);
  EXPECT_EQ(walk.lookup(unknown), 0U);
}

TEST(bench, scarce_cache_has_to_evict_and_still_holds_what_is_open) {
  const load l = small_load(512);
  EXPECT_LT(scarce_pages(l, 1), l.distinct_pages);
  EXPECT_GE(scarce_pages(l, 32), l.longest_pages);
}

// ---- The machine

TEST(bench, spinning_threads_all_do_some_work) {
  const spin_sample s = spin(3);
  EXPECT_GT(s.alone, 0);
  EXPECT_GE(s.together, 3);
  EXPECT_EQ(static_cast<double>(s.pieces.count()), s.together);
  EXPECT_GT(s.line_ns, 0);
  EXPECT_EQ(line_ns({}), 0);
  EXPECT_EQ(line_ns({{.line_ns = 80}, {.line_ns = 400}, {.line_ns = 90}}), 90);
}

TEST(bench, machine_that_stops_short_work_once_in_a_while_has_a_tail) {
  EXPECT_EQ(spin_tail({}), 0);
  spin_sample even, stopped;
  for (int i = 0; i < 1000; ++i) {
    even.pieces.add(100);
    stopped.pieces.add(i < 10 ? 120 : 100);
  }
  EXPECT_EQ(spin_tail({even, even}), 1);
  EXPECT_EQ(spin_tail({even, stopped}), 1.2) << "one in two hundred";
}

TEST(bench, spinning_threads_had_the_cores_that_they_had_in_most_passes_at_the_full_speed_of_one) {
  EXPECT_EQ(spin_scale({}), 0);
  // Alone in one pass of three, a thread had half of its core; together in one of three, two threads had one core.
  EXPECT_EQ(spin_scale({{50, 190}, {100, 100}, {100, 195}}), 1.9);
}

TEST(bench, latency_is_over_what_is_usual_for_its_size) {
  sized_latencies l;
  EXPECT_EQ(l.percentile_over_usual(999), 0);
  for (int i = 0; i < 600; ++i) l.add(10, 4);      // small requests,
  for (int i = 0; i < 599; ++i) l.add(1000, 400);  // large ones,
  l.add(70, 5);                                    // and a small one that was in the way of something
  EXPECT_EQ(l.all().count(), 1200U);
  EXPECT_EQ(l.all().percentile(500), 10U);
  EXPECT_EQ(l.percentile_over_usual(500), 1);
  EXPECT_EQ(l.percentile_over_usual(999), 1);
  EXPECT_EQ(l.percentile_over_usual(1000), 7);
  sized_latencies twice = l;
  twice.add(l);
  EXPECT_EQ(twice.all().count(), 2400U);
  EXPECT_EQ(twice.percentile_over_usual(1000), 7);
}

TEST(bench, sizes_of_one_half_of_a_power_of_two_are_about_the_same) {
  const sized_latencies l;
  const auto alike = [&](std::size_t a, std::size_t b) { return &l.about(a) == &l.about(b); };
  EXPECT_TRUE(alike(4, 5) && alike(6, 7) && alike(1024, 1535) && alike(std::size_t{1} << 30, 1 << 20));
  EXPECT_FALSE(alike(0, 1) || alike(1, 2) || alike(2, 3) || alike(3, 4) || alike(5, 6) || alike(7, 8) ||
               alike(1535, 1536));
}

TEST(bench, latency_counts_under_the_pages_that_were_worked_on) {
  // All requests of eight pages that nobody had before. Eight are open before the first one is finished.
  trace t;
  t.block_tokens = 16;
  for (std::uint64_t i = 0; i < 500; ++i) {
    trace_row& r = t.rows.emplace_back();
    r.input_length = 8 * trace_block_tokens;
    for (std::uint64_t block = 0; block < 8; ++block) r.hash_ids.push_back(8 * i + block);
  }
  const load l = make_load("even", "of a test", t, 16, 1 << 20);
  for (const contestant& c : contestants()) {
    const bench_pass cycle = c.prepare(l, bench_mode::full_cycle, 8192)->run(1);
    EXPECT_EQ(cycle.latencies.about(8).count(), in_flight - 1) << c.name;
    EXPECT_EQ(cycle.latencies.about(8 + 8).count(), 500 - (in_flight - 1)) << c.name;
    for (const bench_mode mode : {bench_mode::warm_lookup, bench_mode::cold_lookup}) {
      const bench_pass p = c.prepare(l, mode, 8192)->run(1);
      EXPECT_EQ(p.latencies.about(8 + 8).count(), p.requests) << c.name << ", " << to_string(mode);
    }
  }
}

TEST(bench, pass_of_several_threads_says_how_many_cores_they_had) {
  const load l = small_load();
  const auto prepared = contestants().front().prepare(l, bench_mode::full_cycle, 512);
  EXPECT_FALSE(prepared->run(1).spinning);
  EXPECT_TRUE(prepared->run(2).spinning);
}

// ---- Reports

bench_result cell(const std::string& cache, bool baseline, bool sweep, std::size_t at, double per_second) {
  return {.load = "small",
          .cache = cache,
          .baseline = baseline,
          .sweep = sweep,
          .pages = sweep ? at : 512,
          .threads = sweep ? 1 : at,
          .requests_per_second = per_second,
          .ns_per_page = 50,
          .p99_ns = 2000};
}

bench_results made_up() {
  bench_results r;
  r.machine.limits = {{"fetch_add", 1, 2.5}};
  r.machine.dependent_loads = {{1024, 1.5}};
  r.machine.spin_scale = 1.93;
  r.machine.walks = {{"small", 12.5}};
  r.synchronisation = measure_synchronisation();
  r.cells = {cell("coarse", false, false, 1, 3e6), cell("hash-chain", true, false, 1, 1e6),
             cell("coarse", false, false, 2, 1.5e6), cell("hash-chain", true, false, 2, 0.5e6),
             cell("coarse", false, true, 1024, 3e6)};
  return r;
}

TEST(bench, ratios_are_those_to_the_baseline_and_to_one_thread) {
  const nlohmann::ordered_json json = to_json({small_load()}, made_up());
  EXPECT_EQ(json["results"][0]["ratio"]["hash-chain"], 3.0);
  EXPECT_EQ(json["results"][2]["ratio"]["one thread"], 0.5);
  EXPECT_FALSE(json["results"][4].contains("ratio") && json["results"][4]["ratio"].contains("hash-chain"));
  const std::string table = to_table({small_load()}, made_up());
  EXPECT_NE(table.find("/hash-chain"), std::string::npos) << table;
  EXPECT_NE(table.find("     3.00"), std::string::npos) << table;
}

TEST(bench, cores_that_threads_had_are_in_table_and_json) {
  bench_results results = made_up();
  results.cells[2].spin_scale = 1.87;
  results.cells[2].spin_tail = 3.5;
  results.cells[2].line_ns = 81.6;
  const nlohmann::ordered_json json = to_json({small_load()}, results);
  EXPECT_EQ(json["machine"]["spin_scale"], 1.93);
  EXPECT_EQ(json["machine"]["walks"][0]["compare_ns_per_page"], 12.5);
  EXPECT_TRUE(json["results"][0]["spin_scale"].is_null());
  EXPECT_EQ(json["results"][2]["spin_scale"], 1.87);
  EXPECT_TRUE(json["results"][0]["spin_tail"].is_null());
  EXPECT_EQ(json["results"][2]["spin_tail"], 3.5);
  EXPECT_TRUE(json["results"][0]["line_ns"].is_null());
  EXPECT_EQ(json["results"][2]["line_ns"], 81.6);
  const std::string table = to_table({small_load()}, results);
  EXPECT_NE(table.find("Two spinning threads do 1.93 times the work of one\n"), std::string::npos) << table;
  EXPECT_NE(table.find("/1 thr  cores  line ns"), std::string::npos) << table;
  EXPECT_NE(table.find("    0.50   1.87       82"), std::string::npos) << table;
}

TEST(bench, latencies_over_the_usual_ones_are_beside_the_raw_ones_in_table_and_json) {
  bench_results results = made_up();
  results.cells[2].p50_ns = 1000;
  results.cells[2].p999_ns = 50'000;
  results.cells[2].p999_over_usual = 8.25;
  results.cells[2].spin_tail = 3.5;
  const nlohmann::ordered_json json = to_json({small_load()}, results);
  EXPECT_EQ(json["results"][2]["latency_over_usual"]["p999"], 8.25);
  const std::string table = to_table({small_load()}, results);
  EXPECT_NE(table.find("  full cycle   coarse              2      1.00     50.00    50.0         8.2      3.50\n"),
            std::string::npos)
      << table;
}

TEST(bench, cold_lookup_is_shown_over_a_walk_hop_by_hop) {
  bench_results r = made_up();
  EXPECT_EQ(to_table({small_load()}, r).find("bare walk"), std::string::npos) << "no lookup was measured";
  for (const auto& [cache, ns] : {std::pair{"coarse", 50.0}, std::pair{"bare-walk", 40.0}}) {
    bench_result& cold = r.cells.emplace_back(cell(cache, false, false, 1, 3e6));
    cold.mode = bench_mode::cold_lookup;
    cold.ns_per_page = ns;
  }
  const std::string table = to_table({small_load()}, r);
  EXPECT_NE(table.find("over that of the bare walk hop by hop\n  coarse           1.25\n"), std::string::npos) << table;
}

TEST(bench, synchronisation_of_every_variant_is_in_table_and_json) {
  const nlohmann::ordered_json json = to_json({small_load()}, made_up());
  const std::string table = to_table({small_load()}, made_up());
  std::size_t lookups = 0;
  for (const auto& r : json["synchronisation"]) {
    EXPECT_NE(table.find("  " + r["cache"].get<std::string>() + " "), std::string::npos);
    if (r["call"] != "lookup that finds all") continue;
    ++lookups;
    if (r["cache"] == "lockfree") {
      EXPECT_EQ(r["read_modify_writes"], 1);
    }
    if (r["cache"] == "coarse") {
      EXPECT_EQ(r["acquisitions"], 1);
    }
  }
  EXPECT_EQ(lookups, 3 * std::tuple_size_v<decltype(production_caches)>) << "three depths of each variant";
}

TEST(bench, charts_are_whole_and_name_every_curve_that_has_points) {
  const auto charts = to_charts({small_load()}, made_up());
  ASSERT_EQ(charts.size(), 2U);
  EXPECT_EQ(charts[0].first, "small-threads.svg");
  EXPECT_TRUE(charts[0].second.starts_with("<svg "));
  EXPECT_TRUE(charts[0].second.ends_with("</svg>\n"));
  EXPECT_NE(charts[0].second.find(">hash-chain</text>"), std::string::npos);
  EXPECT_EQ(charts[0].second.find(">page-trie</text>"), std::string::npos);
  EXPECT_EQ(charts[0].second.find("nan"), std::string::npos);
  EXPECT_NE(charts[1].second.find("dependent load"), std::string::npos);
}

TEST(bench, load_without_a_cell_is_left_out) {
  load other = small_load();
  other.name = "other";
  EXPECT_EQ(to_table({small_load()}, {}), "");
  EXPECT_TRUE(to_charts({small_load()}, {}).empty());
  EXPECT_EQ(to_table({small_load(), other}, made_up()), to_table({small_load()}, made_up()));
  EXPECT_EQ(to_charts({other, small_load()}, made_up()), to_charts({small_load()}, made_up()));
}

TEST(bench, what_a_killed_process_had_measured_is_reported) {
  std::vector<std::string> heard;
  const auto measure = [](bench_results& results, const bench_listener& listener) {
    listener.begin_cell("first");
    results = made_up();
    listener.begin_cell("second");
    results.cells.clear();  // what comes later than the last message is nothing that was measured
    listener.begin_pass("coarse");
    raise(SIGKILL);
  };
  const bench_report report = run_bench_isolated({small_load()}, measure, std::chrono::minutes(1),
                                                 [&](const std::string& what) { heard.push_back(what); });
  EXPECT_EQ(report.outcome, verdict::error);
  ASSERT_TRUE(report.found);
  EXPECT_EQ(report.found->kind, "killed");
  EXPECT_TRUE(report.found->message.ends_with(" while this was measured: second, coarse")) << report.found->message;
  EXPECT_EQ(report.table, to_table({small_load()}, made_up()));
  EXPECT_EQ(report.json, to_json({small_load()}, made_up()));
  EXPECT_EQ(report.charts, to_charts({small_load()}, made_up()));
  EXPECT_EQ(heard, (std::vector<std::string>{"first", "second"}));
}

TEST(bench, exception_of_a_cache_is_an_error_and_an_answer_a_pass) {
  const auto throwing = [](bench_results&, const bench_listener&) { throw std::runtime_error("no page\nis left"); };
  const bench_report failed = run_bench_isolated({}, throwing, std::chrono::minutes(1), {});
  EXPECT_EQ(failed.outcome, verdict::error);
  EXPECT_EQ(failed.found->kind, "exception");
  EXPECT_EQ(failed.found->message, "an exception came out of the cache: no page\nis left");
  EXPECT_TRUE(failed.json.is_object() && failed.json.empty());
  const auto answering = [](bench_results& results, const bench_listener&) { results = made_up(); };
  const bench_report passed = run_bench_isolated({small_load()}, answering, std::chrono::minutes(1), {});
  EXPECT_EQ(passed.outcome, verdict::pass);
  EXPECT_EQ(passed.charts, to_charts({small_load()}, made_up()));
}

TEST(bench, text_of_a_chart_cannot_break_it) {
  const std::string svg = to_svg("a < b & c", {{"t", "x", "y", {{"<s>", false, {{1, 1}}}}}});
  EXPECT_NE(svg.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_EQ(svg.find("<s>"), std::string::npos);
}

}  // namespace
}  // namespace triecheck::checks
