// The soak: sound caches pass, and each of its audits finds a cache that is broken for it.
#include "checks/soak/soak.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cache/coarse.h"
#include "cache/monitoring/monitored.h"
#include "cache/sync/std.h"
#include "checks/soak/soak_run.h"
#include "checks/subject/variants.h"
#include "checks/trace/generate.h"

namespace triecheck::checks {
namespace {

using sound_cache = monitored_cache<coarse_cache<std_sync>>;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool allocator_tells = false;
#else
constexpr bool allocator_tells = true;
#endif

trace chat() {
  trace t = generate_trace(*find_shape("chat"), 200, 1);
  t.block_tokens = 4;
  return t;
}

soak_options half_a_second(const std::string& cache = "coarse") {
  return {.cache = cache,
          .pages = 256,
          .page_tokens = 2,
          .threads = 4,
          .time = std::chrono::milliseconds(500),
          .seed = 7,
          .rests = 5};
}

// The failure that a soak over `Cache` ends with; empty for a pass.
template <class Cache>
std::string found_in(soak_options options = half_a_second()) {
  const soak_result s = soak_over<Cache>(chat(), options, stats_consistency::all);
  EXPECT_EQ(s.outcome, s.found ? verdict::fail : verdict::pass);
  return s.found ? s.found->kind + ": " + s.found->message : "";
}

class every_variant : public testing::TestWithParam<std::string> {};

TEST_P(every_variant, passes_while_subscribers_join_and_leave) {
  soak_options options = half_a_second(GetParam());
  options.subscribers_join = true;
  const soak_result s = soak(chat(), options);
  EXPECT_EQ(s.outcome, verdict::pass) << (s.found ? s.found->kind + ": " + s.found->message : "");
  EXPECT_GT(s.looks, 1U);
}

TEST_P(every_variant, passes_and_does_all_that_a_server_does) {
  const soak_result s = soak(chat(), half_a_second(GetParam()));
  EXPECT_EQ(s.outcome, verdict::pass) << (s.found ? s.found->kind + ": " + s.found->message : "");
  EXPECT_GE(s.rests.size(), 2U);
  EXPECT_GT(s.looks, 0U);
  EXPECT_GT(s.evicted_pages, 0U);
  EXPECT_GT(s.hit_rate, 0.0);
  EXPECT_LT(s.hit_rate, 1.0);
  const soak_counts& c = s.counts;
  for (const std::uint64_t n :
       {c.requests, c.finished, c.cancelled, c.preempted, c.refused, c.waits, c.forks, c.shrinks})
    EXPECT_GT(n, 0U);
  EXPECT_GE(c.requests, c.finished + c.cancelled + c.preempted);
  EXPECT_GT(s.p50_us, 0.0);
  EXPECT_LE(s.p50_us, s.p99_us);
}

INSTANTIATE_TEST_SUITE_P(soak, every_variant, testing::Values("coarse", "rwlock", "nodelock", "lockfree"),
                         [](const auto& of) { return of.param; });

TEST(soak, of_one_thread_begins_the_trace_again) {
  soak_options options = half_a_second();
  options.threads = 1;
  options.pages = 4096;  // of which the trace needs less
  const soak_result s = soak(chat(), options);
  EXPECT_EQ(s.outcome, verdict::pass) << (s.found ? s.found->message : "");
  EXPECT_GT(s.counts.requests, 400U);
}

// Nothing of the trace fits: the workers end all the same.
TEST(soak, requests_that_are_too_large_are_left_out) {
  soak_options options = half_a_second();
  options.pages = 1;
  const soak_result s = soak(chat(), options);
  EXPECT_EQ(s.outcome, verdict::pass) << (s.found ? s.found->message : "");
  EXPECT_GT(s.counts.refused, 0U);
}

TEST(soak, that_is_told_to_end_says_so_and_is_audited) {
  soak_options options = half_a_second();
  options.time = std::chrono::hours(1);
  options.ends_early = [] { return true; };
  const soak_result s = soak(chat(), options);
  EXPECT_EQ(s.outcome, verdict::incomplete);
  EXPECT_FALSE(s.found);
  EXPECT_EQ(s.rests.size(), 1U);
}

TEST(soak, unknown_and_impossible_caches_are_refused) {
  EXPECT_THROW(soak(chat(), half_a_second("bogus")), std::invalid_argument);
  soak_options options = half_a_second();
  options.page_tokens = SIZE_MAX;
  EXPECT_THROW(soak(chat(), options), std::invalid_argument);
}

// ---- caches that are broken on purpose

// Now and then a lookup's second page is that of another prefix.
struct swaps_a_page : sound_cache {
  using sound_cache::sound_cache;
  template <class... A>
  status allocate(lease_type& l, std::span<const token> tokens, A... rest) {
    if (l.pages().size() > 1 && ++calls % 64 == 0) {
      auto* pages = const_cast<page_id*>(l.pages().data());
      std::swap(pages[0], pages[1]);
    }
    return sound_cache::allocate(l, tokens, rest...);
  }
  std::atomic<unsigned> calls{0};
};

TEST(soak, finds_a_page_with_the_contents_of_another_prefix) {
  EXPECT_EQ(found_in<swaps_a_page>().substr(0, 14), "page-contents:");
}

// Forgets that a lease ends, once.
struct leaks_a_lease : sound_cache {
  using sound_cache::sound_cache;
  status release(lease_type& l) {
    if (++calls == 50) kept = std::make_unique<lease_type>(std::move(l));
    return sound_cache::release(l);
  }
  std::atomic<unsigned> calls{0};
  std::unique_ptr<lease_type> kept;
};

TEST(soak, finds_a_lease_that_is_never_given_back) {
  EXPECT_EQ(found_in<leaks_a_lease>().substr(0, 11), "statistics:");
}

struct counts_one_page_twice : sound_cache {
  using sound_cache::sound_cache;
  cache_stats stats() const {
    cache_stats s = sound_cache::stats();
    ++s.free_pages;
    return s;
  }
};

TEST(soak, finds_statistics_that_cannot_be_beside_the_load) {
  soak_options options = half_a_second();
  options.rests = 1;
  const std::string found = found_in<counts_one_page_twice>(options);
  EXPECT_EQ(found.substr(0, 11), "statistics:") << found;
}

struct promises_too_much : sound_cache {
  using sound_cache::sound_cache;
  available_pages available() const {
    available_pages a = sound_cache::available();
    a.evictable_pages += 1000;
    return a;
  }
};

TEST(soak, finds_more_available_pages_than_there_are) {
  EXPECT_EQ(found_in<promises_too_much>().substr(0, 11), "statistics:");
}

struct miscounts_a_lookup : sound_cache {
  using sound_cache::sound_cache;
  cache_reading read() {
    cache_reading r = sound_cache::read();
    ++r.operations.of[static_cast<std::size_t>(cache_operation::lookup)].outcomes[0];
    return r;
  }
};

TEST(soak, finds_a_wrong_metric) { EXPECT_EQ(found_in<miscounts_a_lookup>().substr(0, 8), "metrics:"); }

// Its subscriber does not hear of one page in a hundred.
struct forgets_events : sound_cache {
  using sound_cache::sound_cache;
  struct deaf final : cache_events {
    void stored(const stored_page& p) noexcept override {
      if (++calls % 100 != 0) to->stored(p);
    }
    void removed(page_id page) noexcept override { to->removed(page); }
    void cleared(std::size_t pages) noexcept override { to->cleared(pages); }
    std::atomic<unsigned> calls{0};
    cache_events* to = nullptr;
  };
  void subscribe(cache_events& s) noexcept {
    between.to = &s;
    sound_cache::subscribe(between);
  }
  deaf between;
};

TEST(soak, finds_an_event_that_was_not_told) {
  EXPECT_EQ(found_in<forgets_events>().substr(0, 7), "events:");
  soak_options options = half_a_second();
  options.subscribers_join = true;
  EXPECT_EQ(found_in<forgets_events>(options).substr(0, 7), "events:");
}

struct grows : sound_cache {
  using sound_cache::sound_cache;
  template <class... A>
  lease_type lookup(A... a) {
    {
      const std::lock_guard lock(mutex);
      kept.push_back(std::make_unique<std::uint64_t[]>(64));
    }
    return sound_cache::lookup(a...);
  }
  std::mutex mutex;
  std::vector<std::unique_ptr<std::uint64_t[]>> kept;
};

TEST(soak, finds_memory_that_grows) {
  if (!allocator_tells) GTEST_SKIP() << "a sanitizer's allocator does not tell what it gave";
  soak_options options = half_a_second();
  options.time = std::chrono::seconds(2);
  EXPECT_EQ(found_in<grows>(options).substr(0, 14), "memory-growth:");
}

struct refuses_to_publish : sound_cache {
  using sound_cache::sound_cache;
  status publish(lease_type& l, std::size_t) {
    static_cast<void>(l);
    return status::invalid_argument;
  }
};

TEST(soak, finds_an_answer_that_cannot_be) {
  EXPECT_EQ(found_in<refuses_to_publish>().substr(0, 18), "unexpected-status:");
}

// ---- its parts

TEST(event_mirror, tells_what_a_subscriber_cannot_have_heard) {
  const auto after = [](auto tell) {
    event_mirror m(2);
    tell(m);
    structure s;
    s.pages.resize(2);
    return m.differs_from(s).value_or("");
  };
  const auto stored = [](page_id page, page_id parent) { return stored_page{page, parent, {}, 0, {}}; };
  EXPECT_EQ(after([](event_mirror&) {}), "");
  EXPECT_EQ(after([&](event_mirror& m) { m.stored(stored(page_id{0}, no_page)); }),
            "page 0 was stored and not removed, but is not cached");
  EXPECT_EQ(after([&](event_mirror& m) { m.removed(page_id{1}); }), "page 1 was removed, but is not stored");
  EXPECT_EQ(after([&](event_mirror& m) { m.stored(stored(page_id{1}, page_id{0})); }),
            "page 1 was stored below a page that is not");
  EXPECT_EQ(after([&](event_mirror& m) {
              m.stored(stored(page_id{0}, no_page));
              m.stored(stored(page_id{0}, no_page));
            }),
            "page 0 was stored twice");
}

TEST(sequence, has_the_digests_of_its_pages_however_it_grows) {
  std::vector<std::uint32_t> tokens(23);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<std::uint32_t>(i * i);
  sequence s(4, 9);
  for (const std::size_t length : {3, 1, 0, 9, 10}) s.append(std::span(tokens).subspan(s.tokens().size(), length));
  const auto expected = prefix_digests(tokens, 4, 9);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(s.digest_of(i), expected[i]) << i;
  s.shrink(6);
  EXPECT_EQ(s.digest_of(1), prefix_digests(std::span(tokens).first(6), 4, 9)[1]);
  s.append(std::span(tokens).subspan(6));
  EXPECT_EQ(s.digest_of(5), expected[5]);
}

TEST(soak, growth_of_memory_has_a_bound) {
  const auto grown = [](std::size_t last) {
    const std::vector<soak_rest> rests = {
        {.allocated_bytes = 10}, {.allocated_bytes = 1000}, {.allocated_bytes = last}};
    return memory_growth(rests, 1, 5).has_value();
  };
  EXPECT_FALSE(grown(1025));
  EXPECT_TRUE(grown(1026));
  EXPECT_FALSE(grown(0));
  EXPECT_FALSE(memory_growth({{.allocated_bytes = 1}, {.allocated_bytes = 100}}, 1, 5));
}

TEST(soak, trend_is_that_of_the_last_third_over_the_first) {
  soak_result s;
  EXPECT_FALSE(trend_of(s));
  for (int i = 1; i <= 7; ++i)
    s.samples.push_back({.second = double(i), .requests_per_second = 10.0 * i, .fixed_load = 100});
  const auto trend = trend_of(s);
  ASSERT_TRUE(trend);
  EXPECT_DOUBLE_EQ(trend->throughput, 130.0 / 30.0);
  EXPECT_DOUBLE_EQ(trend->fixed_load, 1.0);
}

TEST(soak, chart_and_json_have_what_was_measured) {
  soak_options options = half_a_second();
  options.time = std::chrono::milliseconds(2500);
  const soak_result s = soak(chat(), options);
  const nlohmann::ordered_json json = to_json(options, s);
  EXPECT_EQ(json["verdict"], "pass");
  EXPECT_EQ(json["samples"].size(), s.samples.size());
  EXPECT_EQ(json["rests"].size(), s.rests.size());
  EXPECT_TRUE(json["failure"].is_null());
  const std::string svg = to_svg(options, s);
  for (const char* name : {"requests", "fixed load", "p50", "p99", "hit rate", "memory at rest"})
    EXPECT_NE(svg.find(">" + std::string(name) + "</text>"), std::string::npos) << name;
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

// ---- in a separate process

TEST(soak, in_a_process_of_its_own_says_the_same) {
  const soak_result s = soak_isolated(chat(), half_a_second("lockfree"), std::chrono::seconds(20));
  EXPECT_EQ(s.outcome, verdict::pass) << (s.found ? s.found->message : "");
  EXPECT_GT(s.counts.requests, 0U);
  EXPECT_FALSE(s.rests.empty());
  EXPECT_FALSE(s.metrics_screen.empty());
  EXPECT_THROW(soak_isolated(chat(), half_a_second("bogus"), std::chrono::seconds(20)), std::invalid_argument);
}

}  // namespace
}  // namespace triecheck::checks
