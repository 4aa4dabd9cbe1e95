// The baseline "page-trie": a node for each page, with a std::unordered_map per node from the hash of a block to the
// child. Blocks are compared token by token.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "cache/types.h"
#include "checks/bench/baselines/one_day_cache.h"

namespace triecheck::checks {

inline bool same_block(std::span<const token> a, std::span<const token> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

class page_trie_index {
 public:
  /// An edge, from `parent` or from the root of a namespace.
  struct cursor {
    page_id parent = no_page;
    key_space space{};
    std::uint64_t hash = 0;  // of the block alone
    std::span<const token> block;
  };

  explicit page_trie_index(std::size_t pages) : nodes_(pages) {}

  static cursor start(key_space space) { return {.parent = no_page, .space = space, .hash = 0, .block = {}}; }
  static cursor step(const cursor& from, std::span<const token> block) {
    return {from.parent, from.space, hash_of(0, block), block};
  }
  page_id find(const cursor& edge) const {
    const children* c = children_of(edge);
    if (c == nullptr) return no_page;
    const auto found = c->find(edge.hash);
    return found == c->end() || !same_block(nodes_[index_of(found->second)].block, edge.block) ? no_page
                                                                                               : found->second;
  }
  static cursor behind(page_id page, const cursor&) { return {.parent = page, .space = {}, .hash = 0, .block = {}}; }
  cursor add(const cursor& edge, std::span<const token> block, page_id page) {
    nodes_[index_of(page)].block = block;
    (edge.parent == no_page ? roots_[edge.space] : nodes_[index_of(edge.parent)].below).emplace(edge.hash, page);
    return {edge.parent, edge.space, edge.hash, block};
  }
  void remove(const cursor& edge) {
    (edge.parent == no_page ? roots_[edge.space] : nodes_[index_of(edge.parent)].below).erase(edge.hash);
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [space, root] : roots_) visit_below(root, visit);
  }

 private:
  using children = std::unordered_map<std::uint64_t, page_id>;
  struct node {
    std::span<const token> block;
    children below;
  };

  const children* children_of(const cursor& edge) const {
    if (edge.parent != no_page) return &nodes_[index_of(edge.parent)].below;
    const auto root = roots_.find(edge.space);
    return root == roots_.end() ? nullptr : &root->second;
  }

  template <class Visit>
  void visit_below(const children& c, Visit visit) const {
    for (const auto& [hash, page] : c) {
      visit(page);
      visit_below(nodes_[index_of(page)].below, visit);
    }
  }

  std::vector<node> nodes_;  // by page
  std::unordered_map<key_space, children> roots_;
};

using page_trie_cache = one_day_cache<page_trie_index>;

}  // namespace triecheck::checks
