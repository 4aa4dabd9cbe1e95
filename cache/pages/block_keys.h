// The keys that blocks have beside their tokens, as lists in the order of the blocks: most requests have none.
//
// Threads: plain values; nothing here is shared.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../sync/sync.h"
#include "../types.h"

namespace triecheck::inline v0_1 {

/// Whether each block is named once, in order: else a walk would pass keys by, and find what belongs to others.
/// Anything else is a broken contract: it asserts. O(keys).
template <sync_layer Sync>
bool are_in_order(std::span<const block_key> keys) {
  if (keys.empty()) return true;
  const auto is_behind = [](const block_key& a, const block_key& b) { return a.block >= b.block; };
  const bool ordered = std::adjacent_find(keys.begin(), keys.end(), is_behind) == keys.end();
  Sync::require(ordered, "keys are in the order of their blocks");
  return ordered;
}

/// What is to be found of a prompt: nothing, where its keys are not in order.
template <sync_layer Sync>
std::span<const token> findable_tokens(const keyed_tokens& prompt) {
  return are_in_order<Sync>(prompt.keys) ? prompt.tokens : std::span<const token>();
}

/// The keys of one block after the other.
class keys_along {
 public:
  explicit keys_along(std::span<const block_key> keys) noexcept : next_(keys.data()), end_(keys.data() + keys.size()) {}

  /// 0 where the block has none. Requires that no later block was asked for before. O(1) amortised.
  std::uint64_t of(std::size_t block) noexcept {
    while (next_ != end_ && next_->block < block) ++next_;
    return next_ != end_ && next_->block == block ? next_->key : 0;
  }

 private:
  const block_key* next_;
  const block_key* end_;
};

/// The same where no block has one.
struct no_keys {
  static constexpr std::uint64_t of(std::size_t) noexcept { return 0; }
};

/// Calls `walk` with the keys; with none, with no_keys: what goes along blocks without keys is compiled for itself, and
/// asks for none.
template <class Walk>
[[gnu::always_inline]] inline auto with_keys(std::span<const block_key> keys, Walk walk) {
  return keys.empty() ? walk(no_keys{}) : walk(keys_along(keys));
}

/// The rest of a sequence: the tokens from block number `first` on, and keys that name blocks from the beginning of the
/// sequence.
struct block_sequence {
  std::span<const token> tokens;
  std::span<const block_key> keys{};
  std::size_t first = 0;

  /// Without the leading `blocks` blocks.
  block_sequence behind(std::size_t blocks, std::size_t tokens_per_page) const noexcept {
    return {tokens.subspan(blocks * tokens_per_page), keys, first + blocks};
  }
};

/// What a lease keeps: the keys of blocks that are not published yet. One word, and no memory, as long as there are
/// none.
class private_keys {
 public:
  private_keys() noexcept = default;
  private_keys(const private_keys& other) { *this = other; }
  private_keys& operator=(const private_keys& other) {
    if (this == &other) return *this;
    list_ = other.all().empty() ? nullptr : std::make_unique<std::vector<block_key>>(*other.list_);
    return *this;
  }
  ~private_keys() = default;

  std::span<const block_key> all() const noexcept { return list_ == nullptr ? std::span<const block_key>() : *list_; }

  /// `ok`, or what an allocation answers instead that names `more`, where the lease has so many tokens and cached
  /// pages.
  template <sync_layer Sync>
  status fits(std::span<const block_key> more, std::size_t tokens, std::size_t cached,
              std::size_t tokens_per_page) const {
    if (more.empty()) return status::ok;
    if (!are_in_order<Sync>(more)) return status::invalid_argument;
    const std::size_t full = tokens / tokens_per_page;
    const std::size_t begun = full + (tokens % tokens_per_page != 0);
    keys_along own(all());
    for (const block_key& k : more) {
      if (k.block < cached || k.key == 0) continue;
      if (k.block >= begun) break;
      const std::uint64_t had = own.of(k.block);
      const bool agrees = had == k.key || (had == 0 && k.block == full);
      Sync::require(agrees, "allocate: a block keeps the key that it has");
      if (!agrees) return status::invalid_argument;
    }
    return status::ok;
  }

  /// Makes room for `more`, so that `take` cannot throw.
  void reserve_more(std::span<const block_key> more) {
    if (more.empty()) return;
    if (list_ == nullptr) list_ = std::make_unique<std::vector<block_key>>();
    list_->reserve(list_->size() + more.size());
  }

  /// Takes the keys of blocks `first` .. `end` - 1 that have none yet. Requires room, that they fit, and that no later
  /// block has a key.
  void take(std::span<const block_key> more, std::size_t first, std::size_t end) {
    for (const block_key& k : more) {
      const bool is_new = list_->empty() || list_->back().block < k.block;
      if (k.key != 0 && k.block >= first && k.block < end && is_new) list_->push_back(k);
    }
  }

  /// Forgets those of the blocks before `first`, which were published, or from `end` on, which are gone.
  void drop_before(std::size_t first) {
    if (list_ != nullptr) std::erase_if(*list_, [first](const block_key& k) { return k.block < first; });
  }
  void drop_from(std::size_t end) noexcept {
    while (!all().empty() && list_->back().block >= end) list_->pop_back();
  }

  void clear() noexcept { list_.reset(); }
  void swap(private_keys& other) noexcept { list_.swap(other.list_); }

 private:
  std::unique_ptr<std::vector<block_key>> list_;  // in the order of the blocks
};

}  // namespace triecheck::inline v0_1
