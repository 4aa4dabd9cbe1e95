// Every variant under real threads: a pool that is always too small, prompts that share prefixes, every operation. What
// the scenarios prove step by step in small programs is run here without an order; under ThreadSanitizer (the preset
// tsan) a missing edge between two threads is a report, because the contents of pages are plain variables.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "cache/event_hub.h"
#include "checks/cache/variant_suite.h"
#include "checks/oracles/event_recorder.h"
#include "checks/oracles/lease_ids.h"
#include "checks/oracles/page_contents.h"
#include "checks/oracles/statistics.h"
#include "checks/oracles/structure.h"
#include "checks/subject/observation.h"

namespace triecheck::unit {
namespace {

constexpr std::size_t page_count = 12;
constexpr std::size_t span_tokens = 2;
constexpr unsigned threads = 4;
constexpr unsigned rounds = 2000;

template <class P>
class thread_stress : public testing::Test {
 protected:
  using cache_type = typename P::cache_type;
  using lease_type = typename cache_type::lease_type;

  // Serves requests until its rounds are done or a page holds what does not belong to its lease.
  void serve(unsigned seed) {
    std::mt19937 random(seed);
    for (unsigned i = 0; i < rounds && !wrong_[seed]; ++i) {
      const tokens prompt = some_prompt(random);
      lease_type l = cache_.lookup(prompt, key_space(random() % 4 == 0 ? 1 : 0));
      ids_[seed].push_back(static_cast<std::uint64_t>(l.id()));
      read(l, prompt, seed);
      if (cache_.allocate(l, std::span(prompt).subspan(l.token_count())) == status::ok)
        continue_request(l, prompt, random, seed);
      if (random() % 16 == 0) cache_.evict(random() % 3);
      if (random() % 256 == 0) {
        pages_cleared_ += cache_.clear();
        ++clears_;
      }
      if (random() % 8 == 0) ask_for_statistics(seed);
    }
  }

  template <class Queue>
  void prefill(unsigned seed, Queue& queue) {
    std::mt19937 random(seed);
    for (unsigned i = 0; i < rounds && !wrong_[seed];) {
      const tokens prompt = some_prompt(random);
      lease_type l = cache_.lookup(prompt);
      read(l, prompt, seed);
      if (cache_.allocate(l, std::span(prompt).subspan(l.token_count())) != status::ok) {  // l goes out of scope
        std::this_thread::yield();
        continue;
      }
      write_private_pages(l, prompt);
      queue.push({std::move(l), prompt});
      ++i;
    }
  }

  template <class Queue>
  void finish_what_comes(unsigned seed, Queue& queue) {
    while (auto next = queue.pop()) {
      static_cast<void>(cache_.publish(next->lease, next->prompt.size()));
      read(next->lease, next->prompt, seed);
      if (next->prompt.size() % 2 == 0) cache_.release(next->lease);  // the others go out of scope
    }
  }

  void write_private_pages(const lease_type& l, const tokens& prompt) {
    const auto pages = l.pages();
    for (std::size_t i = l.cached_pages().size(); i < pages.size(); ++i)
      contents_.write(number(pages[i]), digest_of(l, prompt, i));
  }

  void ask_for_statistics(unsigned seed) {
    const model::statistics s = checks::to_model_statistics(cache_.stats());
    if (auto wrong = checks::check_statistics(s, page_count, said_of(static_cast<const P*>(nullptr)).statistics))
      wrong_[seed] = std::move(wrong);
  }

  void continue_request(lease_type& l, const tokens& prompt, std::mt19937& random, unsigned seed) {
    write_private_pages(l, prompt);
    if (random() % 4 == 0) {
      auto forked = cache_.fork(l);
      for (const page_copy& copy : forked.copies) contents_.write(number(copy.to), contents_.read(number(copy.from)));
      if (forked.result == status::ok && random() % 2 == 0) {
        static_cast<void>(cache_.publish(forked.forked, forked.forked.token_count()));
        read(forked.forked, prompt, seed);
      }
    }
    if (random() % 8 != 0) static_cast<void>(cache_.publish(l, l.token_count()));
    read(l, prompt, seed);
  }

  void read(const lease_type& l, const tokens& prompt, unsigned seed) {
    for (std::size_t i = 0; i < l.pages().size(); ++i) {
      if (contents_.read(number(l.pages()[i])) == digest_of(l, prompt, i)) continue;
      wrong_[seed] = "page " + std::to_string(number(l.pages()[i])) + " holds the contents of another prompt";
    }
  }

  static tokens some_prompt(std::mt19937& random) {
    tokens prompt(1 + random() % 9);
    for (token& t : prompt) t = random() % 2;
    return prompt;
  }
  static std::uint64_t digest_of(const lease_type& l, const tokens& prompt, std::size_t page) {
    return checks::digest(std::span(prompt).first(std::min(prompt.size(), (page + 1) * span_tokens)),
                          static_cast<model::key_space>(l.space()));
  }
  static model::page number(page_id p) { return static_cast<model::page>(p); }

