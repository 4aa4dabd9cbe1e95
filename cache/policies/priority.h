// The policy `priority`: of the unpinned leaves the one with the lowest priority; among equals the one that was
// released first.
//
// A caller that publishes pages or releases a lease may say how much the pages are worth, 1 to 100, and until when
// (`retention`). The rules:
// 1. A page has the highest priority that was asked for it and has not expired; without one it has 0.
// 2. A wish expires when the clock of the caller (`set_time`) reaches its end. The page then takes the place of its
//    latest release among those of its new priority.
// 3. A wish that another one outlives with at least its priority is never of use, and is not kept. Of the others the
//    four with the highest priorities are kept.
//
// When to use: the server knows more than the trace shows, as that a system prompt returns all day, or a tool call
// within seconds. When not: nobody says anything; then it is recency at a higher price.
//
// Invariants: the wishes of a page have not expired, and descend in priority; so, by rule 3, the first one expires
// first. The level of a page is the priority of its first wish. A page whose first wish has an end waits for that.
// Guarantees, threads: ranked_leaves.h. Cost: the same, and O(log pages) for each wish with an end, when it is taken
// and when it expires; some 85 bytes more per page, of which 25 are a bit for each priority and turn.
#pragma once

#include <algorithm>
#include <array>

#include "expiries.h"
#include "ranked_leaves.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class priority : public ranked_leaves<Sync> {
  static constexpr std::size_t most_wishes = 4;
  using shared_time = typename Sync::template var<std::uint64_t>;

 public:
  using terms = retention;

  /// What the policy notes of a page.
  struct per_page {
    typename ranked_leaves<Sync>::per_page node;
    typename expiries<Sync>::per_page waiting;
    std::array<typename Sync::template var<std::uint8_t>, most_wishes> priorities;  // 0 behind the last wish
    std::array<shared_time, most_wishes> ends;
  };

  priority(column<per_page> wishes, std::size_t pages)
      : ranked_leaves<Sync>(wishes.part(&per_page::node), pages, retention::most + 1),
        wishes_(wishes),
        expiries_(wishes.part(&per_page::waiting), pages) {
    Sync::label(now_, "priority.now");
    for (std::size_t i = 0; i < pages; ++i) {
      for (std::size_t w = 0; w < most_wishes; ++w) {
        wishes_[i].priorities[w].set(0);
        Sync::label(wishes_[i].priorities[w], "priority.wish", i);
        Sync::label(wishes_[i].ends[w], "priority.end", i);
      }
    }
  }

  void keep(page_id page, retention wanted) {
    const auto level = static_cast<std::uint8_t>(std::min(wanted.priority, retention::most));
    if (level == 0 || wanted.expires_at <= now_.get()) return;
    if (add_wish(page, {level, wanted.expires_at})) follow_first_wish(page);
  }

  void released(page_id page, bool unpinned) {
    this->renew(page);
    if (unpinned) this->list_if_leaf(page);
  }

  void set_time(std::uint64_t now) {
    if (now <= now_.get()) return;
    now_.set(std::min(now, retention::for_ever - 1));
    for (page_id page = first_due(); page != no_page; page = first_due()) {
      drop_expired(page);
      follow_first_wish(page);
    }
  }

  page_id oldest() const { return this->first(); }

  template <class Trie>
  void evicted(page_id page, const Trie& trie) {
    forgotten(page, trie);
  }
  template <class Trie>
  void forgotten(page_id page, const Trie& trie) {
    expiries_.stop(page);
    for (auto& p : wishes_[page].priorities) p.set(0);
    ranked_leaves<Sync>::forgotten(page, trie);
  }

  template <class Trie, class Visit>
  void in_order(const Trie& trie, Visit visit) const {
    this->in_order_of(
        trie, [](std::size_t level) { return level; }, visit);
  }

 private:
  struct wish {
    std::uint8_t priority;
    std::uint64_t end;
  };

  wish at(page_id page, std::size_t place) const {
    const per_page& w = wishes_[page];
    return {w.priorities[place].get(), w.ends[place].get()};
  }

  page_id first_due() const { return expiries_.first_due(now_.get()); }

  // Returns false where it is of no use.
  bool add_wish(page_id page, const wish& added) {
    std::array<wish, most_wishes + 1> kept;
    std::size_t count = 0;
    bool is_placed = false;
    for (std::size_t i = 0; i < most_wishes && wishes_[page].priorities[i].get() != 0; ++i) {
      const wish w = at(page, i);
      if (w.priority >= added.priority && w.end >= added.end) return false;
      if (w.priority <= added.priority && w.end <= added.end) continue;
      if (!is_placed && w.priority < added.priority) {
        kept[count++] = added;
        is_placed = true;
      }
      kept[count++] = w;
    }
    if (!is_placed) kept[count++] = added;
    write(page, std::span<const wish>(kept).first(std::min(count, most_wishes)));
    return true;
  }

  void drop_expired(page_id page) {
    std::array<wish, most_wishes> kept;
    std::size_t count = 0;
    for (std::size_t i = 0; i < most_wishes && wishes_[page].priorities[i].get() != 0; ++i) {
      if (const wish w = at(page, i); w.end > now_.get()) kept[count++] = w;
    }
    write(page, std::span<const wish>(kept).first(count));
  }

  void write(page_id page, std::span<const wish> wishes) {
    per_page& w = wishes_[page];
    for (std::size_t i = 0; i < most_wishes; ++i) {
      w.priorities[i].set(i < wishes.size() ? wishes[i].priority : 0);
      if (i < wishes.size()) w.ends[i].set(wishes[i].end);
    }
  }

  void follow_first_wish(page_id page) {
    const std::uint8_t level = wishes_[page].priorities[0].get();
    this->set_level(page, level);
    const bool ends = level != 0 && wishes_[page].ends[0].get() != retention::for_ever;
    if (ends)
      expiries_.wait(page, wishes_[page].ends[0].get());
    else
      expiries_.stop(page);
  }

  const column<per_page> wishes_;
  expiries<Sync> expiries_;
  shared_time now_{0};
};

}  // namespace triecheck::inline v0_1
