// Which node is evicted next, without a lock: exact recency for one thread; for several, recency but for a part of the
// age.
//
// Every thread has a lane: a list, and an inbox for it. A node is posted to the lane that its page belongs to: that of
// the thread that published it, so the pages that a thread evicts are mostly those that it used before.
//
// A release stamps the node that its lease ended on with a tick and puts it into the inbox of its lane, a stack, unless
// it is in one already. The list, a doubly linked one, belongs to the curator of the lane: the evictor that has its
// turn. The curator sorts the inbox by tick and puts each node into its place on the list, which is mostly the back: it
// was posted after the list was filled. So the list is sorted by recency, and its front is the node to visit next:
//   - a node without references is evicted;
//   - any other leaves the list. Its next release, or the eviction of its last child, brings it back.
// A parent that loses its last child has the recency of that child, unless its own latest release is later. Without a
// later release it is the next to be evicted, so it goes to the front (fault 45 of the catalogue); with one it stays
// where that release put it.
//
// An evictor begins with its own lane, unless the front of another one is older by much. It goes on with others, the
// oldest first, and moves what it evicts there to its own lane, so that lanes grow with the need of their threads. What
// a lane says of its front is a hint: the front may have been released again since. A curator that has sorted the lane
// knows the front and updates the hint. It chooses a lane again where the front is younger than the hint by too much,
// or when it comes past the age up to which it chose the lane. Only the curator of a page's lane moves the page to
// another lane, and only when it is on no list: a page is never on two.
//
// An evictor that does not get the turn of a lane does not wait: it goes on with another one. Where that lane is older
// by so much that this would cost recency, for example because its curator sleeps, it evicts with the hand and asks
// again. The hand goes round all pages, looks at some unpinned leaves and takes the one that was released longest ago,
// whatever its age, and those of its parents that can be evicted with it. A thread that stops with a turn costs the
// others recency, nothing else.
//
// An evictor that needs several pages or none first counts what can be evicted (fall_count.h), in its own lane and then
// in the others, and begins when that is enough. A lane that is empty says so without a turn: where nothing can be
// evicted, that costs a look at each.
//
// A parent that the hand leaves behind, or that loses a child which was listed in another lane, is as old as its child
// was: it does not go behind what is newer. Unless it is where its own release put it, it goes to the front.
//
// Invariants: I6: a node without references is on the list of its lane or in an inbox, or an operation in progress puts
// it there.
// Cost: post O(1). evict O(log n) amortised per page for n nodes posted since the last turn, mostly O(1), as they come
// sorted but for those released again; and O(threads) per call and per lane found younger than its hint, which happens
// to each lane at most once between two evictions. To find out that there are not enough pages: O(pages wanted +
// threads), and a look at each listed node that somebody holds. Where the hand evicts, it looks at some hundred pages
// for each leaf; for a caller that wants all it can have, at all pages where hardly one is a leaf without pins.
// Threads and progress: any; post is lock-free, evict too.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <list>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "../locked/fall_count.h"
#include "../pages/page_records.h"
#include "../policies/recency_list.h"
#include "../sync/sync.h"
#include "../types.h"
#include "lanes.h"
#include "lockfree_trie.h"
#include "orders.h"
#include "striped.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class eviction_queue {
 public:
  /// What the queue notes of a page.
  struct per_page {
    typename Sync::template atomic<std::uint64_t> tick{0};  // of the latest release that ended here, or below
    typename Sync::template var<page_id> below;             // in the inbox, or in the part of it that is being sorted
    typename Sync::template atomic<bool> posted{false};     // in an inbox, or on the way there
    typename Sync::template atomic<std::uint8_t> home{no_lane};  // the lane that it is posted to
  };

  eviction_queue(lockfree_trie<Sync>& trie, const typename Sync::thread_indices& threads, column<per_page> entries,
                 column<typename recency_list<Sync>::per_page> links, std::size_t pages)
      : trie_(trie),
        pages_(pages),
        stride_(stride_over(pages)),
        entries_(entries),
        lanes_("eviction.lanes", threads, links) {
    recency_list<Sync>::label(links, pages);
    Sync::label(hand_, "eviction.hand");
    for (std::size_t i = 0; i < pages; ++i) {
      entries_[i].below.set(no_page);
      Sync::label(entries_[i].posted, "eviction.posted", i);
      Sync::label(entries_[i].below, "eviction.below", i);
      Sync::label(entries_[i].tick, "eviction.tick", i);
      Sync::label(entries_[i].home, "eviction.home", i);
    }
  }

  /// A page that is going to be a node: nothing was released on it yet. Requires that it is the caller's.
  void prepare(page_id page) {
    at(page).tick.store(0, orders::tick);
    if (home(page) == no_lane) at(page).home.store(own(), orders::home_move);
  }

  /// To be called before the reference on `page` is dropped: that happens at `tick`.
  void stamp(page_id page, std::uint64_t tick) { at(page).tick.store(tick, orders::tick); }

  /// To be called after that: puts the node into the inbox of its lane, unless it is in one; returns the lane then, as
  /// a set, else none.
  std::uint64_t post(page_id page) {
    per_page& e = at(page);
    if (e.posted.load(orders::posted) || e.posted.exchange(true, orders::post)) return 0;
    return put_into_inbox(page, home(page));
  }

  /// A child of `parent` becomes free out of order, while it still refers to the parent: the parent gets the tick of
  /// the child, unless its own is later.
  void inherit(page_id parent, page_id child) {
    if (tick(parent) < tick(child)) at(parent).tick.store(tick(child), orders::tick);
  }

  /// To be called after that: puts the node into the place of its age. O(nodes that are older), if no thread has the
  /// turn of its lane; otherwise as post.
  void list_by_age(page_id page) {
    const std::size_t i = home(page);
    lane& l = lanes_[i];
    lanes_.use(i);
    if (l.turn.exchange(true, orders::turn_begin)) {
      post(page);
      return;
    }
    empty_inbox(i);
    const bool is_here = home(page) == i;
    if (is_here) l.list.push_before([&](page_id other) { return tick(other) > tick(page); }, page);
    end_turn(l);
    if (!is_here) post(page);
  }

  /// Evicts up to `freed.size()` nodes, as far as there are any; returns how many. Their pages then belong to the
  /// caller. `now` is about the latest tick. Calls `gone` for each page when no lookup finds it any more, and before
  /// that may happen to its parent; calls `gone.let_fall` for a parent that was forgotten, and that nothing refers to
  /// any more. Linearization point of each: the claim of its node.
  template <class Gone>
  std::size_t evict(std::span<page_id> freed, std::uint64_t now, Gone gone) {
    return evict(freed, now, gone, true, pages_);
  }

  /// The same, but evicts none where not all can be had. Exact when no other call runs; concurrently with others, nodes
  /// that they move may be missed, and what they take away may leave fewer. Looks at `hand_looks` pages at most for
  /// what is in lanes whose turn others have.
  template <class Gone>
  std::size_t evict_all(std::span<page_id> freed, std::uint64_t now, Gone gone) {
    // One page needs no forecast: where it cannot be had, nothing is evicted.
    return evict(freed, now, gone, freed.size() == 1, std::min(pages_, hand_looks));
  }

  /// Every node that eviction can reach, in the order of each lane. Requires that nothing runs. O(pages log pages).
  std::vector<page_id> order() const;

 private:
  struct lane {
    lane(std::size_t number, column<typename recency_list<Sync>::per_page> links) : list(number, links) {
      Sync::label(inbox, "eviction.inbox", number);
      Sync::label(turn, "eviction.turn", number);
      Sync::label(front, "eviction.front", number);
      Sync::label(until, "eviction.until", number);
      Sync::label(newest, "eviction.newest", number);
      Sync::label(is_bare, "eviction.is_bare", number);
    }

    alignas(64) typename Sync::template atomic<page_id> inbox{no_page};
    alignas(64) typename Sync::template atomic<bool> turn{false};
    typename Sync::template atomic<std::uint64_t> front{no_tick};  // of the node that is evicted next: a hint
    typename Sync::template atomic<std::uint64_t> until{0};  // no other lane is much older than a front up to this
    recency_list<Sync> list;                                 // of the curator
    typename Sync::template var<std::uint64_t> newest{0};    // the latest tick that the list was filled up to
    typename Sync::template var<bool> is_bare{true};         // the list was left empty, and the front says so
  };

  using lanes_type = lanes<Sync, lane>;

  static constexpr std::uint64_t no_tick = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::uint8_t no_lane = lanes_type::count;
  static constexpr std::uint64_t own_slack = 16;   // by which part of its age another lane may be older than the own,
  static constexpr std::uint64_t taken_slack = 4;  // and a lane whose turn another thread has, than the next best one
  static constexpr std::size_t hand_sample = 16;   // leaves that the hand chooses among,
  static constexpr std::size_t hand_looks = 512;   // or fewer, where so many pages have no more
  static constexpr unsigned most_rounds = 3;       // in which what evictions may yield is counted

  per_page& at(page_id page) { return entries_[page]; }
  const per_page& at(page_id page) const { return entries_[page]; }
  std::uint64_t tick(page_id page) const { return at(page).tick.load(orders::tick); }
  std::uint8_t home(page_id page) const { return at(page).home.load(orders::home_read); }
  std::uint8_t own() const { return static_cast<std::uint8_t>(lanes_.own()); }

  // Puts the page into the inbox of lane i; returns that lane, as a set.
  std::uint64_t put_into_inbox(page_id page, std::size_t i) {
    lanes_.use(i);
    lane& l = lanes_[i];
    const std::uint64_t released = tick(page);
    page_id top = l.inbox.load(orders::inbox_look);
    do {
      at(page).below.set(top);
    } while (!l.inbox.compare_exchange_strong(top, page, orders::inbox, orders::inbox_look));
    if (released < l.front.load(orders::front_look)) l.front.store(released, orders::hint);
    return lanes_.bit(i);
  }

  // A lane, and the tick of the node that is evicted next there.
  struct dated_lane {
    std::size_t number = no_lane;
    std::uint64_t front = no_tick;
  };

  dated_lane oldest_of(std::uint64_t set) const {
    dated_lane oldest;
    for (; set != 0; set &= set - 1) {
      const std::size_t i = lanes_.first_of(set);
      const std::uint64_t front = lanes_[i].front.load(orders::hint);
      if (oldest.number == no_lane || front < oldest.front) oldest = {i, front};
    }
    return oldest;
  }

  // Nothing was in the lane, at an instant at which nobody had its turn.
  static bool is_empty(const lane& l) {
    return l.inbox.load(orders::lane_content) == no_page && l.front.load(orders::lane_content) == no_tick;
  }
  std::uint64_t occupied(std::uint64_t set) const {
    for (std::uint64_t rest = set; rest != 0; rest &= rest - 1) {
      if (const std::size_t i = lanes_.first_of(rest); is_empty(lanes_[i])) set &= ~lanes_.bit(i);
    }
    return set;
  }

  // The youngest that is about as old as `front`: younger by no more than this part of its age.
  static std::uint64_t about(std::uint64_t front, std::uint64_t now, std::uint64_t part) {
    return front < now ? front + (now - front) / part : no_tick;
  }

  // A lane to evict from, and how far: up to what was released at `limit` no other lane is much older.
  struct choice {
    std::size_t lane = no_lane;
    std::uint64_t limit = no_tick;
  };

  // The caller's own lane if it is open and about as old as the others of `open`, else the oldest of these; `no_lane`
  // where that is not about as old as what is taken. What was seen of the others stays valid for a while, as they
  // mostly grow younger: not looking at them every time leaves their lines with their threads. A thread that makes one
  // older looks again; others may be late to see it.
  choice next_lane(std::uint64_t open, std::uint64_t taken, std::uint64_t now) {
    if (taken == 0 && std::has_single_bit(open)) return {lanes_.first_of(open), no_tick};
    const std::uint64_t mine = open & lanes_.bit(own());
    lane& l = lanes_[own()];
    const std::uint64_t front = mine == 0 ? no_tick : l.front.load(orders::hint);
    if (mine != 0 && taken == 0) {
      if (const std::uint64_t until = l.until.load(orders::hint); front <= until) return {own(), until};
    }
    dated_lane next = oldest_of(open & ~mine);
    std::uint64_t limit = about(next.front, now, own_slack);
    if (mine != 0 && front <= limit) {
      next = {own(), front};
      if (taken == 0) l.until.store(std::min(limit, now), orders::hint);
    } else if (next.number != no_lane) {
      limit = about(oldest_of(open & ~lanes_.bit(next.number)).front, now, own_slack);
    }
    const std::uint64_t limit_of_taken = about(oldest_of(taken).front, now, taken_slack);
    if (next.front > limit_of_taken) return {};
    return {next.number, std::min(limit, limit_of_taken)};
  }

  // As evict says. Where it is not assured that there are enough, that is found out before the first eviction. The hand
  // looks at `round` pages for a leaf.
  template <class Gone>
  std::size_t evict(std::span<page_id> freed, std::uint64_t now, Gone gone, bool is_assured, std::size_t round) {
    if (freed.empty()) return 0;
    std::size_t count = 0;
    std::uint64_t open = lanes_.used();
    std::uint64_t taken = 0;    // the lanes whose turn another thread has
    std::uint64_t younger = 0;  // those that were younger than they said; now they say what they are
    while ((open | taken) != 0 && count < freed.size()) {
      const auto [i, limit] = next_lane(open, taken, now);
      if (i == no_lane) {
        if (!is_assured && !can_evict(freed)) return 0;
        is_assured = true;
        const std::size_t fell = evict_with_hand(freed.subspan(count), round, gone);
        if (fell == 0) break;
        count += fell;
        younger = 0;
        open |= std::exchange(taken, 0);
        continue;
      }
      if (is_empty(lanes_[i])) {
        open = occupied(open);
        continue;
      }
      if (lanes_[i].turn.exchange(true, orders::turn_begin)) {
        open &= ~lanes_.bit(i);
        taken |= lanes_.bit(i);
        continue;
      }
      open |= empty_inbox(i);
      // A lane is passed over at most once between two evictions: the choice comes to an end whatever others do.
      if ((younger & lanes_.bit(i)) == 0 && is_younger(lanes_[i], limit)) {
        younger |= lanes_.bit(i);
        end_turn(lanes_[i]);
        continue;
      }
      if (is_assured || falls_of(lanes_[i], freed).is_enough()) {
        is_assured = true;
        open &= ~lanes_.bit(i);
        count += evict_in_order(i, freed.subspan(count), limit, gone, open);
        younger = 0;
      }
      end_turn(lanes_[i]);
      if (!is_assured && !can_evict(freed)) return 0;
      is_assured = true;
    }
    for (const page_id page : freed.first(count)) trie_.detach(page);
    return count;
  }

  // Counts what can be evicted, up to the room in `notes`.
  auto falls(std::span<page_id> notes) const {
    const auto parent = [this](page_id page) {
      trie_.fetch_above(page);
      return trie_.parent(page);
    };
    return fall_count(
        notes, [this](page_id page) { return trie_.references(page); }, parent);
  }

  // Whether as many nodes can be evicted, in all lanes, as `notes` has room for. Writes over `notes`.
  bool can_evict(std::span<page_id> notes) {
    for (unsigned round = 1;; ++round) {
      auto falling = falls(notes);
      std::uint64_t open = lanes_.used();
      std::uint64_t taken = 0;  // the lanes whose turn another thread has
      std::uint64_t counted = 0;
      bool sent_back = false;  // what was found in a lane went to one that was counted before
      while (open != 0 && !falling.is_enough()) {
        const std::uint64_t mine = open & lanes_.bit(own());
        const std::size_t i = lanes_.first_of(mine != 0 ? mine : open);
        open &= ~lanes_.bit(i);
        if (is_empty(lanes_[i])) continue;
        if (lanes_[i].turn.exchange(true, orders::turn_begin)) {
          taken |= lanes_.bit(i);
          continue;
        }
        counted |= lanes_.bit(i);
        const std::uint64_t sent_to = empty_inbox(i);
        open |= sent_to & ~counted;
        sent_back = sent_back || (sent_to & counted) != 0;
        count_listed(lanes_[i], falling);
        end_turn(lanes_[i]);
      }
      if (falling.is_enough()) return true;
      if (sent_back && round < most_rounds) continue;
      return taken != 0 && count_with_hand(taken, falling);
    }
  }

  // What follows requires the turn of lane i, or l.

  // Whether all that is listed was released later than `limit`; false where nothing is.
  bool is_younger(const lane& l, std::uint64_t limit) const {
    const page_id page = l.list.oldest();
    return page != no_page && tick(page) > limit;
  }

  // Takes the first page off the list, and goes on as long as the next one was released up to `limit`. Adds to `open`
  // the lanes that it sent pages to, and this one where it has more.
  template <class Gone>
  std::size_t evict_in_order(std::size_t i, std::span<page_id> freed, std::uint64_t limit, Gone gone,
                             std::uint64_t& open) {
    lane& l = lanes_[i];
    const auto take_home = [&](page_id page) {
      if (own() != i) at(page).home.store(own(), orders::home_move);
    };
    const auto take_off = [&](page_id parent) {
      if (home(parent) != i) return;
      if (l.list.contains(parent)) l.list.remove(parent);
      take_home(parent);
    };
    const auto keep = [&](page_id parent, bool later) {
      const bool is_here = home(parent) == i;
      if (is_here && !later) {
        put_in_front(l, parent);
      } else if (!is_here || !l.list.contains(parent)) {
        open |= post(parent);
        // It may be older than what the own lane knows of others.
        if (!is_here) lanes_[own()].until.store(0, orders::hint);
      }
    };
    std::size_t count = 0;
    for (bool is_first = true; count < freed.size(); is_first = false) {
      // Parents that became leaves meanwhile may be in the inbox, when nothing else is left.
      if (l.list.oldest() == no_page) open |= empty_inbox(i);
      const page_id page = l.list.oldest();
      if (page == no_page) break;
      if (!is_first && tick(page) > limit) {
        open |= lanes_.bit(i);
        break;
      }
      l.list.remove(page);
      if (!trie_.claim(page)) continue;
      take_home(page);
      count += evict_upwards(page, freed.subspan(count), gone, take_off, keep);
    }
    return count;
  }

  // Gives the turn back, and says what the front of the lane is.
  void end_turn(lane& l) {
    if (page_id next = l.list.oldest(); next != no_page) {
      l.front.store(tick(next), l.is_bare.get() ? orders::front_there : orders::hint);
      l.is_bare.set(false);
    } else {
      // A lane without a front is not asked. A post from here on says what the front is; an earlier one is seen here.
      l.front.store(no_tick, orders::front_gone);
      l.is_bare.set(true);
      next = l.inbox.load(orders::inbox_look_again);
      if (next != no_page) l.front.store(tick(next), orders::hint);
    }
    l.turn.store(false, orders::turn_end);
  }

  auto falls_of(const lane& l, std::span<page_id> notes) const {
    auto falling = falls(notes);
    count_listed(l, falling);
    return falling;
  }

  // A listed node that has references keeps its place, so that the order stays what it is.
  template <class Falling>
  void count_listed(const lane& l, Falling& falling) const {
    for (page_id page = l.list.oldest(); page != no_page && !falling.is_enough(); page = l.list.newer_than(page)) {
      if (trie_.is_evictable(page)) falling.add(page);
    }
  }

  // Puts the pages of the inbox on the list. Returns the lanes to which it sent pages that do not belong here any more.
  std::uint64_t empty_inbox(std::size_t i) {
    lane& l = lanes_[i];
    std::uint64_t sent_to = 0;
    page_id next = sorted(l.inbox.exchange(no_page, orders::inbox));
    std::uint64_t newest = l.newest.get();
    while (next != no_page) {
      const page_id page = next;
      next = at(page).below.get();
      if (const std::size_t elsewhere = home(page); elsewhere != i) {
        sent_to |= put_into_inbox(page, elsewhere);
        continue;
      }
      at(page).posted.store(false, orders::unpost);
      const std::uint64_t released = tick(page);
      // What is older than the newest was released by a thread whose clock is behind, or is a parent that was left
      // behind. What is older by more than clocks are apart is such a parent, and all that was listed before it is
      // gone.
      if (released >= newest) {
        l.list.push_newest(page);
        newest = released;
      } else if (released + striped_clock<Sync>::most_apart > newest) {
        l.list.push_behind([&](page_id other) { return tick(other) <= released; }, page);
      } else if (!l.list.contains(page)) {
        l.list.push_oldest(page);
      }
    }
    l.newest.set(newest);
    return sent_to;
  }

  void put_in_front(lane& l, page_id page) {
    if (l.list.contains(page)) l.list.remove(page);
    l.list.push_oldest(page);
  }

  // Merge sort by tick, in place, on a chain that came newest first: older ticks come out first.
  page_id sorted(page_id chain) {
    page_id reversed = no_page;
    std::size_t length = 0;
    bool in_order = true;
    for (page_id page = chain; page != no_page; ++length) {
      const page_id below = at(page).below.get();
      if (reversed != no_page && tick(page) > tick(reversed)) in_order = false;
      at(page).below.set(reversed);
      reversed = page;
      page = below;
    }
    return in_order ? reversed : sorted_part(reversed, length);
  }

  // The first `length` pages of the chain, sorted; `chain` then is what follows them.
  page_id sorted_part(page_id& chain, std::size_t length) {
    if (length == 1) {
      const page_id page = chain;
      chain = at(page).below.get();
      at(page).below.set(no_page);
      return page;
    }
    const page_id first = sorted_part(chain, length / 2);
    const page_id second = sorted_part(chain, length - length / 2);
    return merged(first, second);
  }

  page_id merged(page_id a, page_id b) {
    page_id head = no_page;
    page_id last = no_page;
    while (a != no_page || b != no_page) {
      page_id& older = b == no_page || (a != no_page && tick(a) <= tick(b)) ? a : b;
      const page_id page = older;
      older = at(page).below.get();
      if (last == no_page) {
        head = page;
      } else {
        at(last).below.set(page);
      }
      last = page;
    }
    return head;
  }

  // What follows requires nothing.

  // Evicts one leaf, and those of its parents that can be evicted with it, as far as `freed` has room; returns how
  // many, 0 when there is no leaf.
  template <class Gone>
  std::size_t evict_with_hand(std::span<page_id> freed, std::size_t round, Gone gone) {
    std::size_t hand = hand_.load(orders::hint);
    page_id page;
    do {
      page = oldest_of_some(hand, round);
    } while (page != no_page && !trie_.claim(page));
    hand_.store(static_cast<std::uint32_t>(hand), orders::hint);
    if (page == no_page) return 0;
    return evict_upwards(
        page, freed, gone, [](page_id) {}, [&](page_id parent, bool) { post(parent); });
  }

  // Counts leaves of the lanes that others have the turn of; returns whether that is enough.
  template <class Falling>
  bool count_with_hand(std::uint64_t taken, Falling& falling) {
    std::size_t hand = hand_.load(orders::hint);
    for (std::size_t looks = 0; looks < pages_ && looks < hand_looks && !falling.is_enough(); ++looks) {
      const page_id page{static_cast<std::uint32_t>(hand)};
      hand = (hand + stride_) % pages_;
      if (!trie_.is_evictable(page)) continue;
      if (const std::size_t i = home(page); i != no_lane && (taken & lanes_.bit(i)) != 0) falling.add(page);
    }
    if (!falling.is_enough() && pages_ > hand_looks) hand_.store(static_cast<std::uint32_t>(hand), orders::hint);
    return falling.is_enough();
  }

  // Neighbours were published together and are of one age, so the hand does not look at one after the other: the golden
  // section spreads what it looks at in a row as evenly as can be. The stride is coprime to the number of pages, so the
  // hand comes past all.
  static std::size_t stride_over(std::size_t pages) {
    std::size_t stride = pages - pages * 382 / 1000;
    while (std::gcd(stride, pages) != 1) ++stride;
    return stride;
  }

  // Of the next leaves without pins, the one that was released longest ago; `no_page` when there is none among `round`
  // pages.
  page_id oldest_of_some(std::size_t& hand, std::size_t round) const {
    page_id oldest = no_page;
    std::uint64_t since = 0;
    std::size_t seen = 0;
    for (std::size_t looks = 0; looks < round && seen < hand_sample && (seen == 0 || looks < hand_looks); ++looks) {
      const page_id page{static_cast<std::uint32_t>(hand)};
      hand = (hand + stride_) % pages_;
      if (!trie_.is_evictable(page)) continue;
      ++seen;
      if (const std::uint64_t released = tick(page); oldest == no_page || released < since) {
        oldest = page;
        since = released;
      }
    }
    return oldest;
  }

  // Evicts the claimed node, and its parents as long as each loses its last child and was not released later than that;
  // returns how many. Calls `gone` as evict says, `fallen` for each parent that is evicted too, and `left` for one that
  // became a leaf and stays, which has the recency of its child unless it was released later. `freed` is not empty.
  template <class Gone, class Fallen, class Left>
  std::size_t evict_upwards(page_id page, std::span<page_id> freed, Gone gone, Fallen fallen, Left left) {
    const std::uint64_t recency = tick(page);
    for (std::size_t count = 0;;) {
      freed[count++] = page;
      gone(page);
      trie_.fetch_for_eviction(page);
      const page_id parent = trie_.parent(page);
      if (parent == no_page) return count;
      const bool later = tick(parent) > recency;
      if (!later && count < freed.size() && trie_.unpin_and_claim(parent)) {
        fallen(parent);
        page = parent;
        continue;
      }
      const node_word rest = trie_.unpin(parent);
      if (rest.references != 0) return count;
      if (rest.is_forgotten) {  // meanwhile, by a thread that could not see the node claimed here
        gone.let_fall(parent);
        return count;
      }
      if (!later) at(parent).tick.store(recency, orders::tick);
      left(parent, later);
      return count;
    }
  }

  lockfree_trie<Sync>& trie_;
  const std::size_t pages_;
  const std::size_t stride_;
  const column<per_page> entries_;
  alignas(64) typename Sync::template atomic<std::uint32_t> hand_{0};  // on its own cache line
  lanes_type lanes_;
};

