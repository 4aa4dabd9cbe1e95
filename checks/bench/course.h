// A cache of any class in the benchmark: what it is prepared with, and what is timed of a pass.
//
// Threads: those of prepared_cache.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "cache/sync/std.h"
#include "cache/types.h"
#include "checks/bench/contestant.h"
#include "checks/bench/load.h"
#include "checks/bench/random_order.h"
#include "checks/bench/spinning.h"
#include "checks/threads/together.h"

namespace triecheck::checks {

inline void must(status s) {
  if (s != status::ok) throw std::logic_error("a cache refused what it has to do");
}

template <class Cache>
void publish_request(Cache& cache, std::span<const token> tokens) {
  auto l = cache.lookup(tokens);
  must(cache.allocate(l, tokens.subspan(l.token_count())));
  must(cache.publish(l, tokens.size()));
  static_cast<void>(cache.release(l));
}

// Publishes strangers, of tokens from `next` on, until a page has to be evicted for one: the cache is full then.
// Returns the first token that was not used.
template <class Cache>
token fill_with_strangers(Cache& cache, std::size_t pages, std::size_t page_tokens, token next) {
  std::vector<token> stranger(std::min<std::size_t>(pages, 64) * page_tokens);
  while (cache.stats().evicted_pages == 0) {
    for (token& t : stranger) t = next++;
    publish_request(cache, stranger);
  }
  return next;
}

// Runs `serve(thread, pass)` in as many threads, which prepared before (together.h), and adds up what they measured;
// before all that, how many cores they get.
template <class Serve, class... Prepare>
bench_pass measure_pass(std::size_t threads, Serve serve, Prepare... prepare) {
  std::vector<bench_pass> parts(threads);
  bench_pass all;
  if (threads > 1) all.spinning = spin(threads);
  all.seconds = run_together(
      threads, [&](std::size_t t, auto) { serve(t, parts[t]); }, prepare...);
  for (const bench_pass& part : parts) {
    all.requests += part.requests;
    all.rejected += part.rejected;
    all.pages += part.pages;
    all.hit_pages += part.hit_pages;
    all.timed_ns += part.timed_ns;
    all.latencies.add(part.latencies);
  }
  return all;
}

template <class Cache>
class full_cycle_course final : public prepared_cache {
 public:
  full_cycle_course(const load& l, std::size_t pages) : load_(l), pages_(pages) {}

  bench_pass run(std::size_t threads) override {
    cache_.reset();
    cache_.emplace(cache_config{.pages = pages_, .tokens_per_page = load_.page_tokens});
    const token others = fill();
    // A copy for each thread: where those of other threads lie between them, tokens come from memory later than where
    // one thread serves all, and what is measured is the cache.
    std::vector<request_list> shares(threads);
    return measure_pass(
        threads, [&](std::size_t t, bench_pass& p) { serve(shares[t], 0, p); },
        [&](std::size_t t) { shares[t] = load_.share(t, threads); },
        [&](std::size_t t) {
          bench_pass unmeasured;
          serve(shares[t], others, unmeasured);
        });
  }

 private:
  using lease_type = typename Cache::lease_type;

  // What is measured is a cache in which every new page costs an old one, and whose pages went through many requests of
  // the very threads that use it. First it is filled with unrelated pages until one is evicted. Then all threads serve
  // the load once, at the same time and with other tokens; a thread that began earlier would get the pages of the
  // others. All these pages are older than every request that counts, so they are evicted before any page of those
  // requests. Returns by how much tokens have to be shifted to be other ones.
  token fill() { return fill_with_strangers(*cache_, pages_, load_.page_tokens, load_.unused); }

