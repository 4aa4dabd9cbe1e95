// What the memory model shows beyond interleavings: where a release sequence ends, what a failed exchange may see and
// learn, and which spurious failures matter.
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "checks/litmus/litmus.h"

namespace triecheck::litmus {
namespace {

using outcomes = std::set<std::string>;

struct message {
  sync::var<std::uint32_t> text{0};
  word x{0}, y{0};
  std::array<std::uint32_t, 4> r{};
};
using bodies = std::vector<program_over<message>::body>;

template <std::size_t Shown>
std::string first(message& s) {
  std::string all;
  for (std::size_t i = 0; i < Shown; ++i) all += std::to_string(s.r[i]);
  return all;
}

/// Reads the message once an acquire load sees `value`, and notes what it read.
program_over<message>::body reads_at(std::uint32_t value) {
  return [value](message& s) {
    if (s.x.load(acquire) == value) s.r[0] = s.text.get();
  };
}

void expect_race(const bodies& threads) {
  for (const bool reduction : {true, false}) {
    program_over<message> p(threads);
    const auto o = explore_all(p, reduction);
    ASSERT_TRUE(o.found.has_value()) << o.error;
    EXPECT_EQ(o.found->kind, "data-race") << o.found->message;
  }
}

/// No race, though the message is read.
void expect_passed(const bodies& threads) {
  for (const bool reduction : {true, false}) {
    program_over<message> p(threads, first<1>);
    const auto o = explore_all(p, reduction);
    EXPECT_TRUE(o.complete) << o.error << (o.found ? o.found->message : "");
    EXPECT_EQ(p.outcomes, (outcomes{"0", "1"}));
  }
}

void writes_and_releases(message& s) {
  s.text.set(1);
  s.x.store(1, release);
}

// ---- release sequences ----

void releases_and_stores_again(message& s) {
  writes_and_releases(s);
  s.x.store(2, relaxed);
}

// C++11 had the later stores of the same thread in the release sequence; C++20 has not.
TEST(memory_model, a_relaxed_store_of_the_same_thread_ends_a_release_sequence) {
  expect_race({releases_and_stores_again, reads_at(2)});
  expect_passed({releases_and_stores_again, reads_at(1)});
}

TEST(memory_model, a_relaxed_exchange_of_any_thread_goes_on_with_a_release_sequence) {
  const auto adds = [](message& s) { s.x.fetch_add(1, relaxed); };
  expect_passed({writes_and_releases, adds, reads_at(2)});
  expect_passed({[](message& s) {
                   writes_and_releases(s);
                   s.x.fetch_add(1, relaxed);
                 },
                 reads_at(2)});
  expect_passed({writes_and_releases,
                 [](message& s) {
                   std::uint32_t expected = 1;
                   s.x.compare_exchange_strong(expected, 2, relaxed, relaxed);
                 },
                 reads_at(2)});
}

TEST(memory_model, a_relaxed_exchange_after_the_end_of_a_release_sequence_does_not_go_on_with_it) {
  expect_race({releases_and_stores_again, [](message& s) { s.x.fetch_add(1, relaxed); }, reads_at(3)});
}

TEST(memory_model, a_relaxed_store_after_a_release_fence_releases_by_itself) {
  expect_passed({[](message& s) {
                   s.text.set(1);
                   sync::fence(release);
                   s.x.store(1, relaxed);
                   s.x.store(2, relaxed);
                 },
                 reads_at(2)});
}

// ---- failed exchanges ----

/// What an exchange that expects `expected` sees after two stores, known to have run: 1 and 2.
outcomes seen_by_exchange(std::uint32_t expected, memory_order store, memory_order success, memory_order failure,
                          unsigned depth, bool reduction = true) {
  program_over<message> p({[store](message& s) {
                             s.x.store(1, store);
                             s.x.store(2, store);
                             s.y.fetch_add(1, relaxed);
                           },
                           [=](message& s) {
                             if (s.y.fetch_add(1, relaxed) == 0) return;
                             s.r[1] = expected;
                             s.r[0] = 1 + s.x.compare_exchange_strong(s.r[1], 9, success, failure);
                             s.r[2] = s.x.load(relaxed);
                           }},
                          [](message& s) {
                            if (s.r[0] == 0) return std::string("early");
                            const std::string left = ' ' + std::to_string(s.r[2]);
                            return s.r[0] == 2 ? "done" + left : "sees " + std::to_string(s.r[1]) + left;
                          });
  EXPECT_TRUE(explore_all(p, reduction, depth).complete);
  p.outcomes.erase("early");
  return p.outcomes;
}

TEST(memory_model, a_failed_strong_exchange_sees_an_older_value_and_later_loads_do_not_go_back) {
  for (const bool reduction : {true, false}) {
    EXPECT_EQ(seen_by_exchange(7, relaxed, relaxed, relaxed, 0, reduction), (outcomes{"sees 2 2"}));
    EXPECT_EQ(seen_by_exchange(7, relaxed, relaxed, relaxed, 1, reduction),
              (outcomes{"sees 1 1", "sees 1 2", "sees 2 2"}));
    EXPECT_EQ(seen_by_exchange(7, relaxed, relaxed, relaxed, 2, reduction),
              (outcomes{"sees 0 0", "sees 0 1", "sees 0 2", "sees 1 1", "sees 1 2", "sees 2 2"}));
  }
}

// A strong exchange that sees what it expects succeeds, and to succeed it has to see the newest value.
TEST(memory_model, a_strong_exchange_neither_fails_on_an_older_value_that_it_expects_nor_succeeds_on_it) {
  for (const bool reduction : {true, false}) {
    EXPECT_EQ(seen_by_exchange(1, relaxed, relaxed, relaxed, 2, reduction),
              (outcomes{"sees 0 0", "sees 0 1", "sees 0 2", "sees 2 2"}));
    EXPECT_EQ(seen_by_exchange(2, relaxed, relaxed, relaxed, 2, reduction),
              (outcomes{"done 9", "sees 0 0", "sees 0 1", "sees 0 2", "sees 1 1", "sees 1 2"}));
  }
}

TEST(memory_model, a_sequentially_consistent_failure_does_not_look_past_such_a_store) {
  EXPECT_EQ(seen_by_exchange(7, seq_cst, seq_cst, seq_cst, 2), (outcomes{"sees 2 2"}));
  EXPECT_TRUE(seen_by_exchange(7, seq_cst, seq_cst, acquire, 2).contains("sees 0 0"));
  EXPECT_TRUE(seen_by_exchange(7, release, seq_cst, seq_cst, 2).contains("sees 0 0"));
}

/// Reads the message when a failed exchange saw an older value, which announced it.
bodies announced_by_an_older_value(memory_order failure) {
  return {[](message& s) {
            releases_and_stores_again(s);
            s.y.fetch_add(1, relaxed);
          },
          [failure](message& s) {
            if (s.y.fetch_add(1, relaxed) == 0) return;
            std::uint32_t expected = 7;
            s.x.compare_exchange_strong(expected, 9, acq_rel, failure);
            if (expected == 1) s.r[0] = s.text.get();
          }};
}

TEST(memory_model, a_failed_exchange_acquires_what_it_saw_if_its_failure_order_does) {
  expect_passed(announced_by_an_older_value(acquire));
  expect_race(announced_by_an_older_value(relaxed));
}

// ---- spurious failures ----

enum class loop : std::uint8_t { strong, weak, counts_on_the_stack, counts_in_the_heap };

struct counter {
  word value{0};
  std::array<std::uint32_t, 2> failures{};
};

template <loop Kind, unsigned Thread>
void increment(counter& s) {
  std::uint32_t seen = s.value.load(relaxed);
  std::uint32_t failures = 0;
  for (;;) {
    const bool done = Kind == loop::strong ? s.value.compare_exchange_strong(seen, seen + 1, relaxed, relaxed)
                                           : s.value.compare_exchange_weak(seen, seen + 1, relaxed, relaxed);
    if (done) break;
    if (Kind == loop::counts_on_the_stack) ++failures;
    if (Kind == loop::counts_in_the_heap) ++s.failures[Thread];
  }
  if (Kind == loop::counts_on_the_stack) s.failures[Thread] = failures;
}

struct counted {
  std::uint64_t executions;
  outcomes ends;
};

template <loop Kind>
counted count(bool reduction, explore::spurious_failures spurious = explore::spurious_failures::each_thread) {
  program_over<counter> p({increment<Kind, 0>, increment<Kind, 1>}, [](counter& s) {
    return std::to_string(s.value.load(relaxed)) + ' ' + std::to_string(s.failures[0]) + std::to_string(s.failures[1]);
  });
  const auto o = run(p, *explore::make_exhaustive(reduction), {.bounds = {.spurious = spurious}});
  EXPECT_TRUE(o.complete) << o.error << (o.found ? o.found->message : "");
  return {o.executions, p.outcomes};
}

TEST(memory_model, a_spurious_failure_in_a_loop_that_tries_again_adds_no_execution) {
  EXPECT_EQ(count<loop::weak>(true).executions, count<loop::strong>(true).executions);
  EXPECT_GT(count<loop::weak>(false).executions, count<loop::strong>(false).executions);
  EXPECT_EQ(count<loop::weak>(true).ends, (outcomes{"2 00"}));
}

template <loop Kind>
void expect_all_counts() {
  const counted reduced = count<Kind>(true);
  EXPECT_EQ(reduced.ends, count<Kind>(false).ends);
  // Each thread fails spuriously once, and once because the other came first, but not both threads for that reason.
  EXPECT_EQ(reduced.ends, (outcomes{"2 00", "2 01", "2 02", "2 10", "2 11", "2 12", "2 20", "2 21"}));
  EXPECT_GT(reduced.executions, count<loop::strong>(true).executions);
  EXPECT_FALSE(count<Kind>(true, explore::spurious_failures::none).ends.contains("2 11"));
}

TEST(memory_model, a_loop_that_counts_its_failures_keeps_every_end) { expect_all_counts<loop::counts_on_the_stack>(); }

TEST(memory_model, a_loop_that_counts_its_failures_in_memory_keeps_every_end) {
  expect_all_counts<loop::counts_in_the_heap>();
}

}  // namespace
}  // namespace triecheck::litmus
