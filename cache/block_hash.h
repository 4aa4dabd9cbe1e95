// The hash of a block of tokens, continued from what comes before it.
//
// Threads: a pure function.
#pragma once

#include <cstdint>
#include <span>

#include "types.h"

namespace triecheck {

/// Multiply and fold, two tokens at a step, started from `seed`: a parent, or the hash of the blocks before. Its low bits
/// choose a bucket.
constexpr std::uint64_t block_hash(std::uint64_t seed, std::span<const token> block) noexcept {
  constexpr std::uint64_t odd = 0x9e37'79b9'7f4a'7c15;
  const auto fold = [](std::uint64_t x) { return (x ^ (x >> 32)) * odd; };
  std::uint64_t hash = fold(seed);
  std::size_t i = 0;
  for (; i + 1 < block.size(); i += 2) hash = fold(hash ^ (std::uint64_t{block[i]} << 32 | block[i + 1]));
  if (i < block.size()) hash = fold(hash ^ block[i]);
  return hash ^ (hash >> 32);
}

}  // namespace triecheck
