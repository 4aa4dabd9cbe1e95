// The policy `priority`: of the unpinned leaves the one with the lowest priority; among equals the one that was
// released first.
//
// A caller that publishes pages or releases a lease may say how much the pages are worth, 1 to 100, and until when: it
// asks for a retention. The rules:
// 1. A page has the highest priority that was asked for it and has not expired; without one it has 0.
// 2. A retention expires when the clock of the caller (`set_time`) reaches its end. The page then has the place that
//    its latest release gives it among those of its new priority.
// 3. A retention that another one outlives with at least its priority never counts, and is not kept. Of the others the
//    four with the highest priorities are kept.
//
// When to use: the server knows more than the trace shows, as that a system prompt returns all day, or a tool call
// within seconds. When not: no caller asks; then it is recency at a higher price.
//
// Invariants: the retentions of a page have not expired, and descend in priority; so, by rule 3, the first one expires
// first. The level of a page is the priority of the first one, and its end is what the page waits for.
// Guarantees, threads: ranked_leaves.h. Cost: the same, and O(log pages) for each retention with an end, when it is
// asked for and when it expires; some 85 bytes more per page, of which 25 are a bit for each priority and turn.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "expiries.h"
#include "ranked_leaves.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class priority : public ranked_leaves<Sync> {
  static constexpr std::size_t most_retentions = 4;
  using shared_time = typename Sync::template var<std::uint64_t>;

 public:
  using terms = retention;

  /// What the policy notes of a page.
  struct per_page {
    typename ranked_leaves<Sync>::per_page node;
    typename expiries<Sync>::per_page waiting;
    std::array<typename Sync::template var<std::uint8_t>, most_retentions> priorities;  // 0 behind the last retention
    std::array<shared_time, most_retentions> ends;
  };

  priority(column<per_page> retentions, std::size_t pages)
      : ranked_leaves<Sync>(retentions.part(&per_page::node), pages, retention::most + 1),
        retentions_(retentions),
        expiries_(retentions.part(&per_page::waiting), pages) {
    Sync::label(now_, "priority.now");
    for (std::size_t i = 0; i < pages; ++i) {
      for (auto& p : retentions_[i].priorities) {
        p.set(0);
        Sync::label(p, "priority.kept", i);
      }
      for (auto& end : retentions_[i].ends) Sync::label(end, "priority.end", i);
    }
  }

  void keep(page_id page, retention wanted) {
    wanted.priority = std::min(wanted.priority, retention::most);
    if (wanted.priority == 0 || wanted.expires_at <= now_.get()) return;
    if (add(page, wanted)) follow_first(page);
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
      follow_first(page);
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
    for (auto& p : retentions_[page].priorities) p.set(0);
    ranked_leaves<Sync>::forgotten(page, trie);
  }

  template <class Trie, class Visit>
  void in_order(const Trie& trie, Visit visit) const {
    this->in_order_of(
        trie, [](std::size_t level) { return level; }, visit);
  }

 private:
  page_id first_due() const { return expiries_.first_due(now_.get()); }

  // The retentions of the page, read into `into`; returns how many they are.
  std::size_t read(page_id page, std::span<retention> into) const {
    const per_page& of_page = retentions_[page];
    std::size_t count = 0;
    for (; count < most_retentions && of_page.priorities[count].get() != 0; ++count)
      into[count] = {of_page.priorities[count].get(), of_page.ends[count].get()};
    return count;
  }

  void write(page_id page, std::span<const retention> kept) {
    per_page& of_page = retentions_[page];
    for (std::size_t i = 0; i < most_retentions; ++i) {
      of_page.priorities[i].set(i < kept.size() ? static_cast<std::uint8_t>(kept[i].priority) : 0);
      if (i < kept.size()) of_page.ends[i].set(kept[i].expires_at);
    }
  }

  // Returns false where it never counts.
  bool add(page_id page, const retention& added) {
    std::array<retention, most_retentions> before;
    std::array<retention, most_retentions + 1> kept;
    std::size_t count = 0;
    bool is_placed = false;
    for (const retention& r : std::span(before).first(read(page, before))) {
      if (r.priority >= added.priority && r.expires_at >= added.expires_at) return false;
      if (r.priority <= added.priority && r.expires_at <= added.expires_at) continue;
      if (!is_placed && r.priority < added.priority) {
        kept[count++] = added;
        is_placed = true;
      }
      kept[count++] = r;
    }
    if (!is_placed) kept[count++] = added;
    write(page, std::span(kept).first(std::min(count, most_retentions)));
    return true;
  }

  // They are in front.
  void drop_expired(page_id page) {
    std::array<retention, most_retentions> before;
    const auto all = std::span(before).first(read(page, before));
    const auto first =
        std::find_if(all.begin(), all.end(), [&](const retention& r) { return r.expires_at > now_.get(); });
    write(page, all.subspan(static_cast<std::size_t>(first - all.begin())));
  }

  // The page goes where its first retention puts it, and waits for the end of that.
  void follow_first(page_id page) {
    const per_page& of_page = retentions_[page];
    const std::size_t level = of_page.priorities[0].get();
    this->set_level(page, level);
    if (level != 0 && of_page.ends[0].get() != retention::for_ever)
      expiries_.wait(page, of_page.ends[0].get());
    else
      expiries_.stop(page);
  }

  const column<per_page> retentions_;
  expiries<Sync> expiries_;
  shared_time now_{0};
};

}  // namespace triecheck::inline v0_1
