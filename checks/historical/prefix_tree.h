// The trie of the historical cache: nodes that name a page each, in the lists of children of their
// parents.
//
// Unlike in the caches that ship a node is not its page, so that the mistakes of the original can
// be written down: two nodes on one page, a node that no list leads to, a list that leads to a node
// twice.
//
// As in the original a lease pins the node that its prefix ends on, and nothing above it: what has
// children is no candidate of an eviction. Nodes live in an array that is allocated once; a free
// one is taken in turn, so that what an evicted node said stays readable for a while.
//
// Threads: the owner serialises every call but `pin` and `unpin`: a count of pins is read as a
// whole and written as a whole, as in the interpreter that the original ran in, but a change of it
// is both, one after the other.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "cache/pages/block_hash.h"
#include "cache/sync/sync.h"
#include "cache/types.h"
#include "checks/historical/defects.h"

namespace triecheck::historical {

/// Numbers the nodes of a trie. 0 is the root of all namespaces; a child of it knows its namespace.
enum class node_id : std::uint32_t {};
inline constexpr node_id root{0};
inline constexpr node_id no_node{0xffff'ffff};

template <sync_layer Sync>
class prefix_tree {
 public:
  using tokens = std::span<const token>;

  /// Requires a checked configuration.
  prefix_tree(const cache_config& config, defect_set defects)
      : defects_(defects),
        tokens_per_page_(config.tokens_per_page),
        key_(config.hash_seed),
        count_(4 * config.pages + 1),
        nodes_(std::make_unique<node[]>(count_)),
        blocks_(std::make_unique<shared_token[]>(count_ * tokens_per_page_)) {
    for (std::size_t i = 0; i < count_; ++i) label(nodes_[i], i);
    for (std::size_t i = 0; i < count_ * tokens_per_page_; ++i)
      Sync::label(blocks_[i], "trie.block", i / tokens_per_page_);
    Sync::label(next_, "trie.next");
    node& n = at(root);
    n.in_use.set(true);
    n.page.set(no_page);
    n.parent.set(no_node);
    n.depth.set(0);
  }

  /// The child of `parent` under `block`, or `no_node`.
  node_id find_child(node_id parent, key_space space, tokens block) const {
    node_id n = at(parent).first_child.get();
    while (n != no_node && !is_under(n, space, block)) n = at(n).next_sibling.get();
    return n;
  }

  /// The same, for a lookup. With defect 14 the search goes on in the children's children where no
  /// child matches.
  node_id match_child(node_id parent, key_space space, tokens block) const {
    node_id found = find_child(parent, space, block);
    if (!defects_.has(defect::match_goes_on_below)) return found;
    for (node_id n = at(parent).first_child.get(); found == no_node && n != no_node; n = at(n).next_sibling.get()) {
      found = match_child(n, space, block);
    }
    return found;
  }

  /// A new node for `page`, unpinned. With defect 1 it takes the place of a child under the same
  /// block, which nobody unlinks from anything else; otherwise requires that there is none. A block
  /// that does not fill a page is one of defects 17 and 28.
  node_id attach(node_id parent, key_space space, tokens block, page_id page) {
    if (const node_id child = find_child(parent, space, block); child != no_node) remove_from_list(child);
    const node_id id = unused();
    node& n = at(id);
    n.in_use.set(true);
    n.is_candidate.set(true);
    n.page.set(page);
    n.parent.set(parent);
    n.space.set(space);
    n.used.set(0);
    n.depth.set(at(parent).depth.get() + 1);
    n.first_child.set(no_node);
    n.former_length.set(0);
    n.pins.store(0, memory_order::seq_cst);
    set_block(id, block);
    n.next_sibling.set(at(parent).first_child.get());
    at(parent).first_child.set(id);
    if (!defects_.has(defect::parent_stays_a_candidate)) at(parent).is_candidate.set(false);
    return id;
  }

  /// Defect 17: the block of `n` grows to a full page, and the list of children goes on leading to
  /// it by its former key.
  void complete(node_id n, tokens block) {
    at(n).former_length.set(at(n).length.get());
    set_block(n, block);
  }

  /// Takes the leaf `id` out. As in the original the list of the parent is asked for the key, not
  /// for the node.
  void detach(node_id id) {
    node& n = at(id);
    const node_id parent = n.parent.get();
    remove_from_list(id);
    n.in_use.set(false);
    n.is_candidate.set(false);
    if (at(parent).first_child.get() == no_node) at(parent).is_candidate.set(true);
  }

  /// The next to be evicted: of the unpinned candidates the one that was used longest ago, of one
  /// chain the deepest; or `no_node`.
  node_id oldest() const {
    node_id found = no_node;
    for (std::uint32_t i = 1; i < count_; ++i) {
      const node_id n{i};
      if (!at(n).in_use.get() || !at(n).is_candidate.get() || pins(n) != 0) continue;
      if (found == no_node || is_evicted_before(n, found)) found = n;
    }
    return found;
  }

  /// Defect 30: the first node that names this page, whether it is still one or not.
  node_id first_with(page_id page) const {
    std::uint32_t i = 1;
    while (at(node_id(i)).page.get() != page) ++i;
    return node_id(i);
  }

  /// The node of `page`, which is cached; `no_node` where the trie is damaged.
  node_id node_of(page_id page) const {
    for (std::uint32_t i = 1; i < count_; ++i) {
      if (at(node_id(i)).in_use.get() && at(node_id(i)).page.get() == page) return node_id(i);
    }
    return no_node;
  }

  /// Calls `visit` for every node.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t i = 1; i < count_; ++i) {
      if (at(node_id(i)).in_use.get()) visit(node_id(i));
    }
  }

