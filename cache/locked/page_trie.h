// The trie of published pages. A node is its page: everything about it is in arrays indexed by page id that are
// allocated once, so growing and shrinking the trie allocates nothing.
//
// The nodes are in one chained hash table, keyed by the hash of the whole prefix and compared by namespace, parent and
// block, token by token, and the key of the block: a hash that collides costs time, never a wrong answer (I3). As the
// hash needs no parent, a walk can prefetch the buckets of the blocks to come (prefix_hashes.h).
//
// A first node notes its namespace where others note their parent; their namespace is that of the parent. Which of the
// two it is, and whether the block has a key, is in one byte; so a walk looks at a key only where there is one.
//
// Invariants: I7: every node is reachable from the root exactly once, and is in its bucket exactly once.
// Cost: find_child is O(tokens per page) expected; attach and detach too.
// Threads: `find_child`, `pins`, `parent`, `block` and, with counts that allow it, `add_pin`, `pin` and `unpin` may run
// concurrently; the owner serialises every other call with all of these. It may do so bucket by bucket: `attach`,
// `detach` and `find_child` touch one bucket and the nodes in it, `bucket_of` touches nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../pages/block_hash.h"
#include "../pages/page_records.h"
#include "../sync/sync.h"
#include "../types.h"

namespace triecheck::inline v0_1 {

/// `Pins` counts the pins of a node: plain_count or atomic_count.
template <sync_layer Sync, class Pins>
class page_trie {
 public:
  using shared_page = typename Sync::template var<page_id>;
  using shared_token = typename Sync::template var<token>;
  using shared_word = typename Sync::template var<std::uint64_t>;
  using shared_kind = typename Sync::template var<std::uint8_t>;

  /// What the trie notes of a page, beside its block, its kind and its key.
  struct per_page {
    shared_word hash;   // of all blocks from the root to this one
    shared_word above;  // the parent; of a first node, the namespace
    shared_page next;   // the next node in the same bucket
    Pins pins;
  };

  /// An empty trie over all pages. Requires a checked configuration.
  page_trie(column<per_page> nodes, column<shared_kind> kinds, column<shared_token> blocks, const cache_config& config)
      : pages_(config.pages),
        tokens_per_page_(config.tokens_per_page),
        buckets_(bucket_count(config)),
        key_(config.hash_seed),
        nodes_(nodes),
        kinds_(kinds),
        blocks_(blocks),
        extras_(std::make_unique<shared_word[]>(config.pages)),
        heads_(std::make_unique<shared_page[]>(buckets_)) {
    for (std::size_t i = 0; i < buckets_; ++i) {
      heads_[i].set(no_page);
      Sync::label(heads_[i], "trie.bucket", i);
    }
    for (std::size_t i = 0; i < config.pages; ++i) {
      Sync::label(nodes_[i].above, "trie.parent", i);
      Sync::label(kinds_[i], "trie.kind", i);
      Sync::label(extras_[i], "trie.key", i);
      Sync::label(nodes_[i].hash, "trie.hash", i);
      Sync::label(nodes_[i].next, "trie.next", i);
      nodes_[i].pins.label("trie.pins", i);
    }
    for (std::size_t i = 0; i < config.pages * tokens_per_page_; ++i) {
      Sync::label((&blocks_[i / tokens_per_page_])[i % tokens_per_page_], "trie.block", i / tokens_per_page_);
    }
  }

  /// What a child of `parent` under `block` is found by.
  struct key {
    key_space space;
    page_id parent;      ///< `no_page` is the root of the namespace
    std::uint64_t hash;  ///< of all blocks from the root to this one: block_hash of the last, continued from the others
    std::span<const token> block;
    std::uint64_t extra;  ///< the key of the block; 0 is none

    std::uint64_t above() const noexcept {
      return parent == no_page ? static_cast<std::uint64_t>(space) : index_of(parent);
    }
    std::uint8_t kind() const noexcept {
      return static_cast<std::uint8_t>((parent == no_page ? is_first : 0) | (extra != 0 ? has_extra : 0));
    }
  };

  /// See bucket_count (types.h).
  std::size_t buckets() const noexcept { return buckets_; }

  /// The bucket of a node whose prefix has that hash.
  std::size_t bucket_of(std::uint64_t hash) const noexcept { return bucket_for(hash, buckets_); }

  /// What its hashes are keyed by.
  const hash_key& hashes_by() const noexcept { return key_; }

  /// The hash of all blocks from the root to `page`. Requires that it is a node.
  std::uint64_t hash(page_id page) const { return at(page).hash.get(); }

  /// The child under `k`, or `no_page`.
  page_id find_child(const key& k) const {
    Sync::require(k.block.size() == tokens_per_page_, "a block fills a page");
    page_id page = heads_[bucket_of(k.hash)].get();
    while (page != no_page && !stands_under(page, k)) page = at(page).next.get();
    return page;
  }

  /// Makes `page` the node under `k`, with so many pins. Requires that it is no node and that there is none under `k`.
  void attach(page_id page, const key& k, std::uint32_t pins) {
    per_page& n = at(page);
    shared_page& head = heads_[bucket_of(k.hash)];
    n.above.set(k.above());
    n.hash.set(k.hash);
    kinds_[page].set(k.kind());
    if (k.extra != 0) extras_[index_of(page)].set(k.extra);
    n.pins.set(pins);
    n.next.set(head.get());
    Sync::assign(block_at(page), k.block.data(), k.block.size());
    head.set(page);
  }

