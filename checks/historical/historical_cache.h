// The cache that the project began with, written anew from what its revisions did: a trie of pages
// under one mutex, with each of its mistakes as a switch (defects.h). With all switches off it is
// correct, and as simple as a cache gets.
//
// A text of the checks: it shows that the harness finds every mistake that was made, and it is what
// the server of the first failure report ran. It does not ship.
//
// Guarantees without a switch: every operation takes effect in one step while the mutex is held,
// the order of eviction is exact recency, `cache_full` is exact and evicts nothing. Progress:
// blocking. Cost: O(pages) for every evicted page.
//
// Invariants (model/README.md): the pin of a lease is on the node that its prefix ends on (I4);
// candidates of an eviction are the leaves, and of these the unpinned ones can be evicted (I6).
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cache/events.h"
#include "cache/locked/counts.h"
#include "cache/lockfree/page_queue.h"
#include "cache/pages/inspection.h"
#include "cache/policies/recency_list.h"
#include "cache/sync/sync.h"
#include "cache/types.h"
#include "checks/historical/defects.h"
#include "checks/historical/duplicates.h"
#include "checks/historical/free_list.h"
#include "checks/historical/lease.h"
#include "checks/historical/prefix_tree.h"

namespace triecheck::historical {

template <sync_layer Sync>
class historical_cache {
 public:
  using policy = recency_list<Sync>;  // it knows recency alone
  using sync_type = Sync;
  using lease_type = lease<historical_cache>;
  using fork_result_type = fork_result<historical_cache>;
  using page_place = typename page_queue<Sync>::place;

  /// An empty cache. Throws std::invalid_argument for sizes that cannot be.
  explicit historical_cache(cache_config config, defect_set defects = {})
      : config_(checked(config)),
        defects_(defects),
        pool_(config.pages, defects),
        trie_(config, defects),
        duplicates_(config.pages),
        chain_pins_(trie_.size()) {
    Sync::label(mutex_, "cache.mutex");
    Sync::label(ticks_, "cache.ticks");
    next_lease_.label("cache.next_lease");
  }

  historical_cache(const historical_cache&) = delete;
  historical_cache& operator=(const historical_cache&) = delete;

  /// Requires that every lease was released.
  ~historical_cache() { Sync::require(counters_.open_leases.get() == 0, "no lease outlives its cache"); }

  const cache_config& config() const noexcept { return config_; }
  void subscribe(cache_events& s) noexcept { events_.send_to(s); }

  // The operations, as cache/locked/locked.h documents them.
  [[nodiscard]] lease_type lookup(std::span<const token> tokens, key_space space = {});
  [[nodiscard]] status allocate(lease_type& l, std::span<const token> tokens, std::size_t extra_slots = 0);
  [[nodiscard]] status publish(lease_type& l, std::size_t computed_tokens);
  status release(lease_type& l);
  fork_result_type fork(const lease_type& l);

  std::size_t evict(std::size_t count) {
    if (is_on(defect::evict_takes_no_lock)) return evict_oldest(count);
    const guard lock(mutex_);
    return evict_oldest(count);
  }

  std::size_t clear() {
    const guard lock(mutex_);
    return clear_all();
  }

  shutdown_report shutdown() {
    const guard lock(mutex_);
    const std::size_t evicted = clear_all();
    shutdown_report report = inspected().lost_pages();
    report.evicted = evicted;
    return report;
  }

  [[nodiscard]] page_place queue_for_pages() { return page_place(queue_); }
  void wake_waiting() { queue_.wake_waiting(); }

  cache_stats stats() const {
    const guard lock(mutex_);
    cache_stats s = counters_.get();
    s.free_pages = pool_.free_count();
    s.cached_pages = s.published_pages - s.evicted_pages;
    s.private_pages = config_.pages - s.free_pages - s.cached_pages;
    return s;
  }

  cache_snapshot snapshot() const;

 private:
  using guard = typename Sync::template exclusive_guard<typename Sync::mutex>;
  using counter = plain_count<Sync, std::uint64_t>;

