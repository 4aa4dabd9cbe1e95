// The page pool: which pages are free, and who holds the others.
//
// A stack of free pages, linked through an array that is as long as the pool: taking and returning a page is O(1) and
// allocates nothing. It also keeps the holder of every page, so that a page which is returned twice is noticed (I1) and
// shutdown can say which lease kept a page.
//
// Invariants: every page is on the stack exactly when its state is `free`; free_count() is the length of the stack.
// Threads: not synchronised; the owner serialises every call, except `mark_cached` and `hand_over`. These touch nothing
// but the page, so they only require that no other thread touches that page.
#pragma once

#include <cstdint>

#include "../pages/page_records.h"
#include "../sync/sync.h"
#include "../types.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class page_pool {
 public:
  /// What the pool notes of a page, and a byte that it leaves to the owner of the pool.
  struct per_page {
    typename Sync::template var<lease_id> holder;
    typename Sync::template var<page_id> next;  // the free page below, while this one is free
    typename Sync::template var<page_state> state;
    typename Sync::template var<std::uint8_t> note;
  };

  /// A pool of `pages` free pages. Requires 1 <= pages < 2^32 - 1. The lowest page is handed out first.
  page_pool(column<per_page> entries, std::size_t pages) : entries_(entries) {
    Sync::label(top_, "pool.top");
    Sync::label(free_count_, "pool.free_count");
    for (std::size_t i = 0; i < pages; ++i) {
      const bool last = i + 1 == pages;
      entries_[i].next.set(last ? no_page : page_id(i + 1));
      entries_[i].state.set(page_state::free);
      entries_[i].holder.set(no_lease);
      Sync::label(entries_[i].next, "pool.next", i);
      Sync::label(entries_[i].state, "pool.state", i);
      Sync::label(entries_[i].holder, "pool.holder", i);
    }
    top_.set(page_id(0));
    free_count_.set(pages);
  }

  std::size_t free_count() const { return free_count_.get(); }

  /// Hands out a free page to `holder`. Requires free_count() > 0.
  page_id take(lease_id holder) {
    const page_id page = top_.get();
    Sync::require(page != no_page, "take needs a free page");
    per_page& e = entries_[page];
    top_.set(e.next.get());
    free_count_.set(free_count_.get() - 1);
    e.state.set(page_state::leased);
    e.holder.set(holder);
    return page;
  }

  /// Makes `page` free again. Requires that it is not free (I1).
  void put(page_id page) {
    per_page& e = entries_[page];
    Sync::require(e.state.get() != page_state::free, "I1: a page is freed once");
    e.state.set(page_state::free);
    e.holder.set(no_lease);
    e.next.set(top_.get());
    top_.set(page);
    free_count_.set(free_count_.get() + 1);
  }

  /// A private page becomes a node of the trie.
  void mark_cached(page_id page) {
    per_page& e = entries_[page];
    Sync::require(e.state.get() == page_state::leased, "I1: only a private page is published");
    e.state.set(page_state::cached);
    e.holder.set(no_lease);
  }

  /// An evicted page goes to `holder` without being free in between.
  void hand_over(page_id page, lease_id holder) {
    per_page& e = entries_[page];
    Sync::require(e.state.get() == page_state::cached, "I1: only a page that was evicted is handed over");
    e.state.set(page_state::leased);
    e.holder.set(holder);
  }

  /// What `page` is, and the lease that has it; `no_lease` where none does.
  page_state state(page_id page) const { return entries_[page].state.get(); }
  lease_id holder(page_id page) const { return entries_[page].holder.get(); }

 private:
  const column<per_page> entries_;
  typename Sync::template var<page_id> top_;
  typename Sync::template var<std::size_t> free_count_;
};

}  // namespace triecheck::inline v0_1
