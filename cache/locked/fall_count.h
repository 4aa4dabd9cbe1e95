// How many nodes would fall if as many were evicted as can be, counted up to a need without changing anything: so that
// a request which cannot be served costs nobody a page.
//
// The leaves are named one by one. Above each goes on counting as long as nothing else refers to the parent: where more
// children do, the parent is noted, and counts once the last of them did. Each note follows a node that was counted, so
// the room for the pages that are needed is enough for them.
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

  /// Counts a leaf that nothing refers to, and what falls with it. Requires that it was not named before.
  void add(page_id leaf) {
    for (page_id page = leaf; ++count_ < notes_.size();) {
      page = parent_(page);
      if (page == no_page) return;
      const std::size_t all = references_(page);
      if (all != 1 && noted(page) != all) return;
    }
  }

 private:
  // Notes that a child of `page` falls; returns how many do. The notes are sorted, so those of one page stand together.
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
