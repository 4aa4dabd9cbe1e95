// Oracle: events. Follows what a cache tells its subscriber, from the events alone, and never looks into the cache.
//
// What it proves, at every event: it is possible behind those before it (cache/events.h): a page that is stored does not
// stand, its parent does, in the same namespace, and its hash continues the parent's; a page that is removed stands, and
// no page stands below it. And whenever it is asked: which pages stand, to be held against what operations returned and,
// when none runs, against the structure.
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cache/events.h"
#include "checks/subject.h"
#include "model/operation.h"

namespace triecheck::checks {

class event_book {
 public:
  explicit event_book(std::size_t pages) : entries_(pages) {}

  void stored(const stored_page& p);
  void removed(page_id page);
  void cleared(std::size_t pages);

  /// The first event that was impossible.
  const std::optional<std::string>& violation() const noexcept { return violation_; }

  /// Of pages that an operation returned as published to a lease that is still open: whether all stand, each below the one before.
  std::optional<std::string> check_chain(std::span<const model::page> published) const;

  /// When no operation runs: the pages that stand are the nodes, and `clear` was told as often, and of as many pages, as
  /// it was called.
  std::optional<std::string> check_rest(const structure& s, std::size_t clears, std::size_t pages_cleared) const;

 private:
  struct entry {
    bool stands = false;
    page_id parent = no_page;
    key_space space{};
    std::uint64_t hash = 0;
    std::size_t children = 0;
  };

  bool stands(page_id page) const { return index_of(page) < entries_.size() && entries_[index_of(page)].stands; }
  void reject(const std::string& what) {
    if (!violation_) violation_ = what;
  }

  std::vector<entry> entries_;  // by page
  std::size_t clears_ = 0;
  std::size_t pages_cleared_ = 0;
  std::optional<std::string> violation_;
};

}  // namespace triecheck::checks
