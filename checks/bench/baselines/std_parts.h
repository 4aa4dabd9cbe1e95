// The parts of the baseline std-coarse: what page_trie.h, page_pool.h, recency_list.h, counts.h and lease_buffers.h of
// cache/ are without a sync layer, on plain fields. The same steps on the same records; what goes through no layer to begin
// with (records, hashes, leases, the index of a thread) is not written again.
//
// Threads: none of their own; the owner serialises every call, but those of std_lease_buffers.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "cache/pages/block_hash.h"
#include "cache/pages/lease_buffers.h"
#include "cache/pages/page_records.h"
#include "cache/sync/std.h"
#include "cache/types.h"

namespace triecheck::checks {

// As std_sync::prefetch.
inline void std_prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}

class std_trie {
 public:
  struct per_page {
    std::uint64_t hash;
    page_id parent;
    page_id next;
    std::uint32_t pins;
    key_space space;
  };

  struct key {
    key_space space;
    page_id parent;
    std::uint64_t hash;
    std::span<const token> block;
  };

  std_trie(column<per_page> nodes, column<token> blocks, std::size_t pages, std::size_t tokens_per_page, std::uint64_t hash_seed)
      : pages_(pages),
        tokens_per_page_(tokens_per_page),
        buckets_(4 * pages),
        key_(hash_seed),
        nodes_(nodes),
        blocks_(blocks),
        heads_(std::make_unique<page_id[]>(buckets_)) {
    for (std::size_t i = 0; i < buckets_; ++i) heads_[i] = no_page;
  }

  std::size_t bucket_of(std::uint64_t hash) const noexcept { return bucket_for(hash, buckets_); }
  const hash_key& hashes_by() const noexcept { return key_; }
  std::uint64_t hash(page_id page) const { return nodes_[page].hash; }

  page_id find_child(const key& k) const {
    page_id page = heads_[bucket_of(k.hash)];
    while (page != no_page && !stands_under(page, k)) page = nodes_[page].next;
    return page;
  }

  void attach(page_id page, const key& k, std::uint32_t pins) {
    per_page& n = nodes_[page];
    page_id& head = heads_[bucket_of(k.hash)];
    n.space = k.space;
    n.parent = k.parent;
    n.hash = k.hash;
    n.pins = pins;
    n.next = head;
    std::memcpy(&blocks_[page], k.block.data(), k.block.size() * sizeof(token));
    head = page;
  }

  void fetch_bucket(std::uint64_t hash) const { std_prefetch(&heads_[bucket_of(hash)]); }
  void fetch_first(std::uint64_t hash) const {
    const page_id page = heads_[bucket_of(hash)];
    if (page == no_page) return;
    std_prefetch(&nodes_[page]);
    std_prefetch(&blocks_[page]);
  }

  void detach(page_id page) {
    page_id* link = &heads_[bucket_of(hash(page))];
    while (*link != page) link = &nodes_[*link].next;
    *link = nodes_[page].next;
  }

  std::uint32_t pins(page_id page) const { return nodes_[page].pins; }
  std::uint32_t add_pin(page_id page) { return nodes_[page].pins++; }
  std::uint32_t drop_pin(page_id page) { return --nodes_[page].pins; }

  page_id parent(page_id page) const { return nodes_[page].parent; }
  key_space space(page_id page) const { return nodes_[page].space; }
  std::vector<token> block(page_id page) const { return {&blocks_[page], &blocks_[page] + tokens_per_page_}; }

  template <class Visit>
  void for_each_indexed(Visit visit) const {
    for (std::size_t i = 0; i < buckets_; ++i) {
      std::size_t steps = 0;
      for (page_id page = heads_[i]; page != no_page && steps <= pages_; page = nodes_[page].next, ++steps) visit(page);
    }
  }

 private:
  bool stands_under(page_id page, const key& k) const {
    const per_page& n = nodes_[page];
    return n.parent == k.parent && n.space == k.space &&
           std::memcmp(&blocks_[page], k.block.data(), k.block.size() * sizeof(token)) == 0;
  }

  const std::size_t pages_;
  const std::size_t tokens_per_page_;
  const std::size_t buckets_;
  const hash_key key_;
  const column<per_page> nodes_;
  const column<token> blocks_;
  const std::unique_ptr<page_id[]> heads_;
};

class std_pool {
 public:
  struct per_page {
    lease_id holder;
    page_id next;
    page_state state;
  };

  std_pool(column<per_page> entries, std::size_t pages) : entries_(entries) {
    for (std::size_t i = 0; i < pages; ++i) {
      entries_[i] = {.holder = no_lease, .next = i + 1 == pages ? no_page : page_id(i + 1), .state = page_state::free};
    }
    top_ = page_id(0);
    free_count_ = pages;
  }

  std::size_t free_count() const { return free_count_; }

