// The rule `crowded`: what an operation may miss of the pages that are free or evictable, because operations of other
// threads move them from one to the other, or hold them, while it looks.
//
// An operation that looks for pages looks at one place after the other. A page that it misses was moved, or held, by an
// operation that overlaps it; so it misses no more pages than these operations touch.
//
// Threads: plain values.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace triecheck::model {

struct config;
struct event;

/// No more than so many pages of each kind, and `either` more of both together.
struct withheld {
  std::size_t free = 0;
  std::size_t evictable = 0;
  std::size_t either = 0;
  bool beside_forget = false;  ///< an operation that forgets overlaps
};

/// For each operation of a history, in the order of the calls, what those of other threads that overlap it in time
/// touch:
///   lookup           the pages that it found: evictable ones are not while it holds them
///   allocate, fork   as many free or evictable pages as it needed, whether it got them or not, and the parents of
///                    evicted ones; one that evicts nothing, free pages alone
///   publish          the pages that it adopted, and its own that it gave back for them
///   release          its private pages and its prefix
///   shrink           the pages that it gave back
///   match            nothing
///   forget           any page. During one, a lookup may hold for a moment as many pages as it asks for
///   evict, clear     the pages that it evicted, and their parents
/// O(operations that overlap).
std::vector<withheld> moved_by_others(const config& c, std::span<const std::reference_wrapper<const event>> history);

}  // namespace triecheck::model
