// The page pool of the lock-free cache: a stack of free pages for all, and a small one for each thread, of what it put
// back last. A request gives back the page that it filled in part, and the next one takes a page: the same line, on the
// same core.
//
// A thread takes its own pages first, then from the common stack. What others keep is theirs until nothing else is
// left: then as much as it lacks goes to the common stack: no thread ever keeps more from others than it needs.
//
// Cost: take_own, take and put are O(pages moved), gather O(threads + pages moved); nothing is allocated.
// Threads and progress: any; lock-free.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "../pages/page_records.h"
#include "../sync/sync.h"
#include "../types.h"
#include "free_stack.h"
#include "lanes.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class striped_pool {
 public:
  using per_page = typename free_stack<Sync>::per_page;

  /// A thread keeps so many pages at most; threads that share a lane, each about so many.
  static constexpr std::size_t most_kept = 8;

  /// All pages are free, and common. Requires 1 <= pages < 2^32 - 1.
  striped_pool(const typename Sync::thread_indices& threads, column<per_page> entries, std::size_t pages)
      : common_(entries, pages), kept_("pool.lanes", threads, entries) {}

  /// Takes up to `pages.size()` of the pages that the calling thread keeps; returns how many.
  std::size_t take_own(std::span<page_id> pages) { return own().take_some(pages); }

  /// Takes `pages.size()` common pages, or none: then returns how many are missing, which was so at one instant.
  std::size_t take(std::span<page_id> pages) { return common_.take(pages); }

  /// Makes `pages` free. Requires that they are the caller's.
  void put(std::span<const page_id> pages) {
    if (pages.empty()) return;
    if (pages.size() > most_kept || own().count() + pages.size() > most_kept) return common_.put(pages);
    kept_.use(kept_.own());
    own().put(pages);
  }

  /// Makes common what the threads keep, up to so many pages; returns whether there were any.
  bool gather(std::size_t most) {
    std::array<page_id, most_kept> pages;
    std::size_t left = most;
    for (std::uint64_t rest = kept_.used(); rest != 0 && left != 0; rest &= rest - 1) {
      const std::size_t taken =
          kept_[kept_.first_of(rest)].take_some(std::span(pages).first(std::min(left, most_kept)));
      common_.put(std::span(pages).first(taken));
      left -= taken;
    }
    return left != most;
  }

 private:
  free_stack<Sync>& own() { return kept_[kept_.own()]; }

  free_stack<Sync> common_;
  lanes<Sync, free_stack<Sync>> kept_;
};

}  // namespace triecheck::inline v0_1
