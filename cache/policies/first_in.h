// The policy `first-in` (FIFO): of the unpinned leaves the one that was published first.
//
// When to use: as a yardstick, or where requests come once. When not: prompts that come back; a hit does not help a
// page. A parent was published before its children, so when the last of them is evicted it is the next.
//
// Guarantees, cost, threads: ranked_leaves.h.
#pragma once

#include "ranked_leaves.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class first_in : public ranked_leaves<Sync> {
 public:
  using terms = no_terms;

  using typename ranked_leaves<Sync>::per_page;

  first_in(column<per_page> nodes, std::size_t pages) : ranked_leaves<Sync>(nodes, pages, 1) {}

  void released(page_id page, bool unpinned) {
    if (unpinned) this->list_if_leaf(page);
  }

  page_id oldest() const { return this->first(0); }

  template <class Trie, class Visit>
  void in_order(const Trie& trie, Visit visit) const {
    this->in_order_of(
        trie, [](std::size_t level) { return level; }, visit);
  }
};

}  // namespace triecheck::inline v0_1
