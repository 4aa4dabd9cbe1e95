// The walk hop by hop that a lookup in a page trie cannot do without: from node to node of the index of "page-trie",
// blocks compared. No pin, no lock, no lease. It evicts nothing and returns only how many blocks it found, so it is no
// cache.
//
// Threads: any, once it is made.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cache/types.h"
#include "checks/bench/baselines/trie_of_pages.h"
#include "checks/bench/load.h"

namespace triecheck::checks {

/// The pages of all requests of a load. Requires that they fit into `pages`.
class bare_walk {
 public:
  bare_walk(const load& l, std::size_t pages)
      : page_tokens_(l.page_tokens), blocks_(pages * l.page_tokens), index_(pages) {
    std::uint32_t made = 0;
    for (std::size_t i = 0; i < l.requests(); ++i) {
      each_block(l.request(i), [&](const page_trie_index::cursor& edge) {
        if (const page_id page = index_.find(edge); page != no_page) return page;
        const page_id page{made++};
        const auto block = std::span(blocks_).subspan(index_of(page) * page_tokens_, page_tokens_);
        std::copy(edge.block.begin(), edge.block.end(), block.begin());
        index_.add(edge, block, page);
        return page;
      });
    }
  }

  /// How many leading blocks have a node.
  std::size_t lookup(std::span<const token> tokens) const {
    return each_block(tokens, [&](const page_trie_index::cursor& edge) { return index_.find(edge); });
  }
  static std::size_t hits(std::size_t found) { return found; }
  static void release(std::size_t) {}

 private:
  // Goes on while `page_under` says where the next node is; returns how many times it did.
  template <class PageUnder>
  std::size_t each_block(std::span<const token> tokens, PageUnder page_under) const {
    auto cursor = page_trie_index::start({});
    for (std::size_t hops = 0;; ++hops) {
      if (tokens.size() < (hops + 1) * page_tokens_) return hops;
      cursor = page_trie_index::step(cursor, tokens.subspan(hops * page_tokens_, page_tokens_));
      const page_id page = page_under(cursor);
      if (page == no_page) return hops;
      cursor = page_trie_index::behind(page, cursor);
    }
  }

  const std::size_t page_tokens_;
  std::vector<token> blocks_;  // by page
  page_trie_index index_;
};

}  // namespace triecheck::checks
