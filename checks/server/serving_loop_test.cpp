// The scheduler's loop of the server, cut down to what meets the cache, under the explorer: worker threads take
// requests from a queue, look up, allocate or give up and try again, compute, publish, decode one token more (or
// preempt themselves), release. A page holds a number that depends on every token of its prefix, as keys and values
// do: a wrong page is a wrong answer, and a page that is written while another request reads it is a data race.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "cache/coarse.h"
#include "cache/lockfree.h"
#include "cache/nodelock.h"
#include "cache/rwlock.h"
#include "checks/explore/gtest.h"
#include "checks/historical/historical_cache.h"

namespace triecheck::explore {
namespace {

/// A cache as it ships.
template <class Cache>
struct shipped {
  using cache_type = Cache;
  static cache_type made(const cache_config& config) { return cache_type(config); }
  static constexpr bool computes_first = true;
};

/// The cache that the project began with, with one of its defects.
template <historical::defect Defect>
struct with_defect {
  using cache_type = historical::historical_cache<relacy_sync>;
  static cache_type made(const cache_config& config) { return cache_type(config, {Defect}); }
  static constexpr bool computes_first = true;
};

/// A server that shares pages before it has filled them.
struct hasty_server : shipped<coarse_cache<relacy_sync>> {
  static constexpr bool computes_first = false;
};

template <class Made>
class serving_loop {
 public:
  using cache_type = typename Made::cache_type;
  using lease_type = typename cache_type::lease_type;

  /// What a thread of the server runs until no request is left.
  void work() {
    for (std::size_t mine; (mine = next_.fetch_add(1, memory_order::relaxed)) < requests_;) {
      lease_id tried = no_lease;
      if (attempt(prompts[mine], tried)) continue;
      auto place = cache_.queue_for_pages();  // others that are refused wait behind it
      tried = no_lease;
      while (place.wait(tried) && !attempt(prompts[mine], tried)) {
      }
    }
  }

  void ask(std::size_t requests) { requests_ = requests; }

  void end() {
    const shutdown_report report = cache_.shutdown();
    expect(report.result == status::ok && report.lost.empty(), "nothing is lost");
  }

 private:
  static constexpr std::size_t pages = 4;
  static constexpr std::array<std::array<token, 2>, 3> prompts{{{1, 2}, {1, 3}, {1, 2}}};

  // One admission of a request. Whether it was answered; otherwise it has nothing any more, and waits for pages.
  bool attempt(std::span<const token> prompt, lease_id& tried) {
    std::vector<token> tokens(prompt.begin(), prompt.end());
    lease_type l = cache_.lookup(prompt.first(prompt.size() - 1));  // the last token is always computed
    tried = l.id();
    if (cache_.allocate(l, prompt.subspan(l.token_count())) != status::ok) return false;
    prefill(l, tokens);
    tokens.push_back(answer(l, tokens));
    if (cache_.allocate(l, std::span(tokens).last(1)) != status::ok)
      return false;  // preempted: what it published stays
    prefill(l, tokens);
    answer(l, tokens);
    return true;
  }

  void prefill(lease_type& l, std::span<const token> tokens) {
    if (!Made::computes_first) expect(cache_.publish(l, tokens.size()) == status::ok, "the pages can be shared");
    for (std::size_t i = l.cached_pages().size(); i < tokens.size(); ++i)
      memory(l.pages()[i]).set(contents(tokens.first(i + 1)));
    if (!Made::computes_first) {
      for (std::size_t i = 0; i < tokens.size(); ++i) memory(l.pages()[i]).set(contents(tokens.first(i + 1)));
    } else {
      expect(cache_.publish(l, tokens.size()) == status::ok, "the pages can be shared");
    }
  }

  // The next token, which depends on all pages.
  token answer(const lease_type& l, std::span<const token> tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      expect(memory(l.pages()[i]).get() == contents(tokens.first(i + 1)), "the page holds the request's own prefix");
    }
    return contents(tokens) % 100 + 10;
  }

  static std::uint32_t contents(std::span<const token> prefix) {
    std::uint32_t all = 17;
    for (const token t : prefix) all = all * 31 + t;
    return all;
  }

  relacy_sync::var<std::uint32_t>& memory(page_id page) { return memory_[index_of(page)]; }

  cache_type cache_ = Made::made({.pages = pages, .tokens_per_page = 1});
  relacy_sync::var<std::uint32_t> memory_[pages];
  relacy_sync::atomic<std::uint32_t> next_{0};
  std::size_t requests_ = 2;
};

template <class Made>
report served(std::size_t requests, unsigned preemptions) {
  check_options o;
  o.strategy = "bounded";
  o.preemptions = preemptions;
  check<serving_loop<Made>> c("serving_loop", o);
  for (std::size_t i = 0; i < requests; ++i) {
    c.thread([requests](auto& loop) {
      loop.ask(requests);
      loop.work();
    });
  }
  c.at_the_end([](auto& loop) { loop.end(); });
  return c.run();
}

template <class Made>
class serving : public testing::Test {};

using variants = testing::Types<shipped<coarse_cache<relacy_sync>>, shipped<rwlock_cache<relacy_sync>>,
                                shipped<nodelock_cache<relacy_sync>>, shipped<lockfree_cache<relacy_sync>>>;
TYPED_TEST_SUITE(serving, variants);

// What the lock-free cache does takes more steps, so a bound leaves it more executions.
template <class Made>
constexpr bool is_lockfree = std::is_same_v<Made, shipped<lockfree_cache<relacy_sync>>>;

TYPED_TEST(serving, two_requests_are_answered_right) {
  EXPECT_TRUE(passes(served<TypeParam>(2, is_lockfree<TypeParam> ? 1 : 2)));
}
TYPED_TEST(serving, three_requests_are_answered_right) {
  EXPECT_TRUE(passes(served<TypeParam>(3, is_lockfree<TypeParam> ? 0 : 1)));
}

TEST(serving_loop, pages_that_are_shared_before_they_are_filled_show) {
  EXPECT_FALSE(served<hasty_server>(2, 2).passed);
}
TEST(serving_loop, a_defect_of_the_first_cache_shows) {
  EXPECT_FALSE(served<with_defect<historical::defect::release_frees_every_allocated_page>>(2, 2).passed);
}

}  // namespace
}  // namespace triecheck::explore
