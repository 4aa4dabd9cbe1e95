// The baseline "std-coarse": `coarse` written by hand on the standard library, without the sync layer, a policy, labels or
// contracts. The yardstick for what the production layer costs: the same algorithm on the same records, so the two differ
// in nothing else. Not meant to be used, and not to be improved by itself: what changes in cache/locked/locked.h changes here.
// `Copy` tells apart what is compiled several times (layer_pair.h).
//
// Threads: any, for different leases; the destructor and the moves by one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "cache/events.h"
#include "cache/lease.h"
#include "cache/lockfree/page_queue.h"
#include "cache/pages/block_hash.h"
#include "cache/pages/inspection.h"
#include "cache/pages/page_records.h"
#include "cache/pages/prefix_hashes.h"
#include "cache/sync/std.h"
#include "cache/types.h"
#include "checks/bench/baselines/std_parts.h"

namespace triecheck::checks {

template <std::size_t Copy = 0>
class std_coarse_cache {
 public:
  using lease_type = lease<std_coarse_cache>;
  using fork_result_type = fork_result<std_coarse_cache>;

  explicit std_coarse_cache(cache_config config)
      : config_(checked(config)),
        records_(config.pages, config.tokens_per_page),
        pool_(records_.fields<std_pool::per_page>(), config.pages),
        trie_(records_.fields<std_trie::per_page>(), records_.rows(), config.pages, config.tokens_per_page, config.hash_seed),
        unpinned_(records_.fields<std_recency_list::per_page>()) {}

  std_coarse_cache(const std_coarse_cache&) = delete;
  std_coarse_cache& operator=(const std_coarse_cache&) = delete;
  ~std_coarse_cache() = default;

  const cache_config& config() const noexcept { return config_; }

  void subscribe(cache_events& s) noexcept { events_.send_to(s); }

  [[nodiscard]] lease_type lookup(std::span<const token> tokens, key_space space = {}) {
    lease_type l;
    l.space_ = space;
    buffers_.lend(l.pages_, l.unpublished_);
    l.pages_.reserve(tokens.size() / config_.tokens_per_page);
    const std::lock_guard lock(mutex_);
    open(l);
    page_id parent = no_page;
    prefix_hashes hashes(trie_, root_hash(space), tokens, config_.tokens_per_page);
    for (std::size_t at = 0; at + config_.tokens_per_page <= tokens.size(); at += config_.tokens_per_page) {
      const page_id page = trie_.find_child({space, parent, hashes.next(), tokens.subspan(at, config_.tokens_per_page)});
      if (page == no_page) break;
      pin(page);
      l.pages_.push_back(page);
      parent = page;
    }
    l.cached_ = l.pages_.size();
    l.token_count_ = l.cached_ * config_.tokens_per_page;
    ++counters_.lookups;
    counters_.looked_up_pages += tokens.size() / config_.tokens_per_page;
    counters_.hit_pages += l.cached_;
    return l;
  }

  [[nodiscard]] status allocate(lease_type& l, std::span<const token> tokens, std::size_t extra_slots = 0) {
    if (const status s = l.usable_in(*this); s != status::ok) return s;
    const std::optional<std::size_t> shortage = l.shortage(tokens.size(), extra_slots, config_);
    if (!shortage) {
      const std::lock_guard lock(mutex_);
      ++counters_.refused_too_large;
      return status::request_too_large;
    }
    l.reserve_more(*shortage, tokens.size());
    if (*shortage != 0) {
      const std::lock_guard lock(mutex_);
      if (!take_pages(l, *shortage, l.id_)) return status::cache_full;
    }
    l.append(tokens);
    return status::ok;
  }

  [[nodiscard]] status publish(lease_type& l, std::size_t computed_tokens) {
    if (const status s = l.usable_in(*this); s != status::ok) return s;
    if (computed_tokens > l.token_count_) return status::invalid_argument;
    const std::size_t span_tokens = config_.tokens_per_page;
    const std::size_t full = l.pages_to_publish(computed_tokens, span_tokens);
    if (full == l.cached_) return status::ok;
    const std::size_t first = l.cached_;
    std::size_t adopted = 0;
    {
      const std::lock_guard lock(mutex_);
      page_id parent = first == 0 ? no_page : l.pages_[first - 1];
      prefix_hashes hashes(trie_, first == 0 ? root_hash(l.space_) : trie_.hash(parent), l.unpublished_, span_tokens);
      for (; l.cached_ < full; ++l.cached_) {
        adopted += !publish_page({l.space_, parent, hashes.next(), l.unpublished_block(l.cached_ - first, span_tokens)}, l.pages_[l.cached_]);
        parent = l.pages_[l.cached_];
      }
    }
    if (adopted != 0) queue_.pages_came();
    l.forget_published((full - first) * span_tokens);
    return status::ok;
  }

  status release(lease_type& l) {
    if (!l.is_open()) return status::ok;
    if (l.cache_ != this) return status::invalid_argument;
    {
      const std::lock_guard lock(mutex_);
      for (const page_id page : l.private_pages()) pool_.put(page);
      for (std::size_t i = l.cached_; i-- > 0;) unpin(l.pages_[i]);
      --counters_.open_leases;
    }
    if (!l.pages_.empty()) queue_.pages_came(l.id_);
    buffers_.keep(l.pages_, l.unpublished_);
    l.close();
    return status::ok;
  }

