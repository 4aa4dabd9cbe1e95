// Linearizability, step by step, against the sequential model: is there an order of the atomic steps of all operations
// in which every step lies inside its operation's interval and the model accepts each?
//
// Any evictable node may be evicted next here, and an allocate or fork that needs pages may evict any number of them,
// as the specification grants under concurrency. Recency therefore does not matter to the verdict.
//
// The search takes two kinds of steps only when something depends on them: the evictions of allocate and fork, and the
// pages that a release frees one by one. That loses no order. Such a step can be moved behind every later step that
// does not depend on it, until it meets one that does, or the last step of its operation:
//   - An eviction meets a step that needs the node gone or its page free (state::in_the_way), or the take of the last
//     operation under way that may evict. There it is tried only where an operation that is not completed, or the final
//     snapshot, may depend on it; otherwise it can be left out of the order.
//   - An eviction that meets the eviction of the parent by evict or clear changes places with it: that operation takes
//     the child, and the parent goes on being moved.
//   - A page that a release or a shrink frees meets the take that gets the page, or the last step of its operation.
// Moving them later never hinders what is between. An exact refusal depends on free and evictable pages together, or,
// where nothing may be evicted, on free ones alone, of which there are fewer then. A release that frees later only
// makes a refusal easier to accept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "operation.h"
#include "state.h"

namespace triecheck::model {

/// One operation of a history. Times are any numbers that grow: an operation precedes another when its `returned` is
/// smaller than the other's `called`, and when both are of one thread and it was called first.
struct event {
  unsigned thread = 0;
  operation op;
  outcome observed;
  std::size_t called = 0;
  std::size_t returned = 0;
};

enum class linearizable : std::uint8_t { yes, no, unknown };  ///< unknown: gave up at the limit

struct linearization {
  linearizable verdict = linearizable::unknown;
  std::size_t states = 0;  ///< states visited
  std::vector<std::string>
      order;           ///< with yes: the steps in order, if told; otherwise the longest accepted prefix seen
  std::string reason;  ///< with no: why the longest prefix could not go on, one sentence
};

struct check_options {
  std::size_t limit_states = 1'000'000;
  bool tell_order = true;  ///< also where the verdict is yes: it can take longer than to find the order
  refusals rule =
      refusals::exact;  ///< crowded: an operation may miss what operations of other threads move that overlap it
};

/// Searches depth first with memoisation on (steps done, state). Starts from an empty cache, so `history` begins at
/// construction. `final_pages`, when given, is what a snapshot at the end showed: an order counts only if it ends
/// there. Requires that no event returned before it was called; throws std::invalid_argument otherwise.
/// Cost: exponential in the number of overlapping operations; gives up before it visits more than `limit_states`.
linearization check(const config& c, const std::vector<event>& history,
                    const std::vector<page_view>* final_pages = nullptr, const check_options& options = {});

}  // namespace triecheck::model
