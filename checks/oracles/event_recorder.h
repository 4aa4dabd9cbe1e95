// A subscriber over real threads that enters each event into the oracle's book, as an event of thread 0: the harness
// that announces operations to the book runs one at a time, and one that runs several announces none.
//
// Threads: any.
#pragma once

#include <mutex>

#include "cache/events.h"
#include "checks/oracles/events.h"

namespace triecheck::checks {

class event_recorder final : public cache_events {
 public:
  /// The book outlives the recorder.
  explicit event_recorder(event_book& book) : book_(book) {}

  void stored(const stored_page& p) noexcept override {
    const std::lock_guard lock(mutex_);
    book_.stored(0, p);
  }
  void removed(page_id page) noexcept override {
    const std::lock_guard lock(mutex_);
    book_.removed(0, page);
  }
  void cleared(std::size_t pages) noexcept override {
    const std::lock_guard lock(mutex_);
    book_.cleared(0, pages);
  }

 private:
  std::mutex mutex_;
  event_book& book_;
};

}  // namespace triecheck::checks
