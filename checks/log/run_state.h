// What a log shows of the cache at a moment at which no operation runs: open leases, and what each page is.
//
// It comes from the answers alone. Because no operation runs then, operations last changed a page in the order in which
// they ended: the lease that holds a page at the end of an operation holds it until the call that gives it up.
//
// What is certain: leases and their pages; that a node is there while a lease holds it, and afterwards as long as no
// operation evicts. Where something may have been evicted since, a node is uncertain.
//
// Threads: plain values.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "checks/log/log_file.h"
#include "model/held_keys.h"
#include "model/operation.h"

namespace triecheck::checks {

/// The blocks from a root down to a node, as a number; 0 is no path.
using path_id = std::size_t;

/// Numbers paths. Equal paths in equal namespaces have equal numbers.
class path_table {
 public:
  struct entry {
    path_id parent = 0;  ///< 0: the root of the namespace
    model::key_space space = 0;
    std::vector<model::token> block;
    std::uint64_t key = 0;  ///< of the block
    std::size_t depth = 0;
    friend auto operator<=>(const entry& a, const entry& b) {
      if (const auto c = a.parent <=> b.parent; c != 0) return c;
      if (const auto c = a.space <=> b.space; c != 0) return c;
      if (const auto c = a.key <=> b.key; c != 0) return c;
      return a.block <=> b.block;
    }
    friend bool operator==(const entry& a, const entry& b) { return (a <=> b) == 0; }
  };

  /// The paths of the full blocks among the first `tokens` tokens, the shortest first.
  std::vector<path_id> of(const std::vector<model::token>& sequence, std::size_t tokens, model::key_space space,
                          const model::held_keys& keys, std::size_t tokens_per_page);

  const entry& at(path_id p) const { return entries_[p - 1]; }
  std::vector<model::token> tokens(path_id p) const;
  std::vector<model::block_key> keys(path_id p) const;

 private:
  std::map<entry, path_id> numbers_;
  std::vector<entry> entries_;
};

struct lease_record {
  bool is_known = false;  ///< its opening is in the log, so that its tokens are known
  model::key_space space = 0;
  std::vector<model::token> tokens;
  std::vector<model::page> pages;
  std::size_t cached = 0;
  model::held_keys keys = {};
};

/// The lease that a lookup opened.
lease_record opened_by(const logged_event& lookup, std::size_t tokens_per_page);

struct page_record {
  enum class kind : std::uint8_t { unknown, free, leased, cached };
  kind is = kind::unknown;
  model::lease owner = 0;     ///< of a leased page
  path_id path = 0;           ///< of a cached page; 0 where it is not known
  std::size_t holders = 0;    ///< open leases that have it as cached
  std::uint64_t seen_ns = 0;  ///< until when it certainly was this node
};

class run_state {
 public:
  /// `is_complete`: the log begins with the cache, which was empty.
  run_state(const logged_run& run, bool is_complete);

  /// The next operation, in the order of the ends.
  void apply(const logged_event& e, path_table& paths);

  const std::map<model::lease, lease_record>& leases() const { return leases_; }
  const std::vector<page_record>& pages() const { return pages_; }
  /// The page of the node; none where there is no such node.
  const model::page* node_of(path_id p) const {
    const auto found = nodes_.find(p);
    return found == nodes_.end() ? nullptr : &found->second;
  }
  /// Whether the cached page surely still is what it was.
  bool is_certain(model::page p) const { return pages_[p].holders != 0 || latest_eviction_ns_ <= pages_[p].seen_ns; }

 private:
  void hold_cached(const lease_record& l, std::size_t first, std::uint64_t now_ns, path_table& paths);
  void set_node(model::page p, path_id path);
  void set_private(const lease_record& l, std::size_t first, model::lease owner);
  void free_private(model::page p, model::lease owner);
  void published(lease_record& l, const logged_event& e, path_table& paths);
  void released(const logged_event& e);

  std::size_t tokens_per_page_;
  std::map<model::lease, lease_record> leases_;  // the open ones
  std::vector<page_record> pages_;
  std::map<path_id, model::page> nodes_;
  std::uint64_t latest_eviction_ns_ = 0;  // when the latest operation that may have evicted ended
};

}  // namespace triecheck::checks
