// The order of eviction of every policy, as code: recency, which is the specification's, and the others.
//
// Every node has a rank, and the evictable node with the least rank is evicted first. Ranks change when a lease ends.
// With the policies that age or forget, this also changes the ranks of nodes that the lease did not hold. With the
// policy `priority` ranks also change when time passes and when a publication asks to keep a page.
//
// Threads: a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "operation.h"

namespace triecheck::model {

/// What ranks the evictable nodes. Among equals, the one that was released first is evicted first.
enum class eviction_policy : std::uint8_t {
  recency,    ///< its latest release
  first_in,   ///< its publication
  frequency,  ///< how many leases held it, up to 15, and what the node evicted last had when this one was released
  priority,   ///< the highest priority that was asked for it and has not expired
  segmented,  ///< whether it is protected: released at least twice, and of those among the latest, three tenths of the
              ///< pages
};

class eviction_ranks {
 public:
  using rank = std::pair<std::uint64_t, std::uint64_t>;
  struct change {
    page node;
    rank before;
  };

  eviction_ranks(eviction_policy policy, std::size_t pages);

  rank of(page node) const;

  void published(page node);

  /// Records what a publication or a release asks for the node. Requires that a lease pins it.
  void keep(page node, const retention& wanted);

  /// Returns the nodes whose rank may have changed.
  std::vector<change> set_time(std::uint64_t now);

  /// A lease ended that held `chain`, root first. Returns the nodes outside the chain whose rank may have changed.
  std::vector<change> released(const std::vector<page>& chain, const retention& wanted);

  void evicted(page node);

  /// The node was removed out of turn: nothing ages by that.
  void forgotten(page node);

 private:
  static constexpr std::size_t most_retentions = 4;

  struct record {
    std::uint64_t published = 0;  // the event of its publication
    std::uint64_t released = 0;   // the event of its latest release; 0 before the first
    std::uint64_t uses = 0;
    std::uint64_t count = 0;
    std::map<unsigned, std::uint64_t> retentions;  // by priority: when they expire
  };

  void drop_useless(record& r) const;
  std::vector<change> protect(const std::vector<page>& chain);

  eviction_policy policy_;
  std::size_t most_protected_;
  std::vector<record> records_;
  std::uint64_t events_ = 0;                            // numbers publications, and the releases of single nodes
  std::uint64_t now_ = 0;                               // the clock of the caller
  std::uint64_t age_ = 0;                               // the count of the node evicted last
  std::set<std::pair<std::uint64_t, page>> expiries_;   // of retentions; also of those that no longer matter
  std::set<std::pair<std::uint64_t, page>> protected_;  // by latest release
};

}  // namespace triecheck::model
