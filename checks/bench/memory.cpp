#include "checks/bench/memory.h"

#include <tuple>
#include <type_traits>

#include "checks/bench/allocated.h"
#include "checks/bench/formatted.h"
#include "checks/subject/production_caches.h"

namespace triecheck::checks {
namespace {

template <class Cache>
std::size_t bytes_of(std::size_t pages) {
  const std::size_t before = allocated_bytes();
  const Cache cache({.pages = pages, .tokens_per_page = memory_page_tokens});
  return sizeof(Cache) + allocated_bytes() - before;
}

bool allocator_counts() {
  const std::size_t before = allocated_bytes();
  const std::vector<char> some(1 << 20);
  return allocated_bytes() - before >= some.size();
}

}  // namespace

std::vector<memory_result> measure_memory(std::span<const std::size_t> pages, const bench_listener& listener) {
  std::vector<memory_result> results;
  if (!allocator_counts()) return results;
  results.reserve(pages.size() * std::tuple_size_v<decltype(production_caches)>);
  std::apply(
      [&](const auto&... p) {
        const auto all = [&](const auto& variant) {
          using cache = typename std::decay_t<decltype(variant)>::cache_type;
          listener.begin_pass(variant.name);
          for (const std::size_t n : pages) {
            const std::size_t bytes = bytes_of<cache>(n);
            results.push_back({variant.name, n, bytes});
          }
        };
        (all(p), ...);
      },
      production_caches);
  return results;
}

std::string to_table(const std::vector<memory_result>& results) {
  if (results.empty()) return {};
  std::string table = formatted("Memory: bytes of a cache for each page of %zu tokens (%zu bytes of tokens)\n",
                                memory_page_tokens, memory_page_tokens * sizeof(std::uint32_t));
  std::string head = formatted("  %-12s", "pages");
  std::string lines;
  const std::string first = results.front().cache;
  for (const memory_result& r : results) {
    if (r.cache == first) head += formatted("%10zu", r.pages);
    if (lines.empty() || r.pages == results.front().pages)
      lines += (lines.empty() ? "" : "\n") + formatted("  %-12s", r.cache.c_str());
    lines += formatted("%10.1f", r.bytes_per_page());
  }
  return table + head + "\n" + lines + "\n\n";
}

nlohmann::ordered_json to_json(const std::vector<memory_result>& results) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const memory_result& r : results) {
    json.push_back(
        {{"cache", r.cache}, {"pages", r.pages}, {"bytes", r.bytes}, {"bytes_per_page", r.bytes_per_page()}});
  }
  return json;
}

}  // namespace triecheck::checks
