// The specification as code: the state of the cache and its atomic steps. Simple before fast.
//
// Sequential use: `step` runs a whole operation with the exact order of eviction. Concurrent use: `apply` takes one
// atomic step of an operation; the linearizability checker searches for an order of the steps of all operations that
// `apply` accepts. `step` is written with `apply`, so both obey one text.
//
// An operation is these atomic steps, in this order (step_kind says what each does):
//   lookup           lookup
//   match            match
//   forget           forget
//   allocate, fork   evict_page for any number of pages, take. One that needs no page, or may not evict, evicts none
//   publish          publish_page for each full private page of computed tokens, publish_end
//   release          free_page for each private page, in any order; drop_pin
//   shrink           free_page for each page that the lease does not keep, in any order; shrink_end
//   evict, clear     evict_page for each page that it reports, evict_end
// On a lease that is not open, only the last step remains; it does nothing.
//
// Invariants (numbers as in the documentation of the checks): a page is free, private to one lease, or a node (I1);
// pins of a node == open leases with it in their chain (I4); the evictable nodes are the leaves without pins (I6); a
// forgotten node has pins, and those below it are forgotten (I11). eviction.h orders the evictable nodes; no step
// depends on that order.
//
// Cost: a step is O(log pages) for each page it touches and O(1) for each token; none looks at all pages.
// Threads: a plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eviction.h"
#include "held_keys.h"
#include "operation.h"
#include "withheld.h"

namespace triecheck::model {

struct config {
  std::size_t pages = 0;            ///< at least 1
  std::size_t tokens_per_page = 0;  ///< at least 1
  eviction_policy policy = eviction_policy::recency;
};

enum class page_state : std::uint8_t { free, leased, cached };

/// One page as a snapshot of a real cache shows it.
struct page_view {
  page_state state = page_state::free;
  std::optional<page> parent = {};  ///< of a cached page; none is the root of its namespace
  std::vector<token> block = {};    ///< of a cached page
  std::uint64_t key = 0;            ///< of a cached page: what its block has besides the tokens
  bool pinned = false;              ///< of a cached page: some open lease has it in its chain
  key_space space = 0;              ///< of a cached page
  bool forgotten = false;           ///< of a cached page: no lookup finds it
  friend bool operator==(const page_view&, const page_view&) = default;
};

/// Counters and gauges as the specification defines them.
struct statistics {
  std::uint64_t lookups = 0;
  std::uint64_t looked_up_pages = 0;
  std::uint64_t hit_pages = 0;
  std::uint64_t allocated_pages = 0;  ///< forks included
  std::uint64_t published_pages = 0;
  std::uint64_t duplicate_pages = 0;
  std::uint64_t evicted_pages = 0;
  std::uint64_t forgotten_pages = 0;  ///< of evicted_pages, those that became free because they were forgotten
  std::uint64_t refused_too_large = 0;
  std::uint64_t refused_full = 0;
  std::uint64_t refused_looked_up_pages =
      0;  ///< of looked_up_pages, those of closed leases that were refused all they asked for
  std::uint64_t refused_hit_pages = 0;  ///< of hit_pages, likewise
  std::uint64_t free_pages = 0;
  std::uint64_t private_pages = 0;
  std::uint64_t cached_pages = 0;
  std::uint64_t open_leases = 0;
  friend bool operator==(const statistics&, const statistics&) = default;
};

struct named_statistic {
  const char* name;
  std::uint64_t statistics::*value;
};

/// All of them, in their order.
inline constexpr std::array<named_statistic, 16> named_statistics{{
    {"lookups", &statistics::lookups},
    {"looked_up_pages", &statistics::looked_up_pages},
    {"hit_pages", &statistics::hit_pages},
    {"allocated_pages", &statistics::allocated_pages},
    {"published_pages", &statistics::published_pages},
    {"duplicate_pages", &statistics::duplicate_pages},
    {"evicted_pages", &statistics::evicted_pages},
    {"forgotten_pages", &statistics::forgotten_pages},
    {"refused_too_large", &statistics::refused_too_large},
    {"refused_full", &statistics::refused_full},
    {"refused_looked_up_pages", &statistics::refused_looked_up_pages},
    {"refused_hit_pages", &statistics::refused_hit_pages},
    {"free_pages", &statistics::free_pages},
    {"private_pages", &statistics::private_pages},
    {"cached_pages", &statistics::cached_pages},
    {"open_leases", &statistics::open_leases},
}};

/// How many of them, from the first on, are counters. The others are gauges.
inline constexpr std::size_t named_counters = 12;

/// What an allocation could have, in pages.
struct availability {
  std::uint64_t free_pages = 0;
  std::uint64_t evictable_pages = 0;  ///< nodes in the chain of no open lease
  std::uint64_t pinned_pages = 0;     ///< nodes in the chain of an open lease
  std::uint64_t private_pages = 0;
  friend bool operator==(const availability&, const availability&) = default;
};

/// "free 1, evictable 2, pinned 0, private 1"
std::string show(const availability& a);

/// Why a step or an outcome is not one that the specification allows; one sentence that names the rule.
using violation = std::string;

enum class step_kind : std::uint8_t {
  lookup,        ///< opens the lease on the longest prefix and pins it
  take,          ///< takes all pages of an allocate or a fork, or refuses; a fork opens and pins its lease here
  publish_page,  ///< the first private page becomes a node, or becomes free and the existing node is adopted
  publish_end,   ///< the lease is as observed; the pin moved along with each page already
  free_page,     ///< the private page `target` becomes free
  drop_pin,      ///< closes the lease; its chain is the most recent one, and what of it is forgotten and has no pins
                 ///< becomes free
  match,         ///< says how many pages the longest prefix has, and changes nothing
  forget,        ///< a prefix, and what is below it, is not found any more; what no lease pins becomes free
  forget_first,  ///< the same of the first page `target` of a namespace; crowded: one after the other
  forget_end,    ///< the first pages of the namespace were forgotten one by one
  set_time,      ///< sets the clock to the caller's time, unless that is earlier than before
  shrink_end,    ///< the lease forgets the tokens that it does not keep
  evict_page,    ///< the evictable node `target` becomes free
  evict_end,     ///< as many pages as asked for were evicted, or nothing is evictable
};

/// What the answers of concurrent operations are held to: when they may say that there is not enough to evict
/// (cache_full, or an evict or clear that ends early), and whether each operation is one step.
enum class refusals : std::uint8_t {
  at_once,  ///< exact, and every operation takes effect at one instant, with the exact order of eviction
            ///< (whole_operations.h)
  exact,    ///< only when at some instant inside the call eviction could not cover the need
  crowded,  ///< also when it could cover it only with pages that operations of other threads move meanwhile (withheld)
};

/// One atomic step of the specification.
struct atomic_step {
  step_kind kind;
  page target = 0;  ///< of free_page, evict_page and forget_first
};

class state {
 public:
  /// init: every page free, no lease. Throws std::invalid_argument for a config without pages or tokens.
  explicit state(config c);

