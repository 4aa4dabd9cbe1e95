// The policy `segmented` (segmented LRU, SLRU): pages that were held once are evicted before pages that were held
// again; within either part the one that was released first.
//
// A page is on probation until a second lease that held it is released; then it is protected. At most three tenths of
// the pages are protected: where one more is, the protected page that was released first goes back on probation, to the
// place that its release gives it there. A page that is held again is protected again.
//
// When to use: prompts that come back among many that do not: the latter pass through the probation without costing the
// others a page. When not: a pool that holds everything, where it is recency at a higher price. Why three tenths:
// measured on one real trace of conversations. A third and more loses to recency in large pools, a fifth and less gains
// nothing in middling ones.
//
// Guarantees, cost, threads: ranked_leaves.h.
// Source: segmented LRU, Karedla, Love, Wherry, "Caching strategies to improve disk system performance" (1994).
#pragma once

#include <algorithm>

#include "ranked_leaves.h"
#include "recency_list.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class segmented : public ranked_leaves<Sync> {
 public:
  using terms = no_terms;

  /// What the policy notes of a page.
  struct per_page {
    typename ranked_leaves<Sync>::per_page node;
    typename recency_list<Sync>::per_page link;
    typename Sync::template var<bool> was_held;
  };

  segmented(column<per_page> segments, std::size_t pages)
      : ranked_leaves<Sync>(segments.part(&per_page::node), pages, 2),
        most_protected_(std::max<std::size_t>(pages * 3 / 10, 1)),
        segments_(segments),
        protected_(segments.part(&per_page::link), pages) {
    Sync::label(protected_count_, "segmented.protected_count");
    for (std::size_t i = 0; i < pages; ++i) Sync::label(segments_[i].was_held, "segmented.was_held", i);
  }

  void published(page_id page, page_id parent) {
    ranked_leaves<Sync>::published(page, parent);
    segments_[page].was_held.set(false);
  }

  void released(page_id page, bool unpinned) {
    this->renew(page);
    if (segments_[page].was_held.get()) protect(page);
    segments_[page].was_held.set(true);
    if (unpinned) this->list_if_leaf(page);
  }

  page_id oldest() const {
    const page_id page = this->first(probation);
    return page == no_page ? this->first(guarded) : page;
  }

  template <class Trie>
  void evicted(page_id page, const Trie& trie) {
    forgotten(page, trie);
  }
  template <class Trie>
  void forgotten(page_id page, const Trie& trie) {
    if (this->level(page) == guarded) unprotect(page);
    ranked_leaves<Sync>::forgotten(page, trie);
  }

  template <class Trie, class Visit>
  void in_order(const Trie& trie, Visit visit) const {
    this->in_order_of(
        trie, [](std::size_t level) { return level; }, visit);
  }

 private:
  static constexpr std::size_t probation = 0;
  static constexpr std::size_t guarded = 1;

  void protect(page_id page) {
    if (this->level(page) == probation) protected_count_.set(protected_count_.get() + 1);
    this->set_level(page, guarded);
    protected_.push_newest(page);
    if (protected_count_.get() > most_protected_) unprotect(protected_.oldest());
  }

  void unprotect(page_id page) {
    protected_.remove(page);
    protected_count_.set(protected_count_.get() - 1);
    this->set_level(page, probation);
  }

  const std::size_t most_protected_;
  const column<per_page> segments_;

  recency_list<Sync> protected_;  // pinned or not, leaf or not; the one that was released first in front
  typename Sync::template var<std::size_t> protected_count_{0};
};

}  // namespace triecheck::inline v0_1
