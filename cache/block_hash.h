// The hash of a block of tokens, continued from what comes before it.
//
// Threads: a pure function.
#pragma once

#include <cstdint>
#include <span>

#include "types.h"

namespace triecheck {

/// The hash of no blocks at all: each namespace begins with one of its own.
constexpr std::uint64_t root_hash(key_space space) noexcept { return static_cast<std::uint64_t>(space) * 0xd6e8'feb8'6659'fd93; }

/// Continues `before`, the hash of the blocks that come before, by one block: the sum of the products of pairs of tokens,
/// each shifted by a number of its place (NH, of UMAC). So a processor multiplies all pairs at once, and only the sum is
/// continued. The low bits choose a bucket. It has no key: who chooses tokens in order to slow the cache down can make many
/// prefixes share a bucket, and a walk along it long; equal hashes never make different prefixes one (they are compared).
constexpr std::uint64_t block_hash(std::uint64_t before, std::span<const token> block) noexcept {
  constexpr std::uint64_t odd = 0x9e37'79b9'7f4a'7c15;
  std::uint64_t sum = before;
  std::uint64_t place = odd;
  std::size_t i = 0;
  for (; i + 1 < block.size(); i += 2, place += 2 * odd) sum += (block[i] + place) * (block[i + 1] + place + odd);
  if (i < block.size()) sum += (block[i] + place) * (place + odd);
  const std::uint64_t hash = (sum ^ (sum >> 32)) * odd;
  return hash ^ (hash >> 32);
}

}  // namespace triecheck
