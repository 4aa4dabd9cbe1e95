// Figures of a cache that tools/compare prints beside those of an earlier commit. So it compiles against the headers of
// both, and is no target of the build.
//   compared_figures counts    what is the same in every run
//   compared_figures times     what the machine decides
// Prints "figure<TAB>value" for each.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cache/coarse.h"
#include "cache/lockfree.h"
#include "cache/nodelock.h"
#include "cache/rwlock.h"
#if __has_include("cache/sync/std.h")
#include "cache/sync/std.h"
#else
#include "cache/sync_std.h"
#endif

namespace {

using namespace triecheck;
using tokens = std::vector<token>;

template <class Cache, class Lease>
void publish_all(Cache& cache, Lease& lease) {
  if constexpr (requires { cache.publish(lease, lease.token_count()); })
    static_cast<void>(cache.publish(lease, lease.token_count()));
  else
    static_cast<void>(cache.publish(lease));
}

void print(const std::string& figure, double value) { std::printf("%s\t%.4f\n", figure.c_str(), value); }

std::size_t allocated() {
  const struct mallinfo2 m = mallinfo2();
  return m.uordblks + m.hblkhd;
}

template <class F>
double nanoseconds(F f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

template <class F>
void with_every_variant(F f) {
  f("coarse", static_cast<coarse_cache<std_sync>*>(nullptr));
  f("rwlock", static_cast<rwlock_cache<std_sync>*>(nullptr));
  f("nodelock", static_cast<nodelock_cache<std_sync>*>(nullptr));
  f("lockfree", static_cast<lockfree_cache<std_sync>*>(nullptr));
}

// Short requests with 64 common prefixes; every 200 steps a long one that is tried again at each step until it fits.
template <class Cache>
double hit_rate_beside_refusals(std::size_t long_pages) {
  constexpr std::size_t page = 16;
  constexpr int life = 20;
  Cache cache({.pages = 2048, .tokens_per_page = page});
  std::mt19937 random(7);
  std::vector<double> weights;
  for (int i = 0; i < 64; ++i) weights.push_back(1.0 / (1 + i));
  std::discrete_distribution<unsigned> prefix(weights.begin(), weights.end());
  std::poisson_distribution<int> arrivals(1.0);
  struct running {
    typename Cache::lease_type lease;
    int left;
  };
  std::deque<running> open;
  std::deque<tokens> queue;
  std::size_t asked = 0, found = 0;
  token fresh = 1'000'000;
  bool wanted = false;
  for (unsigned step = 0; step < 20'000; ++step) {
    for (int n = arrivals(random); n-- > 0 && queue.size() < 200;) {
      tokens prompt;
      const token of = prefix(random);
      for (token i = 0; i < 32 * page; ++i) prompt.push_back(of * 10'000 + i);
      const std::size_t own = 1 + random() % 16;
      for (std::size_t i = 0; i < own * page; ++i) prompt.push_back(fresh++);
      queue.push_back(std::move(prompt));
    }
    for (running& r : open) {
      if (--r.left == 0) publish_all(cache, r.lease);
    }
    std::erase_if(open, [](const running& r) { return r.left == 0; });
    if (step % 200 == 0) wanted = true;
    if (wanted) {
      tokens prompt;
      for (token i = 0; i < long_pages * page; ++i) prompt.push_back(3'000'000'000U + step / 200 * 100'000 + i);
      auto lease = cache.lookup(prompt);
      if (cache.allocate(lease, std::span(prompt).subspan(lease.token_count())) == status::ok) {
        wanted = false;
        open.push_back({std::move(lease), life});
      }
    }
    for (; !queue.empty(); queue.pop_front()) {
      const tokens& prompt = queue.front();
      auto lease = cache.lookup(prompt);
      const std::size_t hits = lease.cached_pages().size();
      if (cache.allocate(lease, std::span(prompt).subspan(lease.token_count()), 4 * page) != status::ok) break;
      found += hits;
      asked += prompt.size() / page;
      publish_all(cache, lease);
      open.push_back({std::move(lease), life});
    }
  }
  return static_cast<double>(found) / static_cast<double>(asked);
}

void print_counts() {
  for (const std::size_t pages : {1600, 1800, 2000}) {
    const std::string what = "hit rate beside refusals of " + std::to_string(pages) + " pages, ";
    print(what + "coarse", hit_rate_beside_refusals<coarse_cache<std_sync>>(pages));
    print(what + "lockfree", hit_rate_beside_refusals<lockfree_cache<std_sync>>(pages));
  }
  with_every_variant([]<class Cache>(const char* name, Cache*) {
    for (const std::size_t pages : {1024, 1025, 65536, 65537}) {
      const std::size_t before = allocated();
      const auto cache = std::make_unique<Cache>(cache_config{.pages = pages, .tokens_per_page = 16});
      print("bytes for each of " + std::to_string(pages) + " pages, " + name,
            static_cast<double>(allocated() - before) / static_cast<double>(pages));
    }
  });
  with_every_variant([]<class Cache>(const char* name, Cache*) {
    const tokens prompt(std::size_t{4} << 20, 7);
    Cache cache({.pages = 1024, .tokens_per_page = 1});
    const std::size_t before = allocated();
    {
      std::vector<typename Cache::lease_type> open;
      for (int i = 0; i < 16; ++i) open.push_back(cache.lookup(prompt));
    }
    const std::size_t after = allocated();
    print(std::string("KiB kept after 16 misses of 4 Mi blocks, ") + name,
          static_cast<double>(after - std::min(before, after)) / 1024);
  });
}

// A full pool, and more requests than it has pages for: a refused thread goes on with what it has open, and asks again.
template <class Cache>
double overload_milliseconds(std::size_t threads) {
  constexpr std::size_t requests = 8'192;
  Cache cache({.pages = 8192, .tokens_per_page = 16});
  std::vector<std::thread> all;
  const double took = nanoseconds([&] {
    for (std::size_t t = 0; t < threads; ++t) {
      all.emplace_back([&cache, t, threads] {
        struct running {
          typename Cache::lease_type lease;
          unsigned left;
        };
        std::mt19937 random(static_cast<unsigned>(t + 1));
        std::vector<running> open;
        tokens prompt;
        for (std::size_t left = requests / threads; left != 0 || !open.empty();) {
          while (left != 0 && open.size() < 16) {
            if (prompt.empty()) {
              const token system = random() % 8;
              for (token i = 0; i < 300; ++i) prompt.push_back(system * 1000 + i);
              for (unsigned n = 20 + random() % 400; n != 0; --n) prompt.push_back(random());
            }
            auto lease = cache.lookup(prompt);
            if (cache.allocate(lease, std::span(prompt).subspan(lease.token_count())) != status::ok) break;
            publish_all(cache, lease);
            open.push_back({std::move(lease), 20 + static_cast<unsigned>(random() % 60)});
            prompt.clear();
            --left;
          }
          std::this_thread::yield();  // the model computes: requests of all threads are open at once
          for (running& r : open) {
            const token next = random();
            if (cache.allocate(r.lease, std::span(&next, 1)) != status::ok) r.left = 1;  // gives up its pages
            if (--r.left != 0 && r.lease.token_count() % 16 == 0) publish_all(cache, r.lease);
          }
          std::erase_if(open, [](const running& r) { return r.left == 0; });
        }
      });
    }
    for (std::thread& t : all) t.join();
  });
  return took / 1e6;
}

template <class Cache>
void print_requests(const std::string& name) {
  constexpr std::size_t page = 16, prompts = 64, long_pages = 64;
  Cache cache({.pages = 8192, .tokens_per_page = page});
  std::mt19937 random(3);
  std::vector<tokens> cached(prompts, tokens(long_pages * page));
  for (tokens& prompt : cached) {
    for (token& t : prompt) t = random() % 32'000;
    auto lease = cache.lookup(prompt);
    static_cast<void>(cache.allocate(lease, prompt));
    publish_all(cache, lease);
  }
  double lookup = 1e18, request = 1e18;
  for (int pass = 0; pass < 25; ++pass) {
    std::size_t found = 0;
    const double took = nanoseconds([&] {
      for (const tokens& prompt : cached) found += cache.lookup(prompt).cached_pages().size();
    });
    lookup = std::min(lookup, took / static_cast<double>(found));
  }
  token fresh = 1'000'000;
  for (int pass = 0; pass < 15; ++pass) {
    std::vector<tokens> half_new;
    for (std::size_t i = 0; i < 1000; ++i) {
      half_new.emplace_back(cached[i % prompts].begin(), cached[i % prompts].begin() + 8 * page);
      for (std::size_t k = 0; k < 8 * page; ++k) half_new.back().push_back(fresh++);
    }
    request =
        std::min(request, nanoseconds([&] {
                            for (const tokens& prompt : half_new) {
                              auto lease = cache.lookup(prompt);
                              static_cast<void>(cache.allocate(lease, std::span(prompt).subspan(lease.token_count())));
                              publish_all(cache, lease);
                            }
                          }) / 1000);
  }
  print("ns of a lookup for each cached page, " + name, lookup);
  print("ns of a request of 8 cached and 8 new pages, " + name, request);
}

void print_times() {
  with_every_variant([]<class Cache>(const char* name, Cache*) { print_requests<Cache>(name); });
  with_every_variant([]<class Cache>(const char* name, Cache*) {
    const tokens prompt(131'072, 7);
    Cache cache({.pages = 1024, .tokens_per_page = 1});
    double best = 1e18;
    for (int pass = 0; pass < 50; ++pass)
      best = std::min(best, nanoseconds([&] { static_cast<void>(cache.lookup(prompt)); }));
    print(std::string("ns of a miss of 131,072 tokens, ") + name, best);
  });
  print("ms of an overload by 64 threads, coarse", overload_milliseconds<coarse_cache<std_sync>>(64));
  print("ms of an overload by 64 threads, lockfree", overload_milliseconds<lockfree_cache<std_sync>>(64));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "counts")
    print_counts();
  else if (what == "times")
    print_times();
  else
    return 2;
}