  /// Calls `visit` with the page of every node that the lists of children lead to, as often as they
  /// do.
  template <class Visit>
  void for_each_indexed(Visit visit, node_id below = root) const {
    for (node_id n = at(below).first_child.get(); n != no_node; n = at(n).next_sibling.get()) {
      visit(page(n));
      if (at(n).former_length.get() != 0) visit(page(n));
      for_each_indexed(visit, n);
    }
  }

  std::uint32_t pins(node_id n) const { return at(n).pins.load(memory_order::seq_cst); }
  void pin(node_id n) { at(n).pins.store(pins(n) + 1, memory_order::seq_cst); }
  void unpin(node_id n) {
    const std::uint32_t before = pins(n);
    Sync::require(before != 0, "I4: a pin is dropped once");
    at(n).pins.store(before - 1, memory_order::seq_cst);
  }

  /// The chain down to `n` was used at `tick`.
  void use(node_id n, std::uint64_t tick) {
    each_in_chain(n, [&](node_id in_chain) { at(in_chain).used.set(tick); });
  }

  /// For every node how many leases have it in their chain: the pins of the nodes below it and its
  /// own.
  void count_chain_pins(std::vector<std::uint32_t>& by_node) const {
    by_node.assign(count_, 0);
    for_each([&](node_id n) {
      if (const std::uint32_t own = pins(n); own != 0) {
        each_in_chain(n, [&](node_id in_chain) { by_node[static_cast<std::size_t>(in_chain)] += own; });
      }
    });
  }

  /// Whether `a` is evicted before `b` where both can be.
  bool is_evicted_before(node_id a, node_id b) const {
    if (at(a).used.get() != at(b).used.get()) return at(a).used.get() < at(b).used.get();
    return at(a).depth.get() > at(b).depth.get();
  }

  page_id page(node_id n) const { return at(n).page.get(); }
  node_id parent(node_id n) const { return at(n).parent.get(); }
  std::uint64_t hash(node_id n, key_space space) const { return n == root ? root_hash(key_, space) : at(n).hash.get(); }
  std::size_t size() const noexcept { return count_; }

  // By page, of cached ones: what an inspection asks.
  bool is_forgotten(page_id) const { return false; }
  page_id parent(page_id p) const {
    const node_id n = node_of(p);
    return n == no_node ? no_page : page(parent(n));
  }
  /// It knew no keys of blocks.
  std::uint64_t extra(page_id) const { return 0; }
  key_space space(page_id p) const {
    const node_id n = node_of(p);
    return n == no_node ? key_space{} : at(n).space.get();
  }
  std::vector<token> block(page_id p) const {
    std::vector<token> found;
    const node_id n = node_of(p);
    if (n == no_node) return found;
    for (std::size_t i = 0; i < at(n).length.get(); ++i) found.push_back(block_at(n)[i].get());
    return found;
  }

 private:
  using shared_node = typename Sync::template var<node_id>;
  using shared_token = typename Sync::template var<token>;

