// A prefix cache under one mutex, from the containers of the standard library, as one writes it in a day. The yardstick
// that the variants of cache/ are measured against; correct, and tested so, but not meant to be used.
//
// It has the interface and the specification of the variants. Pins are counted on every node of a chain. Unpinned nodes
// are in one std::list, the next to be evicted in front, and the others in a second, so that no pin allocates. How a
// node is found is the parameter `Index`:
//   Index(pages)
//   cursor                          the key of a prefix
//   start(space)                    the cursor of the empty one of a namespace
//   step(cursor, block)             of a prefix that is one block longer; the cursor may refer to `block`
//   find(cursor)                    its page, or no_page
//   behind(page, cursor)            the cursor that the children of `page`, found under `cursor`, step from
//   add(cursor, block, page)        `block` lives as long as the node; returns the key to remove it by
//   remove(key), for_each(visit)
// Both indexes use hash_of(seed, block), which is the same work as that of the variants.
//
// Threads: any, for different leases; the destructor and the moves by one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <mutex>
#include <span>
#include <stdexcept>
#include <vector>

#include "cache/lease.h"
#include "cache/types.h"

namespace triecheck::checks {

inline std::uint64_t hash_of(std::uint64_t seed, std::span<const token> block) {
  constexpr std::uint64_t odd = 0x9e37'79b9'7f4a'7c15;
  const auto fold = [](std::uint64_t x) { return (x ^ (x >> 32)) * odd; };
  std::uint64_t hash = fold(seed + 1);
  std::size_t i = 0;
  for (; i + 1 < block.size(); i += 2) hash = fold(hash ^ (std::uint64_t{block[i]} << 32 | block[i + 1]));
  if (i < block.size()) hash = fold(hash ^ block[i]);
  return hash ^ (hash >> 32);
}

template <class Index>
class one_day_cache {
 public:
  using lease_type = lease<one_day_cache>;
  using fork_result_type = fork_result<one_day_cache>;

  explicit one_day_cache(cache_config config)
      : config_(checked(config)),
        index_(config.pages),
        nodes_(config.pages),
        blocks_(config.pages * config.tokens_per_page) {
    for (std::size_t i = config.pages; i-- > 0;) {
      free_.push_back(page_id(i));
      nodes_[i].place = others_.insert(others_.begin(), page_id(i));
    }
  }

  const cache_config& config() const noexcept { return config_; }

  lease_type lookup(std::span<const token> tokens, key_space space = {}) {
    lease_type l;
    l.space_ = space;
    l.pages_.reserve(tokens.size() / config_.tokens_per_page);
    const std::lock_guard lock(mutex_);
    open(l);
    auto cursor = index_.start(space);
    for (std::size_t at = 0; at + config_.tokens_per_page <= tokens.size(); at += config_.tokens_per_page) {
      cursor = index_.step(cursor, tokens.subspan(at, config_.tokens_per_page));
      const page_id page = index_.find(cursor);
      if (page == no_page) break;
      pin(page);
      l.pages_.push_back(page);
      cursor = index_.behind(page, cursor);
    }
    l.cached_ = l.pages_.size();
    l.token_count_ = l.cached_ * config_.tokens_per_page;
    ++stats_.lookups;
    stats_.looked_up_pages += tokens.size() / config_.tokens_per_page;
    stats_.hit_pages += l.cached_;
    return l;
  }

  status allocate(lease_type& l, std::span<const token> tokens, std::size_t extra_slots = 0) {
    if (const status s = usable(l); s != status::ok) return s;
    const std::lock_guard lock(mutex_);
    const std::size_t limit = config_.pages * config_.tokens_per_page - l.token_count_;
    if (tokens.size() > limit || extra_slots > limit - tokens.size()) {
      ++stats_.refused_too_large;
      return status::request_too_large;
    }
    const std::size_t wanted = pages_for(l.token_count_ + tokens.size() + extra_slots);
    if (wanted > l.pages_.size() && !take(l, wanted - l.pages_.size())) return status::cache_full;
    l.unpublished_.insert(l.unpublished_.end(), tokens.begin(), tokens.end());
    l.token_count_ += tokens.size();
    return status::ok;
  }

