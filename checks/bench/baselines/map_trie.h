// The baseline "page trie": the edges of the trie stand in one std::unordered_map from (parent, block) to the page, and
// blocks are compared token by token.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <unordered_map>

#include "cache/types.h"
#include "checks/bench/baselines/one_day_cache.h"

namespace triecheck::checks {

class map_trie_index {
 public:
  /// An edge. The block is that of a request while it is looked for, that of the node while it is in the map.
  struct cursor {
    page_id parent = no_page;
    key_space space{};  // of an edge from the root
    std::span<const token> block;
    friend bool operator==(const cursor& a, const cursor& b) {
      return a.parent == b.parent && a.space == b.space && std::equal(a.block.begin(), a.block.end(), b.block.begin(), b.block.end());
    }
  };

  explicit map_trie_index(std::size_t pages) { pages_.reserve(pages); }

  static cursor start(key_space space) { return {.parent = no_page, .space = space, .block = {}}; }
  static cursor step(const cursor& from, std::span<const token> block) { return {from.parent, from.space, block}; }
  page_id find(const cursor& edge) const {
    const auto found = pages_.find(edge);
    return found == pages_.end() ? no_page : found->second;
  }
  static cursor behind(page_id page, const cursor&) { return {.parent = page, .space = {}, .block = {}}; }
  cursor add(const cursor& edge, std::span<const token> block, page_id page) {
    const cursor kept{edge.parent, edge.space, block};
    pages_.emplace(kept, page);
    return kept;
  }
  void remove(const cursor& edge) { pages_.erase(edge); }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [edge, page] : pages_) visit(page);
  }

 private:
  // Not noexcept on purpose: for a hash that is, libstdc++ keeps no copy in the nodes, but computes it anew, from
  // tokens that lie elsewhere, for every node that it comes past.
  struct edge_hash {
    std::size_t operator()(const cursor& edge) const { return hash_of(index_of(edge.parent) ^ std::uint64_t{static_cast<std::uint32_t>(edge.space)} << 32, edge.block); }
  };
  std::unordered_map<cursor, page_id, edge_hash> pages_;
};

using map_trie_cache = one_day_cache<map_trie_index>;

}  // namespace triecheck::checks
