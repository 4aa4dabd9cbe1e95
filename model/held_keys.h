// The keys of the blocks that a lease has tokens of, as its operations leave them.
//
// Threads: a plain value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "operation.h"

namespace triecheck::model {

class held_keys {
 public:
  /// 0: the block has none, or no tokens.
  std::uint64_t of(std::size_t block) const { return block < keys_.size() ? keys_[block] : 0; }

  /// Those of the blocks `first` .. `end` - 1 that have one.
  std::vector<block_key> list(std::size_t first = 0, std::size_t end = static_cast<std::size_t>(-1)) const {
    std::vector<block_key> found;
    for (std::size_t i = first; i < std::min(end, keys_.size()); ++i) {
      if (keys_[i] != 0) found.push_back({i, keys_[i]});
    }
    return found;
  }

  /// The lease was looked up under `keys`, and so many blocks were found.
  void look_up(std::span<const block_key> keys, std::size_t found) {
    keys_.assign(found, 0);
    for (const block_key& k : keys) {
      if (k.block < found) keys_[k.block] = k.key;
    }
  }

  /// Tokens were appended, of which there are `now`; there were `before`. A block that was full keeps its key.
  void append(std::span<const block_key> keys, std::size_t before, std::size_t now, std::size_t tokens_per_page) {
    keys_.resize(begun(now, tokens_per_page));
    for (const block_key& k : keys) {
      if (k.key != 0 && k.block >= before / tokens_per_page && k.block < keys_.size()) keys_[k.block] = k.key;
    }
  }

  /// The lease has `tokens` tokens left.
  void shrink(std::size_t tokens, std::size_t tokens_per_page) {
    keys_.resize(std::min(keys_.size(), begun(tokens, tokens_per_page)));
  }

  /// Whether an allocation may not name `k`, where the lease has so many tokens and published blocks: the block has
  /// another key, and is full, or has one.
  bool contradicts(const block_key& k, std::size_t tokens, std::size_t published, std::size_t tokens_per_page) const {
    if (k.key == 0 || k.block < published || k.block >= keys_.size() || keys_[k.block] == k.key) return false;
    return keys_[k.block] != 0 || k.block < tokens / tokens_per_page;
  }

 private:
  static std::size_t begun(std::size_t tokens, std::size_t tokens_per_page) {
    return (tokens + tokens_per_page - 1) / tokens_per_page;
  }

  std::vector<std::uint64_t> keys_;  // by block; of each that has tokens
};

}  // namespace triecheck::model