  /// Runs `op` alone and compares with what was observed; the state then is the one after the operation. Pages that
  /// the operation takes are the observed ones; evictions follow the policy exactly. An allocate or fork that
  /// runs alone can foresee that it will be refused, and evicts nothing then: `evicted_on_refusal` says how many pages
  /// were observed to go; with `ok` the number is not looked at.
  /// On a violation the state is unspecified.
  std::optional<violation> step(const operation& op, const outcome& observed, std::size_t evicted_on_refusal = 0);

  /// Takes the step `s` of `op`. On a violation the state is unchanged. Requires of publish_page: a page to publish. A
  /// refusal for want of pages, or an eviction that ends early, may have missed what is `missed`.
  std::optional<violation> apply(const atomic_step& s, const operation& op, const outcome& observed,
                                 const withheld& missed = {});

  /// The nodes that must be evicted before `s` can be as observed, each behind its descendants; all are unpinned.
  /// Empty where evictions are not needed or cannot help, and for evict_page.
  std::vector<page> in_the_way(const atomic_step& s, const operation& op, const outcome& observed) const;

  /// Every page, by page id.
  std::vector<page_view> view() const;

  /// The evictable closure in the exact order in which `evict` takes it: all unpinned nodes.
  std::vector<page> eviction_order() const;

  statistics stats() const;

  availability available() const;

  /// The same where a page is counted as pinned for each open lease that has it in its chain, up to all nodes.
  availability available_by_chains() const;

  /// How many pages a lookup of `tokens` would find now, for generators that restate preconditions.
  std::size_t lookup_hits(const std::vector<token>& tokens, key_space space = 0,
                          const std::vector<block_key>& keys = {}) const;

  /// The longest chain of nodes of `space` that matches the leading full blocks of `tokens`, with their keys.
  std::vector<page> longest_prefix(const std::vector<token>& tokens, key_space space = 0,
                                   const std::vector<block_key>& keys = {}) const;

  /// Those of `keys` that an allocation for the lease may name: none contradicts what a block has.
  std::vector<block_key> allowed_keys(lease number, const std::vector<block_key>& keys) const;

  /// The keys that the blocks of the lease have which are not published.
  std::vector<block_key> private_keys(lease number) const;

  /// How many pages an allocate or fork has to take; 0 as well where the lease is not open or the request too large.
  std::size_t shortage(const operation& op) const;

  /// How many private pages a publish still has to make nodes: those that the computed tokens fill; 0 where the lease
  /// is not open or holds fewer tokens, or its prefix is forgotten.
  std::size_t publishable(const operation& op) const;

  /// The same under concurrency: below a forgotten page as many as were observed.
  std::size_t publishable(const operation& op, const outcome& observed) const;

  /// What a forget finds: the node that its full blocks end on; without a full block, the first nodes of all chains.
  std::vector<page> forgettable(const operation& op) const;

  /// The pages that a release or a shrink still has to free; none where the lease is not open or holds fewer tokens.
  std::vector<page> returnable(const operation& op) const;

  /// How many tokens a lease keeps in a shrink that it allows: never fewer than its cached prefix has.
  std::size_t kept_tokens(const operation& op) const;

