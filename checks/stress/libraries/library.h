// What a part of a server offers that uses a cache which another part made. Parts are shared libraries and the program.
//
// Threads: `work` and `own_index` from any; the others as the cache and the layer say.
#pragma once

#include <cstddef>

namespace triecheck::checks {

struct library {
  const char* name;

  /// A cache of the variant, and its end. Variants are numbered from 0.
  void* (*make)(std::size_t variant);
  void (*destroy)(std::size_t variant, void* cache);

  /// Serves so many requests; returns how many answers were wrong.
  std::size_t (*work)(std::size_t variant, void* cache, unsigned seed, std::size_t requests);

  /// What is wrong with the cache after so many requests, or null. Requires that nothing runs.
  const char* (*problem)(std::size_t variant, void* cache, std::size_t requests);

  /// Thread indices, their end, and the index that the calling thread gets there.
  void* (*make_indices)();
  void (*destroy_indices)(void* indices);
  std::size_t (*own_index)(const void* indices);
};

inline constexpr std::size_t variant_count = 4;

}  // namespace triecheck::checks