  checks::event_book told_{page_count, span_tokens};
  checks::event_recorder events_{told_};
  cache_type cache_{{.pages = page_count, .tokens_per_page = span_tokens}};
  std::atomic<std::size_t> clears_{0};
  std::atomic<std::size_t> pages_cleared_{0};
  checks::page_contents<std_sync> contents_{page_count};
  std::optional<std::string> wrong_[threads];  // by thread
  std::vector<std::uint64_t> ids_[threads];    // of the leases that lookups opened, by thread
};

// What one thread looked up, allocated and wrote, and another publishes, reads and releases.
template <class Lease>
class lease_queue {
 public:
  struct entry {
    Lease lease;
    tokens prompt;
  };

  void push(entry e) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(e));
    changed_.notify_one();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  std::optional<entry> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || !entries_.empty(); });
    if (entries_.empty()) return {};
    std::optional<entry> e(std::move(entries_.front()));
    entries_.pop_front();
    return e;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<entry> entries_;
  bool ended_ = false;
};

TYPED_TEST_SUITE(thread_stress, all_variants, name_of_variant);

TYPED_TEST(thread_stress, pages_keep_their_contents_and_none_is_lost) {
  this->cache_.subscribe(this->events_);
  std::vector<std::thread> running;
  for (unsigned t = 0; t < threads; ++t) running.emplace_back([this, t] { this->serve(t); });
  for (std::thread& t : running) t.join();
  for (const auto& wrong : this->wrong_) EXPECT_FALSE(wrong.has_value()) << *wrong;

  checks::lease_ids ids;
  for (unsigned t = 0; t < threads; ++t) {
    for (const std::uint64_t id : this->ids_[t]) EXPECT_EQ(ids.opened(t, id), std::nullopt);
  }

  const cache_stats s = this->cache_.stats();
  EXPECT_EQ(s.lookups, threads * rounds);
  EXPECT_EQ(s.open_leases, 0U);
  EXPECT_EQ(s.private_pages, 0U);
  EXPECT_EQ(s.free_pages + s.cached_pages, page_count);
  EXPECT_EQ(s.published_pages - s.evicted_pages, s.cached_pages);
  EXPECT_GT(s.evicted_pages, 0U);
  EXPECT_GT(s.hit_pages, 0U);
  const checks::structure end = checks::to_structure(this->cache_.snapshot());
  EXPECT_EQ(checks::check_structure(end), std::nullopt);
  EXPECT_EQ(checks::check_pins(end, {}), std::nullopt);
  EXPECT_EQ(this->told_.violation(), std::nullopt);
  EXPECT_EQ(this->told_.check_rest(end), std::nullopt);
  EXPECT_EQ(this->told_.clears(), this->clears_);
  EXPECT_EQ(this->told_.pages_cleared(), this->pages_cleared_);
  EXPECT_EQ(this->cache_.shutdown().result, status::ok);
}

TYPED_TEST(thread_stress, subscribers_join_and_leave) {
  using told_cache = typename TestFixture::cache_type;
  event_hub<typename told_cache::sync_type> hub(this->cache_.config());
  told_cache cache(this->cache_.config());
  cache.subscribe(hub);
  std::atomic<bool> is_over{false};
  std::optional<std::string> wrong;
  std::thread visiting([&] {
    while (!is_over && !wrong) {
      checks::event_book book(page_count, span_tokens);
      checks::event_recorder visitor(book);
      hub.join(visitor);
      std::this_thread::yield();
      hub.leave(visitor);
      wrong = book.violation();
    }
  });
  std::vector<std::thread> running;
  for (unsigned t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      std::mt19937 random(t);
      for (unsigned i = 0; i < rounds; ++i) {
        const tokens prompt = TestFixture::some_prompt(random);
        auto l = cache.lookup(prompt);
        if (cache.allocate(l, std::span(prompt).subspan(l.token_count())) == status::ok)
          static_cast<void>(cache.publish(l, prompt.size()));
        if constexpr (checks::forgets<told_cache>) {
          if (random() % 32 == 0) static_cast<void>(cache.forget(TestFixture::some_prompt(random)));
        }
      }
    });
  }
  for (std::thread& t : running) t.join();
  is_over = true;
  visiting.join();
  EXPECT_EQ(wrong, std::nullopt);

  checks::event_book book(page_count, span_tokens);
  checks::event_recorder last(book);
  hub.join(last);
  EXPECT_EQ(book.violation(), std::nullopt);
  EXPECT_EQ(book.check_rest(checks::to_structure(cache.snapshot())), std::nullopt);
  EXPECT_EQ(cache.shutdown().result, status::ok);
  EXPECT_EQ(book.violation(), std::nullopt);
}

TYPED_TEST(thread_stress, leases_go_from_one_thread_to_another) {
  lease_queue<typename TestFixture::lease_type> queue;
  std::vector<std::thread> prefilling;
  std::vector<std::thread> decoding;
  for (unsigned t = 0; t < threads / 2; ++t) prefilling.emplace_back([&, t] { this->prefill(t, queue); });
  for (unsigned t = threads / 2; t < threads; ++t) decoding.emplace_back([&, t] { this->finish_what_comes(t, queue); });
  for (std::thread& t : prefilling) t.join();
  queue.end();
  for (std::thread& t : decoding) t.join();
  for (const auto& wrong : this->wrong_) EXPECT_FALSE(wrong.has_value()) << *wrong;
  EXPECT_EQ(this->cache_.stats().open_leases, 0U);
  EXPECT_GT(this->cache_.stats().hit_pages, 0U);
  EXPECT_EQ(this->cache_.shutdown().result, status::ok);
}

}  // namespace
}  // namespace triecheck::unit
