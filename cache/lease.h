// A lease: one request's claim on a chain of published pages followed by private ones.
//
// A lease is a handle that moves and does not copy; it is released when it goes out of scope. It belongs to the cache
// that opened it, and no lease may outlive its cache.
//
// Threads: one lease is used by one thread at a time; different leases at will.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "pages/block_keys.h"
#include "types.h"

namespace triecheck::inline v0_1 {

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

  /// Whether it has pages to give back; not after a release, nor where it was moved from.
  bool is_open() const noexcept { return id_ != no_lease; }
  lease_id id() const noexcept { return id_; }

  /// The namespace in which it was looked up, and in which publish puts its pages.
  key_space space() const noexcept { return space_; }

  /// The pages that hold the tokens, in order: first the cached prefix, then the private ones. Private pages may be
  /// written by the owner of the lease, cached ones only read.
  std::span<const page_id> pages() const noexcept { return pages_; }
  std::span<const page_id> cached_pages() const noexcept { return pages().first(cached_); }
  std::span<const page_id> private_pages() const noexcept { return pages().subspan(cached_); }

  /// Tokens that the lease holds, and those of them that its cached prefix covers.
  std::size_t token_count() const noexcept { return token_count_; }
  std::size_t cached_token_count() const noexcept { return token_count_ - unpublished_.size(); }

  /// The keys of those of its private blocks that have one.
  std::span<const block_key> keys() const noexcept { return keys_.all(); }

  void swap(lease& other) noexcept {
    std::swap(cache_, other.cache_);
    std::swap(id_, other.id_);
    std::swap(space_, other.space_);
    std::swap(cached_, other.cached_);
    std::swap(token_count_, other.token_count_);
    std::swap(looked_up_, other.looked_up_);
    std::swap(asked_, other.asked_);
    pages_.swap(other.pages_);
    unpublished_.swap(other.unpublished_);
    keys_.swap(other.keys_);
  }

 private:
  friend Cache;

  // What every variant does with a lease, whatever its locks. All of it belongs to the thread that uses the lease.

  /// `ok`, or what an operation of `cache` that requires an open lease of that cache answers instead.
  status usable_in(const Cache& cache) const noexcept {
    if (!is_open()) return status::lease_closed;
    return cache_ == &cache ? status::ok : status::invalid_argument;
  }

  /// `ok`, or what a publication of so many tokens by `cache` answers instead.
  template <class Sync>
  status publishable_in(const Cache& cache, std::size_t computed_tokens) const {
    if (const status s = usable_in(cache); s != status::ok) return s;
    Sync::require(computed_tokens <= token_count_, "publish: no more tokens are computed than the lease holds");
    return computed_tokens <= token_count_ ? status::ok : status::invalid_argument;
  }

  /// How many pages are cached after a publication of so many tokens: never fewer than before.
  std::size_t pages_to_publish(std::size_t computed_tokens, std::size_t tokens_per_page) const noexcept {
    return std::max(cached_, computed_tokens / tokens_per_page);
  }

  /// The pages that the lease lacks for `tokens` and `extra_slots` more; nothing when it would hold more than all
  /// pages.
  std::optional<std::size_t> shortage(std::size_t tokens, std::size_t extra_slots,
                                      const cache_config& c) const noexcept {
    const std::size_t room = c.pages * c.tokens_per_page - token_count_;
    if (tokens > room || extra_slots > room - tokens) return std::nullopt;
    const std::size_t wanted = (token_count_ + tokens + extra_slots + c.tokens_per_page - 1) / c.tokens_per_page;
    return wanted > pages_.size() ? wanted - pages_.size() : 0;
  }

  /// Takes the cached prefix and the tokens of `l`, not open yet, with room for as many private pages.
  void copy_prefix(const lease& l) {
    pages_.reserve(l.pages_.size());
    pages_.assign(l.pages_.begin(), l.pages_.begin() + static_cast<std::ptrdiff_t>(l.cached_));
    space_ = l.space_;
    cached_ = l.cached_;
    token_count_ = l.token_count_;
    unpublished_ = l.unpublished_;
    keys_ = l.keys_;
    asked_ = allocation::granted;  // as the other one was, whose lookup counts
  }

  /// The answer of an allocation that was refused, which the lease remembers.
  status refused(status s) noexcept {
    if (asked_ == allocation::none) asked_ = allocation::refused;
    return s;
  }

  /// Whether it was refused all that it asked for. Then it has no pages but those that its lookup found.
  bool was_refused() const noexcept { return asked_ == allocation::refused; }

  /// `ok`, or what a shrink by `cache` to so many tokens answers instead.
  template <class Sync>
  status shrinkable_in(const Cache& cache, std::size_t kept_tokens) const {
    if (const status s = usable_in(cache); s != status::ok) return s;
    Sync::require(kept_tokens <= token_count_, "shrink: a lease keeps no more tokens than it holds");
    return kept_tokens <= token_count_ ? status::ok : status::invalid_argument;
  }

