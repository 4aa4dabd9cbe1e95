// The trie of published pages. A node is its page: everything about it stands in arrays indexed by page id that are
// allocated once, so growing and shrinking the trie allocates nothing.
//
// The children of all nodes stand in one chained hash table keyed by (parent, block). A block is compared token by
// token: a hash that collides costs time, never a wrong answer (I3).
//
// Invariants: I7: every node is reachable from the root exactly once, and is in its bucket exactly once.
// Cost: find_child is O(tokens per page) expected; attach and detach too.
// Threads: `find_child`, `pins`, `parent`, `block` and, with counts that allow it, `add_pin`, `pin` and `unpin` may run
// beside one another; the owner serialises every other call with all of these. It may do so bucket by bucket: `attach`,
// `detach` and `find_child` touch one bucket and the nodes in it, `bucket_of` touches nothing.
#pragma once

#include <bit>
#include <memory>
#include <span>

#include "block_hash.h"
#include "sync.h"
#include "types.h"

namespace triecheck {

/// `Pins` counts the pins of a node: plain_count or atomic_count.
template <sync_layer Sync, class Pins>
class page_trie {
 public:
  /// An empty trie over pages 0 .. pages - 1. Requires pages >= 1, tokens_per_page >= 1.
  page_trie(std::size_t pages, std::size_t tokens_per_page)
      : tokens_per_page_(tokens_per_page),
        buckets_(std::bit_ceil(pages)),
        nodes_(std::make_unique<node[]>(pages)),
        blocks_(std::make_unique<shared_token[]>(pages * tokens_per_page)),
        heads_(std::make_unique<shared_page[]>(buckets_)) {
    for (std::size_t i = 0; i < buckets_; ++i) {
      heads_[i].set(no_page);
      Sync::label(heads_[i], "trie.bucket", i);
    }
    for (std::size_t i = 0; i < pages; ++i) {
      Sync::label(nodes_[i].parent, "trie.parent", i);
      Sync::label(nodes_[i].bucket, "trie.bucket_of", i);
      Sync::label(nodes_[i].next, "trie.next", i);
      nodes_[i].pins.label("trie.pins", i);
    }
    for (std::size_t i = 0; i < pages * tokens_per_page; ++i) Sync::label(blocks_[i], "trie.block", i / tokens_per_page);
  }

  /// A power of two, at least the number of pages.
  std::size_t buckets() const noexcept { return buckets_; }

  /// The bucket of the child of `parent` (`no_page` is the root) under `block`. Requires a block of one page.
  std::size_t bucket_of(page_id parent, std::span<const token> block) const {
    Sync::require(block.size() == tokens_per_page_, "a block fills a page");
    return static_cast<std::size_t>(block_hash(index_of(parent) + 1, block)) & (buckets_ - 1);
  }

  /// The bucket of a node. Requires that `page` is one.
  std::size_t bucket_of(page_id page) const { return at(page).bucket.get(); }

  /// The child of `parent` under `block`, or `no_page`. Requires the bucket of the two, if it is given.
  page_id find_child(page_id parent, std::span<const token> block) const {
    return find_child(parent, block, bucket_of(parent, block));
  }
  page_id find_child(page_id parent, std::span<const token> block, std::size_t bucket) const {
    page_id page = heads_[bucket].get();
    while (page != no_page && !(at(page).parent.get() == parent && Sync::equal(block_at(page), block.data(), block.size()))) {
      page = at(page).next.get();
    }
    return page;
  }

  /// Makes `page` the child of `parent` under `block`, with no pins or as many as said. Requires that it is no node, that
  /// `parent` has no such child, and the bucket of the two.
  void attach(page_id page, page_id parent, std::span<const token> block) {
    attach(page, parent, block, bucket_of(parent, block), 0);
  }
  void attach(page_id page, page_id parent, std::span<const token> block, std::size_t bucket, std::uint32_t pins) {
    node& n = at(page);
    n.parent.set(parent);
    n.bucket.set(bucket);
    n.pins.set(pins);
    n.next.set(heads_[bucket].get());
    Sync::assign(block_at(page), block.data(), block.size());
    heads_[bucket].set(page);
  }

  /// Takes the leaf `page` out of the trie. Requires that it is an unpinned node without children (I2).
  void detach(page_id page) {
    Sync::require(pins(page) == 0, "I2: a pinned node stays");
    shared_page* link = &heads_[at(page).bucket.get()];
    while (link->get() != page) {
      Sync::require(link->get() != no_page, "I7: a node is in its bucket");
      link = &at(link->get()).next;
    }
    link->set(at(page).next.get());
  }

  /// How many open leases have `page` in their chain; under nodelock.h, how many end on it.
  std::uint32_t pins(page_id page) const { return at(page).pins.get(); }

  /// One more pin; returns how many there were.
  std::uint32_t add_pin(page_id page) { return at(page).pins.fetch_add(1); }

  /// One pin less; returns how many are left. Requires a pin (I4).
  std::uint32_t drop_pin(page_id page) {
    Sync::require(pins(page) != 0, "I4: a pin is dropped once");
    return at(page).pins.fetch_sub(1) - 1;
  }

  /// As add_pin and drop_pin, for whoever does not look at the answer: such additions commute.
  void pin(page_id page) { at(page).pins.add(1); }
  void unpin(page_id page) { at(page).pins.subtract(1); }

  page_id parent(page_id page) const { return at(page).parent.get(); }

  /// The block of a node, copied: for snapshots.
  std::vector<token> block(page_id page) const {
    std::vector<token> tokens(tokens_per_page_);
    for (std::size_t i = 0; i < tokens_per_page_; ++i) tokens[i] = block_at(page)[i].get();
    return tokens;
  }

  /// Calls `visit` for every node that the index leads to: for snapshots. O(pages).
  template <class Visit>
  void for_each_indexed(Visit visit) const {
    for (std::size_t i = 0; i < buckets_; ++i) {
      for (page_id page = heads_[i].get(); page != no_page; page = at(page).next.get()) visit(page);
    }
  }

 private:
  using shared_page = typename Sync::template var<page_id>;
  using shared_token = typename Sync::template var<token>;

  struct node {
    shared_page parent;
    shared_page next;  // the next node in the same bucket
    typename Sync::template var<std::size_t> bucket;
    Pins pins;
  };

  node& at(page_id page) { return nodes_[index_of(page)]; }
  const node& at(page_id page) const { return nodes_[index_of(page)]; }
  shared_token* block_at(page_id page) { return &blocks_[index_of(page) * tokens_per_page_]; }
  const shared_token* block_at(page_id page) const { return &blocks_[index_of(page) * tokens_per_page_]; }

  const std::size_t tokens_per_page_;
  const std::size_t buckets_;
  const std::unique_ptr<node[]> nodes_;
  const std::unique_ptr<shared_token[]> blocks_;
  const std::unique_ptr<shared_page[]> heads_;
};

}  // namespace triecheck