  /// The published pages of the lease, then its private ones; empty for a lease that is not open.
  std::vector<page> published_pages(lease number) const;
  std::vector<page> private_pages(lease number) const;

  /// The nodes from the root's child down to `node`. Requires a cached page.
  std::vector<page> chain(page node) const;

  /// The tokens of the chain of `node`, and the keys of its blocks. Requires a cached page.
  std::vector<token> path(page node) const;
  std::vector<block_key> path_keys(page node) const;

  /// All that later steps can tell apart, but for ranks: equal keys, equal pages, nodes and leases. A string of words
  /// because the standard library hashes such strings.
  std::u32string key() const;

  bool operator==(const state& other) const;  ///< equal: same pages, nodes, leases and eviction order; counters ignored
  std::size_t hash() const;                   ///< equal states have equal hashes
  std::string show() const;                   ///< several lines: the trie, the leases, the free pages

 private:
  static constexpr page root = 0xffff'ffff;

  struct page_record {
    page_state state = page_state::free;
    page parent = root;                               // of a node
    key_space space = 0;                              // of a node: its whole chain's
    std::uint32_t pins = 0;                           // of a node
    bool forgotten = false;                           // of a node: it is not in children_
    std::shared_ptr<const std::vector<token>> block;  // of a node; shared by the copies of a state
    std::uint64_t key = 0;                            // of a node: what its block has besides the tokens
  };

  struct open_lease {
    key_space space = 0;
    std::vector<token> tokens;
    held_keys keys;
    std::vector<page> pages;
    std::size_t cached = 0;     // how many of pages are published
    std::size_t looked_up = 0;  // full blocks that its lookup asked for
    bool was_granted = false;   // something that it asked for; a forked lease, with the other one
    bool was_refused = false;
  };

  // The edge to a child. `block` refers to tokens of the child's record, or of the caller.
  struct edge {
    page parent;
    key_space space;
    std::uint64_t key;
    std::span<const token> block;
  };
  struct edge_order {
    bool operator()(const edge& a, const edge& b) const;
  };

  std::optional<violation> make_room(const operation& op, const outcome& observed, std::size_t evicted_on_refusal);
  std::optional<violation> evict_oldest(const operation& op, const outcome& observed, std::size_t count);

  // One for each step_kind.
  std::optional<violation> apply_lookup(const operation& op, const outcome& observed);
  std::optional<violation> apply_take(const operation& op, const outcome& observed, const withheld& missed);
  std::optional<violation> apply_publish_page(const operation& op, const outcome& observed);
  std::optional<violation> apply_publish_end(const operation& op, const outcome& observed) const;
  std::optional<violation> apply_free_page(page target, const operation& op);
  std::optional<violation> apply_drop_pin(const operation& op, const outcome& observed);
  std::optional<violation> apply_match(const operation& op, const outcome& observed) const;
  std::optional<violation> apply_forget(const operation& op, const outcome& observed);
  std::optional<violation> apply_forget_end(const operation& op, const outcome& observed, const withheld& missed) const;
  std::optional<violation> apply_set_time(const operation& op);
  std::optional<violation> apply_shrink_end(const operation& op, const outcome& observed);
  std::optional<violation> apply_evict_page(page target, const operation& op);
  std::optional<violation> apply_evict_end(const operation& op, const outcome& observed, const withheld& missed) const;

  std::optional<violation> wrong_status(const operation& op, const outcome& observed) const;
  std::optional<violation> wrong_refusal(const operation& op, const outcome& observed, const withheld& missed) const;
  std::optional<violation> wrong_taking(const operation& op, const outcome& observed) const;
  std::optional<violation> wrong_copies(const operation& op, const outcome& observed) const;

  std::size_t covered(const operation& op, const withheld& missed) const;
  bool is_open(lease number) const { return leases_.contains(number); }
  bool contradicts(const open_lease& l, const block_key& k) const;
  bool too_large(const operation& op) const;
  bool has_children(page node) const;
  bool is_unpinned(page p) const;
  edge next_edge(const open_lease& l) const;
  std::optional<page> find_child(const edge& e) const;
  std::optional<page> forgotten_child(const edge& e, const outcome& observed, std::size_t index) const;
  void add_subtree(page node, std::vector<page>& nodes) const;
  std::string describe(page p) const;
  void show_children(page parent, std::size_t depth, std::string& text) const;

  void pin(page node);
  void follow_ranks(const std::vector<eviction_ranks::change>& changed);
  void become_free(page p);
  void cut(page top);
  void fall_forgotten(page node);
  bool is_below_forgotten(const open_lease& l) const {
    return l.cached != 0 && pages_[l.pages[l.cached - 1]].forgotten;
  }
  std::size_t unpublished(const operation& op) const;

  config config_;
  std::vector<page_record> pages_;
  std::map<edge, page, edge_order> children_;
  std::map<lease, open_lease> leases_;  // the open ones
  eviction_ranks ranks_;
  std::set<std::pair<eviction_ranks::rank, page>> evictable_;  // (rank, node) of each unpinned leaf
  std::size_t unpinned_ = 0;                                   // nodes without pins, leaves and others
  statistics stats_;                                           // open_leases is filled in by stats()
};

}  // namespace triecheck::model