  page_id take(lease_id holder) {
    const page_id page = top_;
    per_page& e = entries_[page];
    top_ = e.next;
    --free_count_;
    e.state = page_state::leased;
    e.holder = holder;
    return page;
  }

  void put(page_id page) {
    per_page& e = entries_[page];
    e.state = page_state::free;
    e.holder = no_lease;
    e.next = top_;
    top_ = page;
    ++free_count_;
  }

  void mark_cached(page_id page) {
    per_page& e = entries_[page];
    e.state = page_state::cached;
    e.holder = no_lease;
  }

  page_state state(page_id page) const { return entries_[page].state; }
  lease_id holder(page_id page) const { return entries_[page].holder; }

 private:
  const column<per_page> entries_;
  page_id top_;
  std::size_t free_count_;
};

class std_recency_list {
 public:
  static constexpr page_id unlisted{static_cast<std::uint32_t>(no_page) - 1};

  struct per_page {
    page_id older{unlisted};
    page_id newer;
  };

  explicit std_recency_list(column<per_page> links) : links_(links) {}

  void released(page_id page, bool unpinned) {
    if (unpinned) push_newest(page);
  }

  page_id oldest() const { return oldest_; }

  bool contains(page_id page) const { return links_[page].older != unlisted; }

  page_id newer_than(page_id page) const { return links_[page].newer; }

  void push_newest(page_id page) {
    if (contains(page)) remove(page);
    const page_id before = newest_;
    links_[page].older = before;
    links_[page].newer = no_page;
    set_newer(before, page);
    newest_ = page;
  }

  void remove(page_id page) {
    const page_id older = links_[page].older;
    const page_id newer = links_[page].newer;
    links_[page].older = unlisted;
    set_newer(older, newer);
    set_older(newer, older);
  }

 private:
  void set_newer(page_id page, page_id behind) {
    if (page == no_page) {
      oldest_ = behind;
    } else {
      links_[page].newer = behind;
    }
  }
  void set_older(page_id page, page_id before) {
    if (page == no_page) {
      newest_ = before;
    } else {
      links_[page].older = before;
    }
  }

  const column<per_page> links_;
  page_id oldest_{no_page};
  page_id newest_{no_page};
};

struct std_counters {
  cache_stats get() const {
    cache_stats s;
    s.lookups = lookups;
    s.looked_up_pages = looked_up_pages;
    s.hit_pages = hit_pages;
    s.allocated_pages = allocated_pages;
    s.published_pages = published_pages;
    s.duplicate_pages = duplicate_pages;
    s.evicted_pages = evicted_pages;
    s.refused_too_large = refused_too_large;
    s.refused_full = refused_full;
    s.open_leases = open_leases;
    return s;
  }

  std::uint64_t lookups = 0, looked_up_pages = 0, hit_pages = 0;
  std::uint64_t allocated_pages = 0, published_pages = 0, duplicate_pages = 0, evicted_pages = 0;
  std::uint64_t refused_too_large = 0, refused_full = 0, open_leases = 0;
};

/// Threads: any.
class std_lease_buffers {
 public:
  using pages = std::vector<page_id>;
  using tokens = std::vector<token>;

  explicit std_lease_buffers(const cache_config& c)
      : most_bytes_(lease_buffers<std_sync>::bytes_kept(c)), stashes_(std::make_unique<stash[]>(std_sync::thread_indices::count)) {}

  void lend(pages& p, tokens& t) {
    const std::size_t i = threads_.own();
    if (i == std_sync::thread_indices::count || stashes_[i].count == 0) return;
    stash& s = stashes_[i];
    auto& kept = s.kept[--s.count];
    p.swap(kept.first);
    t.swap(kept.second);
    s.bytes -= bytes(p, t);
  }

  void keep(pages& p, tokens& t) {
    const std::size_t i = threads_.own();
    p.clear();
    t.clear();
    if (i != std_sync::thread_indices::count && stashes_[i].count != most && stashes_[i].bytes + bytes(p, t) <= most_bytes_) {
      stash& s = stashes_[i];
      s.bytes += bytes(p, t);
      auto& kept = s.kept[s.count++];
      p.swap(kept.first);
      t.swap(kept.second);
    } else {
      pages().swap(p);
      tokens().swap(t);
    }
  }

 private:
  static constexpr std::size_t most = 16;

  static std::size_t bytes(const pages& p, const tokens& t) noexcept {
    return p.capacity() * sizeof(page_id) + t.capacity() * sizeof(token);
  }

  struct alignas(64) stash {
    std::size_t count = 0;
    std::size_t bytes = 0;
    std::array<std::pair<pages, tokens>, most> kept;
  };

  const std_sync::thread_indices threads_;
  const std::size_t most_bytes_;
  const std::unique_ptr<stash[]> stashes_;
};

}  // namespace triecheck::checks
