// The variant `lockfree`: no lock on any path. A lookup pins with one compare-exchange, on the deepest node. A release
// drops that pin with one read-modify-write. Pages come off a stack with one compare-exchange. An allocation gets all
// it needs, or gives back what it took.
//
// When to use: several threads. When not: where a refusal must be exact while other calls run (see allocate), or where
// one thread must see exact recency while others evict.
//
// How the parts fit:
// - A node is its page. Its state word holds its generation and its references: children, and leases that end on it
//   (lockfree_trie.h). Only leaves are evicted, so the pin of the deepest node holds the whole chain.
// - One publication adds a run, linked by one exchange.
// - An evicted page goes to the pool (striped_pool.h) and may be another node at once; its generation tells them apart.
// - Which leaf is evicted next is decided in eviction_queue.h.
// - Each thread has its own lanes in the pool and in the eviction order (lanes.h), and its own counters (striped.h):
//   the pages that it takes, publishes, gives back and evicts again are mostly pages that no other core has touched
//   meanwhile.
//
// Invariants (numbers as in the documentation of the checks): a page is a node when its state word says so; otherwise
// it belongs to a lease or to the pool, as the word says in which a node keeps its hash (I1). The references of a node
// are its children and the open leases that end on it (I4).
// Progress: lock-free: lookup, match, allocate, publish, shrink, forget, release, fork, evict, clear; wait-free: stats,
// available, the counting, and the dropping of the pin in a release. A thread that stops, wherever it is, never keeps
// another one from finishing. If it stops in an eviction, others may evict in an order other than recency. If it stops
// in a release, the chain that it releases cannot be evicted, so others may be refused.
// Recency is exact for one thread alone. With several it is off by up to a sixteenth of the age of what is evicted and
// some sixteen releases of each thread, and by up to a quarter while one of them is stopped in the middle of an
// eviction.
// Cost: O(tokens touched) per operation, O(1) amortised per evicted page, except for sorting what was released out of
// order. A refusal costs O(pages asked for + threads), and a look at each listed node that somebody holds; nothing that
// is proportional to the pool.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "events.h"
#include "lease.h"
#include "lockfree/eviction_queue.h"
#include "lockfree/lockfree_trie.h"
#include "lockfree/orders.h"
#include "lockfree/page_queue.h"
#include "lockfree/striped.h"
#include "lockfree/striped_pool.h"
#include "pages/block_keys.h"
#include "pages/forgetting.h"
#include "pages/inspection.h"
#include "pages/lease_buffers.h"
#include "pages/page_records.h"
#include "pages/subtree.h"
#include "sync/sync.h"
#include "types.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class lockfree_cache {
 public:
  using sync_type = Sync;
  using lease_type = lease<lockfree_cache>;
  using fork_result_type = fork_result<lockfree_cache>;
  using page_place = typename page_queue<Sync>::place;

  /// Whether `available` counts a page that several leases have in their chains only once.
  static constexpr bool counts_shared_pages_once = false;

  /// An empty cache. Throws std::invalid_argument unless 1 <= pages < 2^32 - 1 and tokens_per_page >= 1.
  explicit lockfree_cache(cache_config config)
      : config_(checked(config)),
        records_(config.pages, trie_type::block_words(config.tokens_per_page)),
        pool_(threads_, records_.template fields<typename striped_pool<Sync>::per_page>(), config.pages),
        trie_(
            records_.template fields<typename trie_type::per_page>(),
            records_.template fields<typename striped_pool<Sync>::per_page>().part(&striped_pool<Sync>::per_page::word),
            records_.rows(), config),
        evictions_(trie_, threads_, records_.template fields<typename eviction_queue<Sync>::per_page>(),
                   records_.template fields<typename recency_list<Sync>::per_page>(), config.pages) {}

  lockfree_cache(const lockfree_cache&) = delete;
  lockfree_cache& operator=(const lockfree_cache&) = delete;

  /// Requires that every lease was released.
  ~lockfree_cache() { Sync::require(stats().open_leases == 0, "no lease outlives its cache"); }

  const cache_config& config() const noexcept { return config_; }

  /// Reports every change from now on to `s` (events.h), in place of the previous subscriber. Requires that nothing
  /// else runs.
  void subscribe(cache_events& s) noexcept { events_.send_to(s); }

  /// A lease on the longest chain of nodes of `space` that matches the leading full blocks of `prompt`: tokens and
  /// keys. Throws std::bad_alloc with nothing changed; in steady state it asks for no memory. Lock-free: starts again
  /// when the deepest node that it found was evicted meanwhile.
  /// Linearization point: an instant of the walk at which no further node was cached, or the pin where every block was
  /// found.
  [[nodiscard]] lease_type lookup(const keyed_tokens& prompt, key_space space = {}) {
    const std::span<const token> tokens = findable_tokens<Sync>(prompt);
    lease_type l;
    l.space_ = space;
    buffers_.lend(l.pages_, l.unpublished_);
    const std::size_t blocks = tokens.size() / config_.tokens_per_page;
    typename trie_type::path_end end;
    std::uint64_t before;
    do {
      before = forgetting_.now();
      end = find_longest(node_ref::root(space), tokens, prompt.keys, blocks, l.pages_);
    } while (end.length != 0 && !(trie_.pin(end.last) && pinned_chain_stands(end.last.page, before)));
    l.cached_ = end.length;
    l.pages_.resize(l.cached_);
    l.token_count_ = l.cached_ * config_.tokens_per_page;
    l.looked_up_ = blocks;
    open(l);
    counts_.add(lookups, 1);
    counts_.add(looked_up_pages, blocks);
    counts_.add(hit_pages, l.cached_);
    return l;
  }

  /// How much of `prompt` is cached in `space`: what a lookup would find now. It pins nothing, so the pages may be
  /// evicted before the next call; it renews no recency, and no statistics count it. Asks for no memory. O(tokens
  /// touched).
  /// Lock-free: starts again when the deepest node that it found was evicted meanwhile. It ends with a
  /// read-modify-write of that node's word, which changes nothing, so that what it sees is not old.
  /// Linearization point: as that of lookup.
  [[nodiscard]] cached_prefix match(const keyed_tokens& prompt, key_space space = {}) const {
    const std::span<const token> tokens = findable_tokens<Sync>(prompt);
    std::array<page_id, batch> path;
    const std::size_t blocks = tokens.size() / config_.tokens_per_page;
    typename trie_type::path_end end;
    std::uint64_t before;
    do {
      before = forgetting_.now();
      end = {};
      node_ref above = node_ref::root(space);
      for (bool goes_on = true; goes_on;) {
        const auto room = std::span(path).first(std::min(batch, blocks - end.length));
        const auto rest = tokens.subspan(end.length * config_.tokens_per_page);
        const auto more =
            with_keys(prompt.keys, [&](auto keys) { return trie_.find_path(above, rest, keys, end.length, room); });
        goes_on = more.length == room.size() && more.length != 0;
        if (more.length == 0) break;
        end = {.length = end.length + more.length, .last = more.last};
        above = end.last.ref();
      }
    } while (end.length != 0 && !(trie_.stands(end.last) && chain_stands(end.last, before)));
    return {end.length, end.length * config_.tokens_per_page};
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
  /// - `cache_full`: free pages and eviction together did not cover the need. Exact when no other call ran meanwhile;
  ///   otherwise pages that others moved may have been missed, after several attempts. A refusal evicts nothing, unless
  ///   another call took or pinned pages meanwhile that evictions were counting on: then fewer pages than the request
  ///   lacked were evicted, and they stay free. Where a thread stopped in the middle of an eviction, pages of its lane
  ///   may be missed in a pool of more than 512; the next call looks at others.
  /// - `lease_closed`, `invalid_argument`.
  /// Order: free pages, then eviction of what is missing, then the few free pages that other threads keep
  /// (striped_pool.h). Throws std::bad_alloc with nothing changed.
  /// Linearization point: the compare-exchange of a pool's top that took the last pages, or the claim of the last node
  /// that was evicted for it; of a refusal, the last look at the pool.
  [[nodiscard]] status allocate(lease_type& l, const keyed_tokens& more, std::size_t extra_slots = 0,
                                page_source source = page_source::free_and_evicted) {
    if (const status s = l.template appendable_in<Sync>(*this, more, config_.tokens_per_page); s != status::ok)
      return s;
    const std::optional<std::size_t> shortage = l.shortage(more.tokens.size(), extra_slots, config_);
    if (!shortage) {
      counts_.add(refused_too_large, 1);
      return l.refused(status::request_too_large);
    }
    l.reserve_more(*shortage, more);
    if (!take_pages(l, *shortage, l.id_, source)) return l.refused(status::cache_full);
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
  /// Linearization point, of each page: the exchange that links its run, or that frees it where its block was cached
  /// already.
  [[nodiscard]] status publish(lease_type& l, std::size_t computed_tokens) {
    if (const status s = l.template publishable_in<Sync>(*this, computed_tokens); s != status::ok) return s;
    const std::size_t span_tokens = config_.tokens_per_page;
    const std::size_t full = l.pages_to_publish(computed_tokens, span_tokens);
    const std::size_t first = l.cached_;
    if (full == first) return status::ok;
    for (const page_id page : std::span(l.pages_).subspan(first, full - first)) evictions_.prepare(page);
    std::size_t adopted = 0;
    const std::uint64_t before = forgetting_.now();
    for (bool attached = false; l.cached_ < full && !attached;) {
      const auto own = std::span(l.pages_).subspan(l.cached_, full - l.cached_);
      const block_sequence blocks = l.unpublished_behind(first).behind(l.cached_ - first, span_tokens);
      const std::optional<std::size_t> standing = adopt(l, own, blocks, before);
      if (!standing) break;
      adopted += *standing;
      if (*standing == 0) attached = attach(l, own, blocks, before);
    }
    const std::size_t published = l.cached_ - first;
    counts_.add(published_pages, published - adopted);
    if (adopted != 0) queue_.pages_came();
    l.forget_published(published * span_tokens);
    return status::ok;
  }

  /// Keeps the first `kept_tokens` tokens of the lease, and makes the private pages that hold none of them free; with
  /// l.token_count() these are the pages of `extra_slots` alone. The cached prefix stays, with its tokens, whatever the
  /// number is.
  ///
  /// Requires that no thread reads or writes the returned pages.
  /// Errors: `lease_closed`, `invalid_argument`; more tokens than the lease holds are a broken contract, which asserts,
  /// and is `invalid_argument` without assertions. Then nothing is changed.
  /// Lock-free. Linearization point: the exchange that frees the pages, all at once.
  status shrink(lease_type& l, std::size_t kept_tokens) {
    if (const status s = l.template shrinkable_in<Sync>(*this, kept_tokens); s != status::ok) return s;
    const std::span<const page_id> returned = l.pages_behind(kept_tokens, config_.tokens_per_page);
    if (!returned.empty()) {
      counts_.add(returned_pages, returned.size());
      give_back_private(returned, l.id_);
      queue_.pages_came(l.id_);
    }
    l.shorten(returned.size(), kept_tokens, config_.tokens_per_page);
    return status::ok;
  }

  /// Forgets the page that the full blocks of `prompt` end on in `space`, and all that is cached below it: no lookup
  /// and no match finds them any more. With less than a block, forgets everything that was cached in `space` before the
  /// call. What no lease pins is free when this returns. What leases have in their chains stays theirs, and becomes
  /// free when the last of them is released; what they publish below it stays private. The same prefix can be published
  /// again at once. Returns whether something was cached there.
  ///
  /// Subscribers receive `removed` of every forgotten page, pinned ones included. Throws std::bad_alloc with nothing
  /// changed. O(pages), and as much again for each further pass that concurrent publications cause. A concurrent evict
  /// may evict pages that are being forgotten.
  /// Lock-free. Linearization point: the exchange that forgets the node; of a whole namespace, each first page has its
  /// own: the exchange that forgets it.
  bool forget(const keyed_tokens& prompt, key_space space = {}) {
    if (!are_in_order<Sync>(prompt.keys)) return false;
    subtree rest(config_.pages);
    std::vector<page_id> gone;
    gone.reserve(config_.pages);
    const std::size_t blocks = prompt.tokens.size() / config_.tokens_per_page;
    const node_ref root = node_ref::root(space);
    bool found = true;
    {
      const typename forgetting<Sync>::scope running(forgetting_);
      if (blocks != 0) found = forget_end(prompt, blocks, space, gone);
      forget_below(rest, blocks == 0 ? &root : nullptr, gone);
    }
    for (std::size_t i = gone.size(); i-- > 0;) {
      events_.removed(gone[i]);
      let_go(gone[i]);
    }
    if (!gone.empty()) queue_.pages_came();
    return found && !gone.empty();
  }

  /// Frees the private pages, drops the pin and makes the chain the most recent one. A second release does nothing.
  /// Errors: `invalid_argument`. Linearization point: the exchange that frees the pages, all at once, and then the one
  /// read-modify-write that drops the pin.
  status release(lease_type& l) {
    if (!l.is_open()) return status::ok;
    if (l.cache_ != this) return status::invalid_argument;
    counts_.add(returned_pages, l.private_pages().size());
    give_back_private(l.private_pages(), l.id_);
    counts_.add(closed_leases, one_lease(l.cached_));
    if (l.was_refused()) {
      counts_.add(refused_looked_up_pages, l.looked_up_);
      counts_.add(refused_hit_pages, l.cached_);
    }
    if (l.cached_ != 0) {
      const page_id deepest = l.pages_[l.cached_ - 1];
      evictions_.stamp(deepest, clock_.advance());
      const node_word left = trie_.unpin(deepest);
      if (left.is_forgotten) {
        if (left.references == 0) fall_forgotten(deepest);
      } else {
        evictions_.post(deepest);
      }
    }
    if (!l.pages_.empty()) queue_.pages_came(l.id_);
    buffers_.keep(l.pages_, l.unpublished_);
    l.close();
    return status::ok;
  }

  /// A second lease on the same cached prefix, with as many private pages; the caller copies the contents of the pairs
  /// in `copies`. The first lease is unchanged. Errors: as `allocate`. Lock-free. Linearization point: the pin.
  fork_result_type fork(const lease_type& l) {
    fork_result_type r;
    r.result = l.usable_in(*this);
    if (r.result != status::ok) return r;
    lease_type forked;
    buffers_.lend(forked.pages_, forked.unpublished_);
    forked.copy_prefix(l);
    const std::size_t written = l.written_pages(config_.tokens_per_page);
    r.copies.reserve(written - l.cached_);
    const auto id = lease_id(counts_.next());
    if (!take_pages(forked, l.private_pages().size(), id)) {
      r.result = status::cache_full;
      return r;
    }
    if (l.cached_ != 0) trie_.pin_again(l.pages_[l.cached_ - 1]);
    open(forked, id, l.cached_);
    for (std::size_t i = l.cached_; i < written; ++i) r.copies.push_back({l.pages_[i], forked.pages_[i]});
    r.forked = std::move(forked);
    return r;
  }

  /// Frees up to `count` pages, oldest first; returns how many. Exact when no other call ran meanwhile; otherwise a
  /// node that another call was moving may have been missed.
  std::size_t evict(std::size_t count) {
    std::array<page_id, batch> freed;
    std::size_t total = 0;
    while (total < count) {
      const auto wanted = std::span(freed).first(std::min(batch, count - total));
      const std::size_t evicted = counted(evictions_.evict(wanted, clock_.now(), told()));
      give_back(wanted.first(evicted));
      total += evicted;
      if (evicted < wanted.size()) break;
    }
    if (total != 0) queue_.pages_came();  // a concurrent attempt saw them neither cached nor free
    return total;
  }

  /// Evicts until nothing is evictable, as far as `evict` sees it; returns how many pages that freed.
  std::size_t clear() {
    const std::size_t evicted = evict(config_.pages);
    events_.cleared(evicted);
    return evicted;
  }

  /// Clears, then names every page that is not free: `pages_lost` when there is one. The cache stays usable. What it
  /// reports is exact when no other call runs meanwhile.
  shutdown_report shutdown() {
    const std::size_t evicted = clear();
    shutdown_report report = inspected().lost_pages();
    report.evicted = evicted;
    return report;
  }

  /// A place in the queue for pages (page_queue.h). Throws std::bad_alloc with nothing changed. While a thread has one,
  /// operations that give pages back may block for a moment.
  [[nodiscard]] page_place queue_for_pages() { return page_place(queue_); }

  /// Wakes all threads that wait for pages: their `wait` returns false, once, where it is not their turn.
  void wake_waiting() { queue_.wake_waiting(); }

  /// Counters and gauges. Wait-free. Exact when no other call runs. Concurrently with others, no part is counted
  /// without its whole: the pages add up to all, and no more are published or duplicate than were allocated, evicted
  /// than published, found than looked up. Linearization point, of each counter: the look at the calling thread's part
  /// of it.
  cache_stats stats() const { return stats_of(counts_.collect()); }

  /// What an allocation could have. Wait-free. The numbers add up to all pages. Each is exact when no other call runs;
  /// concurrently with others, each is of a different instant. A page that several leases have in their chains counts
  /// as pinned for each of them, up to all cached pages: so at least `evictable_pages` are evictable, and more where
  /// requests share prefixes. O(threads).
  available_pages available() const {
    const auto c = counts_.collect();
    const cache_stats s = stats_of(c);
    const std::uint64_t forked_less_released = (c[opened_leases] - c[closed_leases]) >> 32;
    const auto held =
        static_cast<std::uint32_t>(s.hit_pages + s.published_pages + s.duplicate_pages + forked_less_released);
    const std::uint64_t pinned = std::min<std::uint64_t>(held, s.cached_pages);
    return {.free_pages = s.free_pages,
            .evictable_pages = s.cached_pages - pinned,
            .pinned_pages = pinned,
            .private_pages = s.private_pages};
  }

  /// The whole cache, for checks and diagnosis. Requires that nothing else runs. O(pages x (depth + tokens per page)).
  cache_snapshot snapshot() const {
    cache_snapshot s = inspected().snapshot();
    s.eviction_order = evictions_.order();
    return s;
  }

 private:
  using trie_type = lockfree_trie<Sync>;

  // What happens later to a page or a lease has a higher number than what happens to it earlier
  // (striped_counts::collect).
  enum statistic : std::size_t {
    lookups,
    looked_up_pages,
    hit_pages,
    opened_leases,
    allocated_pages,
    published_pages,
    duplicate_pages,
    returned_pages,
    closed_leases,
    evicted_pages,
    forgotten_pages,
    refused_too_large,
    refused_full,
    refused_looked_up_pages,
    refused_hit_pages,
    statistic_count
  };

  // One lease that is opened or closed, and the length of its chain (0 where a lookup opens it): two counts in one
  // word, so that neither fork nor release counts twice. All is modulo 2^64: the difference of opened and closed ones
  // has, in its low half, how many are open, and in its high half, modulo 2^32, by how much the chains of forks exceed
  // those that were released.
  static constexpr std::uint64_t one_lease(std::size_t chain) noexcept { return 1 + (std::uint64_t{chain} << 32); }

  using collected = typename striped_counts<Sync, statistic_count>::values;

  cache_stats stats_of(const collected& c) const {
    cache_stats s;
    s.lookups = c[lookups];
    s.looked_up_pages = c[looked_up_pages];
    s.hit_pages = c[hit_pages];
    s.allocated_pages = c[allocated_pages];
    s.published_pages = c[published_pages];
    s.duplicate_pages = c[duplicate_pages];
    s.evicted_pages = c[evicted_pages];
    s.forgotten_pages = std::min<std::uint64_t>(c[forgotten_pages], s.evicted_pages);
    s.refused_too_large = c[refused_too_large];
    s.refused_full = c[refused_full];
    s.refused_looked_up_pages = c[refused_looked_up_pages];
    s.refused_hit_pages = c[refused_hit_pages];
    s.open_leases = static_cast<std::uint32_t>(c[opened_leases] - c[closed_leases]);
    // What ceased to be cached or private is read first: what became so since must not make the sum exceed all pages.
    s.cached_pages = std::min<std::uint64_t>(s.published_pages - s.evicted_pages, config_.pages);
    s.private_pages = std::min(s.allocated_pages - s.published_pages - s.duplicate_pages - c[returned_pages],
                               config_.pages - s.cached_pages);
    s.free_pages = config_.pages - s.cached_pages - s.private_pages;
    return s;
  }

  static constexpr std::uint64_t pool = trie_type::nobody;  // owns the pages that are neither nodes nor a lease's

  static constexpr std::size_t batch = 64;  // pages that are freed in one exchange of the pool's top, at most
  static constexpr unsigned attempts = 3;   // before an allocation that others interfere with is refused

  void open(lease_type& l, lease_id id, std::size_t forked_chain = 0) {
    l.cache_ = this;
    l.id_ = id;
    counts_.add(opened_leases, one_lease(forked_chain));
  }
  void open(lease_type& l) { open(l, lease_id(counts_.next())); }

  // What the cached prefix of the lease ends on; nothing where it is forgotten.
  std::optional<node_ref> end_of(const lease_type& l) const {
    if (l.cached_ == 0) return node_ref::root(l.space_);
    const page_id page = l.pages_[l.cached_ - 1];
    const node_word w = trie_.word(page);
    return w.is_forgotten ? std::nullopt : std::optional(node_ref{.page = page, .generation = w.generation});
  }

  // The longest chain below `above` under the leading `blocks` blocks, its pages in the front of `path`, which grows
  // with what is found: however long the prompt is, what is not there costs nothing.
  typename trie_type::path_end find_longest(node_ref above, std::span<const token> tokens,
                                            std::span<const block_key> keys, std::size_t blocks,
                                            std::vector<page_id>& path) const {
    return with_keys(keys, [&](auto along) { return find_longest_along(above, tokens, along, blocks, path); });
  }
  template <class Keys>
  typename trie_type::path_end find_longest_along(node_ref above, std::span<const token> tokens, Keys keys,
                                                  std::size_t blocks, std::vector<page_id>& path) const {
    typename trie_type::path_end end;
    do {
      path.resize(std::min(blocks, std::max(lease_type::first_pages, 2 * end.length)));
      const auto room = std::span(path).subspan(end.length);
      const auto more =
          trie_.find_path(above, tokens.subspan(end.length * config_.tokens_per_page), keys, end.length, room);
      if (more.length == 0) break;
      end = {.length = end.length + more.length, .last = more.last};
      above = end.last.ref();
    } while (end.length == path.size() && end.length != blocks);
    return end;
  }

  // Whether nothing of the chain that ends on the node, which was pinned or seen, was forgotten since
  // `forgetting_.now()` answered `before`. Otherwise the pin is dropped.
  bool pinned_chain_stands(page_id page, std::uint64_t before) {
    return forgetting_.is_quiet_since(before) || pinned_chain_was_not_forgotten(page);
  }
  [[gnu::cold, gnu::noinline]] bool pinned_chain_was_not_forgotten(page_id page) {
    if (!trie_.is_below_forgotten(page)) return true;
    let_go(page);
    queue_.pages_came();  // a concurrent attempt saw it neither evictable nor free
    return false;
  }
  bool chain_stands(const typename trie_type::sight& last, std::uint64_t before) const {
    // A node that is still cached was so throughout, and so was everything above it.
    return forgetting_.is_quiet_since(before) || (!trie_.is_below_forgotten(last.page) && trie_.stands(last));
  }

  // Forgets the node that the blocks end on; false where none is cached there. Adds what was forgotten to `gone`.
  bool forget_end(const keyed_tokens& prompt, std::size_t blocks, key_space space, std::vector<page_id>& gone) {
    std::vector<page_id> path;
    for (;;) {
      const typename trie_type::path_end end =
          find_longest(node_ref::root(space), prompt.tokens, prompt.keys, blocks, path);
      if (end.length != blocks) return false;
      if (!trie_.forget(end.last)) continue;
      gone.push_back(end.last.page);
      // Where a node above it was forgotten before, this one was found too late.
      const page_id above = trie_.parent(end.last.page);
      if (above == no_page || !trie_.is_below_forgotten(above)) return true;
    }
  }

  // Forgets what is below forgotten nodes; in the first pass, where there is a root, all that is below that.
  void forget_below(subtree& rest, const node_ref* root, std::vector<page_id>& gone) {
    for (bool is_done = false; !is_done; root = nullptr) {
      is_done = true;
      trie_.see_all_links();
      rest.collect([&](page_id page) { return trie_.place_of(page, root); });
      for (const page_id page : rest.pages()) {
        if (!trie_.forget_at_its_place(page, root)) continue;
        gone.push_back(page);
        is_done = false;
      }
    }
  }

  // Gives a reference back on a node that may be forgotten.
  void let_go(page_id page) {
    const node_word left = trie_.unpin(page);
    if (left.is_forgotten && left.references == 0) fall_forgotten(page);
  }

  // The last reference on a forgotten node was given back: it becomes free, and what is forgotten above it, unless
  // others refer to that.
  [[gnu::cold, gnu::noinline]] void fall_forgotten(page_id page) {
    while (trie_.claim_forgotten(page)) {
      const page_id parent = trie_.parent(page);
      if (parent != no_page) evictions_.inherit(parent, page);
      trie_.detach(page);
      give_back(std::span(&page, 1));
      counts_.add(evicted_pages, 1);
      counts_.add(forgotten_pages, 1);
      if (parent == no_page) return;
      const node_word left = trie_.unpin(parent);
      if (!left.is_forgotten) return evictions_.list_by_age(parent);
      if (left.references != 0) return;
      page = parent;
    }
  }

  // Takes over the nodes that are cached under the leading blocks, for which the leading pages of `own` become free.
  // Returns how many: 0 where none was cached, nothing where the prefix of the lease is forgotten.
  std::optional<std::size_t> adopt(lease_type& l, std::span<page_id> own, const block_sequence& blocks,
                                   std::uint64_t before) {
    std::array<page_id, batch> standing;
    const std::optional<node_ref> above = end_of(l);
    if (!above) return std::nullopt;
    typename trie_type::path_end end;
    do {
      const auto room = std::span(standing).first(std::min(batch, own.size()));
      end = with_keys(blocks.keys,
                      [&](auto keys) { return trie_.find_path(*above, blocks.tokens, keys, blocks.first, room); });
      if (end.length == 0) return 0;
    } while (!trie_.pin(end.last));
    if (!pinned_chain_stands(end.last.page, before)) return std::nullopt;
    if (above->page != no_page) trie_.unpin(above->page);
    counts_.add(duplicate_pages, end.length);
    give_back_private(own.first(end.length), l.id_);
    std::copy_n(standing.begin(), end.length, own.begin());
    l.cached_ += end.length;
    return end.length;
  }

  // Makes `own` a run, unless another node is cached there by now. The pin of the lease moves to the end of the run.
  bool attach(lease_type& l, std::span<const page_id> own, const block_sequence& blocks, std::uint64_t before) {
    const node_ref above = l.cached_ == 0 ? node_ref::root(l.space_) : trie_.ref(l.pages_[l.cached_ - 1]);
    for (const page_id page : own) must_belong(page, number(l.id_));
    bool announced = false;
    const bool attached = trie_.attach(own, above, blocks, [&] {
      announced = true;
      tell_stored(own, above.page, l.space_, blocks);
    });
    if (attached) {
      l.cached_ += own.size();
      if (above.page != no_page && !forgetting_.is_quiet_since(before) && trie_.is_forgotten_by_now(above.page))
        forget_run(own);
    } else if (announced) {
      for (std::size_t i = own.size(); i-- > 0;) events_.removed(own[i]);
      for (const page_id page : own) trie_.set_owner(page, number(l.id_));
    }
    return attached;
  }

  // It was linked below a node that was forgotten before.
  [[gnu::cold, gnu::noinline]] void forget_run(std::span<const page_id> run) {
    for (std::size_t i = run.size(); i-- > 0;) {
      if (trie_.forget_own(run[i])) events_.removed(run[i]);
    }
  }

  void tell_stored(std::span<const page_id> run, page_id parent, key_space space, const block_sequence& blocks) const {
    keys_along keys(blocks.keys);
    for (std::size_t i = 0; events_.is_heard() && i < run.size(); ++i) {
      const auto block = blocks.tokens.subspan(i * config_.tokens_per_page, config_.tokens_per_page);
      events_.stored(
          {run[i], i == 0 ? parent : run[i - 1], space, trie_.hash(run[i]), block, keys.of(blocks.first + i)});
    }
  }

  // Takes `count` private pages for the lease, or none: first what the thread keeps, then what is free for all; what is
  // missing then is evicted, if `source` allows it and enough can be evicted. What was evicted does not go through the
  // pool. What the thread kept or evicted first comes last: it belongs to the thread's lane, and a release posts the
  // last page of what it published. This also keeps a run in its order that is evicted and published again: neighbours
  // in memory stay neighbours.
  bool take_pages(lease_type& l, std::size_t count, lease_id holder,
                  page_source source = page_source::free_and_evicted) {
    const std::size_t before = l.pages_.size();
    l.pages_.resize(before + count);
    const auto wanted = std::span(l.pages_).subspan(before);
    const std::size_t kept = pool_.take_own(wanted);
    std::size_t had = kept;  // and what was evicted
    std::size_t missing = pool_.take(wanted.subspan(had));
    bool moved = false;
    for (unsigned attempt = 1; missing != 0;) {
      const auto room = wanted.subspan(had, missing);
      const std::uint64_t began = clock_.now();
      const std::size_t evicted =
          source == page_source::free_only ? 0 : counted(evictions_.evict_all(room, began, told()));
      had += evicted;
      const std::size_t lacking = missing - evicted;
      const bool gathered = lacking != 0 && pool_.gather(lacking);
      moved = moved || gathered;
      missing = pool_.take(wanted.subspan(had));
      if (lacking == 0 || missing == 0) continue;
      // What was gathered and is missing was taken by others. What was counted is out of date where others went on
      // while this thread was stopped.
      const bool is_moving = evicted != 0 || gathered || missing < lacking || clock_.now() != began;
      if (!is_moving || attempt++ == attempts) break;
    }
    if (missing != 0) {
      pool_.put(wanted.first(kept));
      give_back(wanted.subspan(kept, had - kept));
      l.pages_.resize(before);
      counts_.add(refused_full, 1);
      if (moved || had != 0) queue_.pages_came(holder);  // a concurrent attempt saw them neither cached nor free
      return false;
    }
    for (const page_id page : wanted.first(kept)) must_belong(page, pool);
    for (const page_id page : wanted.subspan(had)) must_belong(page, pool);
    for (const page_id page : wanted) trie_.set_owner(page, number(holder));
    std::reverse(wanted.begin(), wanted.end());
    counts_.add(allocated_pages, count);
    return true;
  }

  // An eviction calls `evicted_page` for each page; `counted` adds how many there were.
  struct evicted_page {
    lockfree_cache& cache;
    void operator()(page_id page) const { cache.events_.removed(page); }
    [[gnu::cold, gnu::noinline]] void let_fall(page_id page) const {
      cache.fall_forgotten(page);
      cache.queue_.pages_came();
    }
  };
  evicted_page told() { return {*this}; }
  std::size_t counted(std::size_t evicted) {
    counts_.add(evicted_pages, evicted);
    return evicted;
  }

  // What was evicted, or a lease had, becomes free.
  void give_back(std::span<const page_id> pages) {
    for (const page_id page : pages) trie_.set_owner(page, pool);
    pool_.put(pages);
  }
  void give_back_private(std::span<const page_id> pages, lease_id from) {
    for (const page_id page : pages) must_belong(page, number(from));
    give_back(pages);
  }

  void must_belong(page_id page, std::uint64_t owner) const {
    Sync::require(trie_.owner(page) == owner, "I1: a page changes hands once");
  }

  static std::uint64_t number(lease_id id) { return static_cast<std::uint64_t>(id); }

  // Requires that nothing runs. The references of a node are its children and the leases that end on it.
  auto inspected() const {
    std::vector<std::uint32_t> own(config_.pages);
    for (std::size_t i = 0; i < config_.pages; ++i) {
      const page_id page{static_cast<std::uint32_t>(i)};
      if (trie_.state(page) != page_state::cached) continue;
      own[i] += trie_.word(page).references;
      if (const page_id above = trie_.parent(page); above != no_page) --own[index_of(above)];
    }
    return inspection(config_, trie_, trie_, pins_of_chains(own, trie_));
  }

  // Constant after construction.
  const cache_config config_;
  const typename Sync::thread_indices threads_;

  page_records<typename trie_type::shared_word, typename trie_type::per_page, typename eviction_queue<Sync>::per_page,
               typename recency_list<Sync>::per_page, typename striped_pool<Sync>::per_page>
      records_;
  striped_pool<Sync> pool_;
  trie_type trie_;
  eviction_queue<Sync> evictions_;
  striped_clock<Sync> clock_{threads_};
  striped_counts<Sync, statistic_count> counts_{threads_};
  lease_buffers<Sync> buffers_{threads_, config_};
  event_source events_;
  page_queue<Sync> queue_;
  forgetting<Sync> forgetting_;
};

}  // namespace triecheck::inline v0_1
