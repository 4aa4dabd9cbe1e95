// The operations of the historical cache: part of historical_cache.h, which includes it.
#pragma once

#include "checks/historical/historical_cache.h"

namespace triecheck::historical {

template <sync_layer Sync>
auto historical_cache<Sync>::lookup(std::span<const token> tokens, key_space space) -> lease_type {
  lease_type l;
  l.space_ = space;
  l.pages_.reserve(tokens.size() / config_.tokens_per_page);
  const bool pins_later = is_on(defect::match_and_pin_are_apart);
  {
    const guard lock(mutex_);
    match(l, tokens);
    open(l);
    if (!pins_later && !is_on(defect::lookup_does_not_pin)) pin(l, l.end_);
    counters_.lookups.add(1);
    counters_.looked_up_pages.add(tokens.size() / config_.tokens_per_page);
    counters_.hit_pages.add(l.cached_);
  }
  if (pins_later) {
    const guard lock(mutex_);
    pin(l, l.end_);
  }
  return l;
}

template <sync_layer Sync>
void historical_cache<Sync>::match(lease_type& l, std::span<const token> tokens) {
  const std::size_t span_tokens = config_.tokens_per_page;
  for (std::size_t at = 0; at + span_tokens <= tokens.size(); at += span_tokens) {
    const node_id child = trie_.match_child(l.end_, l.space_, tokens.subspan(at, span_tokens));
    if (child == no_node) break;
    l.pages_.push_back(trie_.page(child));
    l.end_ = child;
  }
  l.looked_up_ = l.end_;
  l.cached_ = l.found_ = l.pages_.size();
  l.cached_tokens_ = l.cached_ * span_tokens;
  l.append(tokens.first(l.cached_tokens_));
}

template <sync_layer Sync>
status historical_cache<Sync>::allocate(lease_type& l, std::span<const token> tokens, std::size_t extra_slots) {
  if (const status s = l.usable_in(*this); s != status::ok) return s;
  const std::optional<std::size_t> shortage = l.shortage(tokens.size(), extra_slots, config_);
  if (!shortage) {
    const guard lock(mutex_);
    counters_.refused_too_large.add(1);
    return status::request_too_large;
  }
  l.reserve_pages(*shortage);
  if (!is_on(defect::pages_are_taken_before_all_else)) l.reserve_tokens(tokens.size());
  if (*shortage != 0 && !take_for(l, *shortage)) return status::cache_full;
  if (*shortage == 0) {
    const bool pins_now = is_on(defect::lookup_does_not_pin) && l.pinned_ == no_node;
    const bool unpins = is_on(defect::pin_comes_with_pages);
    if (pins_now || unpins) {
      const guard lock(mutex_);
      pins_now ? pin(l, l.end_) : unpin(l);
    }
  }
  l.append(tokens);
  return status::ok;
}

template <sync_layer Sync>
bool historical_cache<Sync>::take_for(lease_type& l, std::size_t count) {
  if (is_on(defect::eviction_and_taking_are_apart)) return take_after_evictions(l, count);
  const bool counts_before = is_on(defect::shortfall_is_counted_without_the_lock);
  const std::size_t before = counts_before ? pool_.free_count() : 0;
  const guard lock(mutex_);
  const bool pins_meanwhile = is_on(defect::refusal_keeps_its_pin);
  if (pins_meanwhile) trie_.pin(l.end_);
  if (!take_pages(l.pages_, count, counts_before ? before : pool_.free_count(), l.id_)) return false;
  if (pins_meanwhile) trie_.unpin(l.end_);
  if (is_on(defect::lookup_does_not_pin) && l.pinned_ == no_node) pin(l, l.end_);
  return true;
}

// Defect 8: what it evicts is free for everybody before it takes it, and it does not try again.
template <sync_layer Sync>
bool historical_cache<Sync>::take_after_evictions(lease_type& l, std::size_t count) {
  std::size_t lacking = 0;
  {
    const guard lock(mutex_);
    if (pool_.free_count() < count) lacking = count - pool_.free_count();
    if (lacking == 0) take_free(l.pages_, count, l.id_);
  }
  if (lacking == 0) return true;
  static_cast<void>(evict(lacking));
  const guard lock(mutex_);
  if (pool_.free_count() < count) return refuse();
  take_free(l.pages_, count, l.id_);
  return true;
}

// `counted_free`: how many pages are free, as the caller counted them.
template <sync_layer Sync>
bool historical_cache<Sync>::take_pages(std::vector<page_id>& pages, std::size_t count, std::size_t counted_free,
                                        lease_id holder) {
  const std::size_t free = pool_.free_count();
  if (free < count && free + evictable_count() < count) {
    if (is_on(defect::refusal_has_flushed_the_cache)) evict_oldest(config_.pages);
    return refuse();
  }
  if (counted_free < count) evict_oldest(count - counted_free);
  if (pool_.free_count() < count) return refuse();
  take_free(pages, count, holder);
  return true;
}

template <sync_layer Sync>
std::size_t historical_cache<Sync>::evictable_count() const {
  count_chain_pins();
  std::size_t count = 0;
  trie_.for_each([&](node_id n) { count += chain_pins_[static_cast<std::size_t>(n)] == 0; });
  return count;
}

template <sync_layer Sync>
auto historical_cache<Sync>::fork(const lease_type& l) -> fork_result_type {
  fork_result_type r;
  r.result = l.usable_in(*this);
  if (r.result != status::ok) return r;
  lease_type forked;
  if (is_on(defect::beams_share_one_lease)) {
    r.forked.share(l);
    return r;
  }
  forked.copy_prefix(l);
  const std::size_t written = l.written_pages(config_.tokens_per_page);
  r.copies.reserve(written - l.cached_);
  const bool pins_later = is_on(defect::fork_pins_without_the_lock);
  {
    const guard lock(mutex_);
    const std::size_t wanted = l.private_pages().size();
    const auto id = lease_id(next_lease_.get());
    if (!take_pages(forked.pages_, wanted, pool_.free_count(), id)) {
      if (!is_on(defect::fork_goes_without_a_page)) {
        r.result = status::cache_full;
        return r;
      }
      take_free(forked.pages_, std::min(wanted, pool_.free_count()), id);
    }
    open(forked);
    if (!pins_later) pin(forked, l.end_);
  }
  if (pins_later) pin(forked, l.end_);
  for (std::size_t i = l.cached_; i < std::min(written, forked.pages_.size()); ++i)
    r.copies.push_back({l.pages_[i], forked.pages_[i]});
  r.forked = std::move(forked);
  return r;
}

template <sync_layer Sync>
cache_snapshot historical_cache<Sync>::snapshot() const {
  const guard lock(mutex_);
  cache_snapshot s = inspected().snapshot();
  std::vector<node_id> unpinned;
  trie_.for_each([&](node_id n) {
    if (chain_pins_[static_cast<std::size_t>(n)] == 0) unpinned.push_back(n);
  });
  std::sort(unpinned.begin(), unpinned.end(), [this](node_id a, node_id b) { return trie_.is_evicted_before(a, b); });
  for (const node_id n : unpinned) s.eviction_order.push_back(trie_.page(n));
  return s;
}

}  // namespace triecheck::historical

#include "checks/historical/publication.h"  // IWYU pragma: export