  status publish(lease_type& l, std::size_t computed_tokens) {
    if (const status s = usable(l); s != status::ok) return s;
    if (computed_tokens > l.token_count_) return status::invalid_argument;
    const std::size_t new_tokens = computed_tokens - std::min(computed_tokens, l.cached_ * config_.tokens_per_page);
    const std::lock_guard lock(mutex_);
    auto cursor = index_.start(l.space_);
    if (l.cached_ != 0) cursor = index_.behind(l.pages_[l.cached_ - 1], nodes_[index_of(l.pages_[l.cached_ - 1])].key);
    std::size_t done = 0;
    for (; done + config_.tokens_per_page <= new_tokens; done += config_.tokens_per_page) {
      const auto block = std::span<const token>(l.unpublished_).subspan(done, config_.tokens_per_page);
      const page_id parent = l.cached_ == 0 ? no_page : l.pages_[l.cached_ - 1];
      page_id& page = l.pages_[l.cached_++];
      cursor = index_.step(cursor, block);
      cursor = index_.behind(page = publish_page(cursor, l.space_, parent, block, page), cursor);
    }
    l.unpublished_.erase(l.unpublished_.begin(), l.unpublished_.begin() + static_cast<std::ptrdiff_t>(done));
    return status::ok;
  }

  status release(lease_type& l) {
    if (!l.is_open()) return status::ok;
    if (l.cache_ != this) return status::invalid_argument;
    {
      const std::lock_guard lock(mutex_);
      for (const page_id page : l.private_pages()) give_back(page);
      for (std::size_t i = l.cached_; i-- > 0;) unpin(l.pages_[i]);
      --stats_.open_leases;
    }
    l.close();
    return status::ok;
  }

  fork_result_type fork(const lease_type& l) {
    fork_result_type r;
    r.result = usable(l);
    if (r.result != status::ok) return r;
    const std::lock_guard lock(mutex_);
    lease_type forked;
    forked.space_ = l.space_;
    forked.pages_.assign(l.cached_pages().begin(), l.cached_pages().end());
    forked.id_ = lease_id(next_lease_);
    if (!take(forked, l.private_pages().size())) {
      forked.id_ = no_lease;
      r.result = status::cache_full;
      return r;
    }
    open(forked);
    for (const page_id page : l.cached_pages()) pin(page);
    forked.cached_ = l.cached_;
    forked.token_count_ = l.token_count_;
    forked.unpublished_ = l.unpublished_;
    for (std::size_t i = l.cached_; i < pages_for(l.token_count_); ++i)
      r.copies.push_back({l.pages_[i], forked.pages_[i]});
    r.forked = std::move(forked);
    return r;
  }

  std::size_t evict(std::size_t count) {
    const std::lock_guard lock(mutex_);
    return evict_oldest(count);
  }

  std::size_t clear() {
    const std::lock_guard lock(mutex_);
    return evict_oldest(unpinned_.size());
  }

  shutdown_report shutdown() {
    const std::lock_guard lock(mutex_);
    evict_oldest(unpinned_.size());
    shutdown_report report;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const node& n = nodes_[i];
      if (n.state != page_state::free) report.lost.push_back({page_id(i), n.state, n.holder, n.pins});
    }
    if (!report.lost.empty()) report.result = status::pages_lost;
    return report;
  }

  cache_stats stats() const {
    const std::lock_guard lock(mutex_);
    cache_stats s = stats_;
    s.free_pages = free_.size();
    s.cached_pages = s.published_pages - s.evicted_pages;
    s.private_pages = config_.pages - s.free_pages - s.cached_pages;
    return s;
  }

