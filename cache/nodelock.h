// The variant `nodelock`: a reader-writer lock per node; the index, the eviction order and the page pool have separate
// locks.
//
// When to use: several threads whose requests publish, allocate and release as often as they look up: operations in
// different parts of the trie do not meet, lookups of one prompt share all locks. When not: one thread and small pages,
// where a step down takes two locks that `coarse` does not take.
//
// Guarantees:
// - One atomic step per page and per pin, as the specification has them.
// - Recency is exact without concurrency (recency_list.h). With it, the node that is evicted was the oldest a moment
//   ago.
// - `cache_full` is exact. It evicts nothing, unless others concurrently pin what it counted on (see allocate).
// - Counters never lose a count; each is added at most a moment after its step.
// - Only `shutdown` and `snapshot` require a cache at rest: there is no order in which all nodes could be locked at
//   once.
// Progress: blocking, and a waiting writer may be overtaken (sync.h). A thread stopped in a lookup blocks those that
// change the nodes that it holds (two at most); one stopped in an eviction, those that need one; one stopped in the
// pool or in the order, all that get there.
// Cost: O(tokens touched) per operation, O(1) amortised per evicted page; a chain costs two locks per page, one at a
// time. A refusal: O(pages asked for), and a look at each listed node that has pins or children.
//
// Invariants (numbers as in the documentation of the checks). A lease pins only the node that its chain ends on:
// `trie_.pins(p)` are the open leases that end on p (own pins, I4). A node with children is not evicted.
// N1  The lock of a node (of a root stripe, for the children of the root) guards which children it has: an edge is
//     attached or detached under the exclusive lock of the parent. So the children of a locked node stay.
// N2  Own pins grow under the node's lock or its parent's, in either mode, or while the same thread has another pin on
//     it (fork). They shrink under `order_lock_`, or under the exclusive lock of the node where a child takes over
//     (publish). A node is evicted under both exclusive locks, its parent's and its own, and its pins are read with
//     `order_lock_` held as well: none can come or go meanwhile.
// N3  A node without own pins and children is on `order_` whenever its lock, its parent's and `order_lock_` are free:
//     so an empty list under `order_lock_` says that nothing is evictable (I6), and a refusal under it is exact (I8). A
//     listed node may be pinned or have children: the next eviction that comes to it takes it off, and its next
//     release, or the eviction of its last child, lists it again.
// N4  A forgotten node is marked under its own exclusive lock and its parent's, by the thread that holds eviction_. It
//     is in no bucket, and nothing is attached below it. The thread that drops its last reference, under order_lock_,
//     frees it with eviction_ held. A refusal holds eviction_ too, so it never happens while pages are being freed.
//
// Lock order: eviction_ -> a root stripe -> nodes, parent before child -> a bucket, or order_lock_ -> pool_lock_. A
// thread holds two nodes at most, and one of each other kind; only a forget of a namespace holds all root stripes,
// locked in ascending order. Which of two pages is the parent changes with time, but not while the lock below the
// parent is held (N1), so no cycle of waiting threads can form.
//
// Linearization points:
// - lookup, match: the last step down, where the node that it ends on is held and has no matching child, or is the last
//   one asked for.
// - publish: each page at its attachment; where a cached node is adopted, when the duplicate is put back, under the
//   exclusive lock of the parent.
// - release, shrink: each page under pool_lock_, the pin under order_lock_.
// - allocate, fork: under pool_lock_ where free pages suffice; otherwise when the last page needed was evicted or found
//   free. A refusal: under order_lock_ and pool_lock_ together, with eviction_ held. Until then the pages that it has
//   taken count as free. Nobody can tell the difference, as no other thread may refuse meanwhile: an allocation of free
//   pages alone is refused under eviction_ and pool_lock_.
// - evict: each page when it is detached; the end, where the list is empty.
// - forget: when its page is marked, under the exclusive lock above it; of a namespace, under those of all root
//   stripes.
#pragma once

