#include "checks/bench/misses.h"

#include <chrono>
#include <tuple>
#include <type_traits>

#include "checks/bench/allocated.h"
#include "checks/bench/course.h"
#include "checks/bench/formatted.h"
#include "checks/subject/production_caches.h"
#include "checks/threads/median.h"

namespace triecheck::checks {
namespace {

constexpr std::size_t passes = 11;
constexpr std::size_t lookups_of_a_pass = 64;
constexpr token unknown = 1U << 31;  // no token of a cached prompt

template <class Cache>
miss_result measure(std::size_t tokens) {
  Cache cache({.pages = miss_pages, .tokens_per_page = 1});
  fill_with_strangers(cache, miss_pages, 1, 0);
  const std::vector<token> prompt(tokens, unknown);
  const std::size_t before = allocated_bytes();
  std::vector<double> ns;
  for (std::size_t pass = 0; pass < passes; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < lookups_of_a_pass; ++i) {
      auto lease = cache.lookup(prompt);
      cache.release(lease);
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    ns.push_back(took.count() / lookups_of_a_pass);
  }
  const std::size_t after = allocated_bytes();
  return {.cache = {}, .tokens = tokens, .ns = median(ns), .kept_bytes = after > before ? after - before : 0};
}

}  // namespace

std::vector<miss_result> measure_misses(std::span<const std::size_t> tokens, const bench_listener& listener) {
  std::vector<miss_result> results;
  std::apply(
      [&](const auto&... variant) {
        const auto all = [&](const auto& v) {
          using cache = typename std::decay_t<decltype(v)>::cache_type;
          listener.begin_pass(v.name);
          for (const std::size_t n : tokens) {
            results.push_back(measure<cache>(n));
            results.back().cache = v.name;
          }
        };
        (all(variant), ...);
      },
      production_caches);
  return results;
}

std::string to_table(const std::vector<miss_result>& results) {
  if (results.empty()) return {};
  std::string table = formatted(
      "Misses: ns of a lookup that finds nothing in %zu pages of one token, and bytes that the thread keeps\n",
      miss_pages);
  std::string head = formatted("  %-12s", "tokens");
  std::string lines;
  for (const miss_result& r : results) {
    if (r.cache == results.front().cache) head += formatted("%10zu%10s", r.tokens, "kept");
    if (r.tokens == results.front().tokens)
      lines += (lines.empty() ? "" : "\n") + formatted("  %-12s", r.cache.c_str());
    lines += formatted("%10.1f%10zu", r.ns, r.kept_bytes);
  }
  return table + head + "\n" + lines + "\n\n";
}

nlohmann::ordered_json to_json(const std::vector<miss_result>& results) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const miss_result& r : results) {
    json.push_back({{"cache", r.cache}, {"tokens", r.tokens}, {"ns", r.ns}, {"kept_bytes", r.kept_bytes}});
  }
  return json;
}

}  // namespace triecheck::checks