  /// The private pages that hold none of the first `kept_tokens` tokens.
  std::span<const page_id> pages_behind(std::size_t kept_tokens, std::size_t tokens_per_page) const noexcept {
    const std::size_t holding = kept_tokens / tokens_per_page + (kept_tokens % tokens_per_page != 0);
    return pages().subspan(std::min(pages_.size(), std::max(cached_, holding)));
  }

  /// Forgets the last `returned` pages, and the tokens beyond those that it keeps: its cached prefix stays.
  void shorten(std::size_t returned, std::size_t kept_tokens, std::size_t tokens_per_page) {
    const std::size_t published = cached_token_count();
    token_count_ = std::max(kept_tokens, published);
    unpublished_.resize(token_count_ - published);
    pages_.resize(pages_.size() - returned);
    keys_.drop_from(written_pages(tokens_per_page));
  }

  /// How many of the pages hold tokens.
  std::size_t written_pages(std::size_t tokens_per_page) const noexcept {
    return (token_count_ + tokens_per_page - 1) / tokens_per_page;
  }

  /// A lookup makes room for so many pages before it knows what it will find; for more as it finds them.
  static constexpr std::size_t first_pages = 64;
  void expect_pages(std::size_t blocks) { pages_.reserve(std::min(blocks, first_pages)); }

  /// `ok`, or what an allocation by `cache` of `more` answers instead.
  template <class Sync>
  status appendable_in(const Cache& cache, const keyed_tokens& more, std::size_t tokens_per_page) const {
    if (const status s = usable_in(cache); s != status::ok) return s;
    return keys_.template fits<Sync>(more.keys, token_count_, cached_, tokens_per_page);
  }

  /// Room for so many more pages, and for `more`, so that taking them cannot throw. O(1) amortised for each.
  void reserve_more(std::size_t pages, const keyed_tokens& more) {
    make_room(pages_, pages);
    make_room(unpublished_, more.tokens.size());
    keys_.reserve_more(more.keys);
  }
  // Doubles what is there, not the capacity: memory that was lent need not grow for one token more than an earlier
  // lease had.
  template <class T>
  static void make_room(std::vector<T>& v, std::size_t more) {
    if (v.capacity() - v.size() < more) v.reserve(std::max(v.size() + more, 2 * v.size()));
  }

  void append(const keyed_tokens& more, std::size_t tokens_per_page) {
    const std::size_t full = token_count_ / tokens_per_page;
    unpublished_.insert(unpublished_.end(), more.tokens.begin(), more.tokens.end());
    token_count_ += more.tokens.size();
    keys_.take(more.keys, full, written_pages(tokens_per_page));
    asked_ = allocation::granted;
  }

  /// The tokens behind the first `pages` pages, with their keys. Requires that these pages are the cached ones, or were
  /// when unpublished tokens were last forgotten.
  block_sequence unpublished_behind(std::size_t pages) const noexcept { return {unpublished_, keys_.all(), pages}; }

  /// The tokens of the page that follows `done` pages of the unpublished tokens.
  std::span<const token> unpublished_block(std::size_t done, std::size_t tokens_per_page) const noexcept {
    return std::span<const token>(unpublished_).subspan(done * tokens_per_page, tokens_per_page);
  }

  void forget_published(std::size_t tokens) {
    unpublished_.erase(unpublished_.begin(), unpublished_.begin() + static_cast<std::ptrdiff_t>(tokens));
    keys_.drop_before(cached_);
  }

  /// Forgets everything but the cache: what a release leaves behind.
  void close() noexcept {
    id_ = no_lease;
    cached_ = 0;
    token_count_ = 0;
    looked_up_ = 0;
    asked_ = allocation::none;
    pages_.clear();
    unpublished_.clear();
    keys_.clear();
  }

  enum class allocation : std::uint8_t { none, refused, granted };

  Cache* cache_ = nullptr;
  lease_id id_ = no_lease;
  key_space space_{};
  std::size_t cached_ = 0;  // how many of pages_ are published
  std::size_t token_count_ = 0;
  std::size_t looked_up_ = 0;  // full blocks that its lookup asked for
  allocation asked_ = allocation::none;
  std::vector<page_id> pages_;
  std::vector<token> unpublished_;  // the tokens behind the cached prefix: what publish needs
  private_keys keys_;               // of the blocks that these begin
};

/// What `fork` answered: with `ok` an open lease and the pages to copy, otherwise neither.
template <class Cache>
struct [[nodiscard]] fork_result {
  status result = status::invalid_argument;
  lease<Cache> forked;
  std::vector<page_copy> copies;
};

}  // namespace triecheck::inline v0_1