template <sync_layer Sync>
std::vector<page_id> eviction_queue<Sync>::order() const {
  std::list<page_id> waiting;  // as the lists would be after the inboxes were emptied
  std::vector<std::list<page_id>::iterator> place(pages_, waiting.end());
  const auto is_waiting = [&](page_id page) { return place[index_of(page)] != waiting.end(); };
  const auto take_out = [&](page_id page) {
    if (is_waiting(page)) waiting.erase(std::exchange(place[index_of(page)], waiting.end()));
  };
  const auto put = [&](page_id page, bool last) {
    take_out(page);
    place[index_of(page)] = waiting.insert(last ? waiting.end() : waiting.begin(), page);
  };
  for (std::size_t i = 0; i < lanes_type::count; ++i) {
    const lane& l = lanes_[i];
    const bool has_none = l.list.oldest() == no_page && l.inbox.load(orders::inbox_look) == no_page;
    Sync::require(has_none || l.front.load(orders::hint) != no_tick, "I6: a lane that has pages is asked for them");
    std::vector<page_id> posted;
    for (page_id page = l.inbox.load(orders::inbox_look); page != no_page; page = at(page).below.get())
      posted.push_back(page);
    std::stable_sort(posted.begin(), posted.end(), [&](page_id a, page_id b) { return tick(a) < tick(b); });
    for (page_id page = l.list.oldest(); page != no_page; page = l.list.newer_than(page)) put(page, true);
    for (const page_id page : posted) put(page, true);
  }

  std::vector<std::uint32_t> references(pages_);
  std::vector<std::uint64_t> ticks(pages_);
  for (std::size_t i = 0; i < pages_; ++i) {
    references[i] = trie_.word(page_id(static_cast<std::uint32_t>(i))).references;
    ticks[i] = tick(page_id(static_cast<std::uint32_t>(i)));
  }
  std::vector<page_id> falling;
  while (!waiting.empty()) {
    const page_id page = waiting.front();
    take_out(page);
    if (!trie_.word(page).is_node || references[index_of(page)] != 0) continue;
    falling.push_back(page);
    const page_id parent = trie_.parent(page);
    if (parent == no_page || --references[index_of(parent)] != 0) continue;
    const bool later = ticks[index_of(parent)] > ticks[index_of(page)];
    if (later && is_waiting(parent)) continue;
    ticks[index_of(parent)] = std::max(ticks[index_of(parent)], ticks[index_of(page)]);
    put(parent, later);
  }
  return falling;
}

}  // namespace triecheck::inline v0_1