  /// Prefetch what a walk is going to read (prefix_hashes.h). `fetch_first` looks into the bucket: it requires what
  /// find_child does.
  void fetch_bucket(std::size_t bucket) const { Sync::prefetch(&heads_[bucket]); }
  void fetch_first(std::size_t bucket) const {
    const page_id page = heads_[bucket].get();
    if (page == no_page) return;
    Sync::prefetch(&at(page));
    Sync::prefetch(block_at(page));
  }

  /// Takes the leaf `page` out of the trie. Requires that it is an unpinned node without children (I2).
  void detach(page_id page) {
    Sync::require(pins(page) == 0, "I2: a pinned node stays");
    take_out(page);
  }

  /// From here on no walk finds `page`, nor what is below it; it is a node as long as it has pins. Requires a node that
  /// is not forgotten.
  void forget(page_id page) {
    take_out(page);
    at(page).next.set(in_no_bucket);
  }

  /// Whether the node is forgotten. Requires what find_child does.
  bool is_forgotten(page_id page) const { return at(page).next.get() == in_no_bucket; }

  /// How many open leases have `page` in their chain; under nodelock.h, how many end on it.
  std::uint32_t pins(page_id page) const { return at(page).pins.get(); }

  /// One more pin; returns how many there were.
  std::uint32_t add_pin(page_id page) { return at(page).pins.fetch_add(1); }

  /// One pin less; returns how many are left. Requires a pin (I4).
  std::uint32_t drop_pin(page_id page) {
    Sync::require(pins(page) != 0, "I4: a pin is dropped once");
    return at(page).pins.fetch_sub(1) - 1;
  }

  /// As add_pin and drop_pin, for callers that do not look at the answer: such additions commute.
  void pin(page_id page) { at(page).pins.add(1); }
  void unpin(page_id page) { at(page).pins.subtract(1); }

  page_id parent(page_id page) const {
    return (kinds_[page].get() & is_first) != 0 ? no_page : page_id(static_cast<std::uint32_t>(at(page).above.get()));
  }

  /// The namespace of a node. O(depth). A damaged trie may have a cycle: the checks report it, this must end.
  key_space space(page_id page) const {
    for (std::size_t steps = 0; (kinds_[page].get() & is_first) == 0 && steps < pages_; ++steps) page = parent(page);
    return key_space(at(page).above.get());
  }

  /// The key that the block of a node has beside its tokens.
  std::uint64_t extra(page_id page) const {
    return (kinds_[page].get() & has_extra) != 0 ? extras_[index_of(page)].get() : 0;
  }

  /// The block of a node, copied: for snapshots.
  std::vector<token> block(page_id page) const {
    std::vector<token> tokens(tokens_per_page_);
    for (std::size_t i = 0; i < tokens_per_page_; ++i) tokens[i] = block_at(page)[i].get();
    return tokens;
  }

  /// Calls `visit` for every node in the bucket. Requires what find_child does.
  template <class Visit>
  void for_each_in(std::size_t bucket, Visit visit) const {
    for (page_id page = heads_[bucket].get(); page != no_page; page = at(page).next.get()) visit(page);
  }

  /// Calls `visit` for every node that the index leads to: for snapshots. O(pages).
  template <class Visit>
  void for_each_indexed(Visit visit) const {
    for (std::size_t i = 0; i < buckets_; ++i) {
      // A damaged index may have a cycle: the checks say so, this must end.
      std::size_t steps = 0;
      for (page_id page = heads_[i].get(); page != no_page && steps <= pages_; page = at(page).next.get(), ++steps)
        visit(page);
    }
  }

 private:
  static constexpr page_id in_no_bucket{static_cast<std::uint32_t>(no_page) - 1};  // no page has this number, either
  static constexpr std::uint8_t is_first = 1;                                      // of a kind: below the root
  static constexpr std::uint8_t has_extra = 2;                                     // the block has a key

  void take_out(page_id page) {
    shared_page* link = &heads_[bucket_of(hash(page))];
    while (link->get() != page) {
      Sync::require(link->get() != no_page, "I7: a node is in its bucket");
      link = &at(link->get()).next;
    }
    link->set(at(page).next.get());
  }

  bool stands_under(page_id page, const key& k) const {
    const per_page& n = at(page);
    return n.above.get() == k.above() && kinds_[page].get() == k.kind() &&
           Sync::equal(block_at(page), k.block.data(), k.block.size()) &&
           (k.extra == 0 || extras_[index_of(page)].get() == k.extra);
  }

  per_page& at(page_id page) { return nodes_[page]; }
  const per_page& at(page_id page) const { return nodes_[page]; }
  shared_token* block_at(page_id page) { return &blocks_[page]; }
  const shared_token* block_at(page_id page) const { return &blocks_[page]; }

  const std::size_t pages_;
  const std::size_t tokens_per_page_;
  const std::size_t buckets_;
  const hash_key key_;
  const column<per_page> nodes_;
  const column<shared_kind> kinds_;
  const column<shared_token> blocks_;
  const std::unique_ptr<shared_word[]> extras_;  // the keys of blocks that have one
  const std::unique_ptr<shared_page[]> heads_;
};

}  // namespace triecheck::inline v0_1