#include <algorithm>
#include <bit>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "events.h"
#include "lease.h"
#include "locked/counts.h"
#include "locked/fall_count.h"
#include "locked/hand_over_hand.h"
#include "locked/page_pool.h"
#include "locked/page_trie.h"
#include "lockfree/orders.h"
#include "lockfree/page_queue.h"
#include "pages/block_keys.h"
#include "pages/forgetting.h"
#include "pages/inspection.h"
#include "pages/lease_buffers.h"
#include "pages/page_records.h"
#include "pages/prefix_hashes.h"
#include "pages/subtree.h"
#include "policies/recency_list.h"
#include "sync/sync.h"
#include "types.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class nodelock_cache {
 public:
  using sync_type = Sync;
  using lease_type = lease<nodelock_cache>;
  using fork_result_type = fork_result<nodelock_cache>;
  using page_place = typename page_queue<Sync>::place;

  /// Whether `available` counts a page that several leases have in their chains only once.
  static constexpr bool counts_shared_pages_once = false;

  /// An empty cache. Throws std::invalid_argument unless 1 <= pages < 2^32 - 1 and tokens_per_page >= 1.
  explicit nodelock_cache(cache_config config)
      : config_(checked(config)),
        records_(config.pages, config.tokens_per_page),
        pool_(records_.template fields<typename page_pool<Sync>::per_page>(), config.pages),
        trie_(records_.template fields<typename trie_type::per_page>(),
              records_.template fields<typename page_pool<Sync>::per_page>().part(&page_pool<Sync>::per_page::note),
              records_.rows(), config),
        order_(records_.template fields<typename recency_list<Sync>::per_page>(), config.pages),
        stripes_(std::bit_floor(std::min(trie_.buckets(), most_stripes))),
        nodes_(records_.template fields<node>()),
        root_locks_(std::make_unique<node_mutex[]>(stripes_)),
        bucket_locks_(std::make_unique<node_mutex[]>(stripes_)) {
    Sync::label(eviction_, "cache.eviction");
    Sync::label(order_lock_, "cache.order_lock");
    Sync::label(pool_lock_, "cache.pool_lock");
    next_lease_.label("cache.next_lease");
    private_pages_.label("stats.private_pages");
    forked_chains_.label("stats.forked_chains");
    released_chains_.label("stats.released_chains");
    cached_pages_.label("stats.cached_pages");
    for (std::size_t i = 0; i < config.pages; ++i) {
      nodes_[i].children.set(0);
      Sync::label(nodes_[i].lock, "node.lock", i);
      nodes_[i].children.label("node.children", i);
      Sync::label(nodes_[i].forgotten, "node.forgotten", i);
    }
    for (std::size_t i = 0; i < stripes_; ++i) {
      Sync::label(root_locks_[i], "root.lock", i);
      Sync::label(bucket_locks_[i], "bucket.lock", i);
    }
  }

  nodelock_cache(const nodelock_cache&) = delete;
  nodelock_cache& operator=(const nodelock_cache&) = delete;

  /// Requires that every lease was released.
  ~nodelock_cache() { Sync::require(counters_.open_leases.get() == 0, "no lease outlives its cache"); }

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
    // At the end the lock of the node is held, where the next block was not found, or that of the node above it (N2).
    for (bool stands = blocks == 0; !stands;) {
      const std::uint64_t before = forgetting_.now();
      l.pages_.clear();
      const auto pin_last = [&] {
        stands = l.pages_.empty() || chain_stands(l.pages_.back(), before);
        if (stands && !l.pages_.empty()) trie_.pin(l.pages_.back());
      };
      each_match(
          tokens, prompt.keys, blocks, space, [&](page_id page) { l.pages_.push_back(page); }, pin_last);
    }
    l.cached_ = l.pages_.size();
    l.token_count_ = l.cached_ * config_.tokens_per_page;
    l.looked_up_ = blocks;
    open(l);
    counters_.lookups.add(1);
    if (blocks != 0) counters_.looked_up_pages.add(blocks);
    if (l.cached_ != 0) counters_.hit_pages.add(l.cached_);
    return l;
  }

  /// How much of `prompt` is cached in `space`: what a lookup would find now. It pins nothing, so the pages may be
  /// evicted before the next call; it renews no recency, and no statistics count it. Asks for no memory. O(tokens
  /// touched).
  [[nodiscard]] cached_prefix match(const keyed_tokens& prompt, key_space space = {}) const {
    const std::span<const token> tokens = findable_tokens<Sync>(prompt);
    const std::size_t blocks = tokens.size() / config_.tokens_per_page;
    std::size_t pages = 0;
    for (bool stands = blocks == 0; !stands;) {
      const std::uint64_t before = forgetting_.now();
      page_id last = no_page;
      pages = 0;
      const auto note = [&](page_id page) {
        ++pages;
        last = page;
      };
      each_match(tokens, prompt.keys, blocks, space, note,
                 [&] { stands = last == no_page || chain_stands(last, before); });
    }
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
  /// - `cache_full`: free pages and eviction together cannot cover the need. Nothing was evicted, unless another call
  ///   pinned or took pages meanwhile: then fewer pages than the request lacked were evicted, and they stay free.
  /// - `lease_closed`, `invalid_argument`.
  /// Throws std::bad_alloc with nothing changed.
  [[nodiscard]] status allocate(lease_type& l, const keyed_tokens& more, std::size_t extra_slots = 0,
                                page_source source = page_source::free_and_evicted) {
    if (const status s = l.template appendable_in<Sync>(*this, more, config_.tokens_per_page); s != status::ok)
      return s;
    const std::optional<std::size_t> shortage = l.shortage(more.tokens.size(), extra_slots, config_);
    if (!shortage) {
      counters_.refused_too_large.add(1);
      return l.refused(status::request_too_large);
    }
    l.reserve_more(*shortage, more);
    if (*shortage != 0 && !take_pages(l, *shortage, l.id_, source)) return l.refused(status::cache_full);
    l.append(more, config_.tokens_per_page);
    return status::ok;
  }

  /// Publishes the private pages that the first `computed_tokens` tokens of the lease fill, in order: they become
  /// nodes. What is cached already stays so. Where a block is cached already, the lease takes over that node's page and
  /// its own becomes free.
  ///
  /// Below a forgotten page nothing is published: the pages stay private (forget). Concurrently with a forget they may
  /// become cached all the same; then no lookup finds them.
  ///
  /// Requires that the contents of these pages are computed: from here on other requests read them.
  /// Errors: `lease_closed`, `invalid_argument`; more tokens than the lease holds are a broken contract, which asserts,
  /// and is `invalid_argument` without assertions. Then nothing is changed.
  [[nodiscard]] status publish(lease_type& l, std::size_t computed_tokens) {
    if (const status s = l.template publishable_in<Sync>(*this, computed_tokens); s != status::ok) return s;
    const std::size_t full = l.pages_to_publish(computed_tokens, config_.tokens_per_page);
    if (full == l.cached_) return status::ok;
    const std::size_t first = l.cached_;
    private_pages_.subtract(full - first);  // before others can have a duplicate: see put_private
    const std::size_t attached = publish_pages(l, full);
    const std::size_t published = l.cached_ - first;
    if (published != full - first) private_pages_.add(full - first - published);
    l.forget_published(published * config_.tokens_per_page);
    if (attached != 0) cached_pages_.add(attached);
    if (attached != 0) counters_.published_pages.add(attached);
    if (attached != published) {
      counters_.duplicate_pages.add(published - attached);
      queue_.pages_came();
    }
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
      put_private(returned);
      queue_.pages_came(l.id_);
    }
    l.shorten(returned.size(), kept_tokens, config_.tokens_per_page);
    return status::ok;
  }

  /// Forgets the page that the full blocks of `prompt` end on in `space`, and all that is cached below it: no lookup
  /// and no match finds them any more. With less than a block, forgets everything that is cached in `space`. What no
  /// lease pins is free when this returns. What leases have in their chains stays theirs, and becomes free when the
  /// last of them is released; what they publish below it stays private. The same prefix can be published again at
  /// once. Returns whether something was cached there.
  ///
  /// Subscribers receive `removed` of every forgotten page, pinned ones included. Throws std::bad_alloc with nothing
  /// changed. Nothing is evicted meanwhile. O(pages), and as much again for each further pass that concurrent
  /// publications cause.
  bool forget(const keyed_tokens& prompt, key_space space = {}) {
    if (!are_in_order<Sync>(prompt.keys)) return false;
    subtree rest(config_.pages);
    std::vector<subtree::place> places(config_.pages);
    std::vector<page_id> path;
    std::vector<page_id> gone;
    gone.reserve(config_.pages);
    const std::size_t blocks = prompt.tokens.size() / config_.tokens_per_page;
    path.reserve(std::min(blocks, config_.pages));
    {
      const guard lock(eviction_);
      {
        const typename forgetting<Sync>::scope running(forgetting_);
        if (blocks == 0) {
          forget_first_pages(space, places, gone);
        } else {
          forget_end(prompt, blocks, space, path, gone);
        }
        if (!gone.empty()) forget_below(rest, places, gone);
      }
      for (std::size_t i = gone.size(); i-- > 0;) {
        events_.removed(gone[i]);
        if (drop_last(gone[i])) fall_forgotten(gone[i]);
      }
    }
    if (!gone.empty()) queue_.pages_came();
    return !gone.empty();
  }

  /// Frees the private pages, drops the pin and makes the chain the most recent one. A second release does nothing.
  /// Errors: `invalid_argument`.
  status release(lease_type& l) {
    if (!l.is_open()) return status::ok;
    if (l.cache_ != this) return status::invalid_argument;
    if (!l.private_pages().empty()) put_private(l.private_pages());
    if (l.cached_ != 0) unpin(l);
    if (l.was_refused()) counters_.add_refused(l.looked_up_, l.cached_);
    counters_.open_leases.subtract(1);
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
    const std::size_t own = l.private_pages().size();
    const lease_id id = next_id();
    if (own != 0 && !take_pages(forked, own, id)) {
      r.result = status::cache_full;
      return r;
    }
    open(forked, id);
    // The first lease pins the node already and is not released meanwhile: no lock is needed to pin it once more (N2).
    if (l.cached_ != 0) {
      trie_.pin(l.pages_[l.cached_ - 1]);
      forked_chains_.add(l.cached_);
    }
    for (std::size_t i = l.cached_; i < written; ++i) r.copies.push_back({l.pages_[i], forked.pages_[i]});
    r.forked = std::move(forked);
    return r;
  }

  /// Frees up to `count` pages, oldest first; returns how many.
  std::size_t evict(std::size_t count) {
    const guard lock(eviction_);
    const auto free = [&](page_id page) {
      const guard pool_guard(pool_lock_);
      pool_.put(page);
    };
    return evict_oldest(count, free, [] {});
  }

  /// Evicts until nothing is evictable; returns how many pages that freed.
  std::size_t clear() {
    const std::size_t evicted = evict(static_cast<std::size_t>(-1));
    events_.cleared(evicted);
    return evicted;
  }

  /// Clears, then names every page that is not free: `pages_lost` when there is one. The cache stays usable.
  /// Requires that no other operation runs.
  shutdown_report shutdown() {
    const std::size_t evicted = clear();
    shutdown_report report = inspected().lost_pages();
    report.evicted = evicted;
    return report;
  }

  /// A place in the queue for pages (page_queue.h). Throws std::bad_alloc with nothing changed.
  [[nodiscard]] page_place queue_for_pages() { return page_place(queue_); }

  /// Wakes all threads that wait for pages: their `wait` returns false, once, where it is not their turn.
  void wake_waiting() { queue_.wake_waiting(); }

  /// Each counter and gauge is of a different instant.
  cache_stats stats() const {
    cache_stats s = counters_.get();
    s.cached_pages = cached_pages_.get();
    s.private_pages = private_pages_.get();
    const guard lock(pool_lock_);
    s.free_pages = pool_.free_count();
    return s;
  }

  /// What an allocation could have: each number is of a different instant. A page that several leases have in their
  /// chains counts as pinned for each of them, up to all cached pages: so at least `evictable_pages` are evictable, and
  /// more where requests share prefixes. O(1).
  available_pages available() const {
    std::uint64_t released = 0;
    {
      const guard lock(order_lock_);  // first: no chain is seen released that was not seen taken
      released = released_chains_.get();
    }
    const cache_stats s = counters_.get();
    const std::uint64_t cached = cached_pages_.get();
    const std::uint64_t held = s.hit_pages + s.published_pages + s.duplicate_pages + forked_chains_.get() - released;
    const std::uint64_t pinned = std::min(held, cached);
    available_pages a{.free_pages = 0,
                      .evictable_pages = cached - pinned,
                      .pinned_pages = pinned,
                      .private_pages = private_pages_.get()};
    const guard lock(pool_lock_);
    a.free_pages = pool_.free_count();
    return a;
  }

  /// The whole cache, for checks and diagnosis. Requires that no operation runs. O(pages x tokens per page), and for
  /// each node that a lease ends on the length of its chain.
  cache_snapshot snapshot() const {
    cache_snapshot s = inspected().snapshot();
    s.eviction_order = future_evictions();
    return s;
  }

 private:
  using node_mutex = typename Sync::shared_mutex;
  using plain_mutex = typename Sync::mutex;
  using guard = typename Sync::template exclusive_guard<plain_mutex>;
  using write_guard = typename Sync::template exclusive_guard<node_mutex>;
  using read_guard = typename Sync::template shared_guard<node_mutex>;
  using counter = atomic_count<Sync, std::uint64_t>;
  using trie_type = page_trie<Sync, atomic_count<Sync, std::uint32_t>>;

  // More stripes than threads that could be inside at once; 1,024 are 56 KiB for the roots, and as much for the
  // buckets.
  static constexpr std::size_t most_stripes = 1024;

  struct node {
    mutable node_mutex lock;
    atomic_count<Sync, std::uint32_t> children;             // changed under the exclusive lock; see count_evictable
    typename Sync::template atomic<bool> forgotten{false};  // N4
  };

  // Knows the key of the hashes and prefetches buckets, nothing else: the nodes in a bucket may be read under its lock
  // only.
  struct bucket_fetcher {
    const trie_type& index;
    const hash_key& hashes_by() const noexcept { return index.hashes_by(); }
    std::size_t bucket_of(std::uint64_t hash) const noexcept { return index.bucket_of(hash); }
    void fetch_bucket(std::size_t bucket) const { index.fetch_bucket(bucket); }
    void fetch_first(std::size_t) const {}
  };

  lease_id next_id() { return lease_id(next_lease_.fetch_add(1)); }

  void open(lease_type& l) { open(l, next_id()); }
  void open(lease_type& l, lease_id id) {
    l.cache_ = this;
    l.id_ = id;
    counters_.open_leases.add(1);
  }

  node& at(page_id page) { return nodes_[page]; }
  const node& at(page_id page) const { return nodes_[page]; }
  // Guards the bucket of a hash: every bucket has one stripe, and there are no more stripes than buckets.
  node_mutex& bucket_lock(std::uint64_t hash) const { return bucket_locks_[trie_.bucket_of(hash) & (stripes_ - 1)]; }

  // What guards the edges below `parent` that lead to prefixes of that hash (N1). The root has many locks, so that the
  // first step of a lookup meets few others.
  node_mutex& lock_below(page_id parent, std::uint64_t hash) const {
    return parent == no_page ? root_locks_[trie_.bucket_of(hash) & (stripes_ - 1)] : at(parent).lock;
  }
  node_mutex& lock_below(const typename trie_type::key& k) const { return lock_below(k.parent, k.hash); }

  // Calls `found` for each node of the longest chain that matches the leading `blocks` >= 1 blocks. Calls `end` when
  // the chain is known, while the lock is held that keeps its last node in the trie.
  template <class Found, class End>
  void each_match(std::span<const token> tokens, std::span<const block_key> keys, std::size_t blocks, key_space space,
                  Found found, End end) const {
    with_keys(keys, [&](auto along) { each_match_along(tokens, along, blocks, space, found, end); });
  }
  template <class Keys, class Found, class End>
  void each_match_along(std::span<const token> tokens, Keys keys, std::size_t blocks, key_space space, Found found,
                        End end) const {
    const std::size_t span_tokens = config_.tokens_per_page;
    const bucket_fetcher ahead{trie_};
    prefix_hashes hashes(ahead, root_hash(trie_.hashes_by(), space), tokens, span_tokens, keys);
    typename trie_type::key k{space, no_page, hashes.next(), tokens.first(span_tokens), keys.of(0)};
    hand_over_hand<node_mutex, false> held(lock_below(k));
    for (std::size_t length = 0;;) {
      const page_id child = find_child(k);
      if (child != no_page) found(child);
      if (child == no_page || ++length == blocks) break;
      held.pass_on(at(child).lock);
      k = {space, child, hashes.next(), tokens.subspan(length * span_tokens, span_tokens), keys.of(length)};
    }
    end();
  }

  page_id find_child(const typename trie_type::key& k) const {
    const read_guard lock(bucket_lock(k.hash));
    return trie_.find_child(k);
  }

  // Publishes until `full` pages are cached; returns how many became nodes. The pin of the lease moves along the chain.
  // Until a node has its child, the lock that is held keeps it from being evicted; then the child does.
  std::size_t publish_pages(lease_type& l, std::size_t full) {
    const std::size_t first = l.cached_;
    const page_id end = first == 0 ? no_page : l.pages_[first - 1];
    const bucket_fetcher ahead{trie_};
    const std::uint64_t before = first == 0 ? root_hash(trie_.hashes_by(), l.space_) : trie_.hash(end);
    keys_along keys(l.keys());
    prefix_hashes hashes(ahead, before, l.unpublished_, config_.tokens_per_page, keys, first);
    typename trie_type::key k{l.space_, end, hashes.next(), l.unpublished_block(0, config_.tokens_per_page),
                              keys.of(first)};
    hand_over_hand<node_mutex, true> held(lock_below(k));
    if (end != no_page && is_forgotten(end)) return 0;  // no thread can mark what is held from here on (N4)
    if (end != no_page) trie_.unpin(end);
    for (std::size_t attached = 0;;) {
      const bool last = l.cached_ + 1 == full;
      attached += publish_page(k, l.pages_[l.cached_], last);
      const page_id parent = l.pages_[l.cached_++];
      if (last) return attached;
      held.pass_on(at(parent).lock);
      k = {l.space_, parent, hashes.next(), l.unpublished_block(l.cached_ - first, config_.tokens_per_page),
           keys.of(l.cached_)};
    }
  }

  // `page` is the lease's own page with the contents of the block; afterwards it is the node under `k`, pinned if
  // `pinned`. Returns whether that is still the lease's own page. Requires the exclusive lock below the parent.
  bool publish_page(const typename trie_type::key& k, page_id& page, bool pinned) {
    page_id standing;
    {
      const write_guard lock(bucket_lock(k.hash));
      standing = trie_.find_child(k);
      if (standing == no_page) trie_.attach(page, k, pinned ? 1 : 0);
    }
    if (standing == no_page) {
      pool_.mark_cached(page);
      if (k.parent != no_page) at(k.parent).children.add(1);
      events_.stored({page, k.parent, k.space, k.hash, k.block, k.extra});
      return true;
    }
    if (pinned) trie_.pin(standing);
    const guard lock(pool_lock_);
    pool_.put(page);
    page = standing;
    return false;
  }

  // Makes the chain of a lease the most recent one. The node that it ended on is listed even where others pin it or it
  // has children: its place then is by its latest release. Where it is forgotten, the deepest node above it that is not
  // forgotten is listed instead.
  void unpin(const lease_type& l) {
    const page_id page = l.pages_[l.cached_ - 1];
    bool falls = false;
    {
      const guard lock(order_lock_);
      released_chains_.add(l.cached_);
      trie_.unpin(page);
      std::size_t listed = l.cached_;
      while (listed != 0 && is_forgotten(l.pages_[listed - 1])) --listed;
      if (listed != 0) order_.push_newest(l.pages_[listed - 1]);
      falls = listed != l.cached_ && references(page) == 0;
    }
    if (!falls) return;
    const guard lock(eviction_);
    fall_forgotten(page);
  }

  bool is_forgotten(page_id page) const { return at(page).forgotten.load(orders::forgotten_look); }
  std::size_t references(page_id page) const { return std::size_t{trie_.pins(page)} + at(page).children.get(); }

  // Whether nothing of the chain that ends on the node was forgotten since `forgetting_.now()` answered `before`.
  // Requires a lock by which the node stays.
  bool chain_stands(page_id page, std::uint64_t before) const {
    if (forgetting_.is_quiet_since(before)) return true;
    for (; page != no_page; page = trie_.parent(page)) {
      if (is_forgotten(page)) return false;
    }
    return true;
  }

  // Makes private pages free. A gauge is lowered before other threads can have the page, and raised once it is taken:
  // at no instant does a gauge exceed the pool.
  void put_private(std::span<const page_id> pages) {
    private_pages_.subtract(pages.size());
    const guard lock(pool_lock_);
    for (const page_id page : pages) pool_.put(page);
  }

  // Appends `count` >= 1 pages to those of the lease, or none.
  bool take_pages(lease_type& l, std::size_t count, lease_id holder,
                  page_source source = page_source::free_and_evicted) {
    const auto look_again = [&] {
      return source == page_source::free_only ? take_free_beside_no_eviction(l, count, holder)
                                              : take_evicted_pages(l, count, holder);
    };
    if (!take_free_pages(l, count, holder) && !look_again()) {
      counters_.refused_full.add(1);
      return false;
    }
    private_pages_.add(count);
    counters_.allocated_pages.add(count);
    return true;
  }

  // All or none.
  bool take_free_pages(lease_type& l, std::size_t count, lease_id holder) {
    const guard lock(pool_lock_);
    if (pool_.free_count() < count) return false;
    for (std::size_t i = 0; i < count; ++i) l.pages_.push_back(pool_.take(holder));
    return true;
  }

  // The same, while no eviction is in progress: a thread that evicts may have pages that count as free until it is
  // refused, or a node that is neither cached nor free yet. So where the free pages do not suffice here, a refusal is
  // right (I8).
  bool take_free_beside_no_eviction(lease_type& l, std::size_t count, lease_id holder) {
    const guard lock(eviction_);
    return take_free_pages(l, count, holder);
  }

  // Takes what is free and evicts the rest. Holding some pages while waiting for others is safe for one thread at a
  // time: the one that has eviction_.
  bool take_evicted_pages(lease_type& l, std::size_t count, lease_id holder) {
    const guard lock(eviction_);
    const std::size_t before = l.pages_.size();
    const auto missing = [&] { return before + count - l.pages_.size(); };
    const auto take_free = [&] {
      while (missing() != 0 && pool_.free_count() != 0) l.pages_.push_back(pool_.take(holder));
    };
    {
      const guard pool_guard(pool_lock_);
      take_free();
    }
    const auto hand_over = [&](page_id page) {
      pool_.hand_over(page, holder);
      l.pages_.push_back(page);
    };
    // No more than `evictable` pages are evictable, and that stays so while the order is locked: the instant at which a
    // refusal is right (I8).
    const auto refuse_beyond = [&](std::size_t evictable) {
      const guard pool_guard(pool_lock_);
      take_free();
      if (missing() <= evictable) return false;
      for (; l.pages_.size() != before; l.pages_.pop_back()) pool_.put(l.pages_.back());
      return true;
    };
    if (missing() > 1) {
      const guard order_guard(order_lock_);
      const std::size_t evictable = count_evictable(l.pages_, missing());
      if (evictable < missing() && refuse_beyond(evictable)) return false;
    }
    evict_oldest(missing(), hand_over, [&] { refuse_beyond(0); });
    return missing() == 0;
  }

  // What follows requires eviction_.

  // How many nodes evictions could free now, up to `wanted`; uses the memory behind `pages` for as many. Requires
  // order_lock_ as well: until it is released, no pin is dropped but those that a child took over, and no edge is
  // detached. So what is evictable at the end was so throughout, and is counted. A pin or a child that came meanwhile
  // may be seen late: then too many are counted.
  std::size_t count_evictable(std::vector<page_id>& pages, std::size_t wanted) {
    const std::size_t before = pages.size();
    pages.resize(before + wanted);
    const auto parent = [this](page_id page) { return trie_.parent(page); };
    const auto referred = [this](page_id page) { return references(page); };
    fall_count falling(std::span<page_id>(pages).subspan(before), referred, parent);
    for (page_id page = order_.oldest(); page != no_page && !falling.is_enough(); page = order_.newer_than(page)) {
      if (references(page) == 0 && !is_forgotten(page)) falling.add(page);
    }
    pages.resize(before);
    return falling.count();
  }

  // Evicts up to `count` nodes and gives each to `take`. Where nothing is evictable it calls `when_empty`, with
  // order_lock_ held. Returns how many it evicted.
  template <class Take, class WhenEmpty>
  std::size_t evict_oldest(std::size_t count, Take take, WhenEmpty when_empty) {
    std::size_t evicted = 0;
    for (page_id next = no_page; evicted < count;) {
      if (next == no_page) {
        const guard lock(order_lock_);
        next = order_.oldest();
        if (next == no_page) {
          when_empty();
          break;
        }
      }
      const page_id page = next;
      if (!falls(page, next)) continue;
      cached_pages_.subtract(1);  // see put_private
      take(page);
      ++evicted;
    }
    if (evicted != 0) counters_.evicted_pages.add(evicted);
    return evicted;
  }

  // Takes `page` off the order and, where it is evictable, out of the trie; then returns true. `next` becomes the
  // front. Requires that `page` is listed: only the holder of eviction_ takes nodes off, so its edge stays and may be
  // read.
  bool falls(page_id page, page_id& next) {
    const page_id parent = trie_.parent(page);
    const std::uint64_t hash = trie_.hash(page);
    const write_guard parent_guard(lock_below(parent, hash));
    const write_guard node_guard(at(page).lock);
    const bool leaf = at(page).children.get() == 0;
    const bool last_child = leaf && parent != no_page && at(parent).children.get() == 1;
    {
      const guard lock(order_lock_);
      order_.remove(page);
      const bool evictable = leaf && trie_.pins(page) == 0 && !is_forgotten(page);
      if (evictable && last_child && trie_.pins(parent) == 0 && !order_.contains(parent)) order_.push_oldest(parent);
      next = order_.oldest();
      if (!evictable) return false;
    }
    if (parent != no_page) at(parent).children.subtract(1);
    events_.removed(page);
    const write_guard lock(bucket_lock(hash));
    trie_.detach(page);
    return true;
  }

  // No other thread evicts or forgets, so what is cached stays, except forgotten pages whose last reference is dropped,
  // and freeing these waits for eviction_.

  // Marks the node, and pins it, so that it stays until subscribers have been notified. Requires the exclusive lock
  // below its parent.
  void forget_node(page_id page, std::vector<page_id>& gone) {
    const write_guard node_guard(at(page).lock);
    {
      const write_guard lock(bucket_lock(trie_.hash(page)));
      trie_.forget(page);
    }
    trie_.pin(page);  // first: a thread that sees the mark sees this, and does not take the node for unreferenced
    at(page).forgotten.store(true, orders::forget_node);
    gone.push_back(page);
  }

  // The node that the blocks end on, if one does.
  void forget_end(const keyed_tokens& prompt, std::size_t blocks, key_space space, std::vector<page_id>& path,
                  std::vector<page_id>& gone) {
    each_match(
        prompt.tokens, prompt.keys, blocks, space, [&](page_id page) { path.push_back(page); }, [] {});
    if (path.size() != blocks) return;
    const page_id above = blocks == 1 ? no_page : path[blocks - 2];
    const write_guard lock(lock_below(above, trie_.hash(path.back())));
    forget_node(path.back(), gone);
  }

  // All first nodes of a namespace, at once.
  void forget_first_pages(key_space space, std::vector<subtree::place>& places, std::vector<page_id>& gone) {
    for (std::size_t i = 0; i < stripes_; ++i) root_locks_[i].lock();
    note_places(places, [&](page_id page) { return trie_.parent(page) == no_page && trie_.space(page) == space; });
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i].is_top) forget_node(page_id(static_cast<std::uint32_t>(i)), gone);
    }
    for (std::size_t i = 0; i < stripes_; ++i) root_locks_[i].unlock();
  }

  // Forgets what is below forgotten nodes, until nothing is left there.
  void forget_below(subtree& rest, std::vector<subtree::place>& places, std::vector<page_id>& gone) {
    for (std::size_t before = 0; before != gone.size();) {
      before = gone.size();
      note_places(places,
                  [&](page_id page) { return trie_.parent(page) != no_page && is_forgotten(trie_.parent(page)); });
      rest.collect([&](page_id page) { return places[index_of(page)]; });
      for (const page_id page : rest.pages()) {
        const write_guard lock(at(trie_.parent(page)).lock);
        forget_node(page, gone);
      }
    }
  }

  // Notes the place of each node that can be found, one stripe of buckets after the other.
  template <class IsTop>
  void note_places(std::vector<subtree::place>& places, IsTop is_top) const {
    std::fill(places.begin(), places.end(), subtree::place{});
    for (std::size_t stripe = 0; stripe < stripes_; ++stripe) {
      const read_guard lock(bucket_locks_[stripe]);
      for (std::size_t bucket = stripe; bucket < trie_.buckets(); bucket += stripes_) {
        trie_.for_each_in(bucket, [&](page_id page) { places[index_of(page)] = {is_top(page), trie_.parent(page)}; });
      }
    }
  }

  // Drops a pin; returns whether nothing refers to the node any more.
  bool drop_last(page_id page) {
    const guard lock(order_lock_);
    trie_.unpin(page);
    return references(page) == 0;
  }

  // Nothing refers to the forgotten node any more: it becomes free, and what is forgotten above it, unless something
  // refers to that. The first node above that is not forgotten is as old as they were, or younger.
  void fall_forgotten(page_id page) {
    for (bool falls = true; falls;) {
      const page_id parent = trie_.parent(page);
      const write_guard parent_guard(lock_below(parent, trie_.hash(page)));
      const write_guard node_guard(at(page).lock);
      falls = parent != no_page && is_forgotten(parent);
      {
        const guard lock(order_lock_);
        if (parent != no_page) {
          inherit(parent, page);
          at(parent).children.subtract(1);
          falls = falls && references(parent) == 0;
        }
        if (order_.contains(page)) order_.remove(page);
      }
      at(page).forgotten.store(false, orders::forget_node);
      cached_pages_.subtract(1);  // see put_private
      counters_.evicted_pages.add(1);
      counters_.forgotten_pages.add(1);
      {
        const guard lock(pool_lock_);
        pool_.put(page);
      }
      page = parent;
    }
  }

  // The parent takes the place of its child in the order, unless its own place is behind that. A child that is not
  // listed counts as older than all that are: then a parent that is not listed goes to the front, if nothing else
  // refers to it. Requires order_lock_.
  void inherit(page_id parent, page_id child) {
    if (!order_.contains(child)) {
      if (references(parent) == 1 && !order_.contains(parent)) order_.push_oldest(parent);
      return;
    }
    if (order_.contains(parent)) {
      page_id behind = child;
      while (behind != no_page && behind != parent) behind = order_.newer_than(behind);
      if (behind == parent) return;
    }
    order_.push_before(
        [&, passed = false](page_id other) mutable { return std::exchange(passed, passed || other == child); }, parent);
  }

  // What follows requires that no operation runs.

  auto inspected() const {
    std::vector<std::uint32_t> own(config_.pages);
    for (std::size_t i = 0; i < own.size(); ++i) {
      const page_id page{static_cast<std::uint32_t>(i)};
      if (pool_.state(page) == page_state::cached) own[i] = trie_.pins(page);
    }
    return inspection(config_, pool_, trie_, pins_of_chains(own, trie_));
  }

  // Every node without pins in its subtree, in the order in which evictions would take them, one by one.
  std::vector<page_id> future_evictions() const {
    std::vector<page_id> evictions;
    evictions.reserve(config_.pages);
    std::vector<std::uint32_t> references(config_.pages);  // own pins and children
    std::vector<bool> listed(config_.pages);
    for (std::size_t i = 0; i < config_.pages; ++i) {
      const page_id page{static_cast<std::uint32_t>(i)};
      if (pool_.state(page) != page_state::cached) continue;
      references[i] = trie_.pins(page) + at(page).children.get();
      listed[i] = order_.contains(page);
    }
    for (page_id front = order_.oldest(); front != no_page; front = order_.newer_than(front)) {
      listed[index_of(front)] = false;
      page_id page = front;
      while (page != no_page && references[index_of(page)] == 0) {
        evictions.push_back(page);
        page = trie_.parent(page);
        if (page != no_page && (--references[index_of(page)] != 0 || listed[index_of(page)])) break;
      }
    }
    return evictions;
  }

  // Constant after construction.
  const cache_config config_;

  lease_buffers<Sync> buffers_{{}, config_};  // each thread has its own
  event_source events_;
  forgetting<Sync> forgetting_;
  page_queue<Sync> queue_;  // evictions do not notify it: a refusal counts what can be evicted as if it were free

  page_records<typename trie_type::shared_token, typename trie_type::per_page, typename page_pool<Sync>::per_page,
               typename recency_list<Sync>::per_page, node>
      records_;

  // Guarded by pool_lock_, but for a page that one thread has to itself (page_pool.h).
  page_pool<Sync> pool_;
  // An edge: by the lock below its parent, and by the lock of its bucket. Pins: N2.
  trie_type trie_;
  // Guarded by order_lock_.
  recency_list<Sync> order_;
  plain_count<Sync, std::uint64_t> released_chains_{0};  // the lengths of all chains that were released
  // Changed by any thread, relaxed: no decision depends on them.
  cache_counters<counter> counters_;
  counter private_pages_{0}, cached_pages_{0};
  counter forked_chains_{0};  // the lengths of all chains that were forked
  counter next_lease_{1};

  const std::size_t stripes_;  // a power of two
  const column<node> nodes_;
  const std::unique_ptr<node_mutex[]> root_locks_;
  const std::unique_ptr<node_mutex[]> bucket_locks_;
  plain_mutex eviction_;  // one thread at a time evicts, forgets or refuses
  mutable plain_mutex order_lock_;
  mutable plain_mutex pool_lock_;
};

}  // namespace triecheck::inline v0_1
