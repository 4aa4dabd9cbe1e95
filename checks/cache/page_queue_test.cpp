// Waiting for pages on every variant of the production build: in order of arrival, without a lost wake-up, with no
// sleeping in the tests. The places that are taken show which threads wait.
#include "cache/lockfree/page_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "cache/sync/measured.h"
#include "cache/sync/std.h"
#include "checks/subject/production_caches.h"
#include "checks/threads/together.h"

namespace triecheck::checks {
namespace {

template <class Cache>
class waiting : public testing::Test {};

template <class Tuple>
struct caches_of;
template <class... Listed>
struct caches_of<const std::tuple<Listed...>> {
  using type = testing::Types<typename Listed::cache_type...>;
};
struct name_of_variant {
  template <class Cache>
  static std::string GetName(int i) {
    std::vector<std::string> names;
    std::apply([&](const auto&... p) { (names.push_back(p.name), ...); }, production_caches);
    return names[static_cast<std::size_t>(i)];
  }
};
TYPED_TEST_SUITE(waiting, typename caches_of<decltype(production_caches)>::type, name_of_variant);

std::vector<token> prompt_of(token first, std::size_t tokens) {
  std::vector<token> prompt(tokens);
  for (std::size_t i = 0; i < tokens; ++i) prompt[i] = first + static_cast<token>(i);
  return prompt;
}

// As the documentation has it: the lease of a refused attempt is given back before the next wait.
template <class Cache>
typename Cache::lease_type admit(Cache& cache, std::span<const token> prompt) {
  auto place = cache.queue_for_pages();
  for (lease_id tried = no_lease; place.wait(tried);) {
    auto l = cache.lookup(prompt);
    tried = l.id();
    if (cache.allocate(l, prompt.subspan(l.token_count())) == status::ok) return l;
  }
  return {};
}

TYPED_TEST(waiting, first_place_has_its_turn_at_once_and_no_further_one_without_news) {
  TypeParam cache({.pages = 1, .tokens_per_page = 1});
  auto place = cache.queue_for_pages();
  EXPECT_TRUE(place.wait());
  cache.wake_waiting();
  EXPECT_FALSE(place.wait()) << "woken without a turn";
}

TYPED_TEST(waiting, release_gives_the_first_place_its_turn) {
  TypeParam cache({.pages = 1, .tokens_per_page = 1});
  const std::vector<token> prompt = {1};
  auto l = cache.lookup(prompt);
  ASSERT_EQ(cache.allocate(l, prompt), status::ok);
  auto place = cache.queue_for_pages();
  ASSERT_TRUE(place.wait());
  auto refused = cache.lookup(std::vector<token>{2});
  ASSERT_EQ(cache.allocate(refused, std::vector<token>{2}), status::cache_full);
  static_cast<void>(cache.release(l));
  EXPECT_TRUE(place.wait(refused.id()));
  EXPECT_EQ(cache.allocate(refused, std::vector<token>{2}), status::ok);
}

TYPED_TEST(waiting, what_the_refused_attempt_itself_gave_back_is_no_news) {
  TypeParam cache({.pages = 2, .tokens_per_page = 1});
  const std::vector<token> cached = {1};
  auto first = cache.lookup(cached);
  ASSERT_EQ(cache.allocate(first, cached), status::ok);
  ASSERT_EQ(cache.publish(first, 1), status::ok);
  auto place = cache.queue_for_pages();
  ASSERT_TRUE(place.wait());
  auto tried = cache.lookup(std::vector<token>{1, 2, 3});
  const lease_id id = tried.id();
  static_cast<void>(cache.release(tried));  // gives the pin of the found page back
  cache.wake_waiting();                     // so that a turn that is not there does not keep the test for ever
  EXPECT_FALSE(place.wait(id));
  static_cast<void>(cache.release(first));
  EXPECT_TRUE(place.wait(id)) << "another one gave pages back";
}

TYPED_TEST(waiting, every_request_is_served_where_threads_need_more_pages_than_there_are) {
  constexpr std::size_t threads = 8, rounds = 200;
  TypeParam cache({.pages = 4, .tokens_per_page = 1});
  std::atomic<std::size_t> served{0};
  run_together(threads, [&](std::size_t t, auto) {
    for (std::size_t i = 0; i < rounds; ++i) {
      // One to four pages, some of them of a common prefix, so that duplicates come back too.
      const std::vector<token> prompt = prompt_of(static_cast<token>(t % 2 * 100), 1 + (t + i) % 4);
      auto l = admit(cache, prompt);
      if (!l.is_open()) continue;
      EXPECT_EQ(cache.publish(l, l.token_count()), status::ok);
      served.fetch_add(1);
    }
  });
  EXPECT_EQ(served.load(), threads * rounds);
  EXPECT_EQ(cache.shutdown().result, status::ok);
}

TYPED_TEST(waiting, server_that_stops_wakes_every_one_who_waits) {
  constexpr std::size_t threads = 4;
  TypeParam cache({.pages = 1, .tokens_per_page = 1});
  const std::vector<token> prompt = {1};
  auto held = cache.lookup(prompt);
  ASSERT_EQ(cache.allocate(held, prompt), status::ok);
  std::atomic<std::size_t> queued{0}, gone{0};
  std::vector<std::thread> waiting_threads;
  for (std::size_t t = 0; t < threads; ++t) {
    waiting_threads.emplace_back([&, t] {
      auto place = cache.queue_for_pages();
      queued.fetch_add(1);
      queued.notify_all();
      const std::vector<token> mine = {static_cast<token>(10 + t)};
      lease_id tried = no_lease;
      while (place.wait(tried)) {
        auto l = cache.lookup(mine);
        tried = l.id();
        EXPECT_EQ(cache.allocate(l, mine), status::cache_full);
      }
      gone.fetch_add(1);
    });
  }
  for (std::size_t n = queued.load(); n != threads; n = queued.load()) queued.wait(n);
  cache.wake_waiting();
  for (std::thread& t : waiting_threads) t.join();
  EXPECT_EQ(gone.load(), threads);
}

// A small request at the front of the queue, a large one, and a small one: each is served when the one before it was.
TYPED_TEST(waiting, requests_are_served_in_the_order_in_which_they_queued) {
  TypeParam cache({.pages = 4, .tokens_per_page = 1});
  auto held = cache.lookup(prompt_of(100, 4));
  ASSERT_EQ(cache.allocate(held, prompt_of(100, 4)), status::ok);
  const std::vector<std::size_t> sizes = {1, 4, 1};
  std::atomic<std::size_t> queued{0};
  std::vector<std::size_t> order;  // guarded by what is waited for: a page of four is not there twice
  std::atomic<std::size_t> served{0};
  std::vector<std::thread> requests;
  for (std::size_t r = 0; r < sizes.size(); ++r) {
    requests.emplace_back([&, r] {
      const std::vector<token> mine = prompt_of(static_cast<token>(10 * r), sizes[r]);
      typename TypeParam::lease_type l;
      {
        auto place = cache.queue_for_pages();
        queued.fetch_add(1);
        queued.notify_all();
        for (lease_id tried = no_lease; place.wait(tried);) {
          l = cache.lookup(mine);
          tried = l.id();
          if (cache.allocate(l, mine) == status::ok) break;
          static_cast<void>(cache.release(l));
        }
        order.push_back(r);  // before the next one has its turn
        served.fetch_add(1);
      }
      static_cast<void>(cache.release(l));
    });
    for (std::size_t n = queued.load(); n != r + 1; n = queued.load()) queued.wait(n);
  }
  static_cast<void>(cache.release(held));
  for (std::thread& t : requests) t.join();
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2}));
}

TEST(waiting_over_the_measuring_layer, sleep_counts_as_a_wait) {
  using layer = measured_sync<std_sync>;
  page_queue<layer> queue;
  page_queue<layer>::place place(queue);
  const sync_counts before = layer::measured_here();
  EXPECT_TRUE(place.wait());
  EXPECT_EQ((layer::measured_here() - before).acquisitions, 1U);
  EXPECT_EQ((layer::measured_here() - before).waits, 0U);
}

TEST(waiting_over_the_measuring_layer, who_gives_pages_back_pays_one_load_while_nobody_waits) {
  using layer = measured_sync<std_sync>;
  page_queue<layer> queue;
  const sync_counts before = layer::measured_here();
  queue.pages_came();
  EXPECT_EQ(layer::measured_here() - before, (sync_counts{.loads = 1}));
}

}  // namespace
}  // namespace triecheck::checks
