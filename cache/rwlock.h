// The variant `rwlock`: a reader-writer lock, atomic reference counts. Lookups share the lock; whatever changes the
// trie, the pool or the eviction order excludes them.
//
// When to use: lookups from several threads that mostly hit. When not: short critical sections on one or two threads,
// where the lock itself costs more than it saves. What it guarantees and costs: locked.h.
#pragma once

#include "locked/counts.h"
#include "locked/locked.h"
#include "sync/sync.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
struct reader_writer {
  using mutex = typename Sync::shared_mutex;
  using guard = typename Sync::template exclusive_guard<mutex>;
  using read_guard = typename Sync::template shared_guard<mutex>;
  template <class T>
  using count = atomic_count<Sync, T>;
};

template <sync_layer Sync, class Policy = recency_list<Sync>>
using rwlock_cache = locked_cache<Sync, reader_writer<Sync>, Policy>;

}  // namespace triecheck::inline v0_1