  fork_result_type fork(const lease_type& l) {
    fork_result_type r;
    r.result = l.usable_in(*this);
    if (r.result != status::ok) return r;
    lease_type forked;
    buffers_.lend(forked.pages_, forked.unpublished_);
    forked.copy_prefix(l);
    const std::size_t written = l.written_pages(config_.tokens_per_page);
    r.copies.reserve(written - l.cached_);
    {
      const std::lock_guard lock(mutex_);
      if (!take_pages(forked, l.private_pages().size(), lease_id(next_lease_))) {
        r.result = status::cache_full;
        return r;
      }
      open(forked);
      for (const page_id page : l.cached_pages()) pin(page);
    }
    for (std::size_t i = l.cached_; i < written; ++i) r.copies.push_back({l.pages_[i], forked.pages_[i]});
    r.forked = std::move(forked);
    return r;
  }

  std::size_t evict(std::size_t count) {
    const std::lock_guard lock(mutex_);
    return evict_oldest(count);
  }

  std::size_t clear() {
    const std::lock_guard lock(mutex_);
    return clear_all();
  }

  shutdown_report shutdown() {
    const std::lock_guard lock(mutex_);
    clear_all();
    return inspected().lost_pages();
  }

  cache_stats stats() const {
    const std::lock_guard lock(mutex_);
    cache_stats s = counters_.get();
    s.free_pages = pool_.free_count();
    s.cached_pages = s.published_pages - s.evicted_pages;
    s.private_pages = config_.pages - s.free_pages - s.cached_pages;
    return s;
  }

  cache_snapshot snapshot() const {
    const std::lock_guard lock(mutex_);
    cache_snapshot s = inspected().snapshot();
    for (page_id page = unpinned_.oldest(); page != no_page; page = unpinned_.newer_than(page)) {
      if (trie_.pins(page) == 0) s.eviction_order.push_back(page);
    }
    return s;
  }

 private:
  struct trie_type : std_trie {  // a class of each copy, so that the walks over it are, too
    using std_trie::std_trie;
  };

  // What follows requires mutex_.

  auto inspected() const {
    return inspection(config_, pool_, trie_, [this](page_id page) { return trie_.pins(page); });
  }

  void open(lease_type& l) {
    l.cache_ = this;
    l.id_ = lease_id(next_lease_++);
    ++counters_.open_leases;
  }

  void pin(page_id page) {
    if (trie_.add_pin(page) == 0) --unpinned_count_;
  }

  void unpin(page_id page) {
    const bool unpinned = trie_.drop_pin(page) == 0;
    unpinned_.released(page, unpinned);
    if (unpinned) ++unpinned_count_;
  }

  bool take_pages(lease_type& l, std::size_t count, lease_id holder) {
    if (pool_.free_count() + unpinned_count_ < count) {
      ++counters_.refused_full;
      return false;
    }
    if (count > pool_.free_count()) evict_oldest(count - pool_.free_count());
    for (std::size_t i = 0; i < count; ++i) l.pages_.push_back(pool_.take(holder));
    counters_.allocated_pages += count;
    return true;
  }

  bool publish_page(const typename trie_type::key& k, page_id& page) {
    const page_id standing = trie_.find_child(k);
    if (standing == no_page) {
      pool_.mark_cached(page);
      trie_.attach(page, k, 1);
      events_.stored({page, k.parent, k.space, k.hash, k.block});
      ++counters_.published_pages;
      return true;
    }
    pin(standing);
    pool_.put(page);
    page = standing;
    ++counters_.duplicate_pages;
    return false;
  }

  std::size_t clear_all() {
    const std::size_t evicted = evict_oldest(unpinned_count_);
    events_.cleared(evicted);
    return evicted;
  }

  std::size_t evict_oldest(std::size_t count) {
    const std::size_t evicted = std::min(count, unpinned_count_);
    for (std::size_t left = evicted; left != 0;) {
      const page_id page = unpinned_.oldest();
      unpinned_.remove(page);
      if (trie_.pins(page) != 0) continue;
      trie_.detach(page);
      events_.removed(page);
      pool_.put(page);
      --left;
    }
    unpinned_count_ -= evicted;
    counters_.evicted_pages += evicted;
    return evicted;
  }

  const cache_config config_;

  std_lease_buffers buffers_{config_};
  event_source events_;
  page_queue<std_sync> queue_;  // nobody waits here: one look at a word that never changes, as in coarse

  // Guarded by mutex_.
  page_records<token, std_trie::per_page, std_pool::per_page, std_recency_list::per_page> records_;
  std_pool pool_;
  trie_type trie_;
  std_recency_list unpinned_;
  std::size_t unpinned_count_ = 0;
  std_counters counters_;
  std::uint64_t next_lease_ = 1;

  mutable std::mutex mutex_;
};

}  // namespace triecheck::checks
