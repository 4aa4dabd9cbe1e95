// The cache under one lock: what `coarse` and `rwlock` share. They differ in the lock, in how lookups hold it, and in
// the counts that lookups change meanwhile: the parameter `Locking`. Which page is evicted next is the parameter
// `Policy` (eviction.h).
//
// Guarantees: every operation takes effect in one step while the lock is held (its linearization point), the order of
// the policy is exact, `cache_full` is exact and evicts nothing. Progress: blocking. A thread stopped inside an
// operation stops all others; one stopped inside a lookup of `rwlock` stops all but lookups.
// Cost: O(tokens touched) per operation, O(1) amortised per evicted page, independent of the size of the pool.
//
// Invariants (numbers as in the documentation of the checks): the page is the node; `trie_.pins(p)` is the number of
// open leases with p in their chain (I4); a forgotten node has pins (I11); `unpinned_` knows every node without pins
// and the order of eviction, and `unpinned_count_` is their number (I6). A lookup may pin a node without notifying the
// policy, which it must not change: such a node stays in the policy until an eviction comes past it, or until its last
// pin is dropped.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "../events.h"
#include "../lease.h"
#include "../lockfree/page_queue.h"
#include "../pages/block_keys.h"
#include "../pages/inspection.h"
#include "../pages/lease_buffers.h"
#include "../pages/page_records.h"
#include "../pages/prefix_hashes.h"
#include "../pages/subtree.h"
#include "../policies/eviction.h"
#include "../policies/recency_list.h"
#include "../sync/sync.h"
#include "../types.h"
#include "counts.h"
#include "page_pool.h"
#include "page_trie.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync, class Locking, eviction_policy Policy = recency_list<Sync>>
class locked_cache {
 public:
  using policy = Policy;
  using sync_type = Sync;
  using lease_type = lease<locked_cache>;
  using fork_result_type = fork_result<locked_cache>;
  using page_place = typename page_queue<Sync>::place;

  /// Whether `available` counts a page that several leases have in their chains only once.
  static constexpr bool counts_shared_pages_once = true;

  /// An empty cache. Throws std::invalid_argument unless 1 <= pages < 2^32 - 1 and tokens_per_page >= 1.
  explicit locked_cache(cache_config config)
      : config_(checked(config)),
        records_(config.pages, config.tokens_per_page),
        pool_(records_.template fields<typename page_pool<Sync>::per_page>(), config.pages),
        trie_(records_.template fields<typename trie_type::per_page>(),
              records_.template fields<typename page_pool<Sync>::per_page>().part(&page_pool<Sync>::per_page::note),
              records_.rows(), config),
        unpinned_(records_.template fields<typename Policy::per_page>(), config.pages) {
    Sync::label(mutex_, "cache.mutex");
    next_lease_.label("cache.next_lease");
    unpinned_count_.label("cache.unpinned");
  }

  locked_cache(const locked_cache&) = delete;
  locked_cache& operator=(const locked_cache&) = delete;

  /// Requires that every lease was released.
  ~locked_cache() { Sync::require(counters_.open_leases.get() == 0, "no lease outlives its cache"); }

  const cache_config& config() const noexcept { return config_; }

  /// Reports every change from now on to `s` (events.h), in place of the previous subscriber. Requires that nothing
  /// else runs.
  void subscribe(cache_events& s) noexcept { events_.send_to(s); }

  /// A lease on the longest chain of nodes of `space` that matches the leading full blocks of `prompt`: tokens and
  /// keys. Throws std::bad_alloc with nothing changed; in steady state it asks for no memory.
  [[nodiscard]] lease_type lookup(const keyed_tokens& prompt, key_space space = {}) {
    const std::span<const token> tokens = findable_tokens<Sync>(prompt);
    const std::size_t blocks = tokens.size() / config_.tokens_per_page;
    lease_type l;
    l.space_ = space;
    buffers_.lend(l.pages_, l.unpublished_);
    l.expect_pages(blocks);
    const read_guard lock(mutex_);
    const pins_of_lookup pinned{*this, l};
    each_match(tokens, prompt.keys, space, [&](page_id page) {
      l.pages_.push_back(page);
      pin(page);
    });
    open(l);  // nothing throws from here on
    l.cached_ = l.pages_.size();
    l.token_count_ = l.cached_ * config_.tokens_per_page;
    l.looked_up_ = blocks;
    add(counters_.lookups, 1);
    add(counters_.looked_up_pages, l.looked_up_);
    add(counters_.hit_pages, l.cached_);
    return l;
  }

