#include "cache/sync/std.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "checks/threads/turns.h"

namespace triecheck {
namespace {

// The answer of `question` when another thread asks it: what a mutex says to its holder is undefined.
template <class Question>
bool asked_elsewhere(Question question) {
  bool answer = false;
  std::thread([&] { answer = question(); }).join();
  return answer;
}

TEST(sync_std, atomic_is_an_atomic_word) {
  std_sync::atomic<std::uint32_t> a(5);
  EXPECT_EQ(a.load(memory_order::acquire), 5U);
  a.store(6, memory_order::release);
  EXPECT_EQ(a.exchange(7, memory_order::acq_rel), 6U);
  EXPECT_EQ(a.fetch_add(3, memory_order::relaxed), 7U);
  EXPECT_EQ(a.fetch_sub(2, memory_order::seq_cst), 10U);
  EXPECT_EQ(a.fetch_and(12, memory_order::relaxed), 8U);
  EXPECT_EQ(a.fetch_or(3, memory_order::relaxed), 8U);
  EXPECT_EQ(a.load(memory_order::relaxed), 11U);
}

TEST(sync_std, failed_compare_exchange_says_what_stands_there) {
  std_sync::atomic<std::uint64_t> a(5);
  std::uint64_t expected = 4;
  EXPECT_FALSE(a.compare_exchange_strong(expected, 9, memory_order::acq_rel, memory_order::acquire));
  EXPECT_EQ(expected, 5U);
  EXPECT_TRUE(a.compare_exchange_strong(expected, 9, memory_order::acq_rel, memory_order::acquire));
  expected = 9;
  while (!a.compare_exchange_weak(expected, 10, memory_order::release, memory_order::relaxed)) EXPECT_EQ(expected, 9U);
  EXPECT_EQ(a.load(memory_order::relaxed), 10U);
}

TEST(sync_std, additions_of_several_threads_are_all_counted) {
  constexpr int additions = 10'000;
  std_sync::atomic<std::uint64_t> a(0);
  const auto add = [&a] {
    for (int i = 0; i < additions; ++i) a.fetch_add(1, memory_order::relaxed);
  };
  std::thread first(add), second(add);
  first.join();
  second.join();
  EXPECT_EQ(a.load(memory_order::relaxed), 2U * additions);
}

TEST(sync_std, orders_are_the_standard_ones) {
  EXPECT_EQ(std_sync::to_std(memory_order::relaxed), std::memory_order_relaxed);
  EXPECT_EQ(std_sync::to_std(memory_order::acquire), std::memory_order_acquire);
  EXPECT_EQ(std_sync::to_std(memory_order::release), std::memory_order_release);
  EXPECT_EQ(std_sync::to_std(memory_order::acq_rel), std::memory_order_acq_rel);
  EXPECT_EQ(std_sync::to_std(memory_order::seq_cst), std::memory_order_seq_cst);
}

TEST(sync_std, failure_order_is_the_success_order_without_its_release) {
  EXPECT_EQ(failure_order(memory_order::relaxed), memory_order::relaxed);
  EXPECT_EQ(failure_order(memory_order::acquire), memory_order::acquire);
  EXPECT_EQ(failure_order(memory_order::release), memory_order::relaxed);
  EXPECT_EQ(failure_order(memory_order::acq_rel), memory_order::acquire);
  EXPECT_EQ(failure_order(memory_order::seq_cst), memory_order::seq_cst);
}

TEST(sync_std, var_is_a_plain_field) {
  std_sync::var<std::uint64_t> v(3);
  EXPECT_EQ(v.get(), 3U);
  v.set(4);
  EXPECT_EQ(v.get(), 4U);
  static_assert(!std::is_copy_constructible_v<std_sync::var<std::uint64_t>>);
  static_assert(!std::is_move_assignable_v<std_sync::var<std::uint64_t>>);
}

TEST(sync_std, exclusive_guard_holds_its_mutex_until_it_ends) {
  std_sync::mutex m;
  const auto can_lock = [&m] { return asked_elsewhere([&m] { return m.try_lock() && (m.unlock(), true); }); };
  {
    const std_sync::exclusive_guard<std_sync::mutex> guard(m);
    EXPECT_FALSE(can_lock());
  }
  EXPECT_TRUE(can_lock());
}

TEST(sync_std, shared_guard_admits_readers_and_keeps_writers_out) {
  std_sync::shared_mutex m;
  const auto can_read = [&m] {
    return asked_elsewhere([&m] { return m.try_lock_shared() && (m.unlock_shared(), true); });
  };
  const auto can_write = [&m] { return asked_elsewhere([&m] { return m.try_lock() && (m.unlock(), true); }); };
  {
    const std_sync::shared_guard<std_sync::shared_mutex> guard(m);
    EXPECT_TRUE(can_read());
    EXPECT_FALSE(can_write());
  }
  {
    const std_sync::exclusive_guard<std_sync::shared_mutex> guard(m);
    EXPECT_FALSE(can_read());
  }
  EXPECT_TRUE(can_write());
}

TEST(sync_std, assigned_vars_equal_what_was_assigned) {
  std::array<std_sync::var<std::uint32_t>, 4> vars{};
  constexpr std::array<std::uint32_t, 4> values{1, 2, 0xffff'ffff, 4};
  std_sync::assign(vars.data(), values.data(), values.size());
  EXPECT_TRUE(std_sync::equal(vars.data(), values.data(), values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(vars[i].get(), values[i]);
}

TEST(sync_std, equal_sees_a_difference_at_either_end) {
  std::array<std_sync::var<std::uint32_t>, 3> vars{};
  constexpr std::array<std::uint32_t, 3> values{1, 2, 3};
  std_sync::assign(vars.data(), values.data(), values.size());
  vars[2].set(4);
  EXPECT_FALSE(std_sync::equal(vars.data(), values.data(), 3));
  EXPECT_TRUE(std_sync::equal(vars.data(), values.data(), 2));
  vars[0].set(0x100);
  EXPECT_FALSE(std_sync::equal(vars.data(), values.data(), 2));
}

TEST(sync_std, clock_does_not_run_backwards) {
  std::uint64_t before = std_sync::now_ns();
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = std_sync::now_ns();
    EXPECT_GE(now, before);
    before = now;
  }
}

// What a thread's own objects ask as they end, when the thread has given its index back: they are made before its first
// question.
const std_sync::thread_indices threads;
struct asks_at_the_end {
  static inline std::size_t answer = 0;
  bool is_used = false;
  ~asks_at_the_end() {
    if (is_used) answer = threads.own();
  }
};
thread_local asks_at_the_end asking;

TEST(sync_std, thread_has_no_index_any_more_when_its_index_may_be_another_ones) {
  std::size_t index = 0;
  std::thread([&] {
    asking.is_used = true;
    index = threads.own();
    EXPECT_EQ(threads.own(), index);
  }).join();
  EXPECT_LT(index, std_sync::thread_indices::count);
  EXPECT_EQ(asks_at_the_end::answer, std_sync::thread_indices::count);
  EXPECT_TRUE(asked_elsewhere([&] { return threads.own() == index; })) << "it was given back";
}

TEST(sync_std, threads_beyond_the_indices_have_none_and_the_others_one_each) {
  constexpr std::size_t count = std_sync::thread_indices::count;
  std::vector<std::size_t> times(count + 1);
  checks::turns who(count + 2);  // all of which are alive until the end
  for (std::size_t i = 0; i < count + 2; ++i) who.run(i, [&] { ++times[threads.own()]; });
  for (std::size_t index = 0; index < count; ++index) EXPECT_LE(times[index], 1U) << index;
  EXPECT_GE(times[count], 2U);
}

TEST(sync_std, copies_of_thread_indices_are_one_source) {
  const std_sync::thread_indices copy = threads;
  EXPECT_EQ(copy.own(), threads.own());
  EXPECT_TRUE(asked_elsewhere([&] { return copy.own() == threads.own(); }));
}

TEST(sync_std, fence_yield_and_label_change_nothing) {
  std_sync::var<std::uint64_t> v(3);
  std_sync::fence(memory_order::seq_cst);
  std_sync::yield();
  std_sync::label(v, "v");
  EXPECT_EQ(v.get(), 3U);
}

TEST(sync_std, required_condition_that_holds_lets_the_program_go_on) {
  std_sync::require(true, "holds");
#ifndef NDEBUG
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(std_sync::require(false, "I1: named in the message"), "condition && text");
#endif
}

}  // namespace
}  // namespace triecheck
