// The sequential model against hand-made cases: every rule of the specification, and for every rule an outcome that
// breaks it and must be rejected.
#include "model/state.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "checks/model/model_words.h"

namespace {

using namespace triecheck::model;
using namespace triecheck::model::words;

void accept(state& s, const operation& op, const outcome& observed) {
  const std::optional<violation> v = s.step(op, observed);
  EXPECT_FALSE(v) << v.value_or("");
}

// The state stays: each wrong outcome is tried on a copy.
void reject(state s, const operation& op, const outcome& observed, const std::string& rule,
            std::size_t evicted_on_refusal = 0) {
  const std::optional<violation> v = s.step(op, observed, evicted_on_refusal);
  ASSERT_TRUE(v) << show(op) << " -> " << show(op, observed) << " was accepted";
  EXPECT_NE(v->find(rule), std::string::npos) << *v;
}

// A request from lookup to publish, whose lease stays open: `own` are the pages that it allocates.
void hold(state& s, lease l, const tokens& t, const pages& own) {
  pages all = s.longest_prefix(t);
  const std::size_t found = all.size();
  const std::size_t tokens_per_page = found == 0 ? 0 : s.path(all[0]).size();
  accept(s, lookup(l, t), leased(all, found));
  all.insert(all.end(), own.begin(), own.end());
  const auto rest = t.begin() + static_cast<std::ptrdiff_t>(found * tokens_per_page);
  accept(s, allocate(l, {rest, t.end()}), leased(all, found));
  const operation op = publish(l, t.size());
  accept(s, op, leased(all, found + s.publishable(op)));
}

// The same, then released: its full pages stay cached.
void keep(state& s, lease l, const tokens& t, const pages& own) {
  hold(s, l, t, own);
  accept(s, release(l), {});
}

bool is(const state& s, page p, page_state wanted) { return s.view()[p].state == wanted; }

// ---- What a scheduler asks for

TEST(model_state, a_match_says_what_a_lookup_would_find_and_changes_nothing) {
  state s({4, 1});
  keep(s, 1, {1, 2}, {0, 1});
  keep(s, 2, {3}, {2});
  const statistics before = s.stats();
  accept(s, match({1, 2, 9}), matched(2));
  accept(s, match({2}), matched(0));
  reject(s, match({1, 2}), matched(1), "found 1 page, but the longest prefix then had 2");
  reject(s, match({1, 2}), matched(3), "found 3 pages, but the longest prefix then had 2");
  operation elsewhere = match({1, 2});
  elsewhere.space = 1;
  accept(s, elsewhere, matched(0));
  EXPECT_EQ(s.stats(), before);
  EXPECT_EQ(s.eviction_order(), (pages{1, 0, 2}));
}

TEST(model_state, what_is_forgotten_is_not_found_and_free_when_it_is_let_go) {
  state s({4, 1});
  keep(s, 1, {1, 2}, {0, 1});
  accept(s, lookup(2, {1}), leased({0}, 1));
  reject(s, forget({1}), forgotten(false), "page 0 was cached then");
  reject(s, forget({2}), forgotten(true), "no such prefix was cached then");
  accept(s, forget({1}, 1), forgotten(false));
  accept(s, forget({1}), forgotten(true));
  EXPECT_TRUE(is(s, 0, page_state::cached) && s.view()[0].forgotten && is(s, 1, page_state::free));
  accept(s, match({1, 2}), matched(0));
  accept(s, allocate(2, {3}), leased({0, 2}, 1));
  reject(s, publish(2, 2), leased({0, 2}, 2), "the lease has pages 0 2 of which 1 are published");
  accept(s, publish(2, 2), leased({0, 2}, 1));
  keep(s, 3, {1}, {1});
  EXPECT_EQ(s.eviction_order(), pages{1});
  accept(s, release(2), {});
  EXPECT_TRUE(is(s, 0, page_state::free));
  EXPECT_EQ(s.stats().forgotten_pages, 2u);
  EXPECT_EQ(s.stats().evicted_pages, 2u);
  accept(s, forget({}), forgotten(true));
  accept(s, forget({}), forgotten(false));
  EXPECT_EQ(s.stats().free_pages, 4u);
}

TEST(model_state, blocks_are_equal_where_tokens_and_keys_are) {
  state s({4, 2});
  const auto keyed = [](operation op, std::vector<block_key> keys) {
    op.keys = std::move(keys);
    return op;
  };
  accept(s, keyed(lookup(1, {1, 2, 3}), {{1, 9}}), {});
  accept(s, keyed(allocate(1, {1, 2, 3}), {{0, 0}, {1, 9}, {2, 5}}), leased({0, 1}, 0));
  EXPECT_EQ(s.private_keys(1), (std::vector<block_key>{{1, 9}}));
  reject(s, keyed(allocate(1, {4}), {{1, 8}}), leased({0, 1}, 0), "block 1 of the lease has the key 9");
  reject(s, keyed(allocate(1, {4}), {{0, 8}}), leased({0, 1}, 0), "block 0 of the lease has no key");
  accept(s, keyed(allocate(1, {4}), {{1, 8}}), refused(status::invalid_argument, {0, 1}));
  EXPECT_EQ(s.allowed_keys(1, {{0, 8}, {1, 9}, {2, 3}}), (std::vector<block_key>{{1, 9}, {2, 3}}));
  accept(s, allocate(1, {4, 5}), leased({0, 1, 2}, 0));
  accept(s, publish(1, 4), leased({0, 1, 2}, 2));
  EXPECT_EQ(s.view()[1].key, 9u);
  EXPECT_EQ(s.path_keys(1), (std::vector<block_key>{{1, 9}}));
  accept(s, keyed(allocate(1, {}), {{0, 5}, {2, 6}}),
         leased({0, 1, 2}, 2));  // published ones are passed over; block 2 is not full
  EXPECT_EQ(s.private_keys(1), (std::vector<block_key>{{2, 6}}));
  accept(s, fork(1, 2), {.pages = {0, 1, 3}, .cached = 2, .copies = {{2, 3}}});
  EXPECT_EQ(s.private_keys(2), (std::vector<block_key>{{2, 6}}));
  accept(s, shrink(2, 4), leased({0, 1}, 2));
  EXPECT_TRUE(s.private_keys(2).empty());
  EXPECT_EQ(s.lookup_hits({1, 2, 3, 4}), 1u);
  EXPECT_EQ(s.lookup_hits({1, 2, 3, 4}, 0, {{1, 9}}), 2u);
  accept(s, keyed(match({1, 2, 3, 4}), {{1, 9}}), matched(2));
  accept(s, keyed(match({1, 2, 3, 4}), {{1, 8}}), matched(1));
  accept(s, keyed(forget({1, 2, 3, 4}), {{1, 8}}), forgotten(false));
  accept(s, keyed(forget({1, 2, 3, 4}), {{1, 9}}), forgotten(true));
}

TEST(model_state, a_shrunken_lease_frees_the_pages_that_hold_none_of_its_tokens) {
  state s({4, 2});
  accept(s, lookup(1, {}), {});
  accept(s, allocate(1, {1, 2, 3}, 3), leased({0, 1, 2}, 0));
  reject(s, shrink(1, 3), leased({0, 1, 2}, 0), "the lease keeps pages 0 1");
  reject(s, shrink(1, 3), leased({0}, 0), "the lease keeps pages 0 1");
  reject(s, shrink(1, 4), leased({0, 1}, 0), "the lease holds only 3 tokens");
  accept(s, shrink(1, 4), refused(status::invalid_argument, {0, 1, 2}));
  accept(s, shrink(1, 3), leased({0, 1}, 0));
  accept(s, shrink(1, 2), leased({0}, 0));
  EXPECT_TRUE(is(s, 1, page_state::free) && is(s, 2, page_state::free));
  accept(s, publish(1, 2), leased({0}, 1));
  accept(s, allocate(1, {5}), leased({0, 3}, 1));
  accept(s, shrink(1, 0), leased({0}, 1));
  accept(s, allocate(1, {3}), leased({0, 2}, 1));  // behind the tokens of the cached prefix
  accept(s, release(1), {});
  accept(s, shrink(1, 0), refused(status::lease_closed));
  EXPECT_EQ(s.lookup_hits({1, 2}), 1u);
}

TEST(model_state, an_allocation_from_free_pages_alone_evicts_nothing) {
  state s({3, 1});
  keep(s, 1, {1, 2}, {0, 1});
  accept(s, lookup(2, {}), {});
  reject(s, allocate_free(2, {5, 6}), leased({2, 1}, 0), "took page 1, which was cached");
  accept(s, allocate_free(2, {5, 6}), refused(status::cache_full));
  reject(s, allocate_free(2, {5}), refused(status::cache_full), "its shortage of 1 page was covered by 1 free");
  accept(s, allocate_free(2, {5}), leased({2}, 0));
  accept(s, allocate(2, {6}), leased({2, 1}, 0));
  EXPECT_EQ(s.stats().refused_full, 1u);
}

TEST(model_state, hits_of_an_attempt_that_was_refused_are_taken_out_when_it_ends) {
  state s({2, 1});
  hold(s, 1, {1}, {0});
  accept(s, lookup(2, {1, 3}), leased({0}, 1));
  accept(s, allocate(2, {3, 4, 5}), refused(status::request_too_large, {0}, 1));
  EXPECT_EQ(s.stats().refused_hit_pages, 0u);
  accept(s, release(2), {});
  EXPECT_EQ(s.stats().refused_looked_up_pages, 2u);
  EXPECT_EQ(s.stats().refused_hit_pages, 1u);
  accept(s, lookup(3, {1, 3}), leased({0}, 1));
  accept(s, allocate(3, {3}), leased({0, 1}, 1));
  accept(s, allocate(3, {4, 5}), refused(status::request_too_large, {0, 1}, 1));
  accept(s, release(3), {});
  accept(s, fork(1, 4), leased({0}, 1));
  accept(s, allocate(4, {3, 4, 5}), refused(status::request_too_large, {0}, 1));
  accept(s, release(4), {});
  EXPECT_EQ(s.stats().refused_hit_pages, 1u);
  EXPECT_EQ(s.stats().hit_pages, 2u);
}

TEST(model_state, a_page_is_free_evictable_pinned_or_private) {
  state s({5, 1});
  hold(s, 1, {1, 2}, {0, 1});
  keep(s, 2, {1, 3}, {2});
  accept(s, allocate(1, {4}), leased({0, 1, 3}, 2));
  const availability now{.free_pages = 1, .evictable_pages = 1, .pinned_pages = 2, .private_pages = 1};
  EXPECT_EQ(s.available(), now);
  EXPECT_EQ(s.available_by_chains(), now);
  accept(s, lookup(3, {1}), leased({0}, 1));
  EXPECT_EQ(s.available(), now);
  EXPECT_EQ(s.available_by_chains().pinned_pages, 3u);  // page 0 for both leases
  accept(s, lookup(4, {1, 2}), leased({0, 1}, 2));
  EXPECT_EQ(s.available_by_chains().pinned_pages, 3u);  // no more than there are nodes
  EXPECT_EQ(s.available_by_chains().evictable_pages, 0u);
}

// ---- Construction

TEST(model_state, a_new_cache_has_only_free_pages) {
  const state s({3, 2});
  EXPECT_EQ(s.view(), std::vector<page_view>(3));
  EXPECT_EQ(s.stats(), statistics{.free_pages = 3});
  EXPECT_TRUE(s.eviction_order().empty());
}

TEST(model_state, a_cache_without_pages_or_tokens_cannot_be_made) {
  EXPECT_THROW(state({0, 1}), std::invalid_argument);
  EXPECT_THROW(state({1, 0}), std::invalid_argument);
  EXPECT_THROW(state({3, SIZE_MAX}), std::invalid_argument);
}

// ---- Lookup

TEST(model_state, lookup_finds_the_longest_chain_of_full_blocks) {
  state s({4, 2});
  keep(s, 1, {1, 2, 3, 4}, {2, 0});
  EXPECT_EQ(s.lookup_hits({1, 2, 3, 4, 5, 6}), 2u);
  EXPECT_EQ(s.lookup_hits({1, 2, 3}), 1u);
  EXPECT_EQ(s.lookup_hits({1, 2, 4, 3}), 1u);
  EXPECT_EQ(s.lookup_hits({1}), 0u);
  EXPECT_EQ(s.path(0), (tokens{1, 2, 3, 4}));
  EXPECT_EQ(s.chain(0), (pages{2, 0}));
  accept(s, lookup(2, {1, 2, 3, 4, 5}), leased({2, 0}, 2));
}

TEST(model_state, equal_tokens_in_two_namespaces_are_two_chains) {
  state s({4, 1});
  operation elsewhere = lookup(1, {1, 2});
  elsewhere.space = 7;
  accept(s, elsewhere, leased({}, 0));
  accept(s, allocate(1, {1, 2}), leased({0, 1}, 0));
  accept(s, publish(1, 2), leased({0, 1}, 2));
  EXPECT_EQ(s.lookup_hits({1, 2}), 0u);
  EXPECT_EQ(s.lookup_hits({1, 2}, 7), 2u);
  EXPECT_EQ(s.view()[1].space, 7u);
  reject(s, lookup(2, {1, 2}), leased({0, 1}, 2), "the longest prefix then was no page");
  keep(s, 3, {1, 2}, {2, 3});
  EXPECT_EQ(s.lookup_hits({1, 2}), 2u);
  EXPECT_EQ(s.view()[3].space, 0u);
  EXPECT_NE(s.show().find("page 0 [1] in 7 pinned"), std::string::npos) << s.show();
}

TEST(model_state, lookup_matches_from_the_first_token_only) {
  state s({4, 1});
  keep(s, 1, {1, 2}, {0, 1});
  EXPECT_EQ(s.lookup_hits({2}), 0u);
  reject(s, lookup(2, {2}), leased({1}, 1), "the longest prefix then was no page");
}

TEST(model_state, lookup_of_another_length_or_page_is_rejected) {
  state s({4, 1});
  keep(s, 1, {1, 2}, {0, 1});
  reject(s, lookup(2, {1, 2}), leased({0}, 1),
         "lookup #2 [1 2] returned page 0, but the longest prefix then was pages 0 1");
  reject(s, lookup(2, {1}), leased({0, 1}, 2), "longest prefix then was page 0");
  reject(s, lookup(2, {1, 2}), leased({0, 2}, 2), "longest prefix then was pages 0 1");
  reject(s, lookup(2, {1, 2}), leased({0, 1}, 1), "with 1 of them published");
}

TEST(model_state, lookup_never_fails) {
  const state s({1, 1});
  reject(s, lookup(1, {1}), refused(status::cache_full), "returned cache_full, which it never does");
  reject(s, lookup(1, {1}), refused(status::lease_closed), "returned lease_closed, which it never does");
}

TEST(model_state, a_lease_is_opened_once) {
  state s({2, 1});
  accept(s, lookup(1, {1}), {});
  reject(s, lookup(1, {1}), {}, "opens lease #1, which is open");
  reject(s, fork(1, 1), {}, "opens lease #1, which is open");
}

// ---- Allocate

TEST(model_state, allocate_adds_pages_until_they_hold_tokens_and_extra_slots) {
  state s({8, 2});
  accept(s, lookup(1, {}), {});
  accept(s, allocate(1, {1, 2, 3}), leased({5, 3}, 0));
  accept(s, allocate(1, {}, 2), leased({5, 3, 0}, 0));
  accept(s, allocate(1, {4}, 0), leased({5, 3, 0}, 0));
  accept(s, allocate(1, {5}, 2), leased({5, 3, 0, 1}, 0));
  EXPECT_EQ(s.private_pages(1), (pages{5, 3, 0, 1}));
  EXPECT_EQ(s.stats().allocated_pages, 4u);
  EXPECT_EQ(s.stats().private_pages, 4u);
}

TEST(model_state, allocate_that_needs_no_page_takes_none_and_gives_none_back) {
  state s({4, 2});
  accept(s, lookup(1, {}), {});
  accept(s, allocate(1, {}), {});
  accept(s, allocate(1, {1}, 5), leased({0, 1, 2}, 0));
  accept(s, allocate(1, {2}), leased({0, 1, 2}, 0));
  reject(s, allocate(1, {3}), leased({0, 1, 2, 3}, 0), "took 1 page, but needed 0");
  reject(s, allocate(1, {3}), leased({0, 1}, 0), "the lease keeps pages 0 1 2");
}

TEST(model_state, allocate_takes_free_pages_that_exist_each_once) {
  state s({5, 1});
  accept(s, lookup(1, {}), {});
  accept(s, allocate(1, {1}), leased({0}, 0));
  hold(s, 2, {7}, {1});
  accept(s, lookup(3, {}), {});
  reject(s, allocate(3, {8, 9}), leased({2, 2}, 0), "took page 2 twice");
  reject(s, allocate(3, {8, 9}), leased({2, 5}, 0), "took page 5, which does not exist");
  reject(s, allocate(3, {8, 9}), leased({2, 0}, 0), "took page 0, which was private to lease #1");
  reject(s, allocate(3, {8, 9}), leased({2, 1}, 0), "took page 1, which was cached and pinned");
  reject(s, allocate(3, {8, 9}), leased({2}, 0), "took 1 page, but needed 2");
  reject(s, allocate(3, {8, 9}), leased({2, 3, 4}, 0), "took 3 pages, but needed 2");
  accept(s, allocate(3, {8, 9}), leased({4, 2}, 0));
}

TEST(model_state, allocate_keeps_the_pages_that_the_lease_has) {
  state s({5, 1});
  hold(s, 1, {1}, {0});
  accept(s, allocate(1, {2}), leased({0, 1}, 1));
  reject(s, allocate(1, {3}), leased({0, 2, 1}, 1), "the lease keeps pages 0 1, of which 1 are published");
  reject(s, allocate(1, {3}), leased({2}, 1), "the lease keeps pages 0 1");
  reject(s, allocate(1, {3}), leased({0, 1, 2}, 2), "of which 1 are published");
  reject(s, allocate(1, {3}), leased({0, 1, 2}, 0), "of which 1 are published");
}

TEST(model_state, allocate_evicts_exactly_the_shortfall_oldest_first) {
  state s({4, 1});
  keep(s, 1, {1}, {2});
  keep(s, 2, {5}, {0});
  keep(s, 3, {6}, {1});
  accept(s, lookup(4, {}), {});
  reject(s, allocate(4, {7}), leased({2}, 0), "took page 2, which was cached");
  reject(s, allocate(4, {7, 8}), leased({3, 0}, 0), "took page 0, which was cached");
  accept(s, allocate(4, {7, 8}), leased({3, 2}, 0));
  EXPECT_TRUE(is(s, 0, page_state::cached));
  EXPECT_TRUE(is(s, 1, page_state::cached));
  EXPECT_EQ(s.stats().evicted_pages, 1u);
}

TEST(model_state, allocate_does_not_evict_its_own_prefix) {
  state s({3, 1});
  keep(s, 1, {1}, {0});
  keep(s, 2, {2, 3}, {1, 2});
  accept(s, lookup(3, {1}), leased({0}, 1));
  reject(s, allocate(3, {9}), leased({0, 0}, 1), "took page 0, which was cached and pinned");
  accept(s, allocate(3, {9}), leased({0, 2}, 1));
}

// ---- Refusals

TEST(model_state, request_too_large_counts_the_cached_prefix_and_the_extra_slots) {
  state s({3, 2});
  hold(s, 1, {1, 2}, {0});
  const auto too_large = refused(status::request_too_large, {0}, 1);
  accept(s, allocate(1, {3, 4, 5, 6, 7}), too_large);
  accept(s, allocate(1, {3, 4, 5, 6}, 1), too_large);
  accept(s, allocate(1, {3}, SIZE_MAX), too_large);
  EXPECT_EQ(s.stats().refused_too_large, 3u);
  reject(s, allocate(1, {3, 4, 5}, 1), too_large, "no more than all 3 pages");
  reject(s, allocate(1, {3, 4, 5, 6}, 1), leased({0, 1, 2}, 1), "more than all 3 pages");
  reject(s, allocate(1, {3, 4, 5, 6}, 1), refused(status::cache_full, {0}, 1), "more than all 3 pages");
  reject(s, allocate(1, {3, 4, 5, 6}, 1), refused(status::request_too_large), "a refusal changes no lease");
  accept(s, allocate(1, {3, 4, 5, 6}), leased({0, 1, 2}, 1));
}

TEST(model_state, a_request_that_is_too_large_evicts_nothing) {
  state s({2, 1});
  keep(s, 1, {1}, {0});
  accept(s, lookup(2, {}), {});
  reject(s, allocate(2, {7, 8, 9}), refused(status::request_too_large), "changes nothing, but evicted 1 page", 1);
  accept(s, allocate(2, {7, 8, 9}), refused(status::request_too_large));
  EXPECT_TRUE(is(s, 0, page_state::cached));
}

TEST(model_state, cache_full_only_when_free_and_unpinned_pages_do_not_cover_the_shortage) {
  state s({4, 1});
  keep(s, 1, {1, 2}, {0, 1});
  hold(s, 2, {5}, {2});
  accept(s, lookup(3, {}), {});
  reject(s, allocate(3, {7}), refused(status::cache_full),
         "its shortage of 1 page was covered by 1 free and 2 evictable");
  reject(s, allocate(3, {7, 8, 9}), refused(status::cache_full), "was covered by 1 free and 2 evictable");
  accept(s, allocate(3, {6, 7, 8, 9}), refused(status::cache_full));
  EXPECT_EQ(s.stats().refused_full, 1u);
  accept(s, allocate(3, {7, 8, 9}), leased({1, 3, 0}, 0));
}

TEST(model_state, an_allocate_that_had_to_be_refused_is_not_granted) {
  state s({2, 1});
  hold(s, 1, {1}, {0});
  accept(s, lookup(2, {}), {});
  reject(s, allocate(2, {7, 8}), leased({1, 0}, 0), "took page 0, which was cached and pinned");
}

TEST(model_state, a_refused_allocate_evicts_nothing) {
  state s({4, 1});
  keep(s, 1, {1}, {2});
  keep(s, 2, {5}, {0});
  hold(s, 3, {6}, {1});
  accept(s, lookup(4, {}), {});
  const operation need_four = allocate(4, {7, 8, 9, 10});
  for (std::size_t evicted = 1; evicted <= 2; ++evicted) {
    state other = s;
    reject(other, need_four, refused(status::cache_full),
           "changes nothing, but evicted " + std::to_string(evicted) + " page", evicted);
  }
  accept(s, need_four, refused(status::cache_full));
  EXPECT_TRUE(is(s, 2, page_state::cached));
  EXPECT_TRUE(is(s, 0, page_state::cached));
  EXPECT_EQ(s.stats().free_pages, 1u);
}

TEST(model_state, a_refused_allocate_changes_no_lease) {
  state s({2, 1});
  hold(s, 1, {1}, {0});
  hold(s, 2, {2}, {1});
  const operation op = allocate(2, {7});
  reject(s, op, refused(status::cache_full), "a refusal changes no lease");
  reject(s, op, refused(status::cache_full, {1}, 0), "a refusal changes no lease");
  accept(s, op, refused(status::cache_full, {1}, 1));
  EXPECT_EQ(s.publishable(publish(2, 1)), 0u);
}

// ---- Publish

TEST(model_state, publish_makes_nodes_of_full_pages_only) {
  state s({4, 2});
  accept(s, lookup(1, {}), {});
  accept(s, allocate(1, {1, 2, 3, 4, 5}, 2), leased({0, 1, 2, 3}, 0));
  EXPECT_EQ(s.publishable(publish(1, 5)), 2u);
  reject(s, publish(1, 5), leased({0, 1, 2, 3}, 3), "of which 2 are published");
  reject(s, publish(1, 5), leased({0, 1, 2, 3}, 1), "of which 2 are published");
  reject(s, publish(1, 5), leased({0, 1}, 2), "the lease has pages 0 1 2 3");
  accept(s, publish(1, 5), leased({0, 1, 2, 3}, 2));
  EXPECT_EQ(s.view()[0], (page_view{.state = page_state::cached, .block = {1, 2}, .pinned = true}));
  EXPECT_EQ(s.view()[1], (page_view{.state = page_state::cached, .parent = 0, .block = {3, 4}, .pinned = true}));
  EXPECT_EQ(s.view()[2], page_view{page_state::leased});
  EXPECT_EQ(s.published_pages(1), (pages{0, 1}));
}

TEST(model_state, publish_again_goes_on_where_it_ended) {
  state s({4, 2});
  hold(s, 1, {1, 2, 3}, {0, 1});
  accept(s, publish(1, 3), leased({0, 1}, 1));
  accept(s, allocate(1, {4, 5}), leased({0, 1, 2}, 1));
  accept(s, publish(1, 5), leased({0, 1, 2}, 2));
  EXPECT_EQ(s.lookup_hits({1, 2, 3, 4}), 2u);
  EXPECT_EQ(s.stats().published_pages, 2u);
}

TEST(model_state, publish_shares_only_pages_of_computed_tokens) {
  state s({4, 2});
  accept(s, lookup(1, {}), {});
  accept(s, allocate(1, {1, 2, 3, 4}), leased({0, 1}, 0));
  accept(s, publish(1, 1), leased({0, 1}, 0));
  reject(s, publish(1, 3), leased({0, 1}, 2), "of which 1 are published");
  accept(s, publish(1, 3), leased({0, 1}, 1));
  EXPECT_EQ(s.lookup_hits({1, 2, 3, 4}), 1u);
  accept(s, publish(1, 4), leased({0, 1}, 2));
}

TEST(model_state, publish_of_fewer_tokens_than_before_changes_nothing) {
  state s({4, 2});
  hold(s, 1, {1, 2, 3, 4}, {0, 1});
  const state before = s;
  for (const std::size_t computed : {0, 1, 2, 3}) accept(s, publish(1, computed), leased({0, 1}, 2));
  EXPECT_EQ(s, before);
  EXPECT_EQ(s.stats(), before.stats());
}

TEST(model_state, publish_of_more_tokens_than_the_lease_holds_changes_nothing) {
  state s({4, 2});
  accept(s, lookup(1, {}), {});
  accept(s, allocate(1, {1, 2, 3}), leased({0, 1}, 0));
  const state before = s;
  reject(s, publish(1, 4), leased({0, 1}, 1), "but the lease holds only 3 tokens");
  reject(s, publish(1, 4), refused(status::invalid_argument, {0, 1}, 1), "of which 0 are published");
  accept(s, publish(1, 4), refused(status::invalid_argument, {0, 1}, 0));
  EXPECT_EQ(s, before);
  reject(s, publish(1, 3), refused(status::invalid_argument, {0, 1}, 0),
         "returned invalid_argument, which it never does");
}

TEST(model_state, publish_adopts_the_node_that_stands_and_frees_its_own_page) {
  state s({6, 1});
  accept(s, lookup(1, {1, 2, 3}), {});
  accept(s, allocate(1, {1, 2, 3}), leased({3, 4, 5}, 0));
  keep(s, 2, {1, 2}, {0, 1});
  reject(s, publish(1, 3), leased({3, 4, 5}, 3),
         "returned page 3 at position 0, but page 0 was cached there and is to be adopted");
  reject(s, publish(1, 3), leased({0, 4, 5}, 3), "returned page 4 at position 1, but page 1 was cached there");
  reject(s, publish(1, 3), leased({0, 1, 2}, 3), "no page was cached there and its own page 5 is to become the node");
  reject(s, publish(1, 3), leased({0, 1}, 2), "returned no page at position 2");
  accept(s, publish(1, 3), leased({0, 1, 5}, 3));
  EXPECT_TRUE(is(s, 3, page_state::free));
  EXPECT_TRUE(is(s, 4, page_state::free));
  EXPECT_EQ(s.path(5), (tokens{1, 2, 3}));
  EXPECT_TRUE(s.view()[1].pinned);
  EXPECT_EQ(s.stats().duplicate_pages, 2u);
  accept(s, evict(6), freed(0));
}

TEST(model_state, publish_never_fails) {
  state s({1, 1});
  hold(s, 1, {1}, {0});
  reject(s, publish(1, 1), refused(status::cache_full, {0}, 1), "returned cache_full, which it never does");
  reject(s, publish(1, 1), refused(status::lease_closed), "which it never does with an open lease");
}

// ---- Fork

TEST(model_state, fork_shares_the_chain_and_copies_the_private_pages_that_hold_tokens) {
  state s({8, 2});
  hold(s, 1, {1, 2, 3}, {0, 1});
  accept(s, allocate(1, {}, 4), leased({0, 1, 2, 3}, 1));
  outcome forked = leased({0, 4, 5, 6}, 1);
  reject(s, fork(1, 2), forked, "the pages to copy are 1");
  forked.copies = {{1, 4}, {2, 5}};
  reject(s, fork(1, 2), forked, "the pages to copy are 1");
  forked.copies = {{1, 5}};
  reject(s, fork(1, 2), forked, "the pages to copy are 1");
  forked.copies = {{1, 4}};
  accept(s, fork(1, 2), forked);
  EXPECT_EQ(s.stats().allocated_pages, 7u);
  EXPECT_EQ(s.stats().open_leases, 2u);
  accept(s, allocate(2, {4}), leased({0, 4, 5, 6}, 1));
  accept(s, publish(2, 4), leased({0, 4, 5, 6}, 2));
  accept(s, publish(1, 3), leased({0, 1, 2, 3}, 1));
}

TEST(model_state, fork_takes_pages_of_its_own) {
  state s({6, 1});
  hold(s, 1, {1}, {0});
  accept(s, allocate(1, {2}, 1), leased({0, 1, 2}, 1));
  outcome forked = leased({0, 1, 3}, 1);
  forked.copies = {{1, 1}};
  reject(s, fork(1, 2), forked, "took page 1, which was private to lease #1");
  reject(s, fork(1, 2), leased({0, 3}, 1), "took 1 page, but needed 2");
  reject(s, fork(1, 2), leased({3, 4}, 0), "the lease keeps page 0");
}

TEST(model_state, fork_pins_the_chain_and_leaves_the_first_lease_as_it_is) {
  state s({4, 1});
  hold(s, 1, {1, 2}, {0, 1});
  accept(s, fork(1, 2), leased({0, 1}, 2));
  accept(s, release(1), {});
  EXPECT_TRUE(s.eviction_order().empty());
  accept(s, clear(), freed(0));
  accept(s, release(2), {});
  accept(s, clear(), freed(2));
}

TEST(model_state, fork_evicts_exactly_its_shortfall) {
  state s({4, 1});
  keep(s, 1, {5}, {3});
  keep(s, 2, {6}, {0});
  accept(s, lookup(3, {}), {});
  accept(s, allocate(3, {7}), leased({1}, 0));
  accept(s, allocate(3, {8}), leased({1, 2}, 0));
  outcome forked = leased({3, 0}, 0);
  forked.copies = {{1, 3}, {2, 0}};
  accept(s, fork(3, 4), forked);
  EXPECT_EQ(s.stats().evicted_pages, 2u);
}

TEST(model_state, fork_is_refused_only_when_the_cache_is_full) {
  state s({3, 1});
  hold(s, 1, {1}, {0});
  accept(s, allocate(1, {2, 3}), leased({0, 1, 2}, 1));
  accept(s, fork(1, 2), refused(status::cache_full));
  EXPECT_EQ(s.stats().refused_full, 1u);
  EXPECT_EQ(s.stats().open_leases, 1u);
  reject(s, fork(1, 2), refused(status::cache_full, {0}, 1), "a refusal changes no lease");
  reject(s, fork(1, 2), refused(status::request_too_large), "which it never does");
  accept(s, publish(1, 3), leased({0, 1, 2}, 3));
  reject(s, fork(1, 2), refused(status::cache_full), "its shortage of 0 pages was covered");
  accept(s, fork(1, 2), leased({0, 1, 2}, 3));
}

// ---- Release and closed leases

TEST(model_state, release_frees_private_pages_and_drops_the_pin) {
  state s({4, 1});
  hold(s, 1, {1}, {0});
  accept(s, allocate(1, {2, 3}), leased({0, 1, 2}, 1));
  reject(s, release(1), leased({0}, 1), "left the lease page 0");
  accept(s, release(1), {});
  EXPECT_EQ(s.stats().free_pages, 3u);
  EXPECT_EQ(s.stats().private_pages, 0u);
  EXPECT_EQ(s.stats().open_leases, 0u);
  EXPECT_EQ(s.eviction_order(), (pages{0}));
}

TEST(model_state, a_second_release_does_nothing) {
  state s({4, 1});
  hold(s, 1, {1}, {0});
  hold(s, 2, {1}, {});
  accept(s, release(1), {});
  const state once = s;
  accept(s, release(1), {});
  EXPECT_EQ(s, once);
  EXPECT_TRUE(s.view()[0].pinned);
  reject(s, release(1), refused(status::lease_closed), "it does nothing and returns ok");
}

TEST(model_state, a_released_lease_answers_lease_closed_and_nothing_changes) {
  state s({4, 1});
  keep(s, 1, {1}, {0});
  const state before = s;
  const outcome closed = refused(status::lease_closed);
  for (const operation& op : {allocate(1, {2}), allocate(1, {}), publish(1, 0), publish(1, 1), fork(1, 2)}) {
    accept(s, op, closed);
    EXPECT_EQ(s, before);
    EXPECT_EQ(s.stats(), before.stats());
    reject(s, op, {}, "but the lease was not open");
    reject(s, op, refused(status::lease_closed, {0}, 1), "but the lease was not open");
  }
  reject(s, allocate(1, {2}), leased({1}, 0), "but the lease was not open");
  reject(s, allocate(1, {2}), closed, "changes nothing, but evicted 1 page", 1);
  reject(s, release(1), leased({0}, 1), "but the lease was not open");
}

TEST(model_state, an_open_lease_does_not_answer_lease_closed) {
  state s({2, 1});
  accept(s, lookup(1, {}), {});
  for (const operation& op : {allocate(1, {2}), publish(1, 0), release(1), fork(1, 2)}) {
    reject(s, op, refused(status::lease_closed), "which it never does with an open lease");
  }
}

// ---- Eviction and recency

TEST(model_state, pinned_page_survives_eviction) {
  state s({4, 1});
  keep(s, 1, {1, 2}, {0, 1});
  accept(s, lookup(2, {1}), leased({0}, 1));
  reject(s, clear(), freed(2), "evicted 2 pages, but only 1 could be evicted");
  accept(s, clear(), freed(1));
  EXPECT_TRUE(is(s, 0, page_state::cached));
  EXPECT_TRUE(is(s, 1, page_state::free));
}

TEST(model_state, evict_takes_the_oldest_leaf_and_deeper_nodes_of_a_chain_first) {
  state s({6, 1});
  keep(s, 1, {1, 2, 3}, {4, 0, 2});
  keep(s, 2, {5}, {1});
  EXPECT_EQ(s.eviction_order(), (pages{2, 0, 4, 1}));
  accept(s, evict(1), freed(1));
  EXPECT_TRUE(is(s, 2, page_state::free));
  EXPECT_EQ(s.eviction_order(), (pages{0, 4, 1}));
  accept(s, evict(2), freed(2));
  EXPECT_EQ(s.eviction_order(), (pages{1}));
}

TEST(model_state, release_refreshes_every_node_of_its_chain) {
  state s({6, 1});
  keep(s, 1, {1, 2}, {0, 1});
  keep(s, 2, {1, 3}, {2});
  keep(s, 3, {5}, {3});
  EXPECT_EQ(s.eviction_order(), (pages{1, 2, 0, 3}));
  keep(s, 4, {1, 2}, {});
  EXPECT_EQ(s.eviction_order(), (pages{2, 3, 1, 0}));
}

TEST(model_state, a_parent_that_becomes_a_leaf_keeps_its_own_recency) {
  state s({6, 1});
  keep(s, 1, {1, 2}, {0, 1});
  keep(s, 2, {5}, {2});
  keep(s, 3, {1, 3}, {3});
  keep(s, 4, {6}, {4});
  for (const page leaf : {1u, 3u}) EXPECT_FALSE(s.apply({step_kind::evict_page, leaf}, evict(2), freed(2)));
  EXPECT_EQ(s.eviction_order(), (pages{2, 0, 4}));
  accept(s, evict(1), freed(1));
  EXPECT_TRUE(is(s, 2, page_state::free));
}

TEST(model_state, the_tick_is_that_of_the_release_not_of_the_lookup) {
  state s({6, 1});
  keep(s, 1, {1}, {0});
  keep(s, 2, {2}, {1});
  accept(s, lookup(3, {1}), leased({0}, 1));
  accept(s, lookup(4, {2}), leased({1}, 1));
  accept(s, release(4), {});
  accept(s, release(3), {});
  EXPECT_EQ(s.eviction_order(), (pages{1, 0}));
}

TEST(model_state, evict_reports_what_it_freed) {
  state s({4, 1});
  keep(s, 1, {1, 2}, {0, 1});
  accept(s, evict(0), freed(0));
  reject(s, evict(1), freed(0), "evict 1 stopped after 0 pages, but page 1 was evictable");
  reject(s, evict(1), freed(2), "which is more than asked for");
  reject(s, evict(5), freed(1), "stopped after 1 page, but page 0 was evictable");
  reject(s, evict(5), freed(3), "evicted 3 pages, but only 2 could be evicted");
  reject(s, clear(), freed(1), "clear stopped after 1 page, but page 0 was evictable");
  reject(s, evict(1), refused(status::cache_full), "evict 1 returned cache_full, which it never does");
  accept(s, evict(5), freed(2));
  accept(s, clear(), freed(0));
}

// ---- Counters, equality, texts

TEST(model_state, counters_count_what_the_specification_says) {
  state s({5, 2});
  keep(s, 1, {1, 2, 3, 4}, {0, 1});
  hold(s, 2, {1, 2, 9, 9, 7}, {2, 3});
  hold(s, 3, {6, 6}, {4});
  accept(s, allocate(2, {8, 8, 8, 8, 8}), refused(status::cache_full, {0, 2, 3}, 2));
  reject(s, allocate(2, {8, 8, 8, 8, 8}), refused(status::cache_full, {0, 2, 3}, 2),
         "changes nothing, but evicted 1 page", 1);
  accept(s, evict(1), freed(1));
  accept(s, allocate(2, {8, 8}, 9), refused(status::request_too_large, {0, 2, 3}, 2));
  EXPECT_EQ(s.stats(), (statistics{.lookups = 3,
                                   .looked_up_pages = 5,
                                   .hit_pages = 1,
                                   .allocated_pages = 5,
                                   .published_pages = 4,
                                   .duplicate_pages = 0,
                                   .evicted_pages = 1,
                                   .refused_too_large = 1,
                                   .refused_full = 1,
                                   .free_pages = 1,
                                   .private_pages = 1,
                                   .cached_pages = 3,
                                   .open_leases = 2}));
}

TEST(model_state, states_are_equal_whatever_led_to_them) {
  state a({4, 1}), b({4, 1});
  keep(a, 1, {1}, {0});
  keep(a, 2, {2}, {1});
  keep(b, 7, {2}, {1});
  keep(b, 8, {1}, {0});
  EXPECT_NE(a, b) << "the order of recency differs";
  EXPECT_EQ(a.key(), b.key()) << "recency is no part of the key";
  keep(b, 9, {2}, {});
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_NE(a.stats(), b.stats());
}

TEST(model_state, states_differ_by_pages_blocks_leases_and_their_numbers) {
  state reference({4, 1});
  hold(reference, 1, {1}, {0});
  state page_differs({4, 1}), block_differs({4, 1}), number_differs({4, 1}), tail_differs = reference;
  hold(page_differs, 1, {1}, {1});
  hold(block_differs, 1, {2}, {0});
  hold(number_differs, 2, {1}, {0});
  accept(tail_differs, allocate(1, {}, 1), leased({0, 1}, 1));
  for (const state& other : {page_differs, block_differs, number_differs, tail_differs, state({5, 1})}) {
    EXPECT_NE(reference, other);
  }
}

TEST(model_state, a_copy_lives_on_its_own) {
  state copy({1, 1});
  {
    state s({4, 2});
    keep(s, 1, {1, 2, 3, 4}, {0, 1});
    copy = s;
    accept(s, clear(), freed(2));
  }
  EXPECT_EQ(copy.lookup_hits({1, 2, 3, 4}), 2u);
  accept(copy, evict(1), freed(1));
  EXPECT_EQ(copy.lookup_hits({1, 2, 3, 4}), 1u);
}

TEST(model_state, show_draws_the_trie_the_leases_and_the_free_pages) {
  state s({6, 2});
  keep(s, 1, {1, 2, 3, 4}, {0, 1});
  hold(s, 2, {1, 2, 5}, {4});
  EXPECT_EQ(s.show(),
            "trie:\n"
            "  page 0 [1 2] pinned\n"
            "    page 1 [3 4]\n"
            "leases:\n"
            "  #2: pages 0 | 4, tokens 1 2 5\n"
            "free: pages 2 3 5\n");
}

TEST(model_operation, an_operation_and_its_outcome_are_one_line_each) {
  EXPECT_EQ(show(lookup(3, {1, 2, 3})), "lookup #3 [1 2 3]");
  EXPECT_EQ(show(allocate(3, {4}, 2)), "allocate #3 [4] +2");
  EXPECT_EQ(show(fork(3, 4)), "fork #3 as #4");
  EXPECT_EQ(show(publish(3, 4)), "publish #3 to 4");
  EXPECT_EQ(show(release(3)), "release #3");
  EXPECT_EQ(show(evict(2)), "evict 2");
  EXPECT_EQ(show(clear()), "clear");
  EXPECT_EQ(show(lookup(3, {1}), leased({0, 2, 5}, 2)), "ok, pages 0 2 | 5");
  EXPECT_EQ(show(lookup(3, {1}), {}), "ok, no page");
  EXPECT_EQ(show(allocate(3, {1}), leased({5}, 0)), "ok, pages | 5");
  EXPECT_EQ(show(allocate(3, {1}), refused(status::cache_full, {5})), "cache_full");
  EXPECT_EQ(show(evict(3), freed(3)), "3 pages");
  EXPECT_EQ(show(clear(), freed(1)), "1 page");
  EXPECT_EQ(show(release(3), {}), "ok");
  outcome forked = leased({0, 4}, 1);
  forked.copies = {{1, 4}, {2, 5}};
  EXPECT_EQ(show(fork(3, 4), forked), "ok, pages 0 | 4, copies 1>4 2>5");
  EXPECT_EQ(show(lookup(1, tokens(500, 7))), "lookup #1 [7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 ... 500 in all]");
}

// ---- Atomic steps

TEST(model_state, only_unpinned_leaves_can_be_evicted) {
  state s({5, 1});
  keep(s, 1, {1, 2}, {0, 1});
  hold(s, 2, {5}, {2});
  const std::vector<std::pair<page, std::string>> wrong = {
      {0, "cached and no leaf"}, {2, "cached and pinned"}, {3, "which was free"}, {9, "not a page of the cache"}};
  const state before = s;
  for (const auto& [target, rule] : wrong) {
    const auto v = s.apply({step_kind::evict_page, target}, evict(1), freed(1));
    ASSERT_TRUE(v) << target;
    EXPECT_NE(v->find(rule), std::string::npos) << *v;
    EXPECT_EQ(s, before);
  }
  EXPECT_FALSE(s.apply({step_kind::evict_page, 1}, evict(1), freed(1)));
  EXPECT_FALSE(s.apply({step_kind::evict_page, 0}, evict(1), freed(1)));
}

TEST(model_state, a_release_frees_its_private_pages_in_any_order_and_ends_when_all_are_free) {
  state s({4, 1});
  hold(s, 1, {1}, {3});
  accept(s, allocate(1, {2, 3}), leased({3, 0, 1}, 1));
  EXPECT_TRUE(s.apply({step_kind::free_page, 3}, release(1), {})) << "a published page";
  EXPECT_TRUE(s.apply({step_kind::free_page, 2}, release(1), {})) << "a free page";
  EXPECT_FALSE(s.apply({step_kind::free_page, 1}, release(1), {}));
  EXPECT_TRUE(s.apply({step_kind::drop_pin}, release(1), {})) << "page 0 is still private";
  EXPECT_TRUE(is(s, 1, page_state::free));
  EXPECT_TRUE(is(s, 0, page_state::leased));
  EXPECT_FALSE(s.apply({step_kind::free_page, 0}, release(1), {}));
  EXPECT_FALSE(s.apply({step_kind::drop_pin}, release(1), {}));
}

TEST(model_state, what_a_lease_published_is_pinned_before_the_rest_is_published) {
  state s({4, 1});
  accept(s, lookup(1, {}), {});
  accept(s, allocate(1, {1, 2}), leased({0, 1}, 0));
  EXPECT_FALSE(s.apply({step_kind::publish_page}, publish(1, 2), leased({0, 1}, 2)));
  EXPECT_TRUE(s.apply({step_kind::evict_page, 0}, evict(1), freed(1)));
  EXPECT_TRUE(s.view()[0].pinned);
}

TEST(model_state, what_must_be_evicted_first_is_named_below_its_node) {
  state s({6, 1});
  keep(s, 1, {1, 2, 3}, {0, 1, 2});
  EXPECT_EQ(s.in_the_way({step_kind::lookup}, lookup(2, {1, 2, 3}), leased({0}, 1)), (pages{2, 1}));
  EXPECT_EQ(s.in_the_way({step_kind::evict_end}, clear(), freed(0)), (pages{2, 1, 0}));
  EXPECT_EQ(s.in_the_way({step_kind::evict_end}, evict(1), freed(1)), pages{});
  accept(s, lookup(3, {1, 2}), leased({0, 1}, 2));
  EXPECT_EQ(s.in_the_way({step_kind::lookup}, lookup(2, {1, 2, 3}), leased({0}, 1)), pages{}) << "page 1 is pinned";
  accept(s, allocate(3, {3}), leased({0, 1, 4}, 2));
  EXPECT_EQ(s.in_the_way({step_kind::take}, allocate(5, {9}), leased({2}, 0)), (pages{2}));
  EXPECT_EQ(s.in_the_way({step_kind::publish_page}, publish(3, 3), leased({0, 1, 4}, 3)), (pages{2}));
  EXPECT_EQ(s.in_the_way({step_kind::publish_page}, publish(3, 3), leased({0, 1, 2}, 3)), pages{});
}

// ---- Random workloads, held against the definitions

// The eviction order by its definition: scan all nodes for the evictable one with the oldest tick.
pages order_by_definition(const state& s, const std::map<page, std::uint64_t>& ticks) {
  const std::vector<page_view> view = s.view();
  pages order;
  const auto gone = [&](page p) { return std::find(order.begin(), order.end(), p) != order.end(); };
  for (;;) {
    std::optional<page> oldest;
    for (page p = 0; p < view.size(); ++p) {
      if (view[p].state != page_state::cached || view[p].pinned || gone(p)) continue;
      bool leaf = true;
      for (page q = 0; q < view.size(); ++q) {
        if (view[q].state == page_state::cached && view[q].parent == p && !gone(q)) leaf = false;
      }
      if (leaf && (!oldest || ticks.at(p) < ticks.at(*oldest))) oldest = p;
    }
    if (!oldest) return order;
    order.push_back(*oldest);
  }
}

// Four requesters, each with one lease at a time. What an operation must answer is worked out from the views alone.
class random_workload {
 public:
  explicit random_workload(unsigned seed) : random_(seed), config_{2 + draw(9), 1 + draw(2)}, state_(config_) {}

