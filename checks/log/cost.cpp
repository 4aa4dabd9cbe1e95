// `triecheck-log-cost`: what the operation log costs, compared with the operations themselves. Passes with and without
// the log take turns, so that what else runs on the machine meets both; the medians count.
//
// Threads: one.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "cache/coarse.h"
#include "cache/lockfree.h"
#include "checks/log/logged_requests.h"
#include "checks/threads/median.h"

namespace triecheck::checks {
namespace {

constexpr std::size_t passes = 41;
constexpr std::size_t requests = 2000;
constexpr cache_config config{.pages = 4096, .tokens_per_page = 16};

double ns_of_a_pass(auto work) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < requests; ++i) work(i);
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / requests;
}

// A lookup that hits all of its tokens, and its release: two operations.
template <class Cache>
auto lookups(Cache& cache, const std::vector<token>& prompt) {
  return [&cache, &prompt](std::size_t) { static_cast<void>(cache.lookup(prompt)); };
}

template <class Cache>
void fill(Cache& cache, const std::vector<token>& prompt) {
  auto l = cache.lookup(prompt);
  static_cast<void>(cache.allocate(l, prompt));
  static_cast<void>(cache.publish(l, prompt.size()));
}

template <class Cache>
void measure(const char* name, std::size_t tokens) {
  const std::vector<token> prompt(tokens, 7);
  Cache bare(config);
  logged_cache<Cache> logged(config, std::size_t{1} << 16);
  fill(bare, prompt);
  fill(logged.cache, prompt);
  std::vector<double> without, with;
  for (std::size_t i = 0; i < passes; ++i) {
    without.push_back(ns_of_a_pass(lookups(bare, prompt)) / 2);
    with.push_back(ns_of_a_pass(lookups(logged.cache, prompt)) / 2);
  }
  const double before = median(without), after = median(with);
  std::printf("%-9s %6zu %12.1f %12.1f %12.1f %8.2f\n", name, tokens, before, after, after - before, after / before);
}

double median_of_passes(auto work) {
  std::vector<double> all;
  for (std::size_t i = 0; i < passes; ++i) all.push_back(ns_of_a_pass(work));
  return median(all);
}

// The entry alone, and the clock that it asks twice.
void measure_parts() {
  std::uint64_t sum = 0;
  const double clock = median_of_passes([&](std::size_t) { sum += std_sync::now_ns(); });
  for (const std::size_t tokens : {0U, 16U, 256U, 4096U}) {
    production_log log(std::size_t{1} << 16);
    const std::vector<token> prompt(tokens, 7);
    const double entry = median_of_passes([&](std::size_t) {
      const auto begun = log.begins({.operation = cache_operation::lookup, .tokens = prompt});
      log.ended(begun, {.operation = cache_operation::lookup, .lease = lease_id(1)});
    });
    std::printf("entry of %4zu tokens: %.1f ns, of which two looks at the clock %.1f ns and the rest %.1f ns\n", tokens,
                entry, 2 * clock, entry - 2 * clock);
  }
  if (sum == 0) std::printf("the clock does not advance\n");
}

}  // namespace
}  // namespace triecheck::checks

int main() {
  using namespace triecheck;
  checks::measure_parts();
  std::printf("\n%-9s %6s %12s %12s %12s %8s\n", "cache", "tokens", "ns without", "ns with", "the log", "ratio");
  for (const std::size_t tokens : {16U, 256U, 4096U}) {
    checks::measure<coarse_cache<std_sync>>("coarse", tokens);
    checks::measure<lockfree_cache<std_sync>>("lockfree", tokens);
  }
}
