// Linearizability of whole operations, against the sequential model: is there an order of the operations in which each
// lies inside its interval and `state::step` accepts it, with the exact order of eviction?
//
// For caches that promise it: every operation takes effect at one instant, and the policy is exact under concurrency,
// too. It asks for more than `check` (linearizability.h), which lets operations take effect step by step and evicts
// evictable nodes in any order. Here a publication of two pages, an eviction of two, or a refusal that evicted
// something must not be seen half done.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "linearizability.h"
#include "operation.h"
#include "state.h"

namespace triecheck::model {

/// What a snapshot showed, or a look at what is available.
struct end_state {
  std::vector<page_view> pages;                ///< by page id
  std::vector<page> eviction_order;            ///< every unpinned node, the next to be evicted first
  std::optional<availability> available = {};  ///< there: it was a look at these numbers alone
};

/// Searches depth first with memoisation on (operations done, state). Starts from an empty cache. An order counts only
/// if it ends as `end` shows, when given. `shown`, by event and perhaps shorter, says what an event saw that is a
/// snapshot, else nothing; such an event is an eviction of no page. Requires that no event returned before it was
/// called.
/// Cost: exponential in the number of overlapping operations; gives up before it visits more than `limit_states`.
linearization check_whole(const config& c, const std::vector<event>& history, const end_state* end = nullptr,
                          std::size_t limit_states = 1'000'000, std::span<const std::optional<end_state>> shown = {});

}  // namespace triecheck::model
