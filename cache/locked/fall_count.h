// How many nodes evictions could free, counted up to a need without changing anything: so a request that cannot be
// served evicts nothing.
//
// The leaves are added one by one. The count goes on upwards from each as long as nothing else refers to the parent. A
// parent with more children is noted, and counts once the last of them did. Each note follows a node that was counted,
// so the room for the pages that are needed is enough for the notes.
//
// Cost: O(nodes counted), and for those with several children O(log n), and a move of n notes at most. Nothing is
// allocated.
// Threads: belongs to one operation. Where others change the nodes meanwhile, the count may be too large or too small.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "../types.h"

namespace triecheck::inline v0_1 {

/// `references(page)`: how many children and leases refer to the node; `parent(page)`: where its parent is, or
/// `no_page`.
template <class References, class Parent>
class fall_count {
 public:
  /// Counts up to `notes.size()` nodes, and writes over `notes`.
  fall_count(std::span<page_id> notes, References references, Parent parent)
      : notes_(notes), references_(references), parent_(parent) {}

  std::size_t count() const { return count_; }
  bool is_enough() const { return count_ >= notes_.size(); }

  /// Counts a leaf that nothing refers to, and the parents that can be evicted with it. Requires that it was not added
  /// before.
  void add(page_id leaf) {
    for (page_id page = leaf; ++count_ < notes_.size();) {
      page = parent_(page);
      if (page == no_page) return;
      const std::size_t all = references_(page);
      if (all != 1 && noted(page) != all) return;
    }
  }

 private:
  // Notes that a child of `page` is counted; returns how many are. The notes are sorted, so those of one page are
  // adjacent.
  std::size_t noted(page_id page) {
    const auto end = notes_.begin() + static_cast<std::ptrdiff_t>(note_count_++);
    const auto first = std::lower_bound(notes_.begin(), end, page);
    std::copy_backward(first, end, end + 1);
    *first = page;
    return static_cast<std::size_t>(std::upper_bound(first, end + 1, page) - first);
  }

  const std::span<page_id> notes_;
  const References references_;
  const Parent parent_;
  std::size_t count_ = 0;
  std::size_t note_count_ = 0;
};

}  // namespace triecheck::inline v0_1
