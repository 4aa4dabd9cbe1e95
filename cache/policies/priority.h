// The policy `priority`: of the unpinned leaves the one with the lowest priority; among equals the one that was
// released first.
//
// Whoever releases a lease may say how much its pages are worth, and for how long (`retention`). A page has the highest
// priority that was asked for it and still lives, by the count of releases; one that has expired counts as 0, and the
// page stands where its latest release puts it. The priorities 1 .. 100 are taken in seven steps, so that there is a
// list for each: 1 .. 14, 15 .. 28, 29 .. 42, 43 .. 57, 58 .. 71, 72 .. 85, 86 .. 100.
//
// When to use: the server knows more than the trace shows, as that a system prompt returns all day, or a tool call
// within seconds. When not: nobody says anything; then it is recency at a higher price.
//
// Expiry: a page whose priority has an end stands in the slot of that tick in a wheel of as many slots as there are
// pages, or more; each release turns the wheel by one slot and looks at what stands there. An end that lies more than a
// turn ahead stays, which is at most one visit per page and turn.
// Guarantees, cost, threads: ranked_leaves.h; 72 bytes more per page.
#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include "ranked_leaves.h"

namespace triecheck {

template <sync_layer Sync>
class priority : public ranked_leaves<Sync> {
  static constexpr std::size_t levels = 8;
  using shared_page = typename Sync::template var<page_id>;
  using shared_tick = typename Sync::template var<std::uint64_t>;

 public:
  using release_terms = retention;

  /// What the policy notes of a page.
  struct per_page {
    typename ranked_leaves<Sync>::per_page node;
    std::array<shared_tick, levels - 1>
        ends;  // by level, from 1: the tick with which that priority ends; 0 is long ago
    typename Sync::template var<std::size_t> slot;  // the page's place in the wheel
    shared_page before;
    shared_page behind;
  };

  priority(column<per_page> terms, std::size_t pages)
      : ranked_leaves<Sync>(terms.part(&per_page::node), pages, levels),
        slots_(std::bit_ceil(pages)),
        terms_(terms),
        wheel_(std::make_unique<shared_page[]>(slots_)) {
    Sync::label(clock_, "priority.clock");
    for (std::size_t i = 0; i < slots_; ++i) {
      wheel_[i].set(no_page);
      Sync::label(wheel_[i], "priority.wheel", i);
    }
    for (std::size_t i = 0; i < pages; ++i) {
      for (shared_tick& end : terms_[i].ends) {
        end.set(0);
        Sync::label(end, "priority.end", i);
      }
      terms_[i].slot.set(no_slot);
      Sync::label(terms_[i].slot, "priority.slot", i);
      Sync::label(terms_[i].before, "priority.before", i);
      Sync::label(terms_[i].behind, "priority.behind", i);
    }
  }

  /// Turns the clock; priorities that end with this tick are gone.
  void release_begins() {
    clock_.set(clock_.get() + 1);
    page_id page = wheel_[clock_.get() % slots_].get();
    while (page != no_page) {
      const page_id behind = at(page).behind.get();
      if (end(page, this->level(page)).get() <= clock_.get()) take_highest_that_lives(page);
      page = behind;
    }
  }

  void released(page_id page, bool unpinned, retention terms) {
    this->renew(page);
    const std::size_t asked = level_of(terms.priority);
    if (asked != 0) {
      const bool endless = terms.ttl_ticks >= retention::for_ever - clock_.get();
      const std::uint64_t ends_at = endless ? retention::for_ever : clock_.get() + terms.ttl_ticks;
      end(page, asked).set(std::max(end(page, asked).get(), ends_at));
      take_highest_that_lives(page);
    }
    if (unpinned) this->list_if_leaf(page);
  }

  page_id oldest() const {
    for (std::size_t level = 0; level < levels; ++level) {
      const page_id page = this->first(level);
      if (page != no_page) return page;
    }
    return no_page;
  }

  template <class Trie>
  void evicted(page_id page, const Trie& trie) {
    forgotten(page, trie);
  }
  template <class Trie>
  void forgotten(page_id page, const Trie& trie) {
    stop_waiting(page);
    for (std::size_t level = 1; level < levels; ++level) end(page, level).set(0);
    ranked_leaves<Sync>::forgotten(page, trie);
  }

  template <class Trie, class Visit>
  void in_order(const Trie& trie, Visit visit) const {
    this->in_order_of(
        trie, [](std::size_t level) { return level; }, visit);
  }

 private:
  static constexpr std::size_t no_slot = static_cast<std::size_t>(-1);

  static std::size_t level_of(unsigned priority) {
    return (std::min(priority, retention::most) * (levels - 1) + retention::most - 1) / retention::most;
  }

  per_page& at(page_id page) { return terms_[page]; }

  shared_tick& end(page_id page, std::size_t level) { return at(page).ends[level - 1]; }

  void take_highest_that_lives(page_id page) {
    std::size_t level = levels - 1;
    while (level != 0 && end(page, level).get() <= clock_.get()) --level;
    this->set_level(page, level);
    stop_waiting(page);
    if (level != 0 && end(page, level).get() != retention::for_ever) wait_for(page, end(page, level).get());
  }

  void wait_for(page_id page, std::uint64_t tick) {
    per_page& w = at(page);
    const std::size_t slot = tick % slots_;
    const page_id behind = wheel_[slot].get();
    w.slot.set(slot);
    w.before.set(no_page);
    w.behind.set(behind);
    if (behind != no_page) at(behind).before.set(page);
    wheel_[slot].set(page);
  }

  void stop_waiting(page_id page) {
    per_page& w = at(page);
    if (w.slot.get() == no_slot) return;
    const page_id before = w.before.get();
    const page_id behind = w.behind.get();
    (before == no_page ? wheel_[w.slot.get()] : at(before).behind).set(behind);
    if (behind != no_page) at(behind).before.set(before);
    w.slot.set(no_slot);
  }

  const std::size_t slots_;  // a power of two, at least the number of pages

  shared_tick clock_{0};  // releases
  const column<per_page> terms_;
  const std::unique_ptr<shared_page[]> wheel_;  // the first page that waits for a tick of each slot
};

}  // namespace triecheck