  void run(int operations) {
    for (int i = 0; i < operations && !testing::Test::HasFailure(); ++i) {
      one_operation();
      compare();
    }
  }

  std::uint64_t evicted() const { return state_.stats().evicted_pages; }
  std::uint64_t refused_full() const { return state_.stats().refused_full; }
  std::uint64_t duplicates() const { return state_.stats().duplicate_pages; }

 private:
  struct requester {
    bool open = false;
    lease number = 0;
    pages all;
    std::size_t cached = 0;
    tokens held;
  };

  std::size_t draw(std::size_t below) { return random_() % below; }

  tokens draw_tokens() {
    tokens t(draw(6));
    for (token& x : t) x = static_cast<token>(draw(2));
    return t;
  }

  void one_operation() {
    requester& r = requesters_[draw(requesters_.size())];
    const std::size_t choice = draw(9);
    if (choice == 0) return accept(state_, evict(2), freed(std::min<std::size_t>(2, state_.eviction_order().size())));
    if (!r.open) return open(r);
    if (choice < 5) return extend(r, draw_tokens(), draw(3));
    if (choice < 7) return publish_all(r);
    accept(state_, release(r.number), {});
    ++clock_;
    for (std::size_t i = 0; i < r.cached; ++i) ticks_[r.all[i]] = clock_;
    r = {};
  }

