// A cache under test, behind one interface for every variant, sync layer and seeded fault.
//
// A subject speaks the model's alphabet: an operation goes in, what was observed comes out. Leases live in numbered
// slots that exist from the start, so operations on different leases may run at once, as on the cache itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/events.h"
#include "model/operation.h"
#include "model/state.h"

namespace triecheck::checks {

/// A cache as the model knows it, and what the model does not know of it.
struct subject_config : model::config {
  subject_config(const model::config& c, std::size_t buckets = 0) : model::config(c), index_buckets(buckets) {}

  std::size_t index_buckets;  ///< as in the configuration of a cache
};

/// What the structure checks read, at a moment when no operation runs.
struct structure {
  std::size_t tokens_per_page = 0;
  std::vector<model::page_view> pages;      ///< by page id
  std::vector<std::size_t> pins;            ///< by page id, of cached pages
  std::vector<model::page> eviction_order;  ///< what the cache holds to be evictable, the next one first
  std::vector<model::page> indexed;         ///< every node that a lookup could reach through the index
};

/// The same of a cache that does not know what a scheduler asks for (subject::schedules): it does not tell refused
/// lookups apart.
inline model::statistics without_refused_lookups(model::statistics s) {
  s.refused_looked_up_pages = s.refused_hit_pages = 0;
  return s;
}

/// A place in a cache's queue for pages.
class waiting_place {
 public:
  waiting_place() = default;
  waiting_place(const waiting_place&) = delete;
  waiting_place& operator=(const waiting_place&) = delete;
  virtual ~waiting_place() = default;

  /// Blocks until the lease may try to allocate, or try again; false where it was woken for another reason.
  virtual bool wait() = 0;
};

/// What a lease says of itself, besides its pages.
struct lease_view {
  bool is_open = false;
  std::uint64_t id = 0;
  model::key_space space = 0;  ///< of an open lease, as what follows
  std::size_t tokens = 0;
  std::size_t cached_tokens = 0;
  std::vector<model::block_key> keys = {};  ///< of its private blocks
};

/// Hears when an operation of the cache that asks for memory begins and ends.
class memory_watch {
 public:
  memory_watch() = default;
  memory_watch(const memory_watch&) = delete;
  memory_watch& operator=(const memory_watch&) = delete;
  virtual ~memory_watch() = default;

  virtual void begin() = 0;
  virtual void end() = 0;
};

class subject {
 public:
  subject() = default;
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  virtual ~subject() = default;

  /// Runs one operation. Requires lease numbers below the number of slots. Threads: different leases at the same time.
  virtual model::outcome perform(const model::operation& op) = 0;

  /// Whether it knows what a scheduler asks for: match, shrink, an allocation that evicts nothing, and `available`.
  /// Otherwise `perform` is not given these.
  virtual bool schedules() const { return false; }

  /// Whether it can forget a prefix. Otherwise `perform` is not given that.
  virtual bool forgets() const { return false; }

  /// Whether it knows keys of blocks. Otherwise `perform` is given none.
  virtual bool knows_keys() const { return false; }

  /// What an allocation could have; nothing where the cache does not say.
  virtual std::optional<model::availability> available() const { return std::nullopt; }

  /// Whether `available` counts a page once that several leases have in their chains.
  virtual bool counts_shared_pages_once() const { return false; }

  /// The pages of an open lease (published prefix first), without touching the cache.
  virtual std::vector<model::page> pages_of(model::lease l) const = 0;

  /// A place in the queue for pages, for that lease; null where the cache has none. Threads: any, at once.
  virtual std::unique_ptr<waiting_place> queue_for_pages(model::lease) { return nullptr; }

  /// Wakes all threads that wait in that queue: one of them is cancelled.
  virtual void wake_waiting() {}

  /// Moves the lease to another place and back. Threads: different leases at the same time.
  virtual void move(model::lease) {}

  /// Makes the other cache of `use_foreign_lease`, which otherwise is made when it is needed. Requires that nothing
  /// runs.
  virtual void make_foreign_cache() {}

  /// Tries everything that takes a lease with one of another cache, which holds `tokens`. What was answered but
  /// `invalid_argument`, or changed in that lease or in its cache. Threads: any, at once, when
  /// that cache is made.
  virtual std::optional<std::string> use_foreign_lease(const std::vector<model::token>&) { return std::nullopt; }

  /// Sets the observer of requests for memory; `perform` then lets std::bad_alloc through. Null: none.
  virtual void watch_memory(memory_watch*) {}

  /// What the lease says of itself; nothing where the subject has no leases that could.
  virtual std::optional<lease_view> view_of(model::lease l) const {
    static_cast<void>(l);
    return std::nullopt;
  }

  virtual model::statistics stats() const = 0;

  /// Requires that no operation runs.
  virtual structure inspect() const = 0;

  /// From now on the cache reports its changes to `subscriber`, which outlives it. False where it reports none.
  /// Requires that nothing ran yet.
  virtual bool follow_events(cache_events& subscriber) {
    static_cast<void>(subscriber);
    return false;
  }

  /// From now on subscribers join and leave while it runs (cache/event_hub.h); `first`, which may be null, receives all
  /// that the cache reports, as by `follow_events`. False where the cache reports no events. Requires that nothing ran
  /// yet.
  virtual bool open_hub(cache_events* first) {
    static_cast<void>(first);
    return false;
  }

  /// Requires `open_hub`. Threads: any, at once.
  virtual void join(cache_events&) {}
  virtual void leave(cache_events&) {}

  /// Shuts down; returns one line per page that was lost.
  virtual std::vector<std::string> shutdown() = 0;
};

/// Makes subjects of one variant: what the registries of variants and faults hold.
using subject_factory = std::unique_ptr<subject> (*)(const subject_config&, std::size_t leases);

}  // namespace triecheck::checks
