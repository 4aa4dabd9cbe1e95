// How many pairs of siblings have one hash, in the families of blocks that a server meets: those of a small vocabulary,
// of which a weak hash maps many together. Compares the hash of the cache with the one that it had before it got a key.
#include "cache/pages/block_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

namespace triecheck::checks {
namespace {

struct family {
  std::uint32_t vocabulary = 0;  // tokens are below it
  std::size_t tokens = 0;        // to a block
};

/// The sum of the products of pairs, each token shifted by a multiple of one odd number: {1, 4} and {2, 2} have one.
std::uint64_t hash_without_a_key(std::span<const token> block) {
  constexpr std::uint64_t odd = 0x9e37'79b9'7f4a'7c15;
  std::uint64_t sum = 0;
  std::uint64_t place = odd;
  for (std::size_t i = 0; i + 1 < block.size(); i += 2, place += 2 * odd)
    sum += (block[i] + place) * (block[i + 1] + place + odd);
  const std::uint64_t hash = (sum ^ (sum >> 32)) * odd;
  return hash ^ (hash >> 32);
}

std::uint64_t pairs_in(std::vector<std::uint64_t>& hashes) {
  std::sort(hashes.begin(), hashes.end());
  std::uint64_t pairs = 0;
  for (std::size_t i = 1, same = 0; i < hashes.size(); ++i) {
    same = hashes[i] == hashes[i - 1] ? same + 1 : 0;
    pairs += same;
  }
  return pairs;
}

/// Of `most` different blocks of the family, or of all: one after the other, or each is the last one plus a number all
/// of whose digits are about a third of the vocabulary, so that every token changes. That number has no divisor of a
/// vocabulary.
template <class Hash>
std::uint64_t equal_pairs(const family& f, std::size_t most, bool one_after_the_other, Hash hash) {
  std::vector<token> block(f.tokens);
  std::vector<std::uint64_t> hashes;
  std::uint64_t all = 1;
  for (std::size_t i = 0; i < f.tokens && all < most; ++i) all *= f.vocabulary;
  const std::uint64_t near_a_third = f.vocabulary / 3 | 1;
  const std::uint64_t digit = near_a_third % 5 == 0 ? near_a_third + 2 : near_a_third;
  for (std::uint64_t n = 0; n < std::min<std::uint64_t>(most, all); ++n) {
    hashes.push_back(hash(std::span<const token>(block)));
    std::uint64_t carry = one_after_the_other ? 1 : 0;
    for (token& t : block) {
      carry += t;
      if (!one_after_the_other) carry += digit;
      t = static_cast<token>(carry % f.vocabulary);
      carry /= f.vocabulary;
    }
  }
  return pairs_in(hashes);
}

TEST(TRIECHECK_SUITE, have_a_hash_each) {
  const hash_key usual(cache_config{}.hash_seed);
  std::uint64_t before = 0;
  std::printf("pairs of siblings with one hash, of %d at most: with the key, and before it\n", TRIECHECK_SIBLINGS);
  for (const std::uint32_t vocabulary : {16U, 256U, 1024U, 32000U, 128000U}) {
    for (const std::size_t tokens : {1U, 2U, 4U, 8U, 16U, 32U}) {
      for (const bool one_after_the_other : {true, false}) {
        const auto of = [&](auto hash) {
          return equal_pairs({vocabulary, tokens}, TRIECHECK_SIBLINGS, one_after_the_other, hash);
        };
        const std::uint64_t now =
            of([&](std::span<const token> b) { return block_hash(usual, root_hash(usual, {}), b); });
        const std::uint64_t then = of(hash_without_a_key);
        std::printf("%6u tokens, %2zu to a block: %llu, %llu\n", vocabulary, tokens,
                    static_cast<unsigned long long>(now), static_cast<unsigned long long>(then));
        EXPECT_EQ(now, 0U) << vocabulary << " tokens, " << tokens << " to a block";
        before += then;
      }
    }
  }
  EXPECT_GT(before, 0U) << "or these are no families that show anything";
}

}  // namespace
}  // namespace triecheck::checks