  struct node {
    typename Sync::template var<bool> in_use{false};
    typename Sync::template var<bool> is_candidate{false};  // of an eviction, once it is unpinned: a leaf
    typename Sync::template var<page_id> page{no_page};
    shared_node parent{no_node};
    shared_node first_child{no_node};
    shared_node next_sibling{no_node};
    typename Sync::template var<key_space> space{key_space{}};
    typename Sync::template var<std::uint64_t> hash{0};  // of all blocks from the root to this one
    typename Sync::template var<std::uint64_t> used{0};  // the tick of the latest release that used it
    typename Sync::template var<std::uint32_t> depth{0};
    typename Sync::template var<std::size_t> length{0};  // of its block, in tokens
    typename Sync::template var<std::size_t> former_length{
        0};                                                 // defect 17: it is still found under so many tokens, too
    typename Sync::template atomic<std::uint32_t> pins{0};  // of the leases that end on it
  };

  static void label(node& n, std::size_t i) {
    Sync::label(n.in_use, "trie.in_use", i);
    Sync::label(n.is_candidate, "trie.is_candidate", i);
    Sync::label(n.page, "trie.page", i);
    Sync::label(n.parent, "trie.parent", i);
    Sync::label(n.first_child, "trie.first_child", i);
    Sync::label(n.next_sibling, "trie.next_sibling", i);
    Sync::label(n.space, "trie.space", i);
    Sync::label(n.hash, "trie.hash", i);
    Sync::label(n.used, "trie.used", i);
    Sync::label(n.depth, "trie.depth", i);
    Sync::label(n.length, "trie.length", i);
    Sync::label(n.former_length, "trie.former_length", i);
    Sync::label(n.pins, "trie.pins", i);
  }

  bool is_under(node_id n, key_space space, tokens block) const {
    return at(n).space.get() == space && at(n).length.get() == block.size() &&
           Sync::equal(block_at(n), block.data(), block.size());
  }

  bool has_same_key(node_id a, node_id b) const {
    bool same = at(a).space.get() == at(b).space.get() && at(a).length.get() == at(b).length.get();
    for (std::size_t i = 0; same && i < at(a).length.get(); ++i) same = block_at(a)[i].get() == block_at(b)[i].get();
    return same;
  }

  // Calls `visit` for `n` and the nodes above it. With some defects there may be a cycle: this must
  // end.
  template <class Visit>
  void each_in_chain(node_id n, Visit visit) const {
    for (std::size_t steps = 0; n != root && n != no_node && steps < count_; ++steps, n = parent(n)) visit(n);
  }

  // The child of its parent that has the key of `n`, which is `n` itself unless another one took
  // its place.
  void remove_from_list(node_id n) {
    shared_node* link = &at(at(n).parent.get()).first_child;
    while (link->get() != no_node && !has_same_key(link->get(), n)) link = &at(link->get()).next_sibling;
    if (link->get() != no_node) link->set(at(link->get()).next_sibling.get());
  }

  void set_block(node_id n, tokens block) {
    const node_id above = parent(n);
    at(n).length.set(block.size());
    at(n).hash.set(block_hash(key_, hash(above, at(n).space.get()), block));
    Sync::assign(block_at(n), block.data(), block.size());
  }

  node_id unused() {
    for (std::size_t tried = 1; tried < count_; ++tried) {
      const std::uint32_t i = next_.get();
      next_.set(i + 1 == count_ ? 1 : i + 1);
      if (!at(node_id(i)).in_use.get()) return node_id(i);
    }
    Sync::require(false, "I7: there is a node for every page");
    return root;
  }

  node& at(node_id n) { return nodes_[static_cast<std::size_t>(n)]; }
  const node& at(node_id n) const { return nodes_[static_cast<std::size_t>(n)]; }
  shared_token* block_at(node_id n) const { return &blocks_[static_cast<std::size_t>(n) * tokens_per_page_]; }

  const defect_set defects_;
  const std::size_t tokens_per_page_;
  const hash_key key_;
  const std::size_t count_;
  const std::unique_ptr<node[]> nodes_;
  const std::unique_ptr<shared_token[]> blocks_;
  typename Sync::template var<std::uint32_t> next_{1};  // where the search for an unused node begins
};

}  // namespace triecheck::historical