  cache_snapshot snapshot() const {
    const std::lock_guard lock(mutex_);
    cache_snapshot s;
    s.tokens_per_page = config_.tokens_per_page;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const node& n = nodes_[i];
      s.pages.push_back({.state = n.state, .holder = n.holder});
      if (n.state != page_state::cached) continue;
      s.pages.back().parent = n.parent;
      s.pages.back().space = n.space;
      s.pages.back().pins = n.pins;
      s.pages.back().block.assign(block_of(page_id(i)).begin(), block_of(page_id(i)).end());
    }
    s.eviction_order.assign(unpinned_.begin(), unpinned_.end());
    index_.for_each([&](page_id page) { s.indexed.push_back(page); });
    return s;
  }

 private:
  struct node {
    page_state state = page_state::free;
    key_space space{};
    lease_id holder = no_lease;
    page_id parent = no_page;
    std::uint32_t pins = 0;
    typename Index::cursor key{};
    std::list<page_id>::iterator place{};  // in unpinned_ or others_
  };

  static cache_config checked(cache_config config) {
    if (config.pages == 0 || config.pages >= index_of(no_page))
      throw std::invalid_argument("pages must be 1 .. 2^32 - 2");
    if (config.tokens_per_page == 0) throw std::invalid_argument("tokens_per_page must be at least 1");
    if (config.tokens_per_page > SIZE_MAX / sizeof(token) / config.pages)
      throw std::invalid_argument("the cache is too large");
    return config;
  }

  status usable(const lease_type& l) const noexcept {
    if (!l.is_open()) return status::lease_closed;
    return l.cache_ == this ? status::ok : status::invalid_argument;
  }
  std::size_t pages_for(std::size_t tokens) const {
    return (tokens + config_.tokens_per_page - 1) / config_.tokens_per_page;
  }

  std::span<token> block_of(page_id page) {
    return std::span(blocks_).subspan(index_of(page) * config_.tokens_per_page, config_.tokens_per_page);
  }
  std::span<const token> block_of(page_id page) const {
    return std::span(blocks_).subspan(index_of(page) * config_.tokens_per_page, config_.tokens_per_page);
  }

  // What follows requires mutex_.

  void open(lease_type& l) {
    l.cache_ = this;
    l.id_ = lease_id(next_lease_++);
    ++stats_.open_leases;
  }

  void pin(page_id page) {
    node& n = nodes_[index_of(page)];
    if (n.pins++ == 0) others_.splice(others_.end(), unpinned_, n.place);
  }

  void unpin(page_id page) {
    node& n = nodes_[index_of(page)];
    if (--n.pins == 0) unpinned_.splice(unpinned_.end(), others_, n.place);
  }

  void give_back(page_id page) {
    nodes_[index_of(page)].state = page_state::free;
    nodes_[index_of(page)].holder = no_lease;
    free_.push_back(page);
  }

  bool take(lease_type& l, std::size_t count) {
    if (free_.size() + unpinned_.size() < count) {
      ++stats_.refused_full;
      return false;
    }
    if (count > free_.size()) evict_oldest(count - free_.size());
    for (std::size_t i = 0; i < count; ++i) {
      const page_id page = free_.back();
      free_.pop_back();
      nodes_[index_of(page)].state = page_state::leased;
      nodes_[index_of(page)].holder = l.id_;
      l.pages_.push_back(page);
    }
    stats_.allocated_pages += count;
    return true;
  }

  // Returns the page that is under `cursor` afterwards.
  page_id publish_page(typename Index::cursor cursor, key_space space, page_id parent, std::span<const token> block,
                       page_id page) {
    if (const page_id standing = index_.find(cursor); standing != no_page) {
      pin(standing);
      give_back(page);
      ++stats_.duplicate_pages;
      return standing;
    }
    node& n = nodes_[index_of(page)];
    n.state = page_state::cached;
    n.holder = no_lease;
    n.space = space;
    n.parent = parent;
    n.pins = 1;
    std::copy(block.begin(), block.end(), block_of(page).begin());
    n.key = index_.add(cursor, block_of(page), page);
    ++stats_.published_pages;
    return page;
  }

  std::size_t evict_oldest(std::size_t count) {
    const std::size_t evicted = std::min(count, unpinned_.size());
    for (std::size_t i = 0; i < evicted; ++i) {
      const page_id page = unpinned_.front();
      others_.splice(others_.end(), unpinned_, unpinned_.begin());
      index_.remove(nodes_[index_of(page)].key);
      give_back(page);
    }
    stats_.evicted_pages += evicted;
    return evicted;
  }

  const cache_config config_;
  mutable std::mutex mutex_;

  // Guarded by mutex_.
  Index index_;
  std::vector<node> nodes_;    // by page
  std::vector<token> blocks_;  // by page
  std::vector<page_id> free_;
  std::list<page_id> unpinned_;
  std::list<page_id> others_;
  cache_stats stats_;
  std::uint64_t next_lease_ = 1;
};

}  // namespace triecheck::checks