  // One reading of the clock for each request: it ends one and begins the next. With eight in flight what is timed is
  // the lookup and the allocation of one request, and the publication and the release of the one eight before: half of
  // the work on the pages of each, which is the size that the latency is counted under. `shift` is added to every
  // token.
  void serve(const request_list& share, token shift, bench_pass& p) {
    std::vector<token> shifted;
    std::array<lease_type, in_flight> open;
    std::size_t opened = 0, closed = 0;
    const auto finish = [&] {
      lease_type& l = open[closed++ % in_flight];
      const std::size_t pages = l.pages().size();
      must(cache_->publish(l, l.token_count()));
      static_cast<void>(cache_->release(l));
      return pages;
    };
    const std::uint64_t begin = std_sync::now_ns();
    std::uint64_t before = begin;
    for (std::size_t i = 0; i < share.requests(); ++i) {
      std::span<const token> tokens = share.request(i);
      if (shift != 0) {
        shifted.assign(tokens.begin(), tokens.end());
        for (token& t : shifted) t += shift;
        tokens = shifted;
      }
      lease_type& l = open[opened % in_flight];
      l = cache_->lookup(tokens);
      const std::size_t hits = l.pages().size();
      std::size_t half_pages = 2 * hits;
      ++p.requests;
      p.hit_pages += hits;
      if (cache_->allocate(l, tokens.subspan(l.token_count())) == status::ok) {
        p.pages += l.pages().size();
        half_pages = l.pages().size();
        if (++opened - closed == in_flight) half_pages += finish();
      } else {
        p.pages += hits;
        ++p.rejected;
        static_cast<void>(cache_->release(l));
      }
      const std::uint64_t after = std_sync::now_ns();
      p.latencies.add(after - before, half_pages);
      before = after;
    }
    while (closed != opened) finish();
    p.timed_ns = std_sync::now_ns() - begin;
  }

  const load& load_;
  const std::size_t pages_;
  std::optional<Cache> cache_;
};

// A cache that has the pages of all requests.
template <class Cache>
class resident_cache {
 public:
  resident_cache(const load& l, std::size_t pages)
      : cache_(cache_config{.pages = pages, .tokens_per_page = l.page_tokens}) {
    for (std::size_t i = 0; i < l.requests(); ++i) publish_request(cache_, l.request(i));
  }

  auto lookup(std::span<const token> tokens) { return cache_.lookup(tokens); }
  static std::size_t hits(const typename Cache::lease_type& l) { return l.pages().size(); }
  void release(typename Cache::lease_type& l) { static_cast<void>(cache_.release(l)); }

 private:
  Cache cache_;
};

// `Resident` is constructed from (load, pages) and has lookup(tokens), and of what that returns hits and release.
template <class Resident>
class lookup_course final : public prepared_cache {
 public:
  lookup_course(const load& l, bench_mode mode, std::size_t pages)
      : load_(l), mode_(mode), resident_(l, pages), order_(random_order(l.requests())) {
    if (mode_ == bench_mode::warm_lookup) order_.resize(std::min(warm_requests, order_.size()));
  }

  bench_pass run(std::size_t threads) override {
    // Every thread takes all of them in turn, each from somewhere else, and the next pass does not begin where this
    // one did.
    begin_ += order_.size() / 7 + 1;
    return measure_pass(threads,
                        [&](std::size_t t, bench_pass& p) { look_up(begin_ + t * order_.size() / threads, p); });
  }

 private:
  static constexpr std::size_t warm_requests = 64;
  static constexpr std::uint64_t lookup_pass_ns = 100'000'000;

  void look_up(std::size_t first, bench_pass& p) {
    std::uint64_t before = std_sync::now_ns();
    const std::uint64_t end = before + lookup_pass_ns;
    for (std::size_t i = first; before < end; ++i) {
      const auto tokens = load_.request(order_[i % order_.size()]);
      if (mode_ == bench_mode::cold_lookup) {
        read(tokens);
        before = std_sync::now_ns();
      }
      auto found = resident_.lookup(tokens);
      const std::size_t hits = resident_.hits(found);
      ++p.requests;
      p.hit_pages += hits;
      std::uint64_t after = mode_ == bench_mode::cold_lookup ? std_sync::now_ns() : 0;
      resident_.release(found);
      const std::uint64_t released = std_sync::now_ns();
      if (mode_ == bench_mode::warm_lookup) after = released;
      p.latencies.add(after - before, 2 * hits);
      p.timed_ns += after - before;
      before = released;
    }
    p.pages = p.hit_pages;
  }

  // A server has just made the tokens when it looks them up: it is the cache that is cold, not the prompt.
  static void read(std::span<const token> tokens) {
    token sum = 0;
    for (const token t : tokens) sum += t;
    volatile token seen = sum;
    static_cast<void>(seen);
  }

  const load& load_;
  const bench_mode mode_;
  Resident resident_;
  std::vector<std::size_t> order_;  // of the requests that are looked up
  std::size_t begin_ = 0;           // in order_
};

template <class Cache>
std::unique_ptr<prepared_cache> prepare_course(const load& l, bench_mode mode, std::size_t pages) {
  if (mode == bench_mode::full_cycle) return std::make_unique<full_cycle_course<Cache>>(l, pages);
  return std::make_unique<lookup_course<resident_cache<Cache>>>(l, mode, pages);
}

}  // namespace triecheck::checks
