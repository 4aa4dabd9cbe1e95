// What a router would know of a cache: the pages that were stored and not removed (cache/events.h), held against the
// cache whenever that is at rest.
//
// Threads: as a subscriber; `differs_from` when no operation runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cache/events.h"
#include "checks/subject/subject.h"

namespace triecheck::checks {

class event_mirror final : public cache_events {
 public:
  explicit event_mirror(std::size_t pages) : size_(pages), entries_(std::make_unique<entry[]>(pages)) {}

  void stored(const stored_page& p) noexcept override {
    entry& e = entries_[index_of(p.page)];
    const bool has_parent = p.parent == no_page || is_stored(p.parent);
    // Of one page the calls happen before one another.
    e.parent.store(p.parent, std::memory_order_relaxed);
    if (e.is_stored.exchange(true)) reject("was stored twice", p.page);
    if (!has_parent) reject("was stored below a page that is not", p.page);
  }

  void removed(page_id page) noexcept override {
    if (!entries_[index_of(page)].is_stored.exchange(false)) reject("was removed, but is not stored", page);
  }

  void cleared(std::size_t) noexcept override {}

  /// Knows nothing, as at first. Requires that no event comes meanwhile.
  void clear() {
    for (std::size_t i = 0; i < size_; ++i) entries_[i].is_stored.store(false);
    violation_.reset();
  }

  /// The first impossible event.
  std::optional<std::string> violation() const {
    const std::lock_guard lock(mutex_);
    return violation_;
  }

  /// The first impossible event, or how the pages at rest differ from what the events said.
  std::optional<std::string> differs_from(const structure& s) const {
    if (auto found = violation()) return found;
    for (std::size_t i = 0; i < size_; ++i) {
      const entry& e = entries_[i];
      const bool is_cached = s.pages[i].state == model::page_state::cached;
      const std::string page = "page " + std::to_string(i);
      if (e.is_stored.load() != is_cached)
        return page + (is_cached ? " is cached, but a subscriber does not know it"
                                 : " was stored and not removed, but is not cached");
      if (is_cached && s.pages[i].parent.value_or(index_of(no_page)) != index_of(e.parent.load()))
        return page + " was stored below another page than the one it lies below";
    }
    return std::nullopt;
  }

 private:
  struct entry {
    std::atomic<bool> is_stored{false};
    std::atomic<page_id> parent{no_page};
  };

  bool is_stored(page_id page) const noexcept { return entries_[index_of(page)].is_stored.load(); }

  void reject(const char* what, page_id page) noexcept {
    const std::lock_guard lock(mutex_);
    if (!violation_) violation_ = "page " + std::to_string(index_of(page)) + " " + what;
  }

  const std::size_t size_;
  const std::unique_ptr<entry[]> entries_;  // by page
  mutable std::mutex mutex_;
  std::optional<std::string> violation_;  // guarded by mutex_
};

}  // namespace triecheck::checks
