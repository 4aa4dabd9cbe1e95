// What a cache reports to a subscriber: which page holds which prefix, as it changes. For a router that sends requests
// to where their prefix is, for a tier of memory behind this one, for a log.
//
// The order is that of the operations:
//   - `stored` comes before any lookup can find the page. `removed` comes when none can any more, and before the page
//     is handed out again. So the pages that were stored and not removed include every page that a lookup returns,
//     while it may be returned, and no others when no operation runs;
//   - of one page, `stored` and `removed` alternate;
//   - a parent is stored before its children, and they are removed before it;
//   - a page that is forgotten is removed when it is forgotten, though leases may go on reading it; what is published
//     below it is not stored;
//   - `cleared` comes after every `removed` of its call.
// Under `lockfree` a page may be stored and removed at once, without ever having been found: two requests published the
// same block, and the other one's page is the cached one. Until the removal both count as stored. The same may happen
// to a page that is published below one that is being forgotten: its parent may be removed before it, or even before it
// is stored.
//
// Threads: a subscriber is called by the thread whose operation makes the change, before that operation returns. Under
// `nodelock` and `lockfree` several threads may call it at the same time; the calls that the rules above order happen
// before one another. It must not call the cache: it may run under locks. What it waits for, the operation waits for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "types.h"

namespace triecheck::inline v0_1 {

/// A page that became a node.
struct stored_page {
  page_id page;
  page_id parent;  ///< the page of the block before; `no_page` where this is the first
  key_space space;
  std::uint64_t
      hash;  ///< of the namespace and all blocks up to this one (block_hash.h), by cache_config::hash_seed; not unique
  std::span<const token> block;  ///< valid during the call
  std::uint64_t key = 0;         ///< what the block has beside the tokens; 0 is nothing
};

/// A subscriber. Outlives the cache.
class cache_events {
 public:
  /// A page can be found from now on.
  virtual void stored(const stored_page& p) noexcept = 0;

  /// A page can be found no more.
  virtual void removed(page_id page) noexcept = 0;

  /// `clear` was called, by itself or by `shutdown`, and removed so many pages. Pages of open leases stay.
  virtual void cleared(std::size_t pages) noexcept = 0;

 protected:
  ~cache_events() = default;
};

/// Where a cache sends its events: to one subscriber, or nowhere, which costs a comparison for each.
class event_source {
 public:
  void send_to(cache_events& subscriber) noexcept { subscriber_ = &subscriber; }

  /// Whether there is a subscriber: for callers that would have to prepare the event.
  bool is_heard() const noexcept { return subscriber_ != nullptr; }

  void stored(const stored_page& p) const {
    if (subscriber_ != nullptr) subscriber_->stored(p);
  }
  void removed(page_id page) const {
    if (subscriber_ != nullptr) subscriber_->removed(page);
  }
  void cleared(std::size_t pages) const {
    if (subscriber_ != nullptr) subscriber_->cleared(pages);
  }

 private:
  cache_events* subscriber_ = nullptr;
};

}  // namespace triecheck::inline v0_1
