// The hash of a block of tokens, continued from what comes before it, under a key.
//
// Threads: pure functions and plain values.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "../types.h"

namespace triecheck::inline v0_1 {

/// What the hashes of a cache depend on beside the tokens: random numbers, made of the seed that the cache was
/// configured with (cache_config::hash_seed; splitmix64).
class hash_key {
 public:
  explicit constexpr hash_key(std::uint64_t seed) noexcept {
    for (std::uint64_t& word : words) word = next(seed);
    chain = next(seed) >> 2;
    fold = next(seed) >> 2;
    short_chain = next(seed) >> 6;
    for (std::uint64_t& word : short_words) word = next(seed) >> 6;
    for (std::uint64_t& word : extra_words) word = next(seed) >> 6;
    for (std::uint64_t& word : space_words) word = next(seed) >> 6;
  }

  static constexpr std::size_t strip_tokens = 64;  // which are hashed in one go
  static constexpr std::size_t most_short = 8;     // tokens of a block in which each has its own word

  std::array<std::uint64_t, strip_tokens / 2> words{};
  std::uint64_t chain = 0;  // below 2^62, so that the sums of products below fit in 128 bits
  std::uint64_t fold = 0;
  std::uint64_t short_chain = 0;  // below 2^58, as these words
  std::array<std::uint64_t, most_short> short_words{};
  std::array<std::uint64_t, 2> extra_words{};  // for the halves of a block's key
  std::array<std::uint64_t, 2> space_words{};  // and of a namespace

