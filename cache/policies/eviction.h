// Which page is evicted next: what an eviction policy owes to the cache that asks it.
//
// The cache decides what may be evicted, a leaf of the trie that no lease pins, and the policy which of these is
// evicted first. So a policy can lose hits, never correctness: every one passes the same checks.
//
// What a policy owes, besides the members below: all memory at construction, O(1) amortised per page that is published,
// released or evicted, and an order that depends on these calls alone, never on a clock of the system. Pins come and go
// without its knowledge, because lookups may run concurrently: a page that it names may be pinned, is then taken off
// with `remove`, and comes back with `released` when its last pin is dropped.
//
//   published(page, parent)   `page` became a node, pinned, below `parent` (`no_page` is the root)
//   keep(page, terms)         the thread that publishes or releases `page`, which has a pin, asks for `terms`
//   released(page, unpinned)  a lease ends that held `page`, its nodes in turn, the deepest first; `unpinned`: that was
//                             its last pin
//   oldest()                  the next to be evicted, or `no_page`; requires nothing of its pins, see above
//   remove(page)              what `oldest` named is evicted, or was found pinned; or an unpinned node is going to be
//                             forgotten
//   evicted(page, trie)       `page` is no node any more; it was removed before. `trie` still knows its parent
//   forgotten(page, trie)     the same of a page that is not evicted by the order: nothing ages by that
//   in_order(trie, visit)     calls `visit` for every unpinned node in the order of eviction; for snapshots
//   set_time(now)             the clock of the caller says `now`; of policies by which something ends
//
// Threads: not synchronised; the owner serialises every call, `oldest` and `in_order` included.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "../pages/page_records.h"
#include "../types.h"

namespace triecheck::inline v0_1 {

/// Of a policy that does not listen to what callers ask for.
struct no_terms {};

/// How much the owner of a lease wants its pages kept, and until when; for the policy `priority`.
struct retention {
  static constexpr unsigned most = 100;
  static constexpr std::uint64_t for_ever = std::numeric_limits<std::uint64_t>::max();

  unsigned priority = 0;                ///< 0 .. most, more counts as most; 0 asks for nothing
  std::uint64_t expires_at = for_ever;  ///< by the clock of `set_time`: from then on it counts as 0
};

template <class P>
concept eviction_policy = std::constructible_from<P, column<typename P::per_page>, std::size_t> &&
    requires(P& p, const P& c, page_id page, typename P::terms terms) {
  p.published(page, page);
  p.keep(page, terms);
  p.released(page, true);
  { c.oldest() } -> std::same_as<page_id>;
  p.remove(page);
};

/// A policy by which something ends at a time of the caller's clock.
template <class P>
concept has_clock = requires(P& p, std::uint64_t now) {
  p.set_time(now);
};

}  // namespace triecheck::inline v0_1
