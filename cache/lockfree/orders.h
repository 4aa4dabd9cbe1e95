// The ledger: every memory order of the caches, by number and name, with what it publishes and its partners.
//
// An access names its entry instead of an order. An entry says, in this form that a test reads:
//   (n) with (m)[, (k)]: what it publishes or why no more is needed
// Both ends name each other; an entry `alone` has no partner and says why a stale value is harmless. An entry that is
// seq_cst says what a weaker order would allow.
#pragma once

#include "../sync/sync.h"

namespace triecheck::inline v0_1::orders {

// ---- The index of the lock-free trie (lockfree_trie.h)

// (1) with (2), (3): links a run, which publishes all that its nodes are and the contents of their pages; or takes a
// node out of a chain. seq_cst, with (2): a lookup that starts after a publish returned sees the node although nothing
// else orders the two; with release and acquire it could miss a prefix that is cached.
inline constexpr memory_order link_change = memory_order::seq_cst;
// (2) with (1), (33): follows a link, or makes sure that it is unchanged. seq_cst: see (1).
inline constexpr memory_order link_read = memory_order::seq_cst;
// (3) with (1): a look at the link of a page that no other thread changes, and the first link of all, before other
// threads have access.
inline constexpr memory_order link_private = memory_order::relaxed;
// (33) with (2): writes the link of a page that is in no chain. A walk may still be on it, as on the node that it was:
// a thread that reads the new link learns with it that the page was taken out, and its second look at the link that led
// here sees that. With a weaker order that look might be taken first, and the walk go on in another chain. The
// exploration cannot show it: see (25).
inline constexpr memory_order link_write = memory_order::release;
// (4) with (5), (32): writes the block, the hash or owner, the parent and the follower of a page that a lookup may
// still be reading as the node that it was. A thread that reads the new words learns with them that the old node is
// gone: its pin fails, or the link that led here has changed.
inline constexpr memory_order block_write = memory_order::release;
// (5) with (4): reads a word of a block, a hash or owner, a parent or a follower.
inline constexpr memory_order block_read = memory_order::acquire;

// ---- The state word of a node (lockfree_trie.h)

// (6) with (7), (8): pins a node that still is what it was. What its publisher wrote came with the link, see (1).
// Acquire adds that nothing which is read under the pin is read before it.
inline constexpr memory_order pin = memory_order::acquire;
// (7) with (6), (9), (12): drops a reference. Publishes, to the thread that evicts the node, that its pages were read.
// seq_cst for (12): of two threads, one that drops the last pin and then looks whether the node is on the list, and one
// that takes it off the list and then looks whether it is pinned, at least one sees the other; otherwise the node would
// never be evicted.
inline constexpr memory_order unpin = memory_order::seq_cst;
// (8) with (6), (9), (25), (43): reads the state of a node: its generation, before its block is read.
inline constexpr memory_order state_read = memory_order::acquire;
// (9) with (7), (8): claims a node without references for eviction: all threads that had one are done with the node.
inline constexpr memory_order claim_node = memory_order::acq_rel;
// (10) alone: a second pin, by a thread that holds the first: no thread can evict the node.
inline constexpr memory_order pin_again = memory_order::relaxed;
// (42) alone: looks whether a node still is what it was, by adding nothing: unlike a load it never sees an old state.
// Relaxed: what was read before it was read with (2), (5) and (8), which no later access overtakes, and nothing is read
// after it.
inline constexpr memory_order state_look = memory_order::relaxed;
// (11) alone: the state of a page that nobody else can reach. What leads to it publishes it: (1), (21).
inline constexpr memory_order state_private = memory_order::relaxed;

// (25) with (8): the state of a new node, after its block and parent. A lookup may come to the page by a link to the
// node that it was before: a thread that sees the new generation sees the new block. The exploration cannot show that a
// weaker order is wrong: a walk reads its link again, see (2), and under Relacy a seq_cst load sees every seq_cst store
// that ran before it, here the one that took the old node out. C++ orders the two only if something does: this.
inline constexpr memory_order state_publish = memory_order::release;

// ---- Forgetting (lockfree_trie.h, forgetting.h)

// (43) with (8), (44), (47): forgets a node. A thread that sees it sees that the nodes above it are forgotten. What a
// publisher that looked before, see (44), linked below the node is seen by the thread that forgets it. seq_cst: see
// (47).
inline constexpr memory_order forget_node = memory_order::seq_cst;
// (47) with (43): looks whether a node is forgotten, after a forget ran concurrently with the walk that found it.
// seq_cst, with (43): after a lookup that did not find the node has returned, one that starts then does not find it
// either, although nothing else orders the two.
inline constexpr memory_order forgotten_look = memory_order::seq_cst;
// (44) with (43): a publisher that linked pages concurrently with a forget looks whether their parent is forgotten, by
// adding nothing: either it sees that, or the forget sees its pages.
inline constexpr memory_order state_meet = memory_order::acq_rel;
// (45) with (46): says that a forget begins, or that all it forgets is forgotten. seq_cst: of a forget, which says so
// and then looks at the links, and a publisher, which links and then looks here, at least one sees the other; otherwise
// a page could be published below a forgotten one, and not be forgotten with it. And a lookup that starts after a
// forget returned sees what that one forgot although nothing else orders the two.
inline constexpr memory_order forget_change = memory_order::seq_cst;
// (46) with (45): looks whether a forget runs, or has run. seq_cst: see (45).
inline constexpr memory_order forget_look = memory_order::seq_cst;

// ---- The eviction order (eviction_queue.h)

// (12) with (7), (26): looks whether a node that was found on the list has references. seq_cst: see (7).
inline constexpr memory_order visit = memory_order::seq_cst;
// (13) with (26): looks whether a page is in the inbox already. seq_cst: see (7).
inline constexpr memory_order posted = memory_order::seq_cst;
// (26) with (12), (13), (14): says that a page has left the inbox; its link there was read. seq_cst: see (7).
inline constexpr memory_order unpost = memory_order::seq_cst;
// (14) with (26): takes the right to put a page into the inbox: the thread that took it out before is done with its
// link.
inline constexpr memory_order post = memory_order::acquire;
// (15) with (16), (37), (39): puts a page into the inbox, with its link, or takes all of them out. seq_cst for (35): of
// two threads, one that posts a page and then looks at the front of the lane, and one that says that the lane has no
// front and then looks at the inbox, at least one sees the other; else the lane would be asked last although it has the
// oldest page of all.
inline constexpr memory_order inbox = memory_order::seq_cst;
// (16) with (15): a look at the inbox before a page is put on top; what is below it is not read.
inline constexpr memory_order inbox_look = memory_order::relaxed;
// (35) with (36): says that a lane has no front. seq_cst: see (15).
inline constexpr memory_order front_gone = memory_order::seq_cst;
// (36) with (35): a look at the front, after (15). seq_cst: see there.
inline constexpr memory_order front_look = memory_order::seq_cst;
// (37) with (15): a look at the inbox, after (35). seq_cst: see there.
inline constexpr memory_order inbox_look_again = memory_order::seq_cst;
// (38) with (39): says that a lane that was left without a front has one again. seq_cst: see (39).
inline constexpr memory_order front_there = memory_order::seq_cst;
// (39) with (15), (38): looks whether a lane has pages: at its inbox, then at its front. seq_cst: a call that starts
// after another one returned sees what that one listed although nothing else orders the two; with a weaker order it
// could refuse although those pages can be evicted.
inline constexpr memory_order lane_content = memory_order::seq_cst;
// (17) alone: the tick of a release. A stale one costs recency, never safety; sequentially none is stale.
inline constexpr memory_order tick = memory_order::relaxed;
// (18) with (19): ends the curator's turn: publishes the list.
inline constexpr memory_order turn_end = memory_order::release;
// (19) with (18): begins a turn.
inline constexpr memory_order turn_begin = memory_order::acquire;
// (20) alone: the position of the hand, and how old the front of a lane is: hints.
inline constexpr memory_order hint = memory_order::relaxed;
// (29) with (30): moves a page to another lane: publishes that it is on no list any more. Only a thread that owns the
// page and has the turn of its lane does this, or the first one that publishes it.
inline constexpr memory_order home_move = memory_order::release;
// (30) with (29): reads the lane that a page belongs to: a thread that lists it there comes after the list that it
// left. An old answer sends the page to a lane whose curator sends it on.
inline constexpr memory_order home_read = memory_order::acquire;
// (31) with (34): notes that something is going to be put into a lane. seq_cst, with (34): a call that starts after
// another one returned sees the lane that it used although nothing else orders the two; with a weaker order it could
// refuse although there are free pages.
inline constexpr memory_order lane_use = memory_order::seq_cst;
// (34) with (31): looks which lanes are used. seq_cst: see (31).
inline constexpr memory_order lane_look = memory_order::seq_cst;

// ---- The page pool (free_stack.h, striped_pool.h)

// (21) with (22): puts pages on the stack or takes them off: publishes their links, and that their former owner is done
// with them. seq_cst, with (22): an allocation that starts after a release returned sees the pages although nothing
// else orders the two; with release and acquire it could be refused although they are free.
inline constexpr memory_order stack_change = memory_order::seq_cst;
// (22) with (21): the top of the stack, before its links are followed and before a refusal. seq_cst: see (21).
inline constexpr memory_order stack_read = memory_order::seq_cst;
// (23) with (32): writes a link and a depth below the top.
inline constexpr memory_order stack_link_write = memory_order::release;
// (32) with (4), (23): reads them. (21) published them. Where they are newer, or are the follower of a node that the
// page has become, a thread that reads them learns with them that the top has changed: the exchange of the top fails,
// or the second look at it sees another one. With a weaker order that look might be taken first, and a refusal count
// pages by what was no depth. The exploration cannot show it: under Relacy a later seq_cst load sees every seq_cst
// store that ran before it.
inline constexpr memory_order stack_link_read = memory_order::acquire;

// ---- The queue for pages (page_queue.h)

// (40) with (41): takes a place in the queue, or leaves it. seq_cst: of two threads, one that takes a place and then
// tries to allocate, and one that gives pages back, see (7), (15), (21), and then looks whether somebody waits, at
// least one sees the other; otherwise the first would sleep although there are free pages. Where pages come back under
// a lock, that lock orders the two already.
inline constexpr memory_order queue_join = memory_order::seq_cst;
// (41) with (40): looks whether somebody waits, after pages came back. seq_cst: see (40).
inline constexpr memory_order queue_look = memory_order::seq_cst;

// ---- Counts

// (24) alone: a count that a lock publishes, or one that only its own thread changes: see counts.h and striped.h.
inline constexpr memory_order count = memory_order::relaxed;
// (27) with (28): counts in the thread's own stripe (striped.h): publishes what was counted before, by this thread and
// by those that had its pages before.
inline constexpr memory_order count_publish = memory_order::release;
// (28) with (27): looks at the counts of all threads, at those that come later first. A thread that sees a count sees
// all that came before it; with a weaker order a lease could be seen closed that was not seen opened.
inline constexpr memory_order count_collect = memory_order::acquire;

}  // namespace triecheck::inline v0_1::orders
