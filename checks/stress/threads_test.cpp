// Every variant under real threads: a pool that is always too small, prompts that share prefixes, every operation. What the
// scenarios prove step by step in small programs is run here without an order; under ThreadSanitizer (the preset tsan) a
// missing edge between two threads is a report, because the contents of pages are plain variables.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "checks/event_recorder.h"
#include "checks/observation.h"
#include "checks/oracles/page_contents.h"
#include "checks/oracles/statistics.h"
#include "checks/oracles/structure.h"
#include "checks/unit/variant_suite.h"

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
      read(l, prompt, seed);
      if (cache_.allocate(l, std::span(prompt).subspan(l.token_count())) == status::ok) continue_request(l, prompt, random, seed);
      if (random() % 16 == 0) cache_.evict(random() % 3);
      if (random() % 256 == 0) {
        pages_cleared_ += cache_.clear();
        ++clears_;
      }
      if (random() % 8 == 0) ask_for_statistics(seed);
    }
  }

  void ask_for_statistics(unsigned seed) {
    const model::statistics s = checks::to_model_statistics(cache_.stats());
    if (auto wrong = checks::check_statistics(s, page_count, said_of(static_cast<const P*>(nullptr)).statistics)) wrong_[seed] = std::move(wrong);
  }

  void continue_request(lease_type& l, const tokens& prompt, std::mt19937& random, unsigned seed) {
    const auto pages = l.pages();
    for (std::size_t i = l.cached_pages().size(); i < pages.size(); ++i) contents_.write(number(pages[i]), digest_of(l, prompt, i));
    if (random() % 4 == 0) {
      auto forked = cache_.fork(l);
      for (const page_copy& copy : forked.copies) contents_.write(number(copy.to), contents_.read(number(copy.from)));
      if (forked.result == status::ok && random() % 2 == 0) {
        static_cast<void>(cache_.publish(forked.forked));
        read(forked.forked, prompt, seed);
      }
    }
    if (random() % 8 != 0) static_cast<void>(cache_.publish(l));
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

  checks::event_recorder<std_sync> events_{page_count};
  cache_type cache_{{.pages = page_count, .tokens_per_page = span_tokens}};
  std::atomic<std::size_t> clears_{0};
  std::atomic<std::size_t> pages_cleared_{0};
  checks::page_contents<std_sync> contents_{page_count};
  std::optional<std::string> wrong_[threads];  // by thread
};

TYPED_TEST_SUITE(thread_stress, all_variants, name_of_variant);

TYPED_TEST(thread_stress, pages_keep_their_contents_and_none_is_lost) {
  this->cache_.subscribe(this->events_);
  std::vector<std::thread> running;
  for (unsigned t = 0; t < threads; ++t) running.emplace_back([this, t] { this->serve(t); });
  for (std::thread& t : running) t.join();
  for (const auto& wrong : this->wrong_) EXPECT_FALSE(wrong.has_value()) << *wrong;

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
  EXPECT_EQ(this->events_.look().violation(), std::nullopt);
  EXPECT_EQ(this->events_.look().check_rest(end, this->clears_, this->pages_cleared_), std::nullopt);
  EXPECT_EQ(this->cache_.shutdown().result, status::ok);
}

}  // namespace
}  // namespace triecheck::unit
