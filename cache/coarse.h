// The variant `coarse`: one mutex around everything, plain reference counts.
//
// When to use: few threads, or as the yardstick for the finer variants. When not: lookups from many threads; they wait
// for one another. What it guarantees and costs: locked.h.
#pragma once

#include "locked/counts.h"
#include "locked/locked.h"
#include "sync/sync.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
struct one_mutex {
  using mutex = typename Sync::mutex;
  using guard = typename Sync::template exclusive_guard<mutex>;
  using read_guard = guard;
  template <class T>
  using count = plain_count<Sync, T>;
};

template <sync_layer Sync, class Policy = recency_list<Sync>>
using coarse_cache = locked_cache<Sync, one_mutex<Sync>, Policy>;

}  // namespace triecheck::inline v0_1
