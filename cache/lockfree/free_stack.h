// The free pages without a lock: a stack (Treiber's, with a version in its top) from which any number of pages is taken
// in one exchange, all or none.
//
// Every free page knows the page below it and how many pages lie from itself to the bottom. So the top says how many
// there are, no second counter can disagree with it, and a reservation is the taking itself.
//
// Invariants: a page is on the stack at most once (its state in the trie says so, I1); depth(page) is 1 + the depth of
// the page below.
// Cost: take and put are O(pages moved), count O(1); nothing is allocated.
// Threads and progress: any; lock-free: an exchange fails only when another one succeeded.
#pragma once

#include <algorithm>
#include <span>

#include "../pages/page_records.h"
#include "../sync/sync.h"
#include "../types.h"
#include "node_word.h"
#include "orders.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class free_stack {
 public:
  /// What the stack notes of a page. While a page is not free, others may keep what they like here, as long as the low
  /// half is a page or `no_page`.
  struct per_page {
    typename Sync::template atomic<std::uint64_t> word;  // entry
  };

  /// An empty stack, one of several: what a thread keeps (striped_pool.h).
  free_stack(std::size_t number, column<per_page> entries) : entries_(entries), top_(link_word{}.packed()) {
    Sync::label(top_, "pool.kept", number);
  }

  /// A stack of all pages, the lowest on top. Requires 1 <= pages < 2^32 - 1.
  free_stack(column<per_page> entries, std::size_t pages)
      : entries_(entries), top_(link_word{.page = page_id(0)}.packed()) {
    Sync::label(top_, "pool.top");
    for (std::size_t i = 0; i < pages; ++i) {
      const bool last = i + 1 == pages;
      const page_id below = last ? no_page : page_id(static_cast<std::uint32_t>(i + 1));
      entries_[i].word.store(packed({.below = below, .depth = pages - i}), orders::stack_link_write);
      Sync::label(entries_[i].word, "pool.entry", i);
    }
  }

  /// How many pages are free, at one instant.
  std::size_t count() const {
    std::uint64_t top = top_.load(orders::stack_read);
    for (;;) {
      const std::size_t depth = depth_of(link_word::of(top).page);
      const std::uint64_t again = top_.load(orders::stack_read);
      if (again == top) return depth;
      top = again;
    }
  }

  /// Takes `pages.size()` pages, or none: then returns how many are missing, which was so at one instant. Returns 0 on
  /// success. Linearization point: the exchange of the top, or the second look at it.
  std::size_t take(std::span<page_id> pages) {
    if (pages.empty()) return 0;
    std::uint64_t top = top_.load(orders::stack_read);
    for (;;) {
      const std::size_t depth = depth_of(link_word::of(top).page);
      if (depth >= pages.size()) {
        if (take_from(top, pages)) return 0;
        continue;
      }
      const std::uint64_t again = top_.load(orders::stack_read);
      if (again == top) return pages.size() - depth;
      top = again;
    }
  }

  /// Takes up to `pages.size()` pages, as many as there are; returns how many. Linearization point: the exchange of the
  /// top, or the look at it when there is none.
  std::size_t take_some(std::span<page_id> pages) {
    std::uint64_t top = top_.load(orders::stack_read);
    while (!pages.empty()) {
      const page_id first = link_word::of(top).page;
      if (first == no_page) return 0;
      const auto wanted = pages.first(std::min(pages.size(), depth_of(first)));
      if (take_from(top, wanted)) return wanted.size();
    }
    return 0;
  }

  /// Makes `pages` free, in one step. Requires that they are the caller's.
  void put(std::span<const page_id> pages) {
    if (pages.empty()) return;
    std::uint64_t top = top_.load(orders::stack_read);
    for (;;) {
      const link_word first = link_word::of(top);
      const std::size_t below = depth_of(first.page);
      for (std::size_t i = 0; i < pages.size(); ++i) {
        const page_id next = i + 1 < pages.size() ? pages[i + 1] : first.page;
        entries_[pages[i]].word.store(packed({.below = next, .depth = below + pages.size() - i}),
                                      orders::stack_link_write);
      }
      if (top_.compare_exchange_strong(top, first.leading_to(pages.front()), orders::stack_change, orders::stack_read))
        return;
    }
  }

 private:
  // The uppermost pages, if the top is `top` still, which then is what it was; else it is what it is now.
  bool take_from(std::uint64_t& top, std::span<page_id> pages) {
    const link_word first = link_word::of(top);
    page_id page = first.page;
    for (std::size_t i = 0; i < pages.size() && page != no_page; ++i) {
      pages[i] = page;
      page = at(page).below;
    }
    return top_.compare_exchange_strong(top, first.leading_to(page), orders::stack_change, orders::stack_read);
  }

  /// Of a free page: the one below it, and how many pages there are from it to the bottom.
  struct entry {
    page_id below;
    std::size_t depth;
  };

  static constexpr std::uint64_t packed(entry e) {
    return std::uint64_t{static_cast<std::uint32_t>(e.depth)} << 32 | static_cast<std::uint32_t>(e.below);
  }
  entry at(page_id page) const {
    const std::uint64_t e = entries_[page].word.load(orders::stack_link_read);
    return {.below = page_id(static_cast<std::uint32_t>(e)), .depth = e >> 32};
  }
  std::size_t depth_of(page_id page) const { return page == no_page ? 0 : at(page).depth; }

  const column<per_page> entries_;
  alignas(64) typename Sync::template atomic<std::uint64_t> top_;  // link_word; on its own cache line
};

}  // namespace triecheck::inline v0_1
