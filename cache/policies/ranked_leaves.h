// The leaves of the trie in the order (level, turn): what every policy but recency is made of.
//
// A page has a level, which its policy chooses, and a turn, which says when it was renewed last. A leaf that is on the
// list is in the set of its level under its turn; a page may change its level in either direction and takes the place
// that its turn gives it there. So a parent that becomes a leaf is evicted by its own turn, never by the present one
// (fault 45 of the catalogue). No order between parents and children is required of levels and turns: only leaves are
// listed.
//
// Invariants: a listed page is a leaf; a leaf without pins is listed, at its level; a pinned one may be, since lookups
// pin without notifying the policy, until it is removed or released. A page has a turn while it is a node.
// Cost: O(1) amortised for each call, with the few words of bit_sets.h counted as one. Turns are numbered up to twice
// the number of pages; then the nodes are numbered anew in their order: a pass over all, once per `pages` renewals or
// more.
// Threads: not synchronised; the owner serialises every call.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <queue>
#include <tuple>
#include <vector>

#include "../pages/page_records.h"
#include "../sync/sync.h"
#include "../types.h"
#include "bit_sets.h"
#include "eviction.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class ranked_leaves {
  using shared_page = typename Sync::template var<page_id>;
  using shared_size = typename Sync::template var<std::size_t>;

 public:
  /// What every policy notes of a page.
  struct per_page {
    shared_size turn;
    typename Sync::template var<std::uint32_t> level;
    typename Sync::template var<std::uint32_t> children;
  };

  ranked_leaves(column<per_page> nodes, std::size_t pages, std::size_t levels)
      : pages_(pages),
        turns_(2 * pages),
        nodes_(nodes),
        page_at_(std::make_unique<shared_page[]>(turns_)),
        listed_(levels, turns_) {
    Sync::label(next_turn_, "eviction.next_turn");
    for (std::size_t i = 0; i < pages; ++i) {
      nodes_[i].turn.set(no_turn);
      nodes_[i].level.set(0);
      nodes_[i].children.set(0);
      Sync::label(nodes_[i].turn, "eviction.turn", i);
      Sync::label(nodes_[i].level, "eviction.level", i);
      Sync::label(nodes_[i].children, "eviction.children", i);
    }
    for (std::size_t i = 0; i < turns_; ++i) {
      page_at_[i].set(no_page);
      Sync::label(page_at_[i], "eviction.page_at", i);
    }
  }

  /// A new node, at level 0, with the newest turn; it is pinned. Its parent is no leaf any more.
  void published(page_id page, page_id parent) {
    at(page).level.set(0);
    at(page).children.set(0);
    renew(page);
    if (parent == no_page) return;
    at(parent).children.set(at(parent).children.get() + 1);
    remove(parent);
  }

  void keep(page_id, no_terms) {}

  /// Takes `page` off the list, where it is on it.
  void remove(page_id page) {
    if (is_listed(page)) listed_.clear(at(page).level.get(), at(page).turn.get());
  }

  /// `page` is no node any more; its parent may have become a leaf.
  template <class Trie>
  void evicted(page_id page, const Trie& trie) {
    forgotten(page, trie);
  }
  template <class Trie>
  void forgotten(page_id page, const Trie& trie) {
    page_at_[at(page).turn.get()].set(no_page);
    at(page).turn.set(no_turn);
    const page_id parent = trie.parent(page);
    if (parent == no_page) return;
    at(parent).children.set(at(parent).children.get() - 1);
    if (trie.pins(parent) == 0) list_if_leaf(parent);
  }

 protected:
  /// Gives `page` the newest turn, and takes it off the list.
  void renew(page_id page) {
    remove(page);
    if (next_turn_.get() == turns_) number_anew();
    if (at(page).turn.get() != no_turn) page_at_[at(page).turn.get()].set(no_page);
    const std::size_t turn = next_turn_.get();
    next_turn_.set(turn + 1);
    at(page).turn.set(turn);
    page_at_[turn].set(page);
  }

  std::size_t level(page_id page) const { return at(page).level.get(); }

  /// A listed page moves to the place that its turn has at the new level.
  void set_level(page_id page, std::size_t level) {
    const bool listed = is_listed(page);
    if (listed) remove(page);
    at(page).level.set(static_cast<std::uint32_t>(level));
    if (listed) listed_.set(level, at(page).turn.get());
  }

  /// Requires a page without pins.
  void list_if_leaf(page_id page) {
    if (at(page).children.get() == 0) listed_.set(at(page).level.get(), at(page).turn.get());
  }

  /// The listed page of the lowest level, and of that one with the oldest turn, or `no_page`.
  page_id first() const {
    const std::size_t level = listed_.first_set();
    return level == listed_.none ? no_page : first(level);
  }

  /// The listed page of a level with the oldest turn, or `no_page`.
  page_id first(std::size_t level) const {
    const std::size_t turn = listed_.first(level);
    return turn == listed_.none ? no_page : page_at_[turn].get();
  }

  /// Calls `visit` for every unpinned node, in the order of eviction; `place` says how early a level is taken.
  template <class Trie, class Place, class Visit>
  void in_order_of(const Trie& trie, Place place, Visit visit) const {
    using candidate = std::tuple<std::size_t, std::size_t, page_id>;  // place, turn, page
    std::priority_queue<candidate, std::vector<candidate>, std::greater<>> leaves;
    std::vector<std::uint32_t> children_left(pages_);
    const auto consider = [&](page_id page) {
      if (children_left[index_of(page)] == 0 && trie.pins(page) == 0)
        leaves.emplace(place(level(page)), at(page).turn.get(), page);
    };
    for (std::size_t i = 0; i < pages_; ++i) children_left[i] = nodes_[i].children.get();
    for (std::size_t i = 0; i < pages_; ++i) {
      if (nodes_[i].turn.get() != no_turn) consider(page_id(i));
    }
    while (!leaves.empty()) {
      const page_id page = std::get<page_id>(leaves.top());
      leaves.pop();
      visit(page);
      const page_id parent = trie.parent(page);
      if (parent == no_page) continue;
      --children_left[index_of(parent)];
      consider(parent);
    }
  }

 private:
  static constexpr std::size_t no_turn = static_cast<std::size_t>(-1);

  per_page& at(page_id page) { return nodes_[page]; }
  const per_page& at(page_id page) const { return nodes_[page]; }

  bool is_listed(page_id page) const {
    const std::size_t turn = at(page).turn.get();
    return turn != no_turn && listed_.test(at(page).level.get(), turn);
  }

  // Moves every page to the lowest turn that keeps the order: at most `pages_` turns are in use then.
  void number_anew() {
    std::size_t kept = 0;
    for (std::size_t turn = 0; turn < turns_; ++turn) {
      const page_id page = page_at_[turn].get();
      if (page == no_page) continue;
      if (turn != kept) {
        const bool listed = is_listed(page);
        remove(page);
        page_at_[turn].set(no_page);
        page_at_[kept].set(page);
        at(page).turn.set(kept);
        if (listed) listed_.set(level(page), kept);
      }
      ++kept;
    }
    next_turn_.set(kept);
  }

  // Constant after construction.
  const std::size_t pages_;
  const std::size_t turns_;

  const column<per_page> nodes_;
  const std::unique_ptr<shared_page[]> page_at_;  // by turn
  bit_sets<Sync> listed_;                         // by level, of turns
  shared_size next_turn_{0};
};

}  // namespace triecheck::inline v0_1