 private:
  static constexpr std::uint64_t next(std::uint64_t& state) noexcept {
    state += 0x9e37'79b9'7f4a'7c15;
    std::uint64_t z = (state ^ (state >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
  }
};

namespace hashing {

__extension__ typedef unsigned __int128 wide;

/// x modulo 2^64 - 2^32 + 1, in 64 bits. Without a branch: half of the sums are above 2^64, which nothing foretells.
constexpr std::uint64_t reduced(wide x) noexcept {
  constexpr std::uint64_t epsilon = 0xffff'ffff;  // 2^64, modulo the prime; and 2^96 is -1
  const auto low = static_cast<std::uint64_t>(x);
  const auto high = static_cast<std::uint64_t>(x >> 64);
  std::uint64_t rest = low - (high >> 32);
  rest -= epsilon & -std::uint64_t{low < high >> 32};
  const std::uint64_t more = (high & epsilon) * epsilon;
  const std::uint64_t sum = rest + more;
  return sum + (epsilon & -std::uint64_t{sum < more});
}

/// x modulo 2^61 - 1, but for a multiple of it. Below 2^62 where x is below 2^122.
constexpr std::uint64_t nearly_reduced(wide x) noexcept {
  constexpr std::uint64_t prime = (std::uint64_t{1} << 61) - 1;  // 2^61 is 1
  return (static_cast<std::uint64_t>(x) & prime) + static_cast<std::uint64_t>(x >> 61);
}

/// The lower and the upper halves of products, each added up by itself, which saves the carries.
struct products {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  void add(std::uint64_t a, std::uint64_t b) noexcept {
    const wide product = wide{a} * b;
    low += static_cast<std::uint64_t>(product);
    high += static_cast<std::uint64_t>(product >> 64);
  }
};

inline std::uint64_t two_tokens(const token* tokens) noexcept {
  std::uint64_t word;
  std::memcpy(&word, tokens, sizeof word);
  return word;
}

inline std::uint64_t of_long_block(const hash_key& key, std::uint64_t before, std::span<const token> block) noexcept {
  for (;;) {
    const std::size_t strip = std::min(block.size(), hash_key::strip_tokens);
    const token* tokens = block.data();
    const token* const last = tokens + strip / 4 * 4;
    const std::uint64_t* words = key.words.data();
    products sum;
    for (; tokens != last; tokens += 4, words += 2) {
      sum.add(two_tokens(tokens) + words[0], two_tokens(tokens + 2) + words[1]);
    }
    switch (strip % 4) {
      case 1:
        sum.add(tokens[0] + words[0], words[1]);
        break;
      case 2:
        sum.add(two_tokens(tokens) + words[0], words[1]);
        break;
      case 3:
        sum.add(two_tokens(tokens) + words[0], tokens[2] + words[1]);
        break;
      default:
        break;
    }
    before = reduced(wide{before} * key.chain + wide{sum.low} * key.fold + sum.high);
    if (strip == block.size()) return before;
    block = block.subspan(strip);
  }
}

/// A coefficient of what is no token: below 2^91.
inline wide of_halves(const std::array<std::uint64_t, 2>& words, std::uint64_t number) noexcept {
  return wide{number & 0xffff'ffff} * words[0] + wide{number >> 32} * words[1];
}

}  // namespace hashing

/// The hash of no blocks at all: each namespace begins with a different one; two that are no less than 2^32 share one
/// under one of 2^57 keys. None below 2^32 begins with 0.
inline std::uint64_t root_hash(const hash_key& key, key_space space) noexcept {
  const auto number = static_cast<std::uint64_t>(space);
  if (number <= 0xffff'ffff) return number + 1;
  return hashing::nearly_reduced(hashing::of_halves(key.space_words, number));
}

/// Continues `before`, the hash of the blocks that come before, by one block. `extra` is the key that the block has
/// beside its tokens; one that is not 0 counts as a separate block, before this one.
///
/// Guarantee: two different prefixes of n blocks at most (longer blocks than 64 tokens count once for every 64) have
/// one hash under less than n + 6 of 2^62 keys, of blocks of eight tokens or fewer, or with extra keys, under n + 1 of
/// 2^58 at most, however tokens and extra keys are chosen by somebody who neither knows the key nor sees hashes. What
/// makes the key of the seed is a generator with 64 bits of state, not a cipher, and hashes tell of the key: a tenant
/// must not see them. Equal hashes never make different prefixes one: the cache compares tokens and extra keys.
///
/// How: four tokens at a time, the sum of the products of two words, each shifted by a number of the key (NH: Black,
/// Halevi, Krawczyk, Krovetz, Rogaway: "UMAC", CRYPTO 1999; with words of 64 bits). Two different blocks of one length
/// have the same sums under at most 2 of 2^64 keys, and sums that are equal modulo the prime under 18 at most. The sums
/// of blocks are the coefficients of a polynomial at `chain`, modulo a prime (Carter and Wegman 1979), in which a
/// different chain is a different polynomial, of degree n: it agrees at n places at most. `fold` makes one coefficient
/// of both sums. Of up to eight tokens the sum of each times its number is a coefficient already, and modulo 2^61 - 1 a
/// hash goes on from the one before after a multiplication and two sums: in such short blocks the next hash waits for
/// that alone. All blocks of a cache are of one length, so the two ways never meet.
/// On a machine of another byte order hashes are others.
inline std::uint64_t block_hash(const hash_key& key, std::uint64_t before, std::span<const token> block,
                                std::uint64_t extra = 0) noexcept {
  if (block.size() > hash_key::most_short) {
    if (extra != 0)
      before = hashing::reduced(hashing::wide{before} * key.chain + hashing::of_halves(key.extra_words, extra));
    return hashing::of_long_block(key, before, block);
  }
  if (extra != 0)
    before =
        hashing::nearly_reduced(hashing::wide{before} * key.short_chain + hashing::of_halves(key.extra_words, extra));
  hashing::wide sum = hashing::wide{block[0]} * key.short_words[0];
  for (std::size_t i = 1; i < block.size(); ++i) sum += hashing::wide{block[i]} * key.short_words[i];
  return hashing::nearly_reduced(hashing::wide{before} * key.short_chain + sum);
}

/// One of `buckets` for a hash, any number of them below 2^64. Mixed, because the hashes of blocks that differ in one
/// token are as far apart as the tokens are, times a number of the key.
constexpr std::size_t bucket_for(std::uint64_t hash, std::size_t buckets) noexcept {
  const std::uint64_t mixed = (hash ^ (hash >> 32)) * 0x9e37'79b9'7f4a'7c15;
  return static_cast<std::size_t>(hashing::wide{mixed} * buckets >> 64);
}

}  // namespace triecheck::inline v0_1