  void open(requester& r) {
    const tokens t = draw_tokens();
    const pages found = state_.longest_prefix(t);
    const auto matched = t.begin() + static_cast<std::ptrdiff_t>(found.size() * config_.tokens_per_page);
    r = {true, ++leases_, found, found.size(), {t.begin(), matched}};
    accept(state_, lookup(r.number, t), leased(r.all, r.cached));
  }

  void extend(requester& r, const tokens& t, std::size_t extra_slots) {
    const operation op = allocate(r.number, t, extra_slots);
    const std::size_t slots = r.held.size() + t.size() + extra_slots;
    const std::size_t wanted = (slots + config_.tokens_per_page - 1) / config_.tokens_per_page;
    if (wanted > config_.pages) return accept(state_, op, refused(status::request_too_large, r.all, r.cached));
    const std::size_t needed = wanted - std::min(wanted, r.all.size());
    const pages order = state_.eviction_order();
    pages usable = free_pages();
    if (needed > usable.size() + order.size()) {
      reject(state_, op, refused(status::cache_full, r.all, r.cached), "which changes nothing",
             1 + draw(order.size() + 1));
      return accept(state_, op, refused(status::cache_full, r.all, r.cached));
    }
    reject(state_, op, refused(status::cache_full, r.all, r.cached), "was covered");
    for (std::size_t i = 0; usable.size() < needed; ++i) usable.push_back(order[i]);
    std::shuffle(usable.begin(), usable.end(), random_);
    r.all.insert(r.all.end(), usable.begin(), usable.begin() + static_cast<std::ptrdiff_t>(needed));
    r.held.insert(r.held.end(), t.begin(), t.end());
    accept(state_, op, leased(r.all, r.cached));
  }

