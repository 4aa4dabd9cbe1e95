// What a lookup costs that finds nothing, over the length of the prompt: as much as for a short one, in time and in the
// memory that the thread keeps afterwards, as an operation pays for what it finds.
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

struct miss_result {
  std::string cache;
  std::size_t tokens = 0;      ///< of the prompt, each a page
  double ns = 0;               ///< of a lookup and its release, the median of some passes
  std::size_t kept_bytes = 0;  ///< more than before the first of them; 0 where the allocator does not count
};

inline constexpr std::size_t miss_pages = 1024;  ///< of the cache, which is full
inline const std::vector<std::size_t> miss_tokens = {16, 1024, 16'384, 131'072};

/// Every variant of checks/subject/production_caches.h with prompts of each length.
std::vector<miss_result> measure_misses(std::span<const std::size_t> tokens, const bench_listener& listener = {});

/// A line for each variant; nothing without results.
std::string to_table(const std::vector<miss_result>& results);

nlohmann::ordered_json to_json(const std::vector<miss_result>& results);

}  // namespace triecheck::checks
