// What a cache asks for in memory, for each of its pages: counted from the allocator while one is constructed, so that
// what the allocator adds counts as well. Pages themselves, the key/value memory of a server, are not the cache's.
//
// Threads: one caller, and nobody else allocates meanwhile.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/bench/listener.h"

namespace triecheck::checks {

struct memory_result {
  std::string cache;
  std::size_t pages = 0;
  std::size_t bytes = 0;  ///< of the cache, with its own size
  double bytes_per_page() const { return static_cast<double>(bytes) / static_cast<double>(pages); }
};

inline constexpr std::size_t memory_page_tokens = 16;  ///< 64 bytes of a page's

/// One power of two and one page more, small and large: sizes that are rounded up show.
inline const std::vector<std::size_t> memory_pages = {1024, 1025, 65'536, 65'537};

/// Every variant of checks/subject/production_caches.h with each of `pages`. Empty where the allocator does not count,
/// as under a sanitizer.
std::vector<memory_result> measure_memory(std::span<const std::size_t> pages, const bench_listener& listener = {});

/// A line for each variant; nothing without results.
std::string to_table(const std::vector<memory_result>& results);

nlohmann::ordered_json to_json(const std::vector<memory_result>& results);

}  // namespace triecheck::checks