  void publish_all(requester& r) {
    const pages standing = state_.longest_prefix(r.held);
    const std::size_t full = r.held.size() / config_.tokens_per_page;
    std::copy(standing.begin(), standing.end(), r.all.begin());
    r.cached = full;
    accept(state_, publish(r.number, r.held.size()), leased(r.all, r.cached));
  }

  pages free_pages() const {
    const std::vector<page_view> view = state_.view();
    pages found;
    for (page p = 0; p < view.size(); ++p) {
      if (view[p].state == page_state::free) found.push_back(p);
    }
    return found;
  }

  // What the views say of all pages against what the requesters hold.
  void compare() {
    std::vector<page_state> expected(config_.pages, page_state::free);
    std::vector<bool> pinned(config_.pages, false);
    const std::vector<page_view> view = state_.view();
    for (page p = 0; p < view.size(); ++p) {
      if (view[p].state == page_state::cached) expected[p] = page_state::cached;
    }
    for (const requester& r : requesters_) {
      for (std::size_t i = 0; i < r.all.size(); ++i) {
        expected[r.all[i]] = i < r.cached ? page_state::cached : page_state::leased;
        if (i < r.cached) pinned[r.all[i]] = true;
      }
    }
    std::map<page_state, std::uint64_t> counts;
    for (page p = 0; p < view.size(); ++p) {
      EXPECT_EQ(view[p].state, expected[p]) << "page " << p;
      EXPECT_EQ(view[p].pinned, pinned[p]) << "page " << p;
      ++counts[view[p].state];
    }
    const statistics s = state_.stats();
    EXPECT_EQ(s.free_pages, counts[page_state::free]);
    EXPECT_EQ(s.private_pages, counts[page_state::leased]);
    EXPECT_EQ(s.cached_pages, counts[page_state::cached]);
    EXPECT_EQ(s.cached_pages, s.published_pages - s.evicted_pages);
    EXPECT_EQ(state_.eviction_order(), order_by_definition(state_, ticks_));
  }

  std::mt19937 random_;
  config config_;
  state state_;
  std::array<requester, 4> requesters_;
  std::map<page, std::uint64_t> ticks_;  // by the test's own clock
  std::uint64_t clock_ = 0;
  lease leases_ = 0;
};

TEST(model_state, every_view_agrees_with_the_definitions_after_every_operation) {
  std::uint64_t evicted = 0, refused_full = 0, duplicates = 0;
  for (unsigned seed = 0; seed < 150 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_workload w(seed);
    w.run(120);
    evicted += w.evicted();
    refused_full += w.refused_full();
    duplicates += w.duplicates();
  }
  // A workload that never gets there shows nothing.
  EXPECT_GT(evicted, 100u);
  EXPECT_GT(refused_full, 100u);
  EXPECT_GT(duplicates, 20u);
}

}  // namespace