  /// How much of `prompt` is cached in `space`: what a lookup would find now. It pins nothing, so the pages may be
  /// evicted before the next call; it renews no recency, and no statistics count it. Asks for no memory. O(tokens
  /// touched).
  [[nodiscard]] cached_prefix match(const keyed_tokens& prompt, key_space space = {}) const {
    const std::span<const token> tokens = findable_tokens<Sync>(prompt);
    const read_guard lock(mutex_);
    std::size_t pages = 0;
    each_match(tokens, prompt.keys, space, [&](page_id) { ++pages; });
    return {pages, pages * config_.tokens_per_page};
  }

  /// Appends the tokens of `more` to the lease and adds private pages until its pages hold all its tokens and
  /// `extra_slots` more. With `free_only` nothing is evicted, and `cache_full` says that the free pages alone did not
  /// suffice.
  ///
  /// The keys of `more` name blocks from the beginning of the lease, as those of its lookup do: one list serves both,
  /// and every part of a prompt. A block gets its key when its first token comes, or later as long as it is not full
  /// and has none; it keeps that key when later calls fill it. Keys of cached blocks, and of blocks that have no token
  /// yet, are ignored. To name a block with another key than it has is a broken contract, which asserts, and is
  /// `invalid_argument` without assertions.
  ///
  /// Errors:
  /// - `request_too_large`: the lease would hold more pages than there are. Nothing happened.
  /// - `cache_full`: free pages and eviction together cannot cover the need. Nothing was evicted.
  /// - `lease_closed`, `invalid_argument`.
  /// Throws std::bad_alloc with nothing changed.
  [[nodiscard]] status allocate(lease_type& l, const keyed_tokens& more, std::size_t extra_slots = 0,
                                page_source source = page_source::free_and_evicted) {
    if (const status s = l.template appendable_in<Sync>(*this, more, config_.tokens_per_page); s != status::ok)
      return s;
    const std::optional<std::size_t> shortage = l.shortage(more.tokens.size(), extra_slots, config_);
    if (!shortage) {
      const guard lock(mutex_);
      add(counters_.refused_too_large, 1);
      return l.refused(status::request_too_large);
    }
    l.reserve_more(*shortage, more);
    if (*shortage != 0) {
      const guard lock(mutex_);
      if (!take_pages(l, *shortage, l.id_, source)) return l.refused(status::cache_full);
    }
    l.append(more, config_.tokens_per_page);
    return status::ok;
  }

  /// Publishes the private pages that the first `computed_tokens` tokens of the lease fill, in order: they become
  /// nodes. What is cached already stays so. Where a block is cached already, the lease takes over that node's page and
  /// its own becomes free.
  ///
  /// Below a forgotten page nothing is published: the pages stay private (forget).
  ///
  /// With the policy `priority`, `wanted` says how much these pages are worth, and until when; it does not apply to the
  /// pages that were cached in the lease before.
  ///
  /// Requires that the contents of these pages are computed: from here on other requests read them.
  /// Errors: `lease_closed`, `invalid_argument`; more tokens than the lease holds are a broken contract, which asserts,
  /// and is `invalid_argument` without assertions. Then nothing is changed.
  [[nodiscard]] status publish(lease_type& l, std::size_t computed_tokens, typename Policy::terms wanted = {}) {
    if (const status s = l.template publishable_in<Sync>(*this, computed_tokens); s != status::ok) return s;
    const std::size_t span_tokens = config_.tokens_per_page;
    const std::size_t full = l.pages_to_publish(computed_tokens, span_tokens);
    if (full == l.cached_) return status::ok;
    const std::size_t first = l.cached_;
    std::size_t adopted = 0;
    {
      const guard lock(mutex_);
      page_id parent = first == 0 ? no_page : l.pages_[first - 1];
      if (parent != no_page && trie_.is_forgotten(parent)) return status::ok;
      const std::uint64_t before = first == 0 ? root_hash(trie_.hashes_by(), l.space_) : trie_.hash(parent);
      keys_along keys(l.keys());
      prefix_hashes hashes(trie_, before, l.unpublished_, span_tokens, keys, first);
      for (; l.cached_ < full; ++l.cached_) {
        const auto block = l.unpublished_block(l.cached_ - first, span_tokens);
        adopted += !publish_page({l.space_, parent, hashes.next(), block, keys.of(l.cached_)}, l.pages_[l.cached_]);
        parent = l.pages_[l.cached_];
        unpinned_.keep(parent, wanted);
      }
    }
    if (adopted != 0) queue_.pages_came();
    l.forget_published((full - first) * span_tokens);
    return status::ok;
  }

