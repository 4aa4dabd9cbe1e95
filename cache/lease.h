// A lease: one request's claim on a chain of published pages followed by private ones.
//
// A lease is a handle that moves and does not copy; it is released when it goes out of scope. It belongs to the cache
// that opened it, and no lease may outlive its cache.
//
// Threads: one lease is used by one thread at a time; different leases at will.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "types.h"

namespace triecheck {

/// `Cache` is the variant that opened the lease: it fills the fields, the lease only shows them.
template <class Cache>
class lease {
 public:
  /// A lease that is not open: every operation on it answers `lease_closed`.
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

  /// The pages that hold the tokens, in order: first the cached prefix, then the private ones. Private pages may be
  /// written by the owner of the lease, cached ones only read.
  std::span<const page_id> pages() const noexcept { return pages_; }
  std::span<const page_id> cached_pages() const noexcept { return pages().first(cached_); }
  std::span<const page_id> private_pages() const noexcept { return pages().subspan(cached_); }

  /// Tokens that the lease holds, and those of them that its cached prefix covers.
  std::size_t token_count() const noexcept { return token_count_; }
  std::size_t cached_token_count() const noexcept { return token_count_ - unpublished_.size(); }

  void swap(lease& other) noexcept {
    std::swap(cache_, other.cache_);
    std::swap(id_, other.id_);
    std::swap(cached_, other.cached_);
    std::swap(token_count_, other.token_count_);
    pages_.swap(other.pages_);
    unpublished_.swap(other.unpublished_);
  }

 private:
  friend Cache;

  /// Forgets everything but the cache: what a release leaves behind.
  void close() noexcept {
    id_ = no_lease;
    cached_ = 0;
    token_count_ = 0;
    pages_.clear();
    unpublished_.clear();
  }

  Cache* cache_ = nullptr;
  lease_id id_ = no_lease;
  std::size_t cached_ = 0;          // how many of pages_ are published
  std::size_t token_count_ = 0;
  std::vector<page_id> pages_;
  std::vector<token> unpublished_;  // the tokens behind the cached prefix: what publish needs
};

/// What `fork` answered: with `ok` an open lease and the pages to copy, otherwise neither.
template <class Cache>
struct [[nodiscard]] fork_result {
  status result = status::invalid_argument;
  lease<Cache> forked;
  std::vector<page_copy> copies;
};

}  // namespace triecheck
