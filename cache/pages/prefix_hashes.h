// The hashes of the prefixes of a request, computed a few blocks ahead of the walk along them, so that what the walk
// will need is prefetched while it is still at work on what came before.
//
// Threads: belongs to one operation.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "../types.h"
#include "block_hash.h"
#include "block_keys.h"

namespace triecheck::inline v0_1 {

/// `Index` is a trie: it has the key of its hashes, knows the bucket of a hash, prefetches it, and later what the
/// bucket leads to. `Keys` is keys_along or no_keys.
template <class Index, class Keys>
class prefix_hashes {
 public:
  /// Of the blocks of `tokens`, which continue a prefix whose hash is `before`. The first of them is block number
  /// `first`.
  prefix_hashes(const Index& index, std::uint64_t before, std::span<const token> tokens, std::size_t tokens_per_page,
                Keys keys, std::size_t first = 0)
      : index_(index),
        next_block_(tokens.data()),
        tokens_per_page_(tokens_per_page),
        blocks_(tokens.size() / tokens_per_page),
        first_(first),
        keys_(keys),
        latest_(before) {}

  /// The hash of the prefix that ends with the next block. Requires that there is one.
  std::uint64_t next() {
    // Twice as far ahead as the walk has come, at most: a walk that finds nothing has not hashed much for nothing.
    const std::size_t ahead = std::min(blocks_, done_ + std::min(done_ + 2, most_ahead));
    for (; hashed_ < ahead; ++hashed_, next_block_ += tokens_per_page_) {
      latest_ = block_hash(index_.hashes_by(), latest_, {next_block_, tokens_per_page_}, keys_.of(first_ + hashed_));
      const std::size_t bucket = index_.bucket_of(latest_);
      ring_[hashed_ % most_ahead] = {latest_, bucket};
      index_.fetch_bucket(bucket);
    }
    if (const std::size_t half = done_ + most_ahead / 2; half < hashed_)
      index_.fetch_first(ring_[half % most_ahead].bucket);
    return ring_[done_++ % most_ahead].hash;
  }

 private:
  static constexpr std::size_t most_ahead = 8;

  struct hashed_prefix {
    std::uint64_t hash;
    std::size_t bucket;
  };

  const Index& index_;
  const token* next_block_;  // to be hashed
  const std::size_t tokens_per_page_;
  const std::size_t blocks_;
  const std::size_t first_;
  [[no_unique_address]] Keys keys_;
  std::size_t hashed_ = 0;
  std::size_t done_ = 0;
  std::uint64_t latest_;
  std::array<hashed_prefix, most_ahead> ring_;
};

}  // namespace triecheck::inline v0_1