  bool is_on(defect d) const noexcept { return defects_.has(d); }

  // These take mutex_.
  bool take_for(lease_type& l, std::size_t count);
  bool take_after_evictions(lease_type& l, std::size_t count);
  status release_again(lease_type& l);

  // What follows requires mutex_, as far as no defect says otherwise.

  void open(lease_type& l) {
    l.cache_ = this;
    l.id_ = lease_id(next_lease_.fetch_add(1));
    counters_.open_leases.add(1);
  }

  void pin(lease_type& l, node_id n) {
    trie_.pin(n);
    l.pinned_ = n;
  }

  void unpin(lease_type& l) {
    if (l.pinned_ != no_node) trie_.unpin(l.pinned_);
  }

  // The pin of the lease goes where its chain ends now.
  void move_pin(lease_type& l) {
    if (l.pinned_ == no_node || l.pinned_ == l.end_) return;
    const node_id before = l.pinned_;
    pin(l, l.end_);
    trie_.unpin(before);
  }

  void match(lease_type& l, std::span<const token> tokens);

  // Afterwards chain_pins_ says of every node how many open leases have it in their chain.
  void count_chain_pins() const { trie_.count_chain_pins(chain_pins_); }
  std::size_t evictable_count() const;

  auto inspected() const {
    count_chain_pins();
    return inspection(config_, pool_, trie_, [this](page_id page) {
      const node_id n = trie_.node_of(page);
      return n == no_node ? 0 : chain_pins_[static_cast<std::size_t>(n)];
    });
  }

  bool take_pages(std::vector<page_id>& pages, std::size_t count, std::size_t counted_free, lease_id holder);
  void take_free(std::vector<page_id>& pages, std::size_t count, lease_id holder) {
    for (std::size_t i = 0; i < count; ++i) pages.push_back(pool_.take(holder));
    counters_.allocated_pages.add(count);
  }
  bool refuse() {
    counters_.refused_full.add(1);
    return false;
  }

  void rewind(lease_type& l, std::size_t full);
  bool changes_anything(const lease_type& l, std::size_t full) const;
  bool publish_page(lease_type& l, node_id& parent);
  void publish_partial(lease_type& l, std::size_t computed_tokens);
  void give_duplicate_back(lease_type& l, page_id own);
  void free_private_pages(lease_type& l);
  void end_partial(lease_type& l);

  void stored(node_id n, const lease_type& l, std::span<const token> block) {
    events_.stored({trie_.page(n), trie_.page(trie_.parent(n)), l.space_, trie_.hash(n, l.space_), block});
    counters_.published_pages.add(1);
  }

  std::size_t clear_all() {
    const std::size_t evicted = evict_oldest(config_.pages);
    events_.cleared(evicted);
    return evicted;
  }

  std::size_t evict_oldest(std::size_t count) {
    std::size_t evicted = 0;
    for (node_id n; evicted < count && (n = trie_.oldest()) != no_node; ++evicted) {
      const page_id page = trie_.page(n);
      trie_.detach(is_on(defect::second_node_of_a_page_is_skipped) ? trie_.first_with(page) : n);
      events_.removed(page);
      pool_.put(page);
    }
    counters_.evicted_pages.add(evicted);
    return evicted;
  }

  // Constant after construction.
  const cache_config config_;
  const defect_set defects_;

  event_source events_;
  page_queue<Sync> queue_;

  // Guarded by mutex_.
  free_list<Sync> pool_;
  prefix_tree<Sync> trie_;
  duplicate_list<Sync> duplicates_;  // defects 23 and 24
  cache_counters<counter> counters_;
  counter next_lease_{1};
  typename Sync::template var<std::uint64_t> ticks_{0};  // releases
  mutable std::vector<std::uint32_t> chain_pins_;        // by node; scratch, protected by mutex_

  mutable typename Sync::mutex mutex_;
};

}  // namespace triecheck::historical

#include "checks/historical/operations.h"  // IWYU pragma: export