  /// Keeps the first `kept_tokens` tokens of the lease, and makes the private pages that hold none of them free; with
  /// l.token_count() these are the pages of `extra_slots` alone. The cached prefix stays, with its tokens, whatever the
  /// number is.
  ///
  /// Requires that no thread reads or writes the returned pages.
  /// Errors: `lease_closed`, `invalid_argument`; more tokens than the lease holds are a broken contract, which asserts,
  /// and is `invalid_argument` without assertions. Then nothing is changed.
  status shrink(lease_type& l, std::size_t kept_tokens) {
    if (const status s = l.template shrinkable_in<Sync>(*this, kept_tokens); s != status::ok) return s;
    const std::span<const page_id> returned = l.pages_behind(kept_tokens, config_.tokens_per_page);
    if (!returned.empty()) {
      {
        const guard lock(mutex_);
        for (const page_id page : returned) pool_.put(page);
      }
      queue_.pages_came(l.id_);
    }
    l.shorten(returned.size(), kept_tokens, config_.tokens_per_page);
    return status::ok;
  }

  /// Forgets the page that the full blocks of `prompt` end on in `space`, and all that is cached below it: no lookup
  /// and no match finds them any more. With less than a block, forgets everything that is cached in `space`. What no
  /// lease pins is free at once. What leases have in their chains stays theirs, and becomes free when the last of them
  /// is released; what they publish below it stays private. The same prefix can be published again at once. Returns
  /// whether something was cached there.
  ///
  /// Subscribers receive `removed` of every forgotten page now, pinned ones included. Throws std::bad_alloc with
  /// nothing changed. O(pages).
  bool forget(const keyed_tokens& prompt, key_space space = {}) {
    if (!are_in_order<Sync>(prompt.keys)) return false;
    subtree gone(config_.pages);
    {
      const guard lock(mutex_);
      if (!find_forgettable(prompt, space, gone)) return false;
      const auto pages = gone.pages();
      for (std::size_t i = pages.size(); i-- > 0;) {
        trie_.forget(pages[i]);
        events_.removed(pages[i]);
        if (trie_.pins(pages[i]) == 0) fall_forgotten(pages[i]);
      }
    }
    queue_.pages_came();
    return true;
  }

  /// Frees the private pages, drops the pins and notifies the policy, for which the chain is now the most recent one. A
  /// second release does nothing. With the policy `priority`, `wanted` says how much the chain is worth, and until
  /// when; a lease that goes out of scope asks for nothing. Errors: `invalid_argument`.
  status release(lease_type& l, typename Policy::terms wanted = {}) {
    if (!l.is_open()) return status::ok;
    if (l.cache_ != this) return status::invalid_argument;
    {
      const guard lock(mutex_);
      for (const page_id page : l.private_pages()) pool_.put(page);
      for (std::size_t i = l.cached_; i-- > 0;) unpin(l.pages_[i], wanted);
      for (std::size_t i = l.cached_; i-- > 0 && trie_.is_forgotten(l.pages_[i]);) {
        if (trie_.pins(l.pages_[i]) == 0) fall_forgotten(l.pages_[i]);
      }
      if (l.was_refused()) counters_.add_refused(l.looked_up_, l.cached_);
      counters_.open_leases.subtract(1);
    }
    if (!l.pages_.empty()) queue_.pages_came(l.id_);
    buffers_.keep(l.pages_, l.unpublished_);
    l.close();
    return status::ok;
  }

