// Publication and release of the historical cache: part of historical_cache.h, which includes it.
#pragma once

#include "checks/historical/historical_cache.h"

namespace triecheck::historical {

template <sync_layer Sync>
status historical_cache<Sync>::publish(lease_type& l, std::size_t computed_tokens) {
  if (const status s = l.usable_in(*this); s != status::ok) return s;
  Sync::require(computed_tokens <= l.token_count(), "publish: no more tokens are computed than the lease holds");
  if (computed_tokens > l.token_count()) return status::invalid_argument;
  const std::size_t full = computed_tokens / config_.tokens_per_page;
  if (!changes_anything(l, full)) return status::ok;
  bool adopts = false;  // of the last page
  bool frees = false;
  {
    const guard lock(mutex_);
    if (full < l.cached_ && is_on(defect::shorter_publish_rewinds)) rewind(l, full);
    if (is_on(defect::publish_frees_duplicates_again)) {
      for (const page_id page : l.duplicates_) {
        if (pool_.state(page) == page_state::leased) pool_.put(page);
      }
    }
    node_id parent = is_on(defect::publish_starts_where_the_lookup_ended) ? l.looked_up_ : l.end_;
    while (l.cached_ < full) {
      adopts = !publish_page(l, parent);
      frees = frees || adopts;
    }
    publish_partial(l, computed_tokens);
    if (!adopts || !is_on(defect::follower_stays_pinned_above)) move_pin(l);
  }
  if (frees) queue_.pages_came();
  return status::ok;
}

// Whether a publication of so many pages has something to do. Without a mistake only pages that are
// not published yet are.
template <sync_layer Sync>
bool historical_cache<Sync>::changes_anything(const lease_type& l, std::size_t full) const {
  if (full > l.cached_ || !l.duplicates_.empty()) return true;
  if (full < l.cached_) return is_on(defect::shorter_publish_rewinds);
  return is_on(defect::partial_page_is_published) || is_on(defect::partial_page_changes_its_key);
}

// The next private page becomes a child of `parent`, or is given up for the one that is there;
// `parent` is that child then. Returns whether it is the lease's own page.
template <sync_layer Sync>
bool historical_cache<Sync>::publish_page(lease_type& l, node_id& parent) {
  const std::span<const token> block = l.block(l.cached_, config_.tokens_per_page);
  page_id& page = l.pages_[l.cached_];
  const node_id present = trie_.find_child(parent, l.space_, block);
  const bool is_own = present == no_node || is_on(defect::publish_overwrites_a_child);
  if (!is_own) {
    end_partial(l);
    const page_id duplicate = page;
    if (!is_on(defect::any_releaser_frees_duplicates)) page = trie_.page(present);
    give_duplicate_back(l, duplicate);
    counters_.duplicate_pages.add(1);
    parent = present;
  } else if (l.partial_ != no_node) {
    parent = std::exchange(l.partial_, no_node);
    trie_.complete(parent, block);
    trie_.unpin(parent);
  } else {
    parent = trie_.attach(parent, l.space_, block, page);
  }
  if (is_own) {
    pool_.mark_cached(page);
    stored(parent, l, block);
  }
  l.end_ = parent;
  l.cached_tokens_ = ++l.cached_ * config_.tokens_per_page;
  return is_own;
}

// Defects 17 and 28: the page that the computed tokens fill in part becomes a node under a short
// key. With 28 it counts as published from now on. With 17 it waits for the rest of its tokens, and
// its key is to grow with it.
template <sync_layer Sync>
void historical_cache<Sync>::publish_partial(lease_type& l, std::size_t computed_tokens) {
  const bool counts = is_on(defect::partial_page_is_published);
  if (!counts && !is_on(defect::partial_page_changes_its_key)) return;
  const std::size_t begin = l.cached_ * config_.tokens_per_page;
  if (computed_tokens <= begin) return;
  const std::span<const token> block = std::span<const token>(l.tokens_).subspan(begin, computed_tokens - begin);
  if (l.partial_ != no_node) return trie_.complete(l.partial_, block);
  const node_id n = trie_.attach(l.end_, l.space_, block, l.pages_[l.cached_]);
  if (!counts) {
    trie_.pin(n);
    l.partial_ = n;
    return;
  }
  pool_.mark_cached(l.pages_[l.cached_]);
  stored(n, l, block);
  l.end_ = n;
  ++l.cached_;
  l.cached_tokens_ = computed_tokens;
}

template <sync_layer Sync>
void historical_cache<Sync>::end_partial(lease_type& l) {
  if (l.partial_ == no_node) return;
  trie_.unpin(l.partial_);
  trie_.detach(std::exchange(l.partial_, no_node));
}

// Defect 5: as if the later pages had never been published.
template <sync_layer Sync>
void historical_cache<Sync>::rewind(lease_type& l, std::size_t full) {
  for (; l.cached_ > full; --l.cached_) l.end_ = trie_.parent(l.end_);
  l.cached_tokens_ = full * config_.tokens_per_page;
}

template <sync_layer Sync>
void historical_cache<Sync>::give_duplicate_back(lease_type& l, page_id own) {
  if (is_on(defect::duplicates_are_dropped)) return;
  if (is_on(defect::duplicates_are_reset_without_the_lock) || is_on(defect::any_releaser_frees_duplicates)) {
    return duplicates_.append(own);
  }
  if (is_on(defect::duplicates_stay_allocated) || is_on(defect::publish_frees_duplicates_again))
    l.duplicates_.push_back(own);
  pool_.put(own);
}

template <sync_layer Sync>
status historical_cache<Sync>::release(lease_type& l) {
  if (!l.is_open()) return release_again(l);
  if (l.cache_ != this) return status::invalid_argument;
  const bool unpins_later =
      is_on(defect::release_unpins_without_the_lock) || is_on(defect::releases_unpin_without_the_lock);
  {
    const guard lock(mutex_);
    end_partial(l);
    free_private_pages(l);
    if (is_on(defect::any_releaser_frees_duplicates)) duplicates_.free_all([&](page_id page) { pool_.put(page); });
    ticks_.set(ticks_.get() + 1);
    trie_.use(l.end_, ticks_.get());
    if (!unpins_later) unpin(l);
    counters_.open_leases.subtract(1);
  }
  if (unpins_later) unpin(l);
  if (is_on(defect::duplicates_are_reset_without_the_lock)) {
    duplicates_.free_all([&](page_id page) {
      const guard lock(mutex_);
      pool_.put(page);
    });
  }
  if (!l.pages_.empty()) queue_.pages_came(l.id_);
  l.close();
  return status::ok;
}

template <sync_layer Sync>
void historical_cache<Sync>::free_private_pages(lease_type& l) {
  if (is_on(defect::release_frees_every_allocated_page)) {
    for (std::uint32_t i = 0; i < config_.pages; ++i) {
      if (pool_.state(page_id(i)) == page_state::leased) pool_.put(page_id(i));
    }
    return;
  }
  if (is_on(defect::duplicates_stay_allocated)) {
    for (const page_id page : l.duplicates_) {
      if (pool_.state(page) != page_state::free) pool_.put(page);
    }
  }
  if (is_on(defect::publisher_keeps_its_tail) && l.cached_ > l.found_) return;
  const std::size_t full = l.token_count() / config_.tokens_per_page;
  const std::size_t freed = is_on(defect::partial_page_is_kept) ? std::min(full, l.pages_.size()) : l.pages_.size();
  for (std::size_t i = l.cached_; i < freed; ++i) {
    pool_.put(l.pages_[i]);
    if (is_on(defect::pages_are_freed_twice)) l.released_.push_back(l.pages_[i]);
  }
}

// Of a lease that is closed: without a mistake it does nothing.
template <sync_layer Sync>
status historical_cache<Sync>::release_again(lease_type& l) {
  if (l.cache_ != this) return status::ok;
  if (is_on(defect::pages_are_freed_twice)) {
    const guard lock(mutex_);
    for (const page_id page : l.released_) pool_.put(page);
    l.released_.clear();
  }
  if (is_on(defect::second_release_unpins)) {
    const guard lock(mutex_);
    unpin(l);
    l.pinned_ = no_node;
  }
  return status::ok;
}

}  // namespace triecheck::historical
