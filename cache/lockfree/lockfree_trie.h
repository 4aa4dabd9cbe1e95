// The trie of published pages without a lock. A node is its page: everything about it is in arrays indexed by page id
// that are allocated once and never returned, so no node is ever reclaimed under a reader, and no operation allocates.
//
// A run is what one publication makes nodes, a chain of pages: its first node is in the index, and each leads to its
// follower, the next one. So a run is published by one exchange, however long it is, a walk along it needs neither hash
// nor index, and a follower is out of the trie as soon as it is claimed. The link from a node to its follower is
// written before the node can be found and never changes; another child of it, or the same block again after the
// follower was evicted, is in the index.
//
// The index is one chained hash table, keyed by the hash of the whole prefix and compared by parent, block and the key
// of the block. Whether a block has a key is in the state of its node, so a walk looks at a key only where there is
// one. A chain is Michael's list ("High performance dynamic lock-free hash tables and list-based sets", SPAA 2002) with
// the versioned links of that paper. Nodes are put in at the head, so an insertion that succeeds knows that there was
// no other one since it looked. A node is marked before it is taken out, and any walk that comes past takes it out.
//
// What a walk proves:
// - A follower that is found, by its page and generation, was in the trie: it was published with the node that leads to
//   it, and is evicted once.
// - A node that a walk of the index passed over or found was in the chain while it was looked at, because the link that
//   led there was read again afterwards. An old link can also lead to a page that is being published again, which looks
//   like a node before it is linked, and may never be linked.
// - A thread that pins a node, by its generation, learns that it was in the trie throughout. As only leaves are
//   evicted, the pin of the deepest node proves the whole path (I2, I3).
//
// Invariants: I7: the first node of a run is in its bucket's chain from attach to detach, once; the link of every other
// page is marked. A node has as many references as it has children and leases that end on it (I4); children name their
// parent by page and generation, and nodes their follower. A forgotten node stays in its chain until it becomes free,
// and walks pass it by (I11).
// Cost: find_path and attach are O(tokens) expected, detach O(1). Nothing is allocated.
// Threads and progress: any thread may call anything at any time, unless a member says otherwise; lock-free: a walk
// starts again only when another thread changed the chain under it.
// Source of the orders: orders.h.
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "../pages/block_hash.h"
#include "../pages/block_keys.h"
#include "../pages/page_records.h"
#include "../pages/prefix_hashes.h"
#include "../pages/subtree.h"
#include "../sync/sync.h"
#include "../types.h"
#include "node_word.h"
#include "orders.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class lockfree_trie {
 public:
  using shared_word = typename Sync::template atomic<std::uint64_t>;

  /// The owner of a page that is no node, at first.
  static constexpr std::uint64_t nobody = 0;

  /// How many words hold a block.
  static constexpr std::size_t block_words(std::size_t tokens_per_page) noexcept { return (tokens_per_page + 1) / 2; }

  /// What the trie notes of a page, beside its block and its key.
  struct per_page {
    shared_word state{0};  // node_word
    shared_word next{0};   // link_word, in the chain of the bucket; marked outside of chains, where it may lead upwards
    shared_word parent{0};     // node_ref
    shared_word hash{nobody};  // of all blocks from the root to this one; of a page that is no node, its owner
  };

  /// An empty trie over all pages, all free. Requires a checked configuration. `followers` is written for nodes only:
  /// of other pages it may hold anything, as long as the low half is a page or `no_page`.
  lockfree_trie(column<per_page> nodes, column<shared_word> followers, column<shared_word> blocks,
                const cache_config& config)
      : tokens_per_page_(config.tokens_per_page),
        pages_(config.pages),
        buckets_(bucket_count(config)),
        key_(config.hash_seed),
        nodes_(nodes),
        followers_(followers),
        blocks_(blocks),
        extras_(std::make_unique<shared_word[]>(pages_)),
        heads_(std::make_unique<shared_word[]>(buckets_)) {
    for (std::size_t i = 0; i < buckets_; ++i) {
      heads_[i].store(link_word{}.packed(), orders::link_private);
      Sync::label(heads_[i], "trie.bucket", i);
    }
    for (std::size_t i = 0; i < pages_; ++i) {
      per_page& n = nodes_[i];
      n.state.store(node_word{}.packed(), orders::state_private);
      n.next.store(link_word{.marked = true}.packed(), orders::link_private);
      n.parent.store(node_ref{}.packed(), orders::block_write);
      n.hash.store(nobody, orders::block_write);
      Sync::label(n.state, "trie.state", i);
      Sync::label(n.next, "trie.next", i);
      Sync::label(n.parent, "trie.parent", i);
      Sync::label(n.hash, "trie.hash", i);
      extras_[i].store(0, orders::block_write);
      Sync::label(extras_[i], "trie.key", i);
    }
    const std::size_t words = block_words(tokens_per_page_);
    for (std::size_t i = 0; i < pages_ * words; ++i) {
      shared_word& word = (&blocks_[i / words])[i % words];
      word.store(0, orders::block_write);
      Sync::label(word, "trie.block", i / words);
    }
  }

  /// A node as it was seen.
  struct sight {
    page_id page = no_page;   ///< `no_page`: there was none
    std::uint64_t state = 0;  ///< its node_word then

    node_ref ref() const { return {.page = page, .generation = node_word::of(state).generation}; }
  };

  struct path_end {
    std::size_t length = 0;  ///< how many nodes were found
    sight last;              ///< the deepest of them
  };

  /// The longest chain of nodes below `above` that is in the trie under the leading blocks of `tokens`, of which the
  /// first is block number `first` of what `keys` goes along (block_keys.h): writes its pages to `path`, as far as that
  /// has room. Nodes that were found may be gone already; if the last one is not, none is. That the chain ends, where
  /// the path has room for more, was true at some instant of the call if its last node, or `above` where there is none,
  /// was in the trie throughout.
  template <class Keys>
  path_end find_path(node_ref above, std::span<const token> tokens, Keys keys, std::size_t first,
                     std::span<page_id> path) const {
    path_end end;
    std::optional<prefix_hashes<lockfree_trie, Keys>> hashes;  // of what comes behind the last run
    for (;;) {
      const auto more = tokens.subspan(end.length * tokens_per_page_);
      if (const path_end run = follow(above, more, keys, first + end.length, path.subspan(end.length));
          run.length != 0) {
        end = {.length = end.length + run.length, .last = run.last};
        hashes.reset();
        above = end.last.ref();
      }
      if (end.length == path.size()) return end;
      const auto rest = tokens.subspan(end.length * tokens_per_page_);
      if (!hashes) hashes.emplace(*this, hash_of(above), rest, tokens_per_page_, keys, first + end.length);
      const sight child =
          walk(key(above, hashes->next(), rest.first(tokens_per_page_), keys.of(first + end.length))).found;
      if (child.page == no_page) return end;
      fetch_run(child.page);
      path[end.length] = child.page;
      end = {.length = end.length + 1, .last = child};
      above = child.ref();
    }
  }

  /// What its hashes are keyed by.
  const hash_key& hashes_by() const noexcept { return key_; }

  /// Prefetch what a walk is going to read (prefix_hashes.h).
  std::size_t bucket_of(std::uint64_t hash) const noexcept { return bucket_for(hash, buckets_); }
  void fetch_bucket(std::size_t bucket) const { Sync::prefetch(&heads_[bucket]); }
  void fetch_first(std::size_t bucket) const {
    const page_id page = link_word::of(Sync::peek(heads_[bucket], link_word{}.packed())).page;
    if (page != no_page) fetch(page);
  }

  /// Makes the private pages `own` a run of nodes below `parent`, under the blocks of `rest`, each with one reference.
  /// False when there is a node under the first block. Requires that `own` is not empty; that the caller holds `own`
  /// and a reference on the parent, which then is the first node's; and that find_path, called since, found nothing
  /// there. Calls `announce` before any walk can find `own`, if it comes to that; the answer may still be false.
  /// Linearization point: the exchange of the bucket's head.
  template <class Announce>
  bool attach(std::span<const page_id> own, node_ref parent, const block_sequence& rest, Announce announce) {
    const auto first = rest.tokens.first(tokens_per_page_);
    const std::uint64_t extra = keys_along(rest.keys).of(rest.first);
    const key k(parent, block_hash(key_, hash_of(parent), first, extra), first, extra);
    bool written = false;
    for (;;) {
      const walk_end end = walk(k);
      if (end.found.page != no_page) {
        if (written) withdraw(own);
        return false;
      }
      if (!written) {
        write(own, parent.page, k, rest);
        announce();
      }
      written = true;
      per_page& n = at(own.front());
      const link_word head = link_word::of(end.head);
      n.next.store(link_word::of(n.next.load(orders::link_private)).leading_to(head.page), orders::link_write);
      std::uint64_t expected = end.head;
      const std::uint64_t linked = head.leading_to(own.front());
      if (heads_[bucket_of(k.hash)].compare_exchange_strong(expected, linked, orders::link_change, orders::link_read))
        return true;
    }
  }

  /// One reference more, if the node still is the one that was seen. Linearization point: the exchange.
  bool pin(const sight& seen) {
    std::uint64_t now = seen.state;
    while (!at(seen.page).state.compare_exchange_weak(now, now + node_word::one_reference, orders::pin,
                                                      orders::state_read)) {
      if (!node_word::of_one_node(now, seen.state)) return false;
    }
    return true;
  }

  /// Whether the node still is the one that was seen. Linearization point: the look, which sees the latest state.
  /// Wait-free.
  bool stands(const sight& seen) const {
    return node_word::of_one_node(nodes_[seen.page].state.fetch_add(0, orders::state_look), seen.state);
  }

  /// One more reference on a node of which the caller holds one. Wait-free.
  void pin_again(page_id page) { at(page).state.fetch_add(node_word::one_reference, orders::pin_again); }

  /// One reference less; returns what is left of the node. Requires one (I4). Wait-free.
  node_word unpin(page_id page) {
    node_word w = node_word::of(at(page).state.fetch_sub(node_word::one_reference, orders::unpin));
    Sync::require(w.is_node && w.references != 0, "I4: a pin is dropped once");
    --w.references;
    return w;
  }

  /// From here on no walk finds the node, nor what is below it: if it still is the one that was seen, and no other
  /// thread forgot it before. The caller has a reference on it then. Linearization point: the exchange.
  bool forget(const sight& seen) {
    std::uint64_t now = seen.state;
    while (!at(seen.page).state.compare_exchange_weak(now, now + node_word::forgotten + node_word::one_reference,
                                                      orders::forget_node, orders::state_read)) {
      if (!node_word::of_one_node(now, seen.state)) return false;
    }
    return true;
  }

  /// The same of a node that the caller has a reference on; it gets no other one. False where another thread forgot it
  /// before.
  bool forget_own(page_id page) {
    return !node_word::of(at(page).state.fetch_or(node_word::forgotten, orders::forget_node)).is_forgotten;
  }

  /// The place of `page`, for forgetting what is below forgotten nodes and, where there is one, below `root`.
  subtree::place place_of(page_id page, const node_ref* root) const {
    const std::uint64_t state = at(page).state.load(orders::state_read);
    if (!node_word::is_findable(state)) return {};
    const std::uint64_t above = at(page).parent.load(orders::block_read);
    return {.is_top = is_forgotten_place(state, above, root), .parent = node_ref::of(above).page};
  }

  /// Forgets the node on `page` as forget does, if it is at such a place.
  bool forget_at_its_place(page_id page, const node_ref* root) {
    const sight seen{.page = page, .state = at(page).state.load(orders::state_read)};
    if (!node_word::is_findable(seen.state)) return false;
    const std::uint64_t place = at(page).parent.load(orders::block_read);
    if (!is_forgotten_place(seen.state, place, root)) return false;
    const node_ref above = node_ref::of(place);
    // What was written is no node for others before it is linked, and its publisher may take it back. A follower is
    // linked with its parent.
    const bool is_follower =
        above.page != no_page && followers_[above.page].load(orders::block_read) == seen.ref().packed();
    if (!is_follower && !is_linked(page)) return false;
    return forget(seen);
  }

  /// Whether the node, which the caller holds a reference on, or a node above it is forgotten. O(depth).
  bool is_below_forgotten(page_id page) const {
    for (; page != no_page; page = parent(page)) {
      if (is_forgotten(page)) return true;
    }
    return false;
  }
  bool is_forgotten(page_id page) const {
    return node_word::of(at(page).state.load(orders::forgotten_look)).is_forgotten;
  }

  /// The same; and if it is not forgotten yet, the thread that forgets it will see what the caller linked. Wait-free.
  bool is_forgotten_by_now(page_id page) {
    return node_word::of(at(page).state.fetch_add(0, orders::state_meet)).is_forgotten;
  }

  /// What was linked before this call is seen by the caller after it. O(buckets).
  void see_all_links() const {
    for (std::size_t i = 0; i < buckets_; ++i) static_cast<void>(heads_[i].load(orders::link_read));
  }

  /// Whether `page` is a leaf without pins.
  bool is_evictable(page_id page) const { return node_word::of(at(page).state.load(orders::visit)).is_evictable(); }

  /// How many references the node on `page` has: what no node can have, where there is none.
  std::size_t references(page_id page) const {
    const node_word w = node_word::of(at(page).state.load(orders::visit));
    return w.is_node && !w.is_forgotten ? w.references : static_cast<std::size_t>(-1);
  }

  /// Claims the leaf `page` for eviction if it is one without pins: lookups do not find it any more, and nobody else
  /// claims it. Linearization point of an eviction: the exchange.
  bool claim(page_id page) { return claim(page, 0, false); }

  /// The same of a forgotten node, by the thread that dropped the last reference.
  bool claim_forgotten(page_id page) { return claim(page, 0, true); }

  /// Drops the caller's reference on `page` and claims it, both or none: if it is the only reference.
  bool unpin_and_claim(page_id page) { return claim(page, 1, false); }

  /// Takes a node that the caller claimed out of the index, if it is there; afterwards the page is the caller's.
  void detach(page_id page) {
    if (!is_indexed(page)) return;
    at(page).next.fetch_or(link_word::mark, orders::link_change);
    sweep(hash(page), page);
  }

  /// Prefetches what detach is going to read, or the page that an eviction which goes up from here reaches soon. And
  /// the block, which the next owner of the page writes. Requires that the caller claimed the node.
  void fetch_for_eviction(page_id page) const {
    Sync::prefetch_to_write(block_at(page));
    if (is_indexed(page)) return fetch_bucket(bucket_of(hash(page)));
    fetch_above(page);
  }
  void fetch_above(page_id page) const {
    const page_id above = link_word::of(Sync::peek(at(page).next, link_word{}.packed())).page;
    if (above != no_page) Sync::prefetch_to_write(&at(above));
  }

  /// The node on `page`, which the caller holds a reference on, or claimed as private.
  node_ref ref(page_id page) const {
    return {.page = page, .generation = node_word::of(at(page).state.load(orders::state_private)).generation};
  }

  /// The hash of all blocks from the root to `page`: of the node that the caller has a reference on, or is going to
  /// pin.
  std::uint64_t hash(page_id page) const { return at(page).hash.load(orders::block_read); }

  /// The owner of `page`, which is no node. Requires that the caller has the page; or, for owner, that nothing runs.
  std::uint64_t owner(page_id page) const { return at(page).hash.load(orders::block_read); }
  void set_owner(page_id page, std::uint64_t owner) {
    Sync::require(!word(page).is_node, "I1: a node has no owner");
    at(page).hash.store(owner, orders::block_write);
  }

  /// The state of a page that nobody changes meanwhile.
  node_word word(page_id page) const { return node_word::of(at(page).state.load(orders::state_private)); }

  /// The parent of a node that the caller holds a reference on, or claimed; of another page, what it was or comes to
  /// be.
  page_id parent(page_id page) const { return node_ref::of(at(page).parent.load(orders::block_read)).page; }

  // For snapshots: require that nothing runs.

  page_state state(page_id page) const {
    if (word(page).is_node) return page_state::cached;
    return owner(page) == nobody ? page_state::free : page_state::leased;
  }

  lease_id holder(page_id page) const { return state(page) == page_state::leased ? lease_id(owner(page)) : no_lease; }

  /// The namespace of a node. O(depth). A damaged trie may have a cycle: the checks report it, this must end.
  key_space space(page_id page) const {
    node_ref above{.page = page, .generation = 0};
    bool is_upper = false;
    for (std::size_t steps = 0; above.page != no_page && steps <= pages_; ++steps) {
      is_upper = (word(above.page).kind & node_word::has_upper) != 0;
      above = node_ref::of(at(above.page).parent.load(orders::block_read));
    }
    return key_space(above.generation | std::uint64_t{is_upper} << 63);
  }

  /// The key that the block of a node has beside its tokens.
  std::uint64_t extra(page_id page) const {
    return (word(page).kind & node_word::has_extra) != 0 ? extras_[index_of(page)].load(orders::block_read) : 0;
  }

  std::vector<token> block(page_id page) const {
    std::vector<token> tokens(tokens_per_page_);
    for (std::size_t i = 0; i < tokens_per_page_; ++i) {
      tokens[i] = std::bit_cast<two_tokens>(block_at(page)[i / 2].load(orders::block_read))[i % 2];
    }
    return tokens;
  }

  /// Calls `visit` for every node that the index leads to, by itself or along a run. O(pages).
  template <class Visit>
  void for_each_indexed(Visit visit) const {
    for (std::size_t i = 0; i < buckets_; ++i) {
      page_id page = link_word::of(heads_[i].load(orders::link_read)).page;
      for (std::size_t steps = 0; page != no_page && steps <= pages_; ++steps) {  // as space
        for (page_id of_run = page; of_run != no_page; of_run = standing_follower(of_run)) {
          if (!word(of_run).is_forgotten) visit(of_run);
        }
        page = link_word::of(at(page).next.load(orders::link_read)).page;
      }
    }
  }

 private:
  // What a child of `above` under a block is found by.
  struct key {
    key(node_ref above, std::uint64_t prefix_hash, std::span<const token> tokens, std::uint64_t block_extra) noexcept
        : parent(above.packed()),
          kind(static_cast<std::uint8_t>((block_extra != 0 ? node_word::has_extra : 0) |
                                         (above.upper() ? node_word::has_upper : 0))),
          hash(prefix_hash),
          block(tokens),
          extra(block_extra) {}

    std::uint64_t parent;
    std::uint8_t kind;
    std::uint64_t hash;  // of all blocks from the root to this one: block_hash of the last, continued from the others
    std::span<const token> block;
    std::uint64_t extra;  // the key of the block; 0 is none
  };

  struct walk_end {
    sight found;
    std::uint64_t head;  // the head of the chain as the walk began
  };

  per_page& at(page_id page) { return nodes_[page]; }
  const per_page& at(page_id page) const { return nodes_[page]; }
  shared_word* block_at(page_id page) { return &blocks_[page]; }
  const shared_word* block_at(page_id page) const { return &blocks_[page]; }

  // A block is kept in words, each of which has two tokens as they lie in memory; the last one may be half empty. Calls
  // `visit(i, word)` for one after the other as long as that is true; returns whether it always was.
  using two_tokens = std::array<token, 2>;
  template <class Visit>
  static bool each_word(std::span<const token> block, Visit visit) {
    std::size_t i = 0;
    for (; i != block.size() / 2; ++i) {
      std::uint64_t word;
      std::memcpy(&word, &block[2 * i], sizeof word);
      if (!visit(i, word)) return false;
    }
    return block.size() % 2 == 0 || visit(i, std::bit_cast<std::uint64_t>(two_tokens{block.back()}));
  }

  bool claim(page_id page, std::uint32_t references, bool is_forgotten) {
    std::uint64_t seen = at(page).state.load(orders::visit);
    const node_word w = node_word::of(seen);
    if (!w.is_node || w.is_forgotten != is_forgotten || w.references != references) return false;
    const node_word claimed{.references = 0, .is_node = false, .generation = w.generation + 1};
    return at(page).state.compare_exchange_strong(seen, claimed.packed(), orders::claim_node, orders::state_read);
  }

  // Writes a run whose first node is under `k` once it is linked.
  void write(std::span<const page_id> run, page_id parent, key k, const block_sequence& rest) {
    keys_along keys(rest.keys);
    for (std::size_t i = 0;;) {
      write(run[i], k, i + 1 < run.size() ? ref(run[i + 1]).packed() : no_follower);
      if (i != 0) note_above(run[i], i < fetch_ahead ? parent : run[i - fetch_ahead]);
      if (++i == run.size()) return;
      const auto block = rest.tokens.subspan(i * tokens_per_page_, tokens_per_page_);
      const std::uint64_t extra = keys.of(rest.first + i);
      k = key(ref(run[i - 1]), block_hash(key_, k.hash, block, extra), block, extra);
    }
  }

  void write(page_id page, const key& k, std::uint64_t follower) {
    per_page& n = at(page);
    followers_[page].store(follower, orders::block_write);
    n.parent.store(k.parent, orders::block_write);
    n.hash.store(k.hash, orders::block_write);
    if (k.extra != 0) extras_[index_of(page)].store(k.extra, orders::block_write);
    each_word(k.block, [words = block_at(page)](std::size_t i, std::uint64_t word) {
      words[i].store(word, orders::block_write);
      return true;
    });
    node_word w = word(page);
    Sync::require(!w.is_node, "I1: only a private page is published");
    w.is_node = true;
    w.kind = k.kind;
    w.references = 1;
    n.state.store(w.packed(), orders::state_publish);
  }

  // Notes which page an eviction that comes to `page`, which is in no chain, should prefetch. Near the beginning of a
  // run that is the parent of the run, as other threads change it whenever they publish or evict below it.
  void note_above(page_id page, page_id above) {
    shared_word& next = at(page).next;
    link_word note = link_word::of(next.load(orders::link_private));
    note.page = above;
    next.store(note.packed(), orders::link_write);
  }

  // The run that was written was not linked: there is another node.
  void withdraw(std::span<const page_id> run) {
    for (const page_id page : run) {
      at(page).state.store(node_word{.generation = word(page).generation}.packed(), orders::state_private);
    }
    shared_word& next = at(run.front()).next;
    next.store(next.load(orders::link_private) | link_word::mark, orders::link_write);
  }

  // What a node has as its follower: a node_ref, which is no root.
  static constexpr std::uint64_t no_follower = static_cast<std::uint32_t>(no_page);
  static constexpr page_id follower_of(std::uint64_t word) noexcept {
    return page_id(static_cast<std::uint32_t>(word));
  }

  // Whether a node with that state is to be forgotten below `parent`, a node_ref.
  bool is_forgotten_place(std::uint64_t state, std::uint64_t parent, const node_ref* root) const {
    const node_ref above = node_ref::of(parent);
    if (above.page == no_page) {
      const bool is_upper = (node_word::of(state).kind & node_word::has_upper) != 0;
      return root != nullptr && root->packed() == parent && root->upper() == is_upper;
    }
    const node_word w = node_word::of(at(above.page).state.load(orders::state_read));
    return w.is_node && w.is_forgotten && w.generation == above.generation;
  }

  // Whether the chain of its bucket leads to the node.
  bool is_linked(page_id page) const {
    const auto is_it = [page](page_id other) { return other == page ? sight{.page = page} : sight{}; };
    return walk(hash(page), is_it, [](page_id) { return false; }).found.page == page;
  }

  // Of a page that the caller has to itself, and of a claimed one: whether it was left in the chain.
  bool is_indexed(page_id page) const { return !link_word::of(at(page).next.load(orders::link_private)).marked; }

  // While nothing runs.
  page_id standing_follower(page_id page) const {
    const std::uint64_t word_of_it = followers_[page].load(orders::block_read);
    const page_id follower = follower_of(word_of_it);
    if (follower == no_page) return no_page;
    const bool stands = word(follower).is_node && ref(follower).packed() == word_of_it;
    return stands && at(follower).parent.load(orders::block_read) == ref(page).packed() ? follower : no_page;
  }

  // The node on `page`, if it is under `k`. Its state is read first: what is read after it belongs to that generation,
  // or to a later one, and then the pin fails.
  // Inlined: with a call for each node a lookup of cached pages takes 15 % longer.
  [[gnu::always_inline]] sight match(page_id page, const key& k) const {
    const std::uint64_t state = at(page).state.load(orders::state_read);
    if (!node_word::is_findable(state, k.kind)) return {};
    if (at(page).parent.load(orders::block_read) != k.parent) return {};
    const auto is_stored = [words = block_at(page)](std::size_t i, std::uint64_t word) {
      return words[i].load(orders::block_read) == word;
    };
    if (!each_word(k.block, is_stored)) return {};
    if (k.extra != 0 && extras_[index_of(page)].load(orders::block_read) != k.extra) return {};
    return {.page = page, .state = state};
  }

  std::uint64_t hash_of(node_ref node) const {
    return node.page == no_page ? root_hash(key_, key_space(node.generation)) : hash(node.page);
  }

  // As find_path, along the run of `above` alone. A follower that is not under its block never will be: if the node has
  // a child there, it is in the index. A separate function, so that nothing else wants the registers of the loop that
  // lookups spend most of their time in; and one more for sequences with keys.
  template <class Keys>
  [[gnu::noinline]] path_end follow(node_ref above, std::span<const token> tokens, Keys keys, std::size_t first,
                                    std::span<page_id> path) const {
    path_end end;
    if (above.page == no_page) return end;
    for (page_id& page : path) {
      const std::uint64_t word_of_it = followers_[above.page].load(orders::block_read);
      const page_id follower = follower_of(word_of_it);
      if (follower == no_page) break;
      fetch_behind(above.page, follower, fetch_ahead);
      const key k(above, 0, tokens.first(tokens_per_page_), keys.of(first + end.length));
      const sight child = match(follower, k);
      if (child.page == no_page || child.ref().packed() != word_of_it) break;
      page = child.page;
      end = {.length = end.length + 1, .last = child};
      above = child.ref();
      tokens = tokens.subspan(tokens_per_page_);
    }
    return end;
  }

  // Prefetch pages of a run before a walk comes there, as if all were as far apart as two that follow one another: what
  // is allocated together mostly was free together. A wrong guess costs a look at memory. First for some behind `page`,
  // then, at every step, for the one that is `steps` behind `follower`.
  void fetch_run(page_id page) const {
    const page_id follower = follower_of(Sync::peek(followers_[page], no_follower));
    if (follower == no_page) return;
    for (std::uint32_t steps = 0; steps < fetch_ahead; ++steps) fetch_behind(page, follower, steps);
  }
  void fetch_behind(page_id page, page_id follower, std::uint32_t steps) const {
    const auto number = static_cast<std::uint32_t>(follower);
    const page_id guess{number +
                        steps * (number - static_cast<std::uint32_t>(page))};  // modulo 2^32: a run may go downwards
    if (index_of(guess) < pages_) fetch(guess);
  }
  void fetch(page_id page) const {
    Sync::prefetch(&at(page));
    Sync::prefetch(block_at(page));
  }

  walk_end walk(const key& k) const {
    return walk(
        k.hash, [&](page_id page) { return match(page, k); }, [](page_id) { return false; });
  }
  void sweep(std::uint64_t hash, page_id marked) const {
    walk(
        hash, [](page_id) { return sight{}; }, [marked](page_id page) { return page == marked; });
  }

  // Goes along the chain until `look` finds something, and takes marked nodes out on the way.
  template <class Look, class Enough>
  walk_end walk(std::uint64_t hash, Look look, Enough enough) const {
    for (;;) {
      shared_word* before = &heads_[bucket_of(hash)];
      std::uint64_t link = before->load(orders::link_read);
      const std::uint64_t head = link;
      for (;;) {
        const page_id page = link_word::of(link).page;
        if (page == no_page) return {{}, head};
        if (const sight found = look(page); found.page != no_page) {
          if (before->load(orders::link_read) == link) return {found, head};
          break;
        }
        const std::uint64_t next = at(page).next.load(orders::link_read);
        if (!step(before, link, page, next)) break;
        if (enough(page)) return {{}, head};
      }
    }
  }

  // Steps past `page`, which was in the chain while it was looked at, or takes it out when it is marked. False when
  // `before` has changed: the walk starts again.
  bool step(shared_word*& before, std::uint64_t& link, page_id page, std::uint64_t next) const {
    const link_word behind = link_word::of(next);
    if (!behind.marked) {
      if (before->load(orders::link_read) != link) return false;
      before = &nodes_[page].next;
      link = next;
      return true;
    }
    const std::uint64_t shortened = link_word::of(link).leading_to(behind.page);
    std::uint64_t expected = link;
    const bool taken_out = before->compare_exchange_strong(expected, shortened, orders::link_change, orders::link_read);
    link = shortened;
    return taken_out;
  }

  static constexpr std::uint32_t fetch_ahead =
      4;  // pages that a walk goes along a run, or an eviction up, while memory answers

  const std::size_t tokens_per_page_;
  const std::size_t pages_;
  const std::size_t buckets_;  // several times the number of pages: most chains are of one node
  const hash_key key_;
  const column<per_page> nodes_;
  const column<shared_word> followers_;  // node_ref
  const column<shared_word> blocks_;
  const std::unique_ptr<shared_word[]> extras_;  // the keys of blocks that have one
  const std::unique_ptr<shared_word[]> heads_;
};

}  // namespace triecheck::inline v0_1
