// The free list of the historical cache: a stack of page numbers, and what every page is.
//
// Threads: the owner serialises every call but `free_count`, which any thread may ask at any time.
// Like a number of the interpreter that the original ran in, it is read and written as a whole,
// with or without the lock.
#pragma once

#include <memory>

#include "cache/sync/sync.h"
#include "cache/types.h"
#include "checks/historical/defects.h"

namespace triecheck::historical {

template <sync_layer Sync>
class free_list {
 public:
  /// Requires a checked configuration. The lowest page is handed out first.
  free_list(std::size_t pages, defect_set defects)
      : defects_(defects),
        places_(2 * pages),
        free_(std::make_unique<shared_page[]>(places_)),
        entries_(std::make_unique<entry[]>(pages)) {
    Sync::label(free_count_, "pool.free_count");
    for (std::size_t i = 0; i < places_; ++i) Sync::label(free_[i], "pool.free", i);
    for (std::size_t i = 0; i < pages; ++i) {
      entries_[i].state.set(page_state::free);
      entries_[i].holder.set(no_lease);
      free_[i].set(page_id(static_cast<std::uint32_t>(pages - 1 - i)));
      Sync::label(entries_[i].state, "pool.state", i);
      Sync::label(entries_[i].holder, "pool.holder", i);
    }
    free_count_.store(static_cast<std::uint32_t>(pages), memory_order::seq_cst);
  }

  std::size_t free_count() const { return free_count_.load(memory_order::seq_cst); }

  /// Requires a free page.
  page_id take(lease_id holder) {
    const std::size_t count = free_count();
    Sync::require(count != 0, "take needs a free page");
    const page_id page = free_[count - 1].get();
    set_free_count(count - 1);
    at(page).state.set(page_state::leased);
    at(page).holder.set(holder);
    return page;
  }

  /// Makes `page` free. Requires that it is not (I1); with defect 6 nobody looks.
  void put(page_id page) {
    if (!defects_.has(defect::pages_are_freed_twice)) {
      Sync::require(state(page) != page_state::free, "I1: a page is freed once");
    }
    const std::size_t count = free_count();
    if (count == places_) return;  // every page lies here twice
    at(page).state.set(page_state::free);
    at(page).holder.set(no_lease);
    free_[count].set(page);
    set_free_count(count + 1);
  }

  void mark_cached(page_id page) {
    Sync::require(state(page) == page_state::leased, "I1: only a private page is published");
    at(page).state.set(page_state::cached);
    at(page).holder.set(no_lease);
  }

  /// What `page` is, and the lease that has it; `no_lease` where none does.
  page_state state(page_id page) const { return at(page).state.get(); }
  lease_id holder(page_id page) const { return at(page).holder.get(); }

 private:
  using shared_page = typename Sync::template var<page_id>;

  struct entry {
    typename Sync::template var<page_state> state;
    typename Sync::template var<lease_id> holder;
  };

  void set_free_count(std::size_t count) {
    free_count_.store(static_cast<std::uint32_t>(count), memory_order::seq_cst);
  }

  entry& at(page_id page) { return entries_[index_of(page)]; }
  const entry& at(page_id page) const { return entries_[index_of(page)]; }

  const defect_set defects_;
  const std::size_t places_;  // with defect 6 a page may lie here twice
  const std::unique_ptr<shared_page[]> free_;
  const std::unique_ptr<entry[]> entries_;
  typename Sync::template atomic<std::uint32_t> free_count_{0};
};

}  // namespace triecheck::historical
