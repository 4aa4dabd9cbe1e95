// Each oracle accepts what is right and names what is wrong: one seeded violation per rule.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "cache/pages/block_hash.h"
#include "cache/sync/std.h"
#include "checks/oracles/events.h"
#include "checks/oracles/lease_ids.h"
#include "checks/oracles/list.h"
#include "checks/oracles/page_contents.h"
#include "checks/oracles/page_ownership.h"
#include "checks/oracles/statistics.h"
#include "checks/oracles/structure.h"
#include "checks/report/verdict.h"

namespace triecheck::checks {
namespace {

// Page 0 under the root, page 1 below it, page 2 free, page 3 private.
structure small_trie() {
  structure s;
  s.tokens_per_page = 2;
  s.pages.resize(4);
  s.pages[0] = {.state = model::page_state::cached, .parent = {}, .block = {1, 2}};
  s.pages[1] = {.state = model::page_state::cached, .parent = 0, .block = {3, 4}};
  s.pages[3].state = model::page_state::leased;
  s.pins = {0, 0, 0, 0};
  s.eviction_order = {1, 0};
  s.indexed = {0, 1};
  return s;
}

void expect_wrong(const char* rule, const std::function<void(structure&)>& damage) {
  structure s = small_trie();
  damage(s);
  const auto wrong = check_structure(s);
  ASSERT_TRUE(wrong.has_value()) << rule;
  EXPECT_NE(wrong->find(rule), std::string::npos) << *wrong;
}

TEST(oracles, each_reports_a_kind_that_a_scenario_may_expect) {
  const std::vector<std::string>& known = violation_kinds();
  for (const char* kind : scenario_oracles::kinds) {
    EXPECT_NE(std::find(known.begin(), known.end(), kind), known.end()) << kind;
  }
}

// One that finds something in every operation, or at the end.
template <char Name>
struct always_wrong final : oracle {
  static constexpr const char* kind = Name == 'a' ? "a" : "b";
  explicit always_wrong(const oracle_setting&) {}
  void clear() override { asked = 0; }
  finding at_the_end(const final_state&) override {
    ++asked;
    return std::string("found by ") + Name;
  }
  int asked = 0;
};

TEST(oracles, the_first_of_the_list_that_finds_something_is_reported) {
  oracle_list<lease_ids, always_wrong<'a'>, always_wrong<'b'>> all{oracle_setting{}};
  const structure shown = small_trie();
  const auto found = all.first([&](auto& one) { return one.at_the_end({shown, {}}); });
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(std::string(found->kind) + ": " + found->message, "a: found by a");
  EXPECT_EQ(all.get<always_wrong<'b'>>().asked, 0);
  all.each([](auto& one) { one.clear(); });
  EXPECT_EQ(all.get<always_wrong<'a'>>().asked, 0);
}

TEST(oracles, structure_accepts_a_trie) { EXPECT_EQ(check_structure(small_trie()), std::nullopt); }

TEST(oracles, structure_names_every_kind_of_damage) {
  expect_wrong("does not fill a page", [](structure& s) { s.pages[1].block.pop_back(); });
  expect_wrong("have the same prefix", [](structure& s) {
    s.pages[2] = s.pages[1];
    s.indexed.push_back(2);
    s.eviction_order.insert(s.eviction_order.begin(), 2);
  });
  expect_wrong("which is no node", [](structure& s) { s.pages[1].parent = 2; });
  expect_wrong("its own ancestor", [](structure& s) { s.pages[0].parent = 1; });
  expect_wrong("does not lead to the node page 1", [](structure& s) { s.indexed.pop_back(); });
  expect_wrong("leads to page 1 twice", [](structure& s) { s.indexed.push_back(1); });
  expect_wrong("leads to page 2, which is no node", [](structure& s) { s.indexed.push_back(2); });
  expect_wrong("page 2 can be evicted, but it is no node", [](structure& s) { s.eviction_order.push_back(2); });
  expect_wrong("page 0 can be evicted, but it is pinned", [](structure& s) { s.pins[0] = 1; });
  expect_wrong("is in the eviction order twice", [](structure& s) { s.eviction_order.push_back(1); });
  expect_wrong("can never be evicted", [](structure& s) { s.eviction_order.pop_back(); });
  expect_wrong("before its child page 1", [](structure& s) { std::swap(s.eviction_order[0], s.eviction_order[1]); });
  expect_wrong("before its child page 1", [](structure& s) {
    s.pins[1] = 1;
    s.eviction_order = {0};
  });
}

TEST(oracles, a_chain_stays_in_its_namespace) {
  structure s = small_trie();
  s.pages[0].space = s.pages[1].space = 7;
  EXPECT_EQ(check_structure(s), std::nullopt);
  s.pages[1].space = 0;
  ASSERT_TRUE(check_structure(s).has_value());
  EXPECT_EQ(*check_structure(s), "I3: page 1 hangs below page 0 of another namespace");
}

TEST(oracles, pins_are_counted_against_the_open_leases) {
  structure s = small_trie();
  s.pins = {2, 1, 0, 0};
  EXPECT_EQ(check_pins(s, {{0, 1}, {0}}), std::nullopt);
  EXPECT_TRUE(check_pins(s, {{0, 1}}).has_value());
  EXPECT_TRUE(check_pins(s, {{0, 1}, {0}, {0}}).has_value());
}

TEST(oracles, a_path_is_read_from_the_root) {
  EXPECT_EQ(path_of(small_trie(), 1), (std::vector<model::token>{1, 2, 3, 4}));
}

TEST(oracles, conservation_compares_every_counter) {
  const structure s = small_trie();
  const model::statistics right = {.lookups = 3,
                                   .published_pages = 4,
                                   .evicted_pages = 2,
                                   .free_pages = 1,
                                   .private_pages = 1,
                                   .cached_pages = 2,
                                   .open_leases = 1};
  model::statistics counted = right;
  EXPECT_EQ(check_conservation(s, right, counted), std::nullopt);
  for (const auto member :
       {&model::statistics::lookups, &model::statistics::looked_up_pages, &model::statistics::hit_pages,
        &model::statistics::allocated_pages, &model::statistics::published_pages, &model::statistics::duplicate_pages,
        &model::statistics::evicted_pages, &model::statistics::refused_too_large, &model::statistics::refused_full,
        &model::statistics::free_pages, &model::statistics::private_pages, &model::statistics::cached_pages,
        &model::statistics::open_leases}) {
    model::statistics reported = right;
    ++(reported.*member);
    EXPECT_TRUE(check_conservation(s, reported, counted).has_value());
  }
}

// What a cache of four pages may answer.
const model::statistics possible_answer = {.lookups = 3,
                                           .looked_up_pages = 6,
                                           .hit_pages = 2,
                                           .allocated_pages = 5,
                                           .published_pages = 3,
                                           .duplicate_pages = 1,
                                           .evicted_pages = 1,
                                           .free_pages = 1,
                                           .private_pages = 1,
                                           .cached_pages = 2,
                                           .open_leases = 1};

std::string wrong_with(std::uint64_t model::statistics::*member, std::uint64_t value, stats_consistency together) {
  model::statistics reported = possible_answer;
  reported.*member = value;
  return check_statistics(reported, 4, together).value_or("");
}

TEST(oracles, no_gauge_of_pages_exceeds_the_pool_or_wraps_around) {
  for (const auto together :
       {stats_consistency::each, stats_consistency::parts, stats_consistency::pages, stats_consistency::all}) {
    EXPECT_EQ(check_statistics(possible_answer, 4, together), std::nullopt);
    for (const auto member :
         {&model::statistics::free_pages, &model::statistics::private_pages, &model::statistics::cached_pages}) {
      EXPECT_NE(wrong_with(member, 5, together), "");
      EXPECT_NE(wrong_with(member, ~std::uint64_t{0}, together), "");
    }
  }
  EXPECT_EQ(wrong_with(&model::statistics::free_pages, ~std::uint64_t{0}, stats_consistency::each),
            "I5: free_pages is reported as -1 of 4 (free -1, private 1, cached 2, open leases 1)");
}

TEST(oracles, numbers_of_one_instant_fit_together) {
  using enum stats_consistency;
  EXPECT_EQ(wrong_with(&model::statistics::free_pages, 2, each), "");
  EXPECT_EQ(wrong_with(&model::statistics::free_pages, 2, pages),
            "I5: free, private and cached pages are 2 + 1 + 2 of 4");
  EXPECT_EQ(wrong_with(&model::statistics::evicted_pages, 4, pages),
            "I10: reported are 4 evicted, but 3 published pages");
  EXPECT_EQ(wrong_with(&model::statistics::evicted_pages, 0, pages),
            "I10: cached_pages is reported as 2, but published less evicted pages are 3");
  EXPECT_EQ(wrong_with(&model::statistics::allocated_pages, 3, pages),
            "I10: reported are 4 published or duplicate, but 3 allocated pages");
  EXPECT_EQ(wrong_with(&model::statistics::hit_pages, 7, pages), "");
  EXPECT_EQ(wrong_with(&model::statistics::free_pages, 2, parts),
            "I5: free, private and cached pages are 2 + 1 + 2 of 4");
  EXPECT_EQ(wrong_with(&model::statistics::evicted_pages, 0, parts), "");
  EXPECT_EQ(wrong_with(&model::statistics::evicted_pages, 4, parts),
            "I10: reported are 4 evicted, but 3 published pages");
  EXPECT_EQ(wrong_with(&model::statistics::hit_pages, 7, parts), "I10: reported are 7 hit, but 6 looked-up pages");
  EXPECT_EQ(wrong_with(&model::statistics::hit_pages, 7, all), "I10: reported are 7 hit, but 6 looked-up pages");
}

// Thread 0 opens a lease and asks for the statistics; thread 1 opens one that begins at step `called`.
std::optional<std::string> judged(const model::statistics& reported, std::size_t called) {
  const model::statistics opened = {.lookups = 1, .open_leases = 1};
  const auto when = [](unsigned thread, std::size_t from, std::size_t to) {
    return interval{.opened = {.thread = thread}, .closed = {.thread = thread}, .called = from, .returned = to};
  };
  counted_operations o;
  o.record({.published_pages = 2}, {});
  o.record(opened, when(0, 1, 3));
  o.answer(reported, when(0, 5, 9));
  o.record(opened, when(1, called, 20));
  return o.check();
}

TEST(oracles, a_counter_has_all_of_its_own_thread_and_nothing_that_had_not_begun) {
  const model::statistics own = {.lookups = 1, .published_pages = 2, .open_leases = 1};
  model::statistics both = own;
  both.lookups = both.open_leases = 2;
  EXPECT_EQ(judged(own, 7), std::nullopt);
  EXPECT_EQ(judged(both, 7), std::nullopt);
  EXPECT_EQ(judged(own, 11), std::nullopt);
  EXPECT_EQ(judged(both, 11),
            "I10: lookups is reported as 2, but the thread itself had counted 1, and with all that had "
            "begun it would be 1");
  model::statistics wrong = own;
  wrong.lookups = 0;
  EXPECT_TRUE(judged(wrong, 7).has_value()) << "its own lookup is missing";
  wrong = own;
  wrong.open_leases = 0;
  EXPECT_TRUE(judged(wrong, 7).has_value()) << "its own lease is missing";
  wrong = own;
  wrong.published_pages = 1;
  EXPECT_TRUE(judged(wrong, 7).has_value()) << "what was published before all threads is missing";
  wrong = own;
  wrong.evicted_pages = 3;
  EXPECT_TRUE(judged(wrong, 7).has_value()) << "more pages fell than were published";
}

TEST(oracles, a_lease_that_another_thread_closes_may_still_be_seen_open) {
  const auto when = [](unsigned thread, std::size_t from, std::size_t to) {
    return interval{.opened = {.thread = thread}, .closed = {.thread = thread}, .called = from, .returned = to};
  };
  for (const std::uint64_t open : {0U, 1U, 2U}) {
    counted_operations o;
    o.record({.open_leases = 1}, when(1, 1, 2));
    o.record({.open_leases = ~std::uint64_t{0}}, when(1, 3, 4));
    o.answer({.open_leases = open}, when(0, 5, 9));
    EXPECT_EQ(o.check().has_value(), open == 2);
  }
}

TEST(oracles, a_private_page_belongs_to_one_lease) {
  page_ownership o(4, 3);
  EXPECT_EQ(o.enter(0, {0, 1}, 0, {}), std::nullopt);
  EXPECT_TRUE(o.enter(1, {1}, 0, {}).has_value());
}

TEST(oracles, a_page_that_a_lease_reads_is_not_handed_out) {
  page_ownership o(4, 3);
  EXPECT_EQ(o.enter(0, {0}, 1, {}), std::nullopt);
  EXPECT_EQ(o.enter(1, {0}, 1, {}), std::nullopt);
  EXPECT_TRUE(o.enter(2, {0}, 0, {}).has_value());
}

TEST(oracles, a_private_page_is_not_read_as_published) {
  page_ownership o(4, 3);
  EXPECT_EQ(o.enter(0, {0}, 0, {}), std::nullopt);
  EXPECT_TRUE(o.enter(1, {0}, 1, {}).has_value());
}

TEST(oracles, a_page_may_change_hands_inside_an_operation_that_gives_it_up) {
  page_ownership o(4, 3);
  EXPECT_EQ(o.enter(0, {0, 1}, 0, {}), std::nullopt);
  o.strike(0, {});                                  // lease 0 publishes and loses page 1 as a duplicate
  EXPECT_EQ(o.enter(1, {1}, 0, {}), std::nullopt);  // lease 1 gets it before lease 0 returns
  EXPECT_EQ(o.enter(0, {0, 2}, 2, {}), std::nullopt);
  EXPECT_TRUE(o.enter(2, {9}, 0, {}).has_value()) << "a page that does not exist";
}

TEST(oracles, digests_tell_prefixes_apart) {
  page_contents<std_sync> contents(2);
  EXPECT_EQ(contents.read(0), 0u);
  const std::vector<model::token> one = {1, 2}, other = {2, 1}, longer = {1, 2, 3};
  contents.write(0, digest(one));
  EXPECT_EQ(contents.read(0), digest(one));
  EXPECT_NE(digest(one), digest(other));
  EXPECT_NE(digest(one), digest(longer));
  EXPECT_NE(digest(one), digest(one, 1));
  EXPECT_NE(digest(one), 0u);
}

TEST(oracles, no_two_leases_have_one_id) {
  lease_ids ids;
  EXPECT_EQ(ids.opened(0, 3), std::nullopt);
  EXPECT_EQ(ids.opened(1, 1), std::nullopt);
  EXPECT_EQ(ids.opened(0, 5), std::nullopt);
  EXPECT_EQ(ids.opened(0, 0), "a lease was opened with the id 0, which means no lease");
  EXPECT_EQ(ids.opened(1, 5), "a lease was opened with the id 5, which another lease had before");
  EXPECT_EQ(ids.opened(0, 4), "a lease was opened with the id 4 after one with the id 5, by one thread");
  ids.clear();
  EXPECT_EQ(ids.opened(0, 3), std::nullopt);
}

// ---- Events

const hash_key usual_key(cache_config{}.hash_seed);
constexpr token first_block[] = {1, 2};
constexpr token second_block[] = {3, 4};

stored_page store_first(page_id page, key_space space = {}) {
  return {page, no_page, space, block_hash(usual_key, root_hash(usual_key, space), first_block), first_block};
}
stored_page store_second(page_id page, page_id parent, key_space space = {}) {
  return {page, parent, space,
          block_hash(usual_key, block_hash(usual_key, root_hash(usual_key, space), first_block), second_block),
          second_block};
}

// What the cache with small_trie tells.
event_book small_book() {
  event_book b(4, 2);
  b.stored(0, store_first(page_id(0)));
  b.stored(0, store_second(page_id(1), page_id(0)));
  return b;
}

void expect_impossible(event_book b, const char* rule, const std::function<void(event_book&)>& next) {
  EXPECT_EQ(b.violation(), std::nullopt);
  next(b);
  ASSERT_TRUE(b.violation().has_value()) << rule;
  EXPECT_NE(b.violation()->find(rule), std::string::npos) << *b.violation();
}

TEST(oracles, events_accept_what_they_told) {
  event_book b = small_book();
  b.stored(0, store_first(page_id(2)));  // as a publisher does that is going to find page 0
  b.removed(0, page_id(2));
  EXPECT_EQ(b.violation(), std::nullopt);
  EXPECT_EQ(b.check_rest(small_trie()), std::nullopt);
}

TEST(oracles, events_name_every_impossible_one) {
  const event_book small = small_book();
  expect_impossible(small, "page 7 was stored, but does not exist",
                    [](event_book& b) { b.stored(0, store_first(page_id(7))); });
  expect_impossible(small, "page 0 was stored, but is stored already",
                    [](event_book& b) { b.stored(0, store_first(page_id(0))); });
  expect_impossible(small, "below page 3, which is not stored",
                    [](event_book& b) { b.stored(0, store_second(page_id(2), page_id(3))); });
  expect_impossible(small, "below page 0 of another namespace",
                    [](event_book& b) { b.stored(0, store_second(page_id(2), page_id(0), key_space(1))); });
  expect_impossible(small, "does not continue that of page 1",
                    [](event_book& b) { b.stored(0, store_second(page_id(2), page_id(1))); });
  expect_impossible(small, "does not continue that of the root", [](event_book& b) {
    stored_page p = store_first(page_id(2));
    p.key = 7;
    b.stored(0, p);
  });
  expect_impossible(small, "does not fill a page", [](event_book& b) {
    stored_page p = store_first(page_id(2));
    p.block = p.block.first(1);
    b.stored(0, p);
  });
  expect_impossible(small, "page 2 was removed, but is not stored", [](event_book& b) { b.removed(0, page_id(2)); });
  expect_impossible(small, "page 0 was removed before its children", [](event_book& b) { b.removed(0, page_id(0)); });
}

TEST(oracles, events_are_held_against_the_structure) {
  structure s = small_trie();
  s.pages[1].state = model::page_state::free;
  EXPECT_EQ(small_book().check_rest(s), "page 1 was stored and not removed, but is no node");
  s = small_trie();
  s.pages[3].state = model::page_state::cached;
  EXPECT_EQ(small_book().check_rest(s), "page 3 is a node, but was not stored");
  s = small_trie();
  s.pages[1].parent = {};
  EXPECT_EQ(small_book().check_rest(s), "page 1 is below the root, but was stored below page 0");
  s = small_trie();
  s.pages[0].space = 5;
  EXPECT_EQ(small_book().check_rest(s), "page 0 was stored in another namespace");
  s = small_trie();
  s.pages[1].key = 7;
  EXPECT_EQ(small_book().check_rest(s), "page 1 was stored with the key 0, but its block has 7");
  s = small_trie();
  s.pages[1].block = {3, 5};
  EXPECT_EQ(small_book().check_rest(s), "page 1 was stored with the tokens [3 4], but holds [3 5]");
}

// ---- Events of operations that were announced

model::outcome answer(std::vector<model::page> pages, std::size_t cached) {
  return {.pages = std::move(pages), .cached = cached};
}

void run(event_book& b, std::size_t thread, const model::operation& op, const model::outcome& observed) {
  b.begins(thread, op);
  b.returned(thread, observed);
}

// Thread 0 has lease 0 with the tokens 1 2 3 4 on the private pages 0 and 1, and has begun to publish it.
event_book publishing() {
  event_book b(4, 2);
  run(b, 0, {.kind = model::operation_kind::lookup, .subject = 0, .tokens = {1, 2, 3, 4}}, answer({}, 0));
  run(b, 0, {.kind = model::operation_kind::allocate, .subject = 0, .tokens = {1, 2, 3, 4}}, answer({0, 1}, 0));
  b.begins(0, {.kind = model::operation_kind::publish, .subject = 0, .computed_tokens = 4});
  return b;
}

// The same, published, and thread 1 has begun to evict.
event_book evicting() {
  event_book b = publishing();
  b.stored(0, store_first(page_id(0)));
  b.stored(0, store_second(page_id(1), page_id(0)));
  b.returned(0, answer({0, 1}, 2));
  run(b, 0, {.kind = model::operation_kind::release, .subject = 0}, {});
  b.begins(1, {.kind = model::operation_kind::evict, .count = 2});
  return b;
}

// The parent that a publication adopted is known when it returns.
TEST(oracles, events_accept_a_page_below_an_adopted_one) {
  event_book b = publishing();
  run(b, 1, {.kind = model::operation_kind::lookup, .subject = 1, .tokens = {1, 2}}, answer({}, 0));
  run(b, 1, {.kind = model::operation_kind::allocate, .subject = 1, .tokens = {1, 2}}, answer({2}, 0));
  b.begins(1, {.kind = model::operation_kind::publish, .subject = 1, .computed_tokens = 2});
  b.stored(1, store_first(page_id(2)));
  b.returned(1, answer({2}, 1));
  b.stored(0, store_first(page_id(0)));  // as lockfree does before it finds the other one
  b.removed(0, page_id(0));
  b.stored(0, store_second(page_id(1), page_id(2)));
  b.returned(0, answer({2, 1}, 2));
  EXPECT_EQ(b.violation(), std::nullopt);
  EXPECT_EQ(b.check_evictions(0, {}), std::nullopt);
}

TEST(oracles, an_event_is_what_its_operation_does) {
  const event_book b = publishing();
  expect_impossible(b, "page 2 was stored by a lease that does not have it privately",
                    [](event_book& book) { book.stored(0, store_first(page_id(2))); });
  expect_impossible(b, "page 0 was stored by an operation that publishes nothing",
                    [](event_book& book) { book.stored(1, store_first(page_id(0))); });
  expect_impossible(b, "page 0 was stored in another namespace than that of its lease",
                    [](event_book& book) { book.stored(0, store_first(page_id(0), key_space(1))); });
  expect_impossible(b, "page 1 was stored with the tokens [1 2], but holds [3 4]",
                    [](event_book& book) { book.stored(0, store_first(page_id(1))); });
  expect_impossible(b, "page 0 was stored with the key 7, but its block has 0", [](event_book& book) {
    const std::uint64_t hash = block_hash(usual_key, root_hash(usual_key, {}), first_block, 7);
    book.stored(0, {page_id(0), no_page, {}, hash, first_block, 7});
  });
  expect_impossible(b, "`cleared` was reported by another operation", [](event_book& book) { book.cleared(0, 0); });
}

TEST(oracles, a_page_is_told_when_it_is_computed) {
  event_book b = publishing();
  b.returned(0, answer({0, 1}, 0));
  b.begins(0, {.kind = model::operation_kind::publish, .subject = 0, .computed_tokens = 1});
  b.stored(0, store_first(page_id(0)));
  EXPECT_EQ(b.violation(), "page 0 was stored, but its tokens are not all computed");
}

TEST(oracles, a_page_is_told_below_the_page_that_its_lease_has_before_it) {
  expect_impossible(publishing(), "page 1 was returned below page 0, but stored below page 2", [](event_book& b) {
    run(b, 1, {.kind = model::operation_kind::lookup, .subject = 1, .tokens = {1, 2}}, answer({}, 0));
    run(b, 1, {.kind = model::operation_kind::allocate, .subject = 1, .tokens = {1, 2}}, answer({2}, 0));
    b.begins(1, {.kind = model::operation_kind::publish, .subject = 1, .computed_tokens = 2});
    b.stored(1, store_first(page_id(2)));
    b.stored(0, store_first(page_id(0)));
    b.stored(0, store_second(page_id(1), page_id(2)));  // the same prefix, but not the page of this lease
    b.returned(0, answer({0, 1}, 2));
  });
  expect_impossible(publishing(), "page 0 was returned as published, but was not stored", [](event_book& b) {
    b.returned(0, answer({0, 1}, 2));
  });
}

TEST(oracles, evictions_are_told_one_by_one_and_by_who_evicts) {
  event_book b = evicting();
  b.removed(1, page_id(1));
  b.removed(1, page_id(0));
  b.returned(1, {.evicted = 2});
  EXPECT_EQ(b.violation(), std::nullopt);
  EXPECT_EQ(b.check_evictions(2, {}), std::nullopt);
  EXPECT_EQ(b.check_evictions(1, {}), "2 pages were reported as removed; the statistics say 1");
  expect_impossible(evicting(), "page 1 was removed by an operation that evicts nothing",
                    [](event_book& book) { book.removed(0, page_id(1)); });
  expect_impossible(evicting(), "evict 2 evicted 1 pages, but told of 0",
                    [](event_book& book) { book.returned(1, {.evicted = 1}); });
  expect_impossible(evicting(), "page 1 was removed while an open lease has it in its prefix", [](event_book& book) {
    run(book, 0, {.kind = model::operation_kind::lookup, .subject = 1, .tokens = {1, 2, 3, 4}}, answer({0, 1}, 2));
    book.removed(1, page_id(1));
  });
}

TEST(oracles, forgotten_pages_are_told_though_leases_have_them) {
  const auto forgetting = [] {
    event_book b = publishing();
    b.stored(0, store_first(page_id(0)));
    b.stored(0, store_second(page_id(1), page_id(0)));
    b.returned(0, answer({0, 1}, 2));
    b.begins(1, {.kind = model::operation_kind::forget, .tokens = {1, 2}});
    return b;
  };
  event_book b = forgetting();
  b.removed(1, page_id(1));
  b.removed(1, page_id(0));
  b.returned(1, {.cached = 1});
  EXPECT_EQ(b.violation(), std::nullopt);
  structure pinned;
  pinned.pages.resize(2, {.state = model::page_state::cached, .block = {1, 2}, .pinned = true, .forgotten = true});
  EXPECT_EQ(b.check_rest(pinned), std::nullopt);
  EXPECT_EQ(b.check_evictions(0, pinned), std::nullopt);
  EXPECT_EQ(b.check_evictions(2, {}), std::nullopt);
  EXPECT_EQ(forgetting().check_rest(pinned), "page 0 is forgotten, but was not removed");
  expect_impossible(forgetting(), "page 0 was removed before its children",
                    [](event_book& book) { book.removed(1, page_id(0)); });
}

TEST(oracles, a_clear_is_told_once_with_what_it_removed) {
  const auto clearing = [] {
    event_book b = evicting();
    b.returned(1, {});
    b.begins(1, {.kind = model::operation_kind::clear});
    b.removed(1, page_id(1));
    return b;
  };
  event_book b = clearing();
  b.cleared(1, 1);
  b.returned(1, {.evicted = 1});
  EXPECT_EQ(b.violation(), std::nullopt);
  EXPECT_EQ(b.clears(), 1U);
  EXPECT_EQ(b.pages_cleared(), 1U);
  expect_impossible(clearing(), "`cleared` reported 2 pages, but it had removed 1",
                    [](event_book& book) { book.cleared(1, 2); });
  expect_impossible(clearing(), "`cleared` was reported 0 times",
                    [](event_book& book) { book.returned(1, {.evicted = 1}); });
}

}  // namespace
}  // namespace triecheck::checks
