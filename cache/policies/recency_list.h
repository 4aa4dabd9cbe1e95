// The eviction order: nodes that nobody pins, the one to be evicted next in front. A node that was pinned since may
// stay where it was: an eviction that takes the front skips it, and it moves to the back when it is unpinned again.
//
// It is exact without storing a tick. A release gives a whole chain one recency; there are two ways of listing the
// chain:
//
// - All of it (locked.h). A release drops the pins of a chain from its deepest node upwards, and a node enters the
//   list, at the back, when its last pin is dropped. The recency of a node that nobody pins is the tick of that very
//   release, so the list is sorted by recency, deeper nodes of one chain first. A child is never pinned without its
//   parent and never released after it, so it comes before its parent in the list. Hence the front of the list is
//   always a leaf, and a parent that becomes a leaf needs no work: it is where its own recency puts it (fault 45 of the
//   catalogue).
// - Its deepest node (nodelock.h). A node above has the recency of its latest own release or of the child that was
//   evicted last, whichever is later. When that child is evicted from the front, a node that is not listed goes to the
//   front: it is now the oldest, because its own releases, if it had any, were listed before the child and were
//   skipped. A node that is listed then comes after the child, by its later release, and stays there.
//
// It is the policy `recency` (LRU), the one that the specification names: which page was not used for longest.
//
// Cost: every operation O(1) unless it says otherwise, nothing is allocated. Threads: not synchronised; the owner
// serialises every call.
#pragma once

#include <utility>

#include "../pages/page_records.h"
#include "../sync/sync.h"
#include "../types.h"
#include "eviction.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class recency_list {
 public:
  using terms = no_terms;

  static constexpr page_id unlisted{static_cast<std::uint32_t>(no_page) - 1};  // no page has this number, either

  /// What the list notes of a page. No page is listed at first. Several lists may share one column: a page is on one at
  /// most.
  struct per_page {
    typename Sync::template var<page_id> older{unlisted};
    typename Sync::template var<page_id> newer;
  };

  recency_list(column<per_page> links, std::size_t pages) : links_(links) {
    Sync::label(oldest_, "recency.oldest");
    Sync::label(newest_, "recency.newest");
    label(links, pages);
  }

  /// One of several lists: the owner labels the links, once, and the number distinguishes the lists.
  recency_list(std::size_t number, column<per_page> links) : links_(links) {
    Sync::label(oldest_, "recency.oldest", number);
    Sync::label(newest_, "recency.newest", number);
  }
  static void label(column<per_page> links, std::size_t pages) {
    for (std::size_t i = 0; i < pages; ++i) {
      Sync::label(links[i].older, "recency.older", i);
      Sync::label(links[i].newer, "recency.newer", i);
    }
  }

  // What the policy has no use for costs nothing: the list needs to know of last pins alone.
  void published(page_id, page_id) {}
  void keep(page_id, no_terms) {}
  template <class Trie>
  void evicted(page_id, const Trie&) {}
  template <class Trie>
  void forgotten(page_id, const Trie&) {}

  void released(page_id page, bool unpinned) {
    if (unpinned) push_newest(page);
  }

  /// The front of the order, or `no_page`.
  page_id oldest() const { return oldest_.get(); }

  template <class Trie, class Visit>
  void in_order(const Trie& trie, Visit visit) const {
    for (page_id page = oldest(); page != no_page; page = newer_than(page)) {
      if (trie.pins(page) == 0) visit(page);
    }
  }

  /// Whether `page` is on a list of this column.
  bool contains(page_id page) const { return links_[page].older.get() != unlisted; }

  /// The node behind `page` in the order, or `no_page`. Requires that `page` is on the list.
  page_id newer_than(page_id page) const { return links_[page].newer.get(); }

  /// Puts `page` at the back, wherever it was.
  void push_newest(page_id page) {
    if (contains(page)) remove(page);
    insert(newest_.get(), page, no_page);
  }

  /// Puts `page` behind the last node that `is_older` holds for, wherever `page` was; in front where there is none.
  /// Cost: O(1 + nodes behind that one).
  template <class Older>
  void push_behind(Older is_older, page_id page) {
    if (contains(page)) remove(page);
    page_id before = newest_.get();
    page_id behind = no_page;
    while (before != no_page && !is_older(before)) behind = std::exchange(before, links_[before].older.get());
    insert(before, page, behind);
  }

  /// Puts `page` before the first node that `is_newer` holds for, wherever `page` was; at the back where there is none.
  /// Cost: O(1 + nodes before that one).
  template <class Newer>
  void push_before(Newer is_newer, page_id page) {
    if (contains(page)) remove(page);
    page_id before = no_page;
    page_id behind = oldest_.get();
    while (behind != no_page && !is_newer(behind)) before = std::exchange(behind, links_[behind].newer.get());
    insert(before, page, behind);
  }

  /// Puts `page` in front. Requires that it is not on the list.
  void push_oldest(page_id page) {
    Sync::require(!contains(page), "I6: a node is listed once");
    insert(no_page, page, oldest_.get());
  }

  /// Requires that `page` is on the list.
  void remove(page_id page) {
    Sync::require(page != no_page && contains(page), "I6: the list holds the unpinned nodes");
    const page_id older = links_[page].older.get();
    const page_id newer = links_[page].newer.get();
    links_[page].older.set(unlisted);
    set_newer(older, newer);
    set_older(newer, older);
  }

 private:
  using shared_page = typename Sync::template var<page_id>;

  void insert(page_id before, page_id page, page_id behind) {
    links_[page].older.set(before);
    links_[page].newer.set(behind);
    set_newer(before, page);
    set_older(behind, page);
  }

  // Set the page behind `page` in the order, and the one before it; `no_page` means either end.
  void set_newer(page_id page, page_id behind) {
    if (page == no_page) {
      oldest_.set(behind);
    } else {
      links_[page].newer.set(behind);
    }
  }
  void set_older(page_id page, page_id before) {
    if (page == no_page) {
      newest_.set(before);
    } else {
      links_[page].older.set(before);
    }
  }

  const column<per_page> links_;
  shared_page oldest_{no_page};
  shared_page newest_{no_page};
};

}  // namespace triecheck::inline v0_1
