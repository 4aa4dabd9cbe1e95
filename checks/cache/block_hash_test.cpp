// The hash of blocks: what it depends on, and how it spreads. Families of blocks: block_families_test.cpp.
#include "cache/pages/block_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <vector>

namespace triecheck::checks {
namespace {

const hash_key usual(cache_config{}.hash_seed);

std::uint64_t hash_of(const std::vector<token>& block) { return block_hash(usual, root_hash(usual, {}), block); }

// The sums of one product each, {1, 4} and {2, 2}, were equal without a key.
TEST(block_hash, blocks_whose_products_are_equal_differ) {
  EXPECT_NE(hash_of({1, 4}), hash_of({2, 2}));
  EXPECT_NE(hash_of({1, 4, 0, 0}), hash_of({2, 2, 0, 0}));
}

TEST(block_hash, every_length_and_every_place_counts) {
  for (std::size_t tokens : {1, 2, 3, 4, 5, 6, 7, 63, 64, 65, 127, 128, 129, 200}) {
    std::vector<token> block(tokens, 7);
    std::unordered_set<std::uint64_t> seen{hash_of(block)};
    for (std::size_t i = 0; i < tokens; ++i) {
      block[i] = 8;
      EXPECT_TRUE(seen.insert(hash_of(block)).second) << tokens << " tokens, token " << i;
      block[i] = 7;
    }
    EXPECT_EQ(hash_of(block), hash_of(block));
  }
}

TEST(block_hash, prefixes_and_namespaces_and_seeds_differ) {
  const std::vector<token> a{1, 2}, b{3, 4};
  const std::uint64_t root = root_hash(usual, {}), other = root_hash(usual, key_space{1});
  const std::uint64_t ab = block_hash(usual, hash_of(a), b), ba = block_hash(usual, hash_of(b), a);
  EXPECT_NE(ab, ba);
  EXPECT_NE(hash_of(a), block_hash(usual, other, a));
  EXPECT_NE(ab, block_hash(usual, block_hash(usual, other, a), b));
  EXPECT_NE(hash_of(a), block_hash(hash_key(1), root, a));
}

TEST(block_hash, every_bit_of_an_extra_key_and_of_a_namespace_counts) {
  for (const std::size_t length : {2, 16}) {
    const std::vector<token> block(length, 7);
    std::unordered_set<std::uint64_t> seen{block_hash(usual, root_hash(usual, {}), block)};
    for (unsigned bit = 0; bit < 64; ++bit) {
      const std::uint64_t one = std::uint64_t{1} << bit;
      EXPECT_TRUE(seen.insert(block_hash(usual, root_hash(usual, {}), block, one)).second) << "key bit " << bit;
      EXPECT_TRUE(seen.insert(block_hash(usual, root_hash(usual, key_space{one}), block)).second)
          << "namespace bit " << bit;
    }
    const std::uint64_t first = block_hash(usual, root_hash(usual, {}), block, 5);
    EXPECT_NE(block_hash(usual, first, block),
              block_hash(usual, block_hash(usual, root_hash(usual, {}), block), block, 5));
  }
}

// Two namespaces, and then blocks, that differ by as much: a hash that adds them up has equal ones under every key.
TEST(block_hash, differences_do_not_cancel_under_any_seed) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const hash_key key(seed);
    std::unordered_set<std::uint64_t> seen;
    for (std::uint32_t space = 0; space < 4; ++space) {
      for (token x = 0; x < 4; ++x) {
        for (token y = 0; y < 4; ++y) {
          const std::uint64_t first = block_hash(key, root_hash(key, key_space{space}), std::vector<token>{x, y});
          for (token z = 0; z < 4; ++z)
            EXPECT_TRUE(seen.insert(block_hash(key, first, std::vector<token>{z, x})).second);
        }
      }
    }
  }
}

// A prompt that fills one bucket under one seed does not under another: nobody can aim without the seed.
TEST(block_hash, prompts_that_share_a_bucket_do_not_under_another_seed) {
  constexpr std::size_t buckets = 4096;
  const hash_key other(12345);
  std::vector<std::size_t> found(buckets);
  std::size_t chosen = 0;
  for (token t = 0; chosen < 1000; ++t) {
    const std::vector<token> block{t & 0xffff, t >> 16, 3, 4};
    if (bucket_for(hash_of(block), buckets) != 0) continue;
    ++chosen;
    ++found[bucket_for(block_hash(other, root_hash(other, {}), block), buckets)];
  }
  EXPECT_LE(*std::max_element(found.begin(), found.end()), 8U);
}

// Blocks that differ in one token lie in the buckets like any others. 1,000 in 4,000: of random ones hardly ever 8 in
// one.
TEST(block_hash, siblings_are_spread_over_any_number_of_buckets) {
  for (const std::size_t buckets : {4000U, 4096U, 4100U}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const hash_key key(seed);
      std::vector<std::size_t> found(buckets);
      for (token t = 0; t < 1000; ++t)
        ++found[bucket_for(block_hash(key, root_hash(key, {}), std::vector<token>{5, t}), buckets)];
      EXPECT_LE(*std::max_element(found.begin(), found.end()), 8U) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace triecheck::checks
