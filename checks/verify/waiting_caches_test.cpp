// Caches over locks that wait in loops: right ones pass scenarios to the end, and broken ones fail with the right kind.
#include "checks/verify/explore.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "cache/locked/counts.h"
#include "cache/locked/locked.h"
#include "checks/explore/relacy/sync.h"
#include "checks/subject/cache_subject.h"

namespace triecheck::explore {
namespace {

template <sync_layer Sync, memory_order Unlock>
class spin_lock {
 public:
  void lock() {
    while (taken_.exchange(true, memory_order::acquire)) Sync::yield();
  }
  void unlock() { taken_.store(false, Unlock); }
  auto id() const { return taken_.id(); }

 private:
  typename Sync::template atomic<bool> taken_{false};
};

template <sync_layer Sync>
class ticket_lock {
 public:
  void lock() {
    const std::uint32_t mine = next_.fetch_add(1, memory_order::relaxed);
    while (serving_.load(memory_order::acquire) != mine) Sync::yield();
  }
  void unlock() { serving_.store(serving_.load(memory_order::relaxed) + 1, memory_order::release); }
  auto id() const { return next_.id(); }

 private:
  typename Sync::template atomic<std::uint32_t> next_{0};
  typename Sync::template atomic<std::uint32_t> serving_{0};
};

template <sync_layer Sync>
class trying_lock {
 public:
  void lock() {
    while (!mutex_.try_lock()) Sync::yield();
  }
  void unlock() { mutex_.unlock(); }
  auto id() const { return mutex_.id(); }

 private:
  typename Sync::mutex mutex_;
};

/// A lock that one side forgets to give back: after the first time nobody has it any more.
template <sync_layer Sync>
class kept_lock {
 public:
  void lock() {
    while (taken_.exchange(true, memory_order::acquire)) Sync::yield();
  }
  void unlock() {
    if (given_.fetch_add(1, memory_order::relaxed) != 2) taken_.store(false, memory_order::release);
  }
  auto id() const { return taken_.id(); }

 private:
  typename Sync::template atomic<bool> taken_{false};
  typename Sync::template atomic<std::uint32_t> given_{0};
};

template <class Lock>
class holding {
 public:
  explicit holding(Lock& l) : lock_(l) { lock_.lock(); }
  ~holding() { lock_.unlock(); }
  holding(const holding&) = delete;
  holding& operator=(const holding&) = delete;

 private:
  Lock& lock_;
};

template <class Lock>
struct by {
  using mutex = Lock;
  using guard = holding<Lock>;
  using read_guard = guard;
  template <class T>
  using count = plain_count<relacy_sync, T>;
};

template <class Lock>
using cache_over = locked_cache<relacy_sync, by<Lock>, recency_list<relacy_sync>>;

explore_options over(checks::subject_factory make) {
  explore_options o;
  o.make = make;  // in the place of coarse
  return o;
}

checks::scenario shipped(const std::string& name) {
  return checks::load_scenario(std::string(TRIECHECK_SCENARIOS_DIR) + '/' + name + ".toml");
}

checks::scenario two_requests() {
  return checks::parse_scenario(
      "[cache]\npages = 2\ntokens_per_page = 1\n[[thread]]\nrun = [\"request 1\"]\n[[thread]]\nrun = [\"request 2\"]\n",
      "two_requests.toml");
}

struct waiting_cache {
  const char* name;
  checks::subject_factory make;
};

class right : public testing::TestWithParam<waiting_cache> {};

TEST_P(right, passes_scenarios_completely) {
  for (const char* name : {"lane_is_emptied_as_its_thread_posts", "page_falls_by_hand_while_it_is_listed",
                           "many_pages_are_cleared_beside_a_lookup", "long_prompt_beside_statistics"}) {
    const auto r = explore_scenario(shipped(name), name, over(GetParam().make)).outcome;
    EXPECT_EQ(r.outcome, checks::verdict::pass) << name << (r.found ? ": " + r.found->message : "");
    EXPECT_TRUE(r.complete) << name;
  }
}

TEST_P(right, passes_within_preemptions_and_by_drawn_schedules) {
  for (const char* strategy : {"bounded", "pct", "random"}) {
    explore_options o = over(GetParam().make);
    o.strategy = strategy;
    o.preemptions = 2;
    o.executions = known_strategy(o.strategy).draws_at_random ? 500 : 0;
    const auto r = explore_scenario(two_requests(), "two_requests", o).outcome;
    EXPECT_EQ(r.outcome, checks::verdict::pass) << strategy << (r.found ? ": " + r.found->message : "");
  }
}

// It waits, so it may not be recorded as a variant that nobody blocks; that it spins shows at once, not after so many
// steps.
TEST_P(right, is_in_the_way_of_a_thread_that_runs_alone) {
  explore_options o = over(GetParam().make);
  o.strategy = "obstruction";
  const auto r = explore_scenario(two_requests(), "two_requests", o).outcome;
  EXPECT_EQ(r.outcome, checks::verdict::pass);  // coarse is recorded as blocking
  ASSERT_TRUE(r.expected_failure.has_value());
  EXPECT_NE(r.expected_failure->message.find("waits in a loop"), std::string::npos) << r.expected_failure->message;
}

INSTANTIATE_TEST_SUITE_P(
    locks, right,
    testing::Values(waiting_cache{"spin",
                                  &checks::make_subject<cache_over<spin_lock<relacy_sync, memory_order::release>>>},
                    waiting_cache{"ticket", &checks::make_subject<cache_over<ticket_lock<relacy_sync>>>},
                    waiting_cache{"try_lock", &checks::make_subject<cache_over<trying_lock<relacy_sync>>>}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(broken, a_spin_lock_that_is_unlocked_relaxed_is_a_data_race) {
  const auto make = &checks::make_subject<cache_over<spin_lock<relacy_sync, memory_order::relaxed>>>;
  const auto r = explore_scenario(two_requests(), "two_requests", over(make)).outcome;
  ASSERT_TRUE(r.found.has_value());
  EXPECT_EQ(r.found->kind, "data-race") << r.found->message;
}

TEST(broken, a_lock_that_is_not_given_back_is_a_livelock_and_its_schedule_replays) {
  const auto make = &checks::make_subject<cache_over<kept_lock<relacy_sync>>>;
  const auto r = explore_scenario(two_requests(), "two_requests", over(make)).outcome;
  ASSERT_EQ(r.outcome, checks::verdict::fail) << (r.found ? r.found->message : "");  // confirmed by a replay
  EXPECT_EQ(r.found->kind, "livelock") << r.found->message;
}

}  // namespace
}  // namespace triecheck::explore
