// A subscriber that enters each event into the oracle's book. An event, and a look at the book, is a step of the layer:
// where the layer explores, every order of both is tried. It is relaxed, so that it orders nothing that the cache does not.
//
// Threads: any.
#pragma once

#include <mutex>

#include "cache/events.h"
#include "cache/sync.h"
#include "checks/oracles/events.h"

namespace triecheck::checks {

template <sync_layer Sync>
class event_recorder final : public cache_events {
 public:
  explicit event_recorder(std::size_t pages) : book_(pages) { Sync::label(moment_, "events"); }

  void stored(const stored_page& p) noexcept override {
    enter([&] { book_.stored(p); });
  }
  void removed(page_id page) noexcept override {
    enter([&] { book_.removed(page); });
  }
  void cleared(std::size_t pages) noexcept override {
    enter([&] { book_.cleared(pages); });
  }

  /// The book as it is now. Requires, where the layer runs threads in parallel, that no event comes meanwhile.
  const event_book& look() {
    static_cast<void>(moment_.fetch_add(0, memory_order::relaxed));  // unlike a load it is never stale
    return book_;
  }

 private:
  template <class Entry>
  void enter(Entry entry) {
    static_cast<void>(moment_.fetch_add(1, memory_order::relaxed));
    const std::lock_guard lock(mutex_);  // of the harness: where the layer explores, one thread runs at a time
    entry();
  }

  typename Sync::template atomic<std::uint64_t> moment_{0};
  std::mutex mutex_;
  event_book book_;
};

}  // namespace triecheck::checks
