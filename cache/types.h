// The vocabulary of the page cache: tokens, pages, leases' results, counters.
//
// Threads: plain values; nothing here is shared.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace triecheck::inline v0_1 {

/// One token of a request, as the tokenizer numbers it.
using token = std::uint32_t;

/// One slab of key/value memory; pages of a cache are numbered 0 .. pages - 1.
enum class page_id : std::uint32_t {};

/// Stands for "no page": the parent of a first block, the end of a list.
inline constexpr page_id no_page{0xffff'ffff};

constexpr std::size_t index_of(page_id page) noexcept { return static_cast<std::size_t>(page); }

/// A namespace of keys: what a server keeps apart although the tokens are equal, such as what different adapters
/// computed, or what belongs to tenants who must not learn of each other by a hit. The caller numbers them as it likes;
/// every number is one, and none costs anything until it has pages.
enum class key_space : std::uint64_t {};

/// What the tokens of a block do not say: which picture or sound its placeholders represent, or a salt. Where several
/// things meet in one block, the caller makes one number of them.
struct block_key {
  std::size_t block = 0;  ///< of the sequence, which begins with block 0
  std::uint64_t key = 0;  ///< 0 is no key
  friend bool operator==(const block_key&, const block_key&) = default;
};

/// Tokens, and the keys of those of their blocks that have one, in the order of the blocks. Tokens alone have none, and
/// need not say so. Valid as long as what it was made of.
struct keyed_tokens {
  std::span<const token> tokens;
  std::span<const block_key> keys;

  constexpr keyed_tokens() noexcept = default;
  constexpr keyed_tokens(std::span<const token> t, std::span<const block_key> k) noexcept : tokens(t), keys(k) {}
  template <class Tokens>
  requires std::convertible_to<const Tokens&, std::span<const token>>
  constexpr keyed_tokens(const Tokens& t) noexcept : tokens(t) {}
};

/// Numbers the leases of one cache: no number twice, and growing for those that one thread opens. 0 means "no lease".
enum class lease_id : std::uint64_t {};
inline constexpr lease_id no_lease{0};

/// What an operation answered. Everything but `ok` left the lease as it was.
enum class status : std::uint8_t {
  ok,
  request_too_large,  ///< the lease would hold more pages than the cache has
  cache_full,         ///< eviction could not cover the need
  lease_closed,       ///< the lease was released
  invalid_argument,   ///< a lease of another cache, or a broken contract where there are no assertions
  pages_lost,         ///< shutdown found pages that are not free
};

/// The size of a cache, fixed for its life.
struct cache_config {
  std::size_t pages = 0;            ///< how many pages there are; 1 .. 2^32 - 2
  std::size_t tokens_per_page = 0;  ///< how many tokens fill a page; at least 1
  std::size_t index_buckets = 0;    ///< for checks: how many buckets the index has at most; 0 lets the cache choose

  /// The seed of the key of the prefix hashes (block_hash.h). Events contain hashes, so a router and the caches whose
  /// hashes it compares share a seed; that is why it is not random by default, and every run is the same. A server
  /// whose tenants do not trust each other sets it to a random number that they do not learn: a tenant that knows it
  /// can choose prompts that share a bucket, and make lookups slow.
  std::uint64_t hash_seed = 0;
};

/// How many buckets an index has: several times the number of pages, so that most chains are of one node, unless the
/// configuration asks for fewer.
constexpr std::size_t bucket_count(const cache_config& config) noexcept {
  const std::size_t most = 4 * config.pages;
  return config.index_buckets == 0 ? most : std::min(config.index_buckets, most);
}

// Both standard libraries throw by this function of theirs, and end the program under -fno-exceptions, where a `throw`
// would not compile.

/// Returns the configuration; throws std::invalid_argument unless 1 <= pages < 2^32 - 1, tokens_per_page >= 1, and all
/// blocks fit in memory.
inline cache_config checked(cache_config config) {
  if (config.pages == 0 || config.pages >= index_of(no_page))
    std::__throw_invalid_argument("pages must be 1 .. 2^32 - 2");
  if (config.tokens_per_page == 0) std::__throw_invalid_argument("tokens_per_page must be at least 1");
  constexpr std::size_t notes_of_a_page = 1024;  // and the end of the last line of its block: no cache needs more
  if (config.tokens_per_page > (PTRDIFF_MAX / config.pages - notes_of_a_page) / sizeof(token))
    std::__throw_invalid_argument("the cache is too large");
  return config;
}

/// Where an allocation may have its pages from.
enum class page_source : std::uint8_t {
  free_and_evicted,  ///< free pages, and what is missing is evicted
  free_only,         ///< free pages alone: nobody's cached pages are given up for it
};

/// How much of a prompt is cached, as `match` saw it.
struct cached_prefix {
  std::size_t pages = 0;
  std::size_t tokens = 0;  ///< that these pages hold
  friend bool operator==(const cached_prefix&, const cached_prefix&) = default;
};

/// A page whose contents the caller of `fork` copies.
struct page_copy {
  page_id from;
  page_id to;
  friend bool operator==(const page_copy&, const page_copy&) = default;
};

/// The three states of a page (invariant I1: exactly one of them at any time).
enum class page_state : std::uint8_t { free, leased, cached };

/// A page that `shutdown` could not free, and who holds it.
struct lost_page {
  page_id page;
  page_state state;
  lease_id holder;     ///< the lease that holds it privately; `no_lease` for a cached page
  std::uint32_t pins;  ///< open leases whose chain contains it; 0 for a private page
};

struct [[nodiscard]] shutdown_report {
  status result = status::ok;  ///< `ok` or `pages_lost`
  std::size_t evicted = 0;     ///< how many pages the clearing freed
  std::vector<lost_page> lost;
};

/// Counters since construction, then gauges. How far they belong together while other calls run, each cache says.
struct cache_stats {
  std::uint64_t lookups = 0;
  std::uint64_t looked_up_pages = 0;  ///< full blocks that lookups asked for
  std::uint64_t hit_pages = 0;        ///< of these, found
  std::uint64_t allocated_pages = 0;  ///< pages handed out as private, forks included
  std::uint64_t published_pages = 0;  ///< private pages that became nodes
  std::uint64_t duplicate_pages = 0;  ///< private pages freed because the block was cached already
  std::uint64_t evicted_pages = 0;
  std::uint64_t forgotten_pages = 0;  ///< of evicted_pages, those that became free because they were forgotten
  std::uint64_t refused_too_large = 0;
  std::uint64_t refused_full = 0;
  std::uint64_t refused_looked_up_pages =
      0;                                ///< of looked_up_pages, those of leases that were refused all they asked for
  std::uint64_t refused_hit_pages = 0;  ///< of hit_pages, likewise
  std::uint64_t free_pages = 0;
  std::uint64_t private_pages = 0;
  std::uint64_t cached_pages = 0;
  std::uint64_t open_leases = 0;
  friend bool operator==(const cache_stats&, const cache_stats&) = default;

  /// What the hit rate of admitted requests is made of: one that is refused, and tries again with another lease, counts
  /// once. An attempt is taken out when its lease ends.
  std::uint64_t admitted_looked_up_pages() const noexcept {
    return looked_up_pages - std::min(looked_up_pages, refused_looked_up_pages);
  }
  std::uint64_t admitted_hit_pages() const noexcept { return hit_pages - std::min(hit_pages, refused_hit_pages); }
};

/// What a scheduler could have, in pages. Gauges; how far they belong together, each cache says.
struct available_pages {
  std::uint64_t free_pages = 0;
  std::uint64_t evictable_pages = 0;  ///< cached, and in the chain of no open lease
  std::uint64_t pinned_pages = 0;     ///< cached, and in the chain of an open lease
  std::uint64_t private_pages = 0;
  friend bool operator==(const available_pages&, const available_pages&) = default;

  /// How many pages an allocation could have.
  std::uint64_t obtainable() const noexcept { return free_pages + evictable_pages; }
};

/// One page as `snapshot` saw it.
struct page_view {
  page_state state = page_state::free;
  lease_id holder = no_lease;  ///< of a private page
  page_id parent = no_page;    ///< of a cached page
  key_space space = {};        ///< of a cached page
  std::uint32_t pins = 0;      ///< of a cached page
  std::vector<token> block;    ///< of a cached page
  std::uint64_t key = 0;       ///< of a cached page: what its block has beside the tokens
  bool forgotten = false;      ///< of a cached page: no lookup finds it
};

/// The whole cache at one instant: what the structure checks read.
struct cache_snapshot {
  std::size_t tokens_per_page = 0;
  std::vector<page_view> pages;         ///< by page id
  std::vector<page_id> eviction_order;  ///< every unpinned node, the next to be evicted first
  std::vector<page_id> indexed;         ///< every node that the child index leads to
};

}  // namespace triecheck::inline v0_1
