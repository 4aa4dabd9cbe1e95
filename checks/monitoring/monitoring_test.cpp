// What observes and counts, without a server: an observer sees each operation once, counts are those of the cache and
// have their labels, and tables, text and screen say the same.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <new>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "cache/coarse.h"
#include "cache/monitoring/monitored.h"
#include "cache/nodelock.h"
#include "cache/sync/contended.h"
#include "cache/sync/measured.h"
#include "cache/sync/std.h"
#include "checks/monitoring/exposition.h"
#include "checks/monitoring/scrape.h"
#include "checks/monitoring/terminal_view.h"

namespace triecheck::checks {
namespace {

using sound_cache = coarse_cache<std_sync>;
static_assert(std::is_same_v<observed<sound_cache, no_observer>, sound_cache>, "without an observer nothing is there");

// Writes down its calls.
struct notebook {
  struct begun {
    std::size_t number;
  };
  begun begins(const operation_start& s) {
    starts.push_back(s.operation);
    ends.emplace_back();
    return {starts.size() - 1};
  }
  void ended(const begun& b, const operation_end& e) {
    std::string& line = ends[b.number];
    line += std::string(name_of(e.operation)) +
            (e.threw ? " threw" : " " + std::to_string(static_cast<int>(e.result))) + " lease " +
            std::to_string(static_cast<int>(e.lease)) + " pages " + std::to_string(e.pages.size()) + "/" +
            std::to_string(e.cached_pages) + " count " + std::to_string(e.count) + ";";
  }
  std::vector<cache_operation> starts;
  std::vector<std::string> ends;
};

const std::vector<token> prompt = {1, 2, 3, 4, 5};

TEST(observed_cache, each_operation_is_told_once_with_what_it_did) {
  notebook notes;
  {
    observed_cache<sound_cache, notebook> cache(notes, cache_config{.pages = 4, .tokens_per_page = 2});
    auto a = cache.lookup(prompt);
    EXPECT_EQ(cache.allocate(a, prompt), status::ok);
    EXPECT_EQ(cache.publish(a, prompt.size()), status::ok);
    auto b = cache.fork(a);
    EXPECT_EQ(b.result, status::ok);
    EXPECT_EQ(cache.allocate(a, prompt), status::request_too_large);
    EXPECT_EQ(cache.release(a), status::ok);
    EXPECT_EQ(cache.release(a), status::ok);
    b.forked = {};
    EXPECT_EQ(cache.evict(1), 1U);
    EXPECT_EQ(cache.shutdown().result, status::ok);
  }
  EXPECT_EQ(notes.ends,
            (std::vector<std::string>{"lookup 0 lease 1 pages 0/0 count 0;", "allocate 0 lease 1 pages 3/0 count 0;",
                                      "publish 0 lease 1 pages 3/2 count 0;", "fork 0 lease 2 pages 3/2 count 0;",
                                      "allocate 1 lease 1 pages 3/2 count 0;", "release 0 lease 1 pages 0/0 count 0;",
                                      "release 0 lease 0 pages 0/0 count 0;", "release 0 lease 2 pages 0/0 count 0;",
                                      "evict 0 lease 0 pages 0/0 count 1;", "shutdown 0 lease 0 pages 0/0 count 1;"}));
}

TEST(observed_cache, release_at_the_end_of_a_scope_is_told_of_a_lease_that_moved_too) {
  notebook notes;
  observed_cache<sound_cache, notebook> cache(notes, cache_config{.pages = 4, .tokens_per_page = 2});
  {
    auto a = cache.lookup(prompt);
    auto b = std::move(a);
    a = std::move(b);
  }
  EXPECT_EQ(notes.ends.size(), 2U);
  EXPECT_EQ(notes.ends.back(), "release 0 lease 1 pages 0/0 count 0;");
  EXPECT_EQ(cache.stats().open_leases, 0U);
}

// A cache that has no memory.
struct poor_cache {
  using sync_type = std_sync;
  using lease_type = lease<poor_cache>;
  lease_type lookup(std::span<const token>) { throw std::bad_alloc(); }
  status release(lease_type&) { return status::ok; }
};

TEST(observed_cache, operation_that_throws_ends_too) {
  notebook notes;
  observed_cache<poor_cache, notebook> cache(notes);
  EXPECT_THROW(static_cast<void>(cache.lookup(prompt)), std::bad_alloc);
  EXPECT_EQ(notes.ends, std::vector<std::string>{"lookup threw lease 0 pages 0/0 count 0;"});
}

TEST(observed_cache, two_observers_see_the_same) {
  notebook outer, inner;
  both_observers both(outer, inner);
  observed_cache<sound_cache, both_observers<notebook, notebook>> cache(both,
                                                                        cache_config{.pages = 4, .tokens_per_page = 2});
  static_cast<void>(cache.lookup(prompt));
  EXPECT_EQ(outer.ends.size(), 2U);
  EXPECT_EQ(outer.ends, inner.ends);
}

TEST(latency_buckets, have_each_latency_once_and_are_a_quarter_wide_at_most) {
  for (std::size_t i = 0; i < latency_buckets::bounded; ++i) {
    const std::uint64_t bound = latency_buckets::bound_ns(i);
    EXPECT_EQ(latency_buckets::of(bound), i);
    EXPECT_EQ(latency_buckets::of(bound + 1), i + 1);
    if (i == 0) continue;
    const std::uint64_t lower = latency_buckets::bound_ns(i - 1);
    EXPECT_LE(bound - lower, lower / 4);
    EXPECT_EQ(latency_buckets::ends_octave(i), std::has_single_bit(bound)) << bound;
  }
  EXPECT_EQ(latency_buckets::of(0), 0U);
  EXPECT_EQ(latency_buckets::of(UINT64_MAX), latency_buckets::count - 1);
}

TEST(latency_histogram, quantiles_lie_in_the_bucket_of_their_rank) {
  latency_histogram h;
  EXPECT_EQ(h.quantile_ns(0.5), 0);
  for (std::uint64_t ns = 1; ns <= 1000; ++ns) ++h.counts[latency_buckets::of(ns * 1000)];
  EXPECT_NEAR(h.quantile_ns(0.5), 500e3, 50e3);
  EXPECT_NEAR(h.quantile_ns(0.99), 990e3, 100e3);
  ++h.counts.back();
  EXPECT_EQ(h.quantile_ns(1), static_cast<double>(latency_buckets::bound_ns(latency_buckets::bounded - 1)));
}

TEST(operation_metrics, draw_one_in_sixteen_of_each_operation_of_any_pattern) {
  for (const std::size_t period : {1, 2, 3, 4, 16}) {
    operation_metrics<std_sync> m(16);
    constexpr std::size_t n = 16'000;
    for (std::size_t i = 0; i < n; ++i) {
      const auto o = i % period == 0 ? cache_operation::lookup : cache_operation::release;
      const auto begun = m.begins({.operation = o});
      m.ended(begun, {.operation = o});
    }
    const auto r = m.read();
    for (const auto o : {cache_operation::lookup, cache_operation::release}) {
      const auto drawn = static_cast<double>(r[o].latency.count());
      EXPECT_NEAR(drawn, static_cast<double>(r[o].count()) / 16, 4 + drawn / 50) << name_of(o) << " of " << period;
    }
    EXPECT_EQ(r[cache_operation::lookup].count() + r[cache_operation::release].count(), n);
  }
}

TEST(operation_metrics, measure_all_where_the_sample_is_one_and_whatever_is_rare) {
  operation_metrics<std_sync> all(1), some(1024);
  for (auto* m : {&all, &some}) {
    for (const auto o : {cache_operation::lookup, cache_operation::evict}) {
      const auto begun = m->begins({.operation = o});
      m->ended(begun, {.operation = o, .count = 3});
    }
  }
  EXPECT_EQ(all.read()[cache_operation::lookup].latency.count(), 1U);
  EXPECT_EQ(some.read()[cache_operation::evict].latency.count(), 1U);
  EXPECT_EQ(some.read()[cache_operation::evict].evicted_pages, 3U);
  EXPECT_THROW(operation_metrics<std_sync>(3), std::invalid_argument);
}

TEST(operation_metrics, lose_nothing_among_threads) {
  operation_metrics<std_sync> m;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&m] {
      for (int i = 0; i < 2000; ++i) {
        const auto begun = m.begins({.operation = cache_operation::lookup, .tokens = prompt});
        m.ended(begun, {.operation = cache_operation::lookup});
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(m.read()[cache_operation::lookup].count(), 16'000U);
  EXPECT_EQ(m.read().looked_up_tokens, 16'000 * prompt.size());
}

TEST(hit_window, reaches_back_to_the_latest_reading_that_is_old_enough) {
  constexpr std::uint64_t second = 1'000'000'000;
  hit_window w(60 * second);
  const auto at = [&](std::uint64_t s, std::uint64_t looked_up, std::uint64_t hit) {
    return w.add(s * second, {looked_up, hit, 2 * looked_up, 2 * hit});
  };
  EXPECT_EQ(at(100, 1000, 500).seconds, 0);
  EXPECT_EQ(at(130, 1100, 600).seconds, 30);
  const hit_window_reading r = at(170, 1300, 600);
  EXPECT_EQ(r.seconds, 70);
  EXPECT_EQ(r.counts.looked_up_pages, 300U);
  EXPECT_EQ(r.counts.hit_pages, 100U);
  EXPECT_EQ(r.counts.looked_up_tokens, 600U);
  EXPECT_EQ(at(195, 1400, 700).seconds, 65);
  EXPECT_EQ(at(1000, 1400, 700).seconds, 805) << "longer where nobody looked";
  EXPECT_EQ(at(1001, 1400, 700).seconds, 806);
  for (std::uint64_t s = 1002; s < 1300; ++s) {
    const double between = at(s, 1400 + s, 700).seconds;
    EXPECT_GE(between, 60);
    EXPECT_TRUE(s < 1062 || between <= 62) << s << ": " << between;
  }
}

// Contention

// A layer in which every lock is taken by another thread at first.
struct busy_sync : std_sync {
  class mutex : public std::mutex {
   public:
    bool try_lock() { return false; }
  };
  static std::uint64_t now_ns() { return time += 10; }
  static inline std::uint64_t time = 0;
};

TEST(contended_sync, lock_is_counted_under_its_label_with_the_time_that_it_was_waited_for) {
  using layer = contended_sync<busy_sync>;
  contention_counts counts;
  {
    const auto naming = counts.constructs();
    layer::mutex a, b, unnamed;
    layer::label(a, "lock.a");
    layer::label(b, "lock.b");
    for (int i = 0; i < 3; ++i) {
      const layer::exclusive_guard<layer::mutex> held(a);
    }
    const layer::exclusive_guard<layer::mutex> held(b);
    const layer::exclusive_guard<layer::mutex> other(unnamed);
  }
  EXPECT_EQ(counts.read(),
            (std::vector<label_counts>{
                {"lock.a", true, 3, 3, 30, 0}, {"lock.b", true, 1, 1, 10, 0}, {"other", false, 1, 1, 10, 0}}));
}

TEST(contended_sync, exchange_that_fails_is_counted_under_the_label_of_its_word) {
  using layer = contended_sync<std_sync>;
  struct record {
    layer::atomic<std::uint64_t> state{0}, next{0};
  };
  contention_counts counts;
  std::array<record, 100> row;
  std::array<layer::atomic<std::uint64_t>, 3> apart;
  {
    const auto naming = counts.constructs();
    for (std::size_t i = 0; i < row.size(); ++i) {
      layer::label(row[i].state, "state", i);
      layer::label(row[i].next, "next", i);
    }
    layer::label(apart[2], "apart", 0);
    layer::label(apart[1], "apart", 1);
    layer::label(apart[0], "apart", 2);
  }
  const auto fail = [](layer::atomic<std::uint64_t>& word) {
    std::uint64_t expected = word.load(memory_order::relaxed) + 1;
    EXPECT_FALSE(word.compare_exchange_strong(expected, 7, memory_order::relaxed, memory_order::relaxed));
    EXPECT_TRUE(word.compare_exchange_strong(expected, 7, memory_order::relaxed, memory_order::relaxed));
  };
  fail(row[5].state);  // outside of an operation
  {
    const auto in_operation = counts.begins({.operation = cache_operation::lookup});
    fail(row[0].state);
    fail(row[99].state);
    fail(row[99].next);
    for (auto& word : apart) fail(word);
    layer::atomic<std::uint64_t> unnamed{0};
    fail(unnamed);
  }
  std::map<std::string, std::uint64_t> failed;
  for (const label_counts& l : counts.read()) failed[l.label] = l.failed_exchanges;
  EXPECT_EQ(failed, (std::map<std::string, std::uint64_t>{{"apart", 3}, {"next", 1}, {"other", 1}, {"state", 2}}));
}

// Which acquisitions of locks a few operations of nodelock make: counted by the measuring layer, which knows no labels.
template <class Cache>
void use(Cache& cache) {
  auto a = cache.lookup(prompt);
  EXPECT_EQ(cache.allocate(a, prompt), status::ok);
  EXPECT_EQ(cache.publish(a, prompt.size()), status::ok);
  EXPECT_EQ(cache.release(a), status::ok);
  static_cast<void>(cache.lookup(prompt));
  cache.evict(2);
}

TEST(contended_sync, labels_of_a_cache_have_all_of_its_acquisitions) {
  using measured = measured_sync<std_sync>;
  const cache_config config{.pages = 8, .tokens_per_page = 2};
  nodelock_cache<measured> plain(config);
  const sync_counts before = measured::measured_here();
  use(plain);
  const std::uint64_t acquisitions = (measured::measured_here() - before).acquisitions;
  ASSERT_GT(acquisitions, 10U);

  using contended = nodelock_cache<contended_sync<std_sync>>;
  contention_counts counts, others;
  observed_cache<contended, contention_counts> cache(counts, config), unused(others, config);
  use(cache);
  std::uint64_t labelled = 0;
  std::set<std::string> labels;
  for (const label_counts& l : counts.read()) {
    labelled += l.acquisitions;
    if (l.acquisitions != 0) labels.insert(l.label);
    EXPECT_EQ(l.waits, 0U) << l.label;
  }
  EXPECT_EQ(labelled, acquisitions);
  EXPECT_EQ(labels, (std::set<std::string>{"bucket.lock", "cache.eviction", "cache.order_lock", "cache.pool_lock",
                                           "node.lock", "root.lock"}));
  for (const label_counts& l : others.read()) EXPECT_EQ(l.acquisitions, 0U) << "of another cache: " << l.label;
}

// The table, and what shows it

cache_reading some_reading() {
  monitored_cache<coarse_cache<contended_sync<std_sync>>> cache({.pages = 4, .tokens_per_page = 2}, 1);
  static_cast<void>(cache.read());
  use(cache);
  auto l = cache.lookup(prompt);
  EXPECT_EQ(cache.allocate(l, std::vector<token>(9)), status::request_too_large);
  cache_reading r = cache.read();
  r.metadata_bytes = 1000;
  r.evictable_pages = 1;
  r.labels.push_back({"a \"word\"\\", false, 0, 0, 0, 5});
  return r;
}

std::string text_of(const cache_reading& r) {
  metric_families families;
  add_families(cache_metrics, r, families);
  return to_text(families);
}

// What is wrong with a row by the rules of Prometheus; empty where nothing is.
template <class Reading>
std::string wrong_with(const metric<Reading>& m) {
  const std::string name = m.name, unit = m.unit;
  if (!std::regex_match(name, std::regex("triecheck_(cache|server)(_[a-z0-9]+)+"))) return "no snake_case";
  const bool total = name.ends_with("_total");
  if (total != (m.kind == metric_kind::counter)) return "a counter, and no other metric, ends in _total";
  const std::string stem = total ? name.substr(0, name.size() - 6) : name;
  if (!unit.empty() && !stem.ends_with("_" + unit)) return "the unit is no part of the name";
  if (std::regex_search(name, std::regex("_(ns|us|ms|milliseconds|kb|mb|percent)(_|$)"))) return "no base unit";
  const std::string help = m.help;
  if (help.size() < 10 || help.back() != '.') return "no help";
  return "";
}

TEST(metric_table, names_follow_the_rules_and_are_unique) {
  std::set<std::string> names;
  for (const auto& m : cache_metrics) {
    EXPECT_EQ(wrong_with(m), "") << m.name;
    EXPECT_TRUE(names.insert(m.name).second) << m.name;
  }
  const auto with = [](const char* name, const char* unit, metric_kind kind, const char* help = "Some help.") {
    return wrong_with(metric<cache_reading>{name, help, unit, kind, {}, nullptr});
  };
  EXPECT_EQ(with("triecheck_cache_x_seconds_total", "seconds", metric_kind::counter), "");
  EXPECT_NE(with("triecheck_cache_hitPages_total", "", metric_kind::counter), "");
  EXPECT_NE(with("triecheck_cache_hits", "", metric_kind::counter), "");
  EXPECT_NE(with("triecheck_cache_hits_total", "", metric_kind::gauge), "");
  EXPECT_NE(with("triecheck_cache_wait_ms", "", metric_kind::gauge), "");
  EXPECT_NE(with("triecheck_cache_wait", "seconds", metric_kind::gauge), "");
  EXPECT_NE(with("triecheck_cache_leases", "", metric_kind::gauge, ""), "");
}

TEST(metric_table, every_row_is_in_the_text_and_in_json_with_the_same_values) {
  const cache_reading r = some_reading();
  const std::optional<scrape> read = scrape::read(text_of(r));
  ASSERT_TRUE(read);
  const nlohmann::ordered_json json = to_json(cache_metrics, r);
  for (const auto& m : cache_metrics) {
    ASSERT_TRUE(json.contains(m.name)) << m.name;
    double in_json = 0;
    for (const auto& sample : json[m.name]["samples"]) in_json += sample.value("value", sample.value("sum", 0.0));
    const std::string name = m.kind == metric_kind::histogram ? std::string(m.name) + "_sum" : m.name;
    ASSERT_TRUE(read->has(name)) << name;
    EXPECT_DOUBLE_EQ(read->sum(name), in_json) << name;
  }
  EXPECT_EQ(read->sum(metric_names::failed_exchanges, {{"word", "a \"word\"\\"}}), 5);
  EXPECT_EQ(read->sum(metric_names::operations, {{"operation", "allocate"}, {"outcome", "request_too_large"}}), 1);
  EXPECT_EQ(read->sum(metric_names::evicted_pages, {{"reason", "evict"}}), 2);
  EXPECT_EQ(read->sum(metric_names::hit_tokens), 4);
  EXPECT_EQ(read->sum("triecheck_cache_operation_duration_seconds_bucket", {{"operation", "lookup"}, {"le", "+Inf"}}),
            3);
}

TEST(scrape, text_that_is_none_is_refused) {
  EXPECT_TRUE(scrape::read("# HELP a b\na 1\nb{x=\"y\",z=\"\\\"\"} 2 123\n"));
  for (const char* wrong : {"<html>", "a", "a{x=1} 1", "a{x=\"1} 1", "a one", "{} 1"})
    EXPECT_FALSE(scrape::read(wrong)) << wrong;
}

TEST(terminal_view, screen_has_the_numbers_since_the_start_and_between_two_looks) {
  const scrape now = scrape::read(text_of(some_reading())).value();
  const std::string all = to_screen({}, now, 0);
  for (const char* line :
       {"pages     [", "evicted   0 room   2.0 evict", "1.0 request_too_large", "lookup           3.0",
        "allocate         1.0       1.0", "cache.mutex", "retries   a \"word\"\\ 5.0", "memory    1000 bytes"}) {
    EXPECT_NE(all.find(line), std::string::npos) << line << "\n" << all;
  }
  const std::string still = to_screen(now, now, 2);
  EXPECT_EQ(still.find("lookup"), std::string::npos) << "nothing happened:\n" << still;
  EXPECT_EQ(still.find("lock "), std::string::npos) << still;
  EXPECT_NE(to_screen({}, now, 2).find("lookup           1.5"), std::string::npos) << "per second";
  const std::string narrow = to_screen({}, now, 0, 20);
  for (std::size_t at = 0; at < narrow.size(); at = narrow.find('\n', at) + 1)
    EXPECT_LE(narrow.find('\n', at) - at, 20U);
}

TEST(terminal_view, quantiles_are_those_of_the_time_between) {
  cache_reading r = some_reading();
  latency_histogram& h = r.operations.of[static_cast<std::size_t>(cache_operation::lookup)].latency;
  const scrape before = scrape::read(text_of(r)).value();
  h.counts[latency_buckets::of(1'000'000)] += 100;
  const scrape now = scrape::read(text_of(r)).value();
  const auto p50 = quantile_since(before, now, metric_names::duration, {{"operation", "lookup"}}, 0.5);
  ASSERT_TRUE(p50);
  EXPECT_GT(*p50, 0.5e-3);
  EXPECT_LT(*p50, 1.1e-3);
  EXPECT_FALSE(quantile_since(now, now, metric_names::duration, {{"operation", "lookup"}}, 0.5));
}

}  // namespace
}  // namespace triecheck::checks
