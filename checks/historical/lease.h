// A lease of the historical cache: the interface is that of the leases that ship (cache/lease.h),
// the fields are those that the original's mistakes need.
//
// Threads: one lease is used by one thread at a time; different leases at will.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cache/types.h"
#include "checks/historical/prefix_tree.h"

namespace triecheck::historical {

template <class Cache>
class lease {
 public:
  lease() noexcept = default;
  lease(lease&& other) noexcept { swap(other); }
  lease& operator=(lease&& other) noexcept {
    lease(std::move(other)).swap(*this);
    return *this;
  }
  ~lease() {
    if (is_open()) static_cast<void>(cache_->release(*this));
  }

  bool is_open() const noexcept { return id_ != no_lease; }
  lease_id id() const noexcept { return id_; }
  key_space space() const noexcept { return space_; }

  std::span<const page_id> pages() const noexcept { return pages_; }
  std::span<const page_id> cached_pages() const noexcept { return pages().first(cached_); }
  std::span<const page_id> private_pages() const noexcept { return pages().subspan(cached_); }

  std::size_t token_count() const noexcept { return tokens_.size(); }
  std::size_t cached_token_count() const noexcept { return cached_tokens_; }

  void swap(lease& other) noexcept {
    std::swap(cache_, other.cache_);
    std::swap(id_, other.id_);
    std::swap(space_, other.space_);
    std::swap(end_, other.end_);
    std::swap(looked_up_, other.looked_up_);
    std::swap(pinned_, other.pinned_);
    std::swap(partial_, other.partial_);
    std::swap(cached_, other.cached_);
    std::swap(cached_tokens_, other.cached_tokens_);
    std::swap(found_, other.found_);
    pages_.swap(other.pages_);
    tokens_.swap(other.tokens_);
    duplicates_.swap(other.duplicates_);
    released_.swap(other.released_);
  }

 private:
  friend Cache;

  /// `ok`, or what an operation of `cache` that needs an open lease of that cache answers instead.
  status usable_in(const Cache& cache) const noexcept {
    if (!is_open()) return status::lease_closed;
    return cache_ == &cache ? status::ok : status::invalid_argument;
  }

  /// The pages that the lease lacks for `tokens` and `extra_slots` more; nothing when it would hold
  /// more than all pages.
  std::optional<std::size_t> shortage(std::size_t tokens, std::size_t extra_slots,
                                      const cache_config& c) const noexcept {
    const std::size_t room = c.pages * c.tokens_per_page - tokens_.size();
    if (tokens > room || extra_slots > room - tokens) return std::nullopt;
    const std::size_t wanted = (tokens_.size() + tokens + extra_slots + c.tokens_per_page - 1) / c.tokens_per_page;
    return wanted > pages_.size() ? wanted - pages_.size() : 0;
  }

  std::span<const token> block(std::size_t page, std::size_t tokens_per_page) const noexcept {
    return std::span<const token>(tokens_).subspan(page * tokens_per_page, tokens_per_page);
  }

  void reserve_pages(std::size_t more) { make_room(pages_, more); }
  void reserve_tokens(std::size_t more) { make_room(tokens_, more); }

  void append(std::span<const token> tokens) { tokens_.insert(tokens_.end(), tokens.begin(), tokens.end()); }

  /// Defect 33: becomes another name of `l`.
  void share(const lease& l) {
    copy_prefix(l);
    pages_ = l.pages_;
    pinned_ = l.pinned_;
    cache_ = l.cache_;
    id_ = l.id_;
  }

  /// Becomes the cached prefix and the tokens of `l`, not open yet, with room for as many private
  /// pages.
  void copy_prefix(const lease& l) {
    pages_.reserve(l.pages_.size());
    pages_.assign(l.pages_.begin(), l.pages_.begin() + static_cast<std::ptrdiff_t>(l.cached_));
    tokens_ = l.tokens_;
    space_ = l.space_;
    end_ = looked_up_ = l.end_;
    cached_ = found_ = l.cached_;
    cached_tokens_ = l.cached_tokens_;
  }

  /// How many of the pages hold tokens.
  std::size_t written_pages(std::size_t tokens_per_page) const noexcept {
    return (tokens_.size() + tokens_per_page - 1) / tokens_per_page;
  }

  /// After a release. The node of the pin and the pages that were freed stay readable
  /// for defects 6 and 26.
  void close() noexcept {
    id_ = no_lease;
    partial_ = no_node;
    cached_ = cached_tokens_ = found_ = 0;
    pages_.clear();
    tokens_.clear();
    duplicates_.clear();
  }

  // Doubles what is there: a lease that grows token by token is rarely moved.
  template <class T>
  static void make_room(std::vector<T>& v, std::size_t more) {
    if (v.capacity() - v.size() < more) v.reserve(std::max(v.size() + more, 2 * v.size()));
  }

  Cache* cache_ = nullptr;
  lease_id id_ = no_lease;
  key_space space_{};
  node_id end_ = root;             // on which the published chain ends
  node_id looked_up_ = root;       // on which it ended when the lease was opened
  node_id pinned_ = no_node;       // which has the pin of the lease
  node_id partial_ = no_node;      // defect 17: the node of the page that is not full yet
  std::size_t cached_ = 0;         // how many of pages_ are published
  std::size_t cached_tokens_ = 0;  // and how many tokens these hold
  std::size_t found_ = 0;          // how many of pages_ the lookup found
  std::vector<page_id> pages_;
  std::vector<token> tokens_;
  std::vector<page_id> duplicates_;  // defects 22 and 25: its pages that were duplicates
  std::vector<page_id> released_;    // defect 6: pages that its release freed
};

/// What `fork` answered: with `ok` an open lease and the pages to copy, otherwise neither.
template <class Cache>
struct [[nodiscard]] fork_result {
  status result = status::invalid_argument;
  lease<Cache> forked;
  std::vector<page_copy> copies;
};

}  // namespace triecheck::historical
