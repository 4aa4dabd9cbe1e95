// The policy `frequency` (LFU-DA): of the unpinned leaves the one that the fewest leases held, with ageing; among
// equals the one that was released first.
//
// Ageing is dynamic: a page counts as much as leases held it, up to 15, plus the age of the cache at its latest
// release, and the age is what the page evicted last counted. What was popular once is overtaken after 15 evictions
// that moved the age, without a pass over all pages.
//
// When to use: few prompts that come back often among many that come once. When not: conversations that move on; the
// count of their early turns keeps them too long.
//
// Invariant: the count of every unpinned node lies in [age, age + 15]: a parent is held whenever its child is, so it
// counts at least as much as the child, and the least count is evicted, which then is the age. So 16 levels, taken in
// turn, are enough.
// Guarantees, cost, threads: ranked_leaves.h.
// Source: Arlitt, Cherkasova, Dilley, Friedrich, Jin, "Evaluating content management techniques for Web proxy caches",
// 1999.
#pragma once

#include <algorithm>

#include "ranked_leaves.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class frequency : public ranked_leaves<Sync> {
 public:
  using terms = no_terms;

  /// More leases than this count as this many.
  static constexpr std::uint64_t most_uses = 15;

  /// What the policy notes of a page.
  struct per_page {
    typename ranked_leaves<Sync>::per_page node;
    typename Sync::template var<std::uint64_t> uses;   // leases that held the page, up to most_uses
    typename Sync::template var<std::uint64_t> count;  // uses and the age at the latest release
  };

  frequency(column<per_page> uses, std::size_t pages)
      : ranked_leaves<Sync>(uses.part(&per_page::node), pages, levels), uses_(uses) {
    Sync::label(age_, "frequency.age");
    for (std::size_t i = 0; i < pages; ++i) {
      Sync::label(uses_[i].uses, "frequency.uses", i);
      Sync::label(uses_[i].count, "frequency.count", i);
    }
  }

  void published(page_id page, page_id parent) {
    ranked_leaves<Sync>::published(page, parent);
    at(page).uses.set(0);
  }

  void released(page_id page, bool unpinned) {
    per_page& u = at(page);
    u.uses.set(std::min(u.uses.get() + 1, most_uses));
    u.count.set(age_.get() + u.uses.get());
    this->renew(page);
    this->set_level(page, u.count.get() % levels);
    if (unpinned) this->list_if_leaf(page);
  }

  page_id oldest() const {
    for (std::size_t i = 0; i < levels; ++i) {
      const page_id page = this->first((age_.get() + i) % levels);
      if (page != no_page) return page;
    }
    return no_page;
  }

  template <class Trie>
  void evicted(page_id page, const Trie& trie) {
    ranked_leaves<Sync>::evicted(page, trie);
    age_.set(at(page).count.get());
  }

  template <class Trie, class Visit>
  void in_order(const Trie& trie, Visit visit) const {
    const std::uint64_t first = age_.get() % levels;
    this->in_order_of(
        trie, [first](std::size_t level) { return (level + levels - first) % levels; }, visit);
  }

 private:
  static constexpr std::size_t levels = most_uses + 1;
  using shared_number = typename Sync::template var<std::uint64_t>;

  per_page& at(page_id page) { return uses_[page]; }

  const column<per_page> uses_;
  shared_number age_{0};
};

}  // namespace triecheck::inline v0_1