  /// A second lease on the same cached prefix, with as many private pages; the caller copies the contents of the pairs
  /// in `copies`. The first lease is unchanged. Errors: as `allocate`.
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
      const guard lock(mutex_);
      if (!take_pages(forked, l.private_pages().size(), lease_id(next_lease_.get()))) {
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

  /// Sets the clock to `now`, in a unit that the caller chooses: what was asked for until then, or until an earlier
  /// time, no longer counts. The clock of a new cache says 0; an earlier time than before changes nothing. O(log pages)
  /// for each page whose priority expires.
  void set_time(std::uint64_t now) requires has_clock<Policy> {
    const guard lock(mutex_);
    unpinned_.set_time(now);
  }

  /// Frees up to `count` pages, in the order of the policy; returns how many.
  std::size_t evict(std::size_t count) {
    const guard lock(mutex_);
    return evict_oldest(count);
  }

  /// Evicts until nothing is evictable; returns how many pages that freed.
  std::size_t clear() {
    const guard lock(mutex_);
    return clear_all();
  }

  /// Clears, then names every page that is not free: `pages_lost` when there is one. The cache stays usable.
  shutdown_report shutdown() {
    const guard lock(mutex_);
    const std::size_t evicted = clear_all();
    shutdown_report report = inspected().lost_pages();
    report.evicted = evicted;
    return report;
  }

  /// A place in the queue for pages (page_queue.h). Throws std::bad_alloc with nothing changed.
  [[nodiscard]] page_place queue_for_pages() { return page_place(queue_); }

  /// Wakes all threads that wait for pages: their `wait` returns false, once, where it is not their turn.
  void wake_waiting() { queue_.wake_waiting(); }

  /// All counters and gauges at one instant; where lookups share the lock, each count of lookups is of a different
  /// instant.
  cache_stats stats() const {
    const read_guard lock(mutex_);
    cache_stats s = counters_.get();
    s.free_pages = pool_.free_count();
    s.cached_pages = s.published_pages - s.evicted_pages;
    s.private_pages = config_.pages - s.free_pages - s.cached_pages;
    return s;
  }

  /// What an allocation could have, at one instant. O(1).
  available_pages available() const {
    const guard lock(mutex_);
    const std::uint64_t cached = counters_.published_pages.get() - counters_.evicted_pages.get();
    const std::uint64_t free = pool_.free_count();
    const std::uint64_t evictable = unpinned_count_.get();
    return {.free_pages = free,
            .evictable_pages = evictable,
            .pinned_pages = cached - evictable,
            .private_pages = config_.pages - free - cached};
  }

  /// The whole cache at one instant, for checks and diagnosis. O(pages x tokens per page).
  cache_snapshot snapshot() const {
    const guard lock(mutex_);
    cache_snapshot s = inspected().snapshot();
    s.eviction_order.reserve(config_.pages);
    unpinned_.in_order(trie_, [&](page_id page) { s.eviction_order.push_back(page); });
    return s;
  }

 private:
  using guard = typename Locking::guard;
  using read_guard = typename Locking::read_guard;
  using counter = typename Locking::template count<std::uint64_t>;
  using trie_type = page_trie<Sync, typename Locking::template count<std::uint32_t>>;

  static void add(counter& c, std::uint64_t n) { c.add(n); }

  // What follows requires mutex_ in either mode.

  // Calls `found` for each node of the longest chain of `space` that matches the leading full blocks of `tokens`.
  // Inlined: with a call for each node a request whose prompt is cached has 4 % more instructions.
  template <class Found>
  [[gnu::always_inline]] void each_match(std::span<const token> tokens, std::span<const block_key> keys,
                                         key_space space, Found found) const {
    with_keys(keys, [&](auto along) { each_match_along(tokens, along, space, found); });
  }
  template <class Keys, class Found>
  [[gnu::always_inline]] void each_match_along(std::span<const token> tokens, Keys keys, key_space space,
                                               Found found) const {
    page_id parent = no_page;
    prefix_hashes hashes(trie_, root_hash(trie_.hashes_by(), space), tokens, config_.tokens_per_page, keys);
    std::size_t block = 0;
    for (std::size_t at = 0; at + config_.tokens_per_page <= tokens.size(); at += config_.tokens_per_page) {
      const page_id page = trie_.find_child(
          {space, parent, hashes.next(), tokens.subspan(at, config_.tokens_per_page), keys.of(block++)});
      if (page == no_page) break;
      found(page);
      parent = page;
    }
  }

  void open(lease_type& l) {
    l.cache_ = this;
    l.id_ = lease_id(next_lease_.fetch_add(1));
    add(counters_.open_leases, 1);
  }

  void pin(page_id page) {
    if (trie_.add_pin(page) == 0) unpinned_count_.subtract(1);
  }

  /// Drops the pins of a lookup that could not open its lease: there was no memory for a list that grew.
  struct pins_of_lookup {
    locked_cache& cache;
    const lease_type& found;

    ~pins_of_lookup() {
      if (found.cache_ != nullptr) return;
      for (const page_id page : found.pages_) {
        if (cache.trie_.drop_pin(page) == 0) cache.unpinned_count_.add(1);
      }
    }
  };

  // What follows requires mutex_ exclusively.

  auto inspected() const {
    return inspection(config_, pool_, trie_, [this](page_id page) { return trie_.pins(page); });
  }

  void unpin(page_id page, typename Policy::terms wanted) {
    const bool unpinned = trie_.drop_pin(page) == 0;
    unpinned_.keep(page, wanted);
    unpinned_.released(page, unpinned);
    if (unpinned) unpinned_count_.add(1);
  }

  // Every unpinned node can be evicted, leaves first, so their number is what eviction can yield: a refusal is known
  // before anything was evicted (I8).
  bool take_pages(lease_type& l, std::size_t count, lease_id holder,
                  page_source source = page_source::free_and_evicted) {
    const std::size_t evictable = source == page_source::free_only ? 0 : unpinned_count_.get();
    if (pool_.free_count() + evictable < count) {
      add(counters_.refused_full, 1);
      return false;
    }
    if (count > pool_.free_count()) evict_oldest(count - pool_.free_count());
    for (std::size_t i = 0; i < count; ++i) l.pages_.push_back(pool_.take(holder));
    add(counters_.allocated_pages, count);
    return true;
  }

  // `page` is the lease's own page with the contents of the block; afterwards it is the node under `k`. Returns whether
  // that is still the lease's own page.
  bool publish_page(const typename trie_type::key& k, page_id& page) {
    const page_id standing = trie_.find_child(k);
    if (standing == no_page) {
      pool_.mark_cached(page);
      trie_.attach(page, k, 1);
      unpinned_.published(page, k.parent);
      events_.stored({page, k.parent, k.space, k.hash, k.block, k.extra});
      add(counters_.published_pages, 1);
      return true;
    }
    pin(standing);
    pool_.put(page);
    page = standing;
    add(counters_.duplicate_pages, 1);
    return false;
  }

  // False where nothing is cached under the prompt.
  bool find_forgettable(const keyed_tokens& prompt, key_space space, subtree& found) const {
    std::size_t length = 0;
    page_id top = no_page;
    each_match(prompt.tokens, prompt.keys, space, [&](page_id page) {
      ++length;
      top = page;
    });
    const std::size_t blocks = prompt.tokens.size() / config_.tokens_per_page;
    if (length != blocks) return false;
    found.collect([&](page_id page) -> subtree::place {
      if (pool_.state(page) != page_state::cached || trie_.is_forgotten(page)) return {};
      const page_id parent = trie_.parent(page);
      const bool is_first = blocks == 0 && parent == no_page && trie_.space(page) == space;
      return {.is_top = is_first || page == top, .parent = parent};
    });
    return !found.pages().empty();
  }

  // Requires an unpinned node that is forgotten, with nothing below it.
  void fall_forgotten(page_id page) {
    unpinned_.remove(page);
    unpinned_.forgotten(page, trie_);
    pool_.put(page);
    unpinned_count_.subtract(1);
    add(counters_.evicted_pages, 1);
    add(counters_.forgotten_pages, 1);
  }

  std::size_t clear_all() {
    const std::size_t evicted = evict_oldest(unpinned_count_.get());
    events_.cleared(evicted);
    return evicted;
  }

  std::size_t evict_oldest(std::size_t count) {
    const std::size_t evicted = std::min(count, unpinned_count_.get());
    for (std::size_t left = evicted; left != 0;) {
      const page_id page = unpinned_.oldest();
      unpinned_.remove(page);
      if (trie_.pins(page) != 0) continue;
      trie_.detach(page);
      unpinned_.evicted(page, trie_);
      events_.removed(page);
      pool_.put(page);
      --left;
    }
    unpinned_count_.subtract(evicted);
    add(counters_.evicted_pages, evicted);
    return evicted;
  }

  // Constant after construction.
  const cache_config config_;

  lease_buffers<Sync> buffers_{{}, config_};  // each thread has its own
  event_source events_;
  page_queue<Sync> queue_;  // evictions do not notify it: a refusal counts what can be evicted as if it were free

  // Guarded by mutex_; of these, lookups in shared mode change counts alone.
  page_records<typename trie_type::shared_token, typename trie_type::per_page, typename page_pool<Sync>::per_page,
               typename Policy::per_page>
      records_;
  page_pool<Sync> pool_;
  trie_type trie_;
  Policy unpinned_;
  typename Locking::template count<std::size_t> unpinned_count_{0};
  cache_counters<counter> counters_;
  counter next_lease_{1};

  mutable typename Locking::mutex mutex_;
};

}  // namespace triecheck::inline v0_1
