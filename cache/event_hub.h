// Several subscribers of one cache, which join and leave while it runs.
//
//   event_hub<std_sync> hub(config);        // that of the cache
//   lockfree_cache<std_sync> cache(config);
//   cache.subscribe(hub);
//   hub.join(router);                       // receives every cached page, then every change
//   hub.leave(router);                      // not called any more
//
// The hub keeps which page holds which prefix, and reports it to each subscriber that joins: `stored` of every page
// that was stored and not removed since, each parent before its children. The events that follow continue that picture
// without a gap.
//
// When to use: a router that starts later, or again, or several subscribers. When not: one subscriber that is there
// before the cache runs is cheaper without a hub, and under `nodelock` and `lockfree` is called by several threads at
// the same time.
//
// What a subscriber receives is stricter than the events of a cache (events.h), under every variant: `stored` of a page
// comes before its `removed`, and a parent is removed after its children. Where the events of `lockfree` are in another
// order because a prefix is forgotten meanwhile, the hub:
//   1. removes what is stored below a page before that page, and is silent when the cache reports those removals;
//   2. is silent about a page that is stored below one that is gone, and about its removal;
//   3. is silent about a page whose removal was reported before it was stored.
//
// Threads: any call from any thread, at any time between the construction and the destruction. One thread at a time
// calls the subscribers, and all of them receive the events in the same order. A subscriber calls neither the hub nor
// the cache. The hub outlives the cache, and a subscriber outlives its membership.
// Progress: blocking, by one mutex. An event waits for the subscribers and for a join, and so do the operations of the
// cache that have events.
// Cost: an event O(tokens of a page + subscribers), a join O(cached pages), one mutex for each; memory 48 bytes and the
// tokens of a page, for each page.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "events.h"
#include "sync/sync.h"
#include "types.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class event_hub final : public cache_events {
 public:
  /// For a cache of that configuration. Throws as its constructor does.
  explicit event_hub(const cache_config& config)
      : pages_(checked(config).pages),
        tokens_per_page_(config.tokens_per_page),
        entries_(std::make_unique<entry[]>(pages_ + 1)),
        blocks_(std::make_unique<token[]>(pages_ * tokens_per_page_)) {
    entries_[root()].first_child = root();
    Sync::label(mutex_, "hub.mutex");
    Sync::label(changes_, "hub.changes");
  }

  /// From now on `s` receives every event; before this returns it has received `stored` of all that is cached.
  /// Linearization point: the mutex. Requires that `s` is no member. Strong guarantee: std::bad_alloc comes before any
  /// call of `s`.
  void join(cache_events& s) {
    const guard lock(mutex_);
    note_change();
    Sync::require(std::find(members_.begin(), members_.end(), &s) == members_.end(),
                  "event_hub: a subscriber joins once");
    members_.push_back(&s);
    for (place at = next_in_order(root()); at != root(); at = next_in_order(at)) s.stored(view(at));
  }

  /// `s` is not called any more: no call is running when this returns. Does nothing where `s` is no member.
  /// Linearization point: the mutex.
  void leave(cache_events& s) noexcept {
    const guard lock(mutex_);
    note_change();
    std::erase(members_, &s);
  }

  // The events of the cache.

  void stored(const stored_page& p) noexcept override {
    const guard lock(mutex_);
    note_change();
    const place at = place_of(p.page);
    entry& e = entries_[at];
    if (e.state == told::removed_before) {
      e.state = told::absent;
      return;
    }
    const place parent = place_of(p.parent);
    if (parent != root() && entries_[parent].state != told::present) {
      e.state = told::silent;
      return;
    }
    e = {.hash = p.hash,
         .space = p.space,
         .key = p.key,
         .parent = parent,
         .first_child = root(),
         .state = told::present};
    std::copy(p.block.begin(), p.block.end(), block(at));
    put_below(parent, at);
    for (cache_events* s : members_) s->stored(p);
  }

  void removed(page_id page) noexcept override {
    const guard lock(mutex_);
    note_change();
    const place gone = place_of(page);
    entry& e = entries_[gone];
    if (e.state != told::present) {
      e.state = e.state == told::silent ? told::absent : told::removed_before;
      return;
    }
    for (;;) {
      place leaf = gone;
      while (entries_[leaf].first_child != root()) leaf = entries_[leaf].first_child;
      take_out(leaf);
      for (cache_events* s : members_) s->removed(page_id{leaf});
      if (leaf == gone) break;
      entries_[leaf].state = told::silent;
    }
    e.state = told::absent;
  }

  void cleared(std::size_t pages) noexcept override {
    const guard lock(mutex_);
    note_change();
    for (cache_events* s : members_) s->cleared(pages);
  }

 private:
  using guard = typename Sync::template exclusive_guard<typename Sync::mutex>;

  /// What the members know of a page.
  enum class told : std::uint8_t {
    absent,
    present,
    silent,          ///< not there any more, or never was: the cache has not reported its removal yet
    removed_before,  ///< not there: the cache has reported its removal, but not yet that it was stored
  };

  // A tree like the trie, by place: the place of a page is its number, that of the root of all namespaces comes after
  // all pages. Among children the root also means "none".
  using place = std::uint32_t;

  struct entry {
    std::uint64_t hash = 0;
    key_space space{};
    std::uint64_t key = 0;
    place parent = 0;
    place first_child = 0;
    place previous = 0;  // of the children of its parent
    place next = 0;
    told state = told::absent;
  };

  place root() const noexcept { return static_cast<place>(pages_); }
  place place_of(page_id page) const noexcept { return page == no_page ? root() : static_cast<place>(page); }
  token* block(place of) noexcept { return blocks_.get() + of * tokens_per_page_; }

  stored_page view(place of) noexcept {
    const entry& e = entries_[of];
    return {.page = page_id{of},
            .parent = e.parent == root() ? no_page : page_id{e.parent},
            .space = e.space,
            .hash = e.hash,
            .block = {block(of), tokens_per_page_},
            .key = e.key};
  }

  void put_below(place parent, place child) noexcept {
    const place first = entries_[parent].first_child;
    entries_[child].previous = root();
    entries_[child].next = first;
    if (first != root()) entries_[first].previous = child;
    entries_[parent].first_child = child;
  }

  void take_out(place leaf) noexcept {
    const entry& e = entries_[leaf];
    if (e.previous != root())
      entries_[e.previous].next = e.next;
    else
      entries_[e.parent].first_child = e.next;
    if (e.next != root()) entries_[e.next].previous = e.previous;
  }

  // Parents before children; the root comes first and last.
  place next_in_order(place at) const noexcept {
    if (entries_[at].first_child != root()) return entries_[at].first_child;
    while (at != root() && entries_[at].next == root()) at = entries_[at].parent;
    return at == root() ? root() : entries_[at].next;
  }

  // A mutex that does not exclude shows here as a race.
  void note_change() noexcept { changes_.set(changes_.get() + 1); }

  typename Sync::mutex mutex_;
  typename Sync::template var<std::uint64_t> changes_{0};
  const std::size_t pages_;
  const std::size_t tokens_per_page_;
  const std::unique_ptr<entry[]> entries_;  // by place; guarded by mutex_, as what follows
  const std::unique_ptr<token[]> blocks_;
  std::vector<cache_events*> members_;
};

}  // namespace triecheck::inline v0_1
