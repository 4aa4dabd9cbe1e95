// What the random strategies promise: the distribution of `random`, the odds of `pct`, and executions that are a
// function of the seed and their number.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <string>

#include "checks/litmus/litmus.h"

namespace triecheck::litmus {
namespace {

/// A word that tells every thread how many operations came before its own.
struct turns {
  word next{0};
  std::array<char, 32> who{};
};

template <char Name, unsigned Times>
void take_turns(turns& s) {
  for (unsigned i = 0; i < Times; ++i) s.who[s.next.fetch_add(1, relaxed)] = Name;
}

/// Notes who ran, execution by execution: counted ones only.
class noting final : public explore::strategy {
 public:
  explicit noting(std::unique_ptr<explore::strategy> inner) : inner_(std::move(inner)) {}
  void begin() override {
    word_.clear();
    inner_->begin();
  }
  unsigned choose_thread(const explore::scheduling_point& point) override {
    const unsigned chosen = inner_->choose_thread(point);
    word_ += static_cast<char>('a' + chosen);
    return chosen;
  }
  bool choose_data(explore::data_choice kind, unsigned age) override {
    const bool second = inner_->choose_data(kind, age);
    word_ += second ? '+' : '-';
    return second;
  }
  bool end() override {
    const bool more = inner_->end();
    (inner_->redundant() ? measuring : schedules).push_back(word_);
    return more;
  }
  bool complete() const override { return inner_->complete(); }
  bool redundant() const override { return inner_->redundant(); }

  std::vector<std::string> schedules;
  std::vector<std::string> measuring;

 private:
  const std::unique_ptr<explore::strategy> inner_;
  std::string word_;
};

/// Takes every enabled thread with the same probability at every step.
class step_by_step final : public explore::strategy {
 public:
  explicit step_by_step(std::uint64_t count) : left_(count) {}
  void begin() override {}
  unsigned choose_thread(const explore::scheduling_point& point) override {
    std::vector<unsigned> enabled;
    for (unsigned t = 0; t < explore::max_threads; ++t) {
      if ((point.enabled & (1U << t)) != 0) enabled.push_back(t);
    }
    return enabled[engine_() % enabled.size()];
  }
  bool choose_data(explore::data_choice, unsigned) override { return false; }
  bool end() override { return --left_ != 0; }
  bool complete() const override { return left_ == 0; }

 private:
  std::uint64_t left_;
  std::mt19937_64 engine_{1};
};

/// The sum over `classes` of (seen - expected)^2 / expected: about classes - 1 where all are equally likely.
double distance_from_uniform(const std::vector<std::string>& seen, std::size_t classes) {
  std::map<std::string, double> count;
  for (const std::string& s : seen) ++count[s];
  const double expected = static_cast<double>(seen.size()) / static_cast<double>(classes);
  double sum = expected * static_cast<double>(classes - count.size());
  for (const auto& [schedule, n] : count) sum += (n - expected) * (n - expected) / expected;
  return sum;
}

template <class Program>
std::vector<std::string> schedules_of(Program& p, std::unique_ptr<explore::strategy> s) {
  noting watched(std::move(s));
  EXPECT_TRUE(run(p, watched).complete);
  return watched.schedules;
}

// The bounds are the 99.9% quantiles of chi-square with 19 and 9 degrees of freedom.
TEST(sampling, all_20_orders_of_three_and_three_operations_are_equally_likely) {
  program_over<turns> p({take_turns<'a', 3>, take_turns<'b', 3>});
  const auto seen = schedules_of(p, explore::make_random(1, 0, 4'000));
  EXPECT_EQ(seen.size(), 4'000u);
  EXPECT_LT(distance_from_uniform(seen, 20), 43.8);
}

TEST(sampling, all_10_places_of_one_operation_among_nine_are_equally_likely) {
  program_over<turns> p({take_turns<'a', 1>, take_turns<'b', 9>});
  EXPECT_LT(distance_from_uniform(schedules_of(p, explore::make_random(1, 0, 4'000)), 10), 27.9);
  // A walk that chooses step by step puts the one operation first every other time.
  EXPECT_GT(distance_from_uniform(schedules_of(p, std::make_unique<step_by_step>(4'000)), 10), 4'000);
}

TEST(sampling, all_90_orders_of_the_critical_sections_of_three_threads_are_equally_likely) {
  struct locked {
    sync::mutex m;
  };
  const auto twice = [](locked& s) {
    for (unsigned i = 0; i < 2; ++i) const sync::exclusive_guard<sync::mutex> hold(s.m);
  };
  program_over<locked> p({twice, twice, twice});
  EXPECT_LT(distance_from_uniform(schedules_of(p, explore::make_random(1, 0, 9'000)), 90), 135.9);
}

struct mixed {
  word x{0}, y{0};
};

// Threads whose lengths depend on what they load, with older values and failures to choose.
void look_and_add(mixed& s) {
  std::uint32_t seen = s.x.load(relaxed);
  s.y.store(seen + 1, relaxed);
  if (s.y.load(relaxed) == 1) s.x.fetch_add(1, relaxed);
  s.x.compare_exchange_weak(seen, seen + 1, relaxed, relaxed);
}

TEST(sampling, an_execution_depends_on_the_seed_and_its_number_alone) {
  for (const bool priorities : {false, true}) {
    const auto range = [&](std::uint64_t seed, std::uint64_t first, std::uint64_t count) {
      program_over<mixed> p({look_and_add, look_and_add, look_and_add});
      return schedules_of(
          p, priorities ? explore::make_pct(seed, first, count, 3) : explore::make_random(seed, first, count));
    };
    const auto all = range(7, 0, 300);
    std::vector<std::string> parts = range(7, 0, 100);
    for (const auto& part : {range(7, 100, 1), range(7, 101, 199)}) parts.insert(parts.end(), part.begin(), part.end());
    EXPECT_EQ(all, parts) << priorities;
    EXPECT_NE(all, range(8, 0, 300)) << priorities;
  }
}

TEST(sampling, measuring_executions_are_not_counted) {
  program_over<turns> p({take_turns<'a', 3>, take_turns<'b', 3>});
  for (const bool priorities : {false, true}) {
    noting watched(priorities ? explore::make_pct(1, 5, 10, 2) : explore::make_random(1, 5, 10));
    const auto o = run(p, watched);
    EXPECT_EQ(o.executions, 10u);
    EXPECT_EQ(o.redundant, explore::measuring_executions);
    EXPECT_EQ(watched.measuring.size(), explore::measuring_executions);
  }
}

TEST(sampling, a_violation_in_a_measuring_execution_is_reported) {
  struct nothing {
    word x{0};
  };
  const auto violate = [](nothing& s) { sync::require(s.x.fetch_add(1, relaxed) == 7, "never"); };
  program_over<nothing> p({violate, violate});
  EXPECT_TRUE(run(p, *explore::make_pct(1, 0, 10, 2)).found.has_value());
  EXPECT_TRUE(run(p, *explore::make_random(1, 0, 10)).found.has_value());
}

struct gap {
  word x{0}, y{0};
};

// Two threads of eight operations. All operations of the second have to run between two neighbouring operations of the
// first, which takes one preemption: a violation of depth 2. Of the C(16, 8) = 12,870 schedules one shows it;
// priorities show it with a probability of at least 1 / (2 * 16). Where the watcher is short, random schedules do as
// well: two operations against ten have 66 schedules.
void watch(gap& s) {
  for (unsigned i = 0; i < 3; ++i) s.y.fetch_add(1, relaxed);
  const std::uint32_t before = s.x.load(acquire);
  const std::uint32_t after = s.x.load(acquire);
  for (unsigned i = 0; i < 3; ++i) s.y.fetch_add(1, relaxed);
  sync::require(before != 0 || after != 8, "no work of eight steps falls into one gap");
}

void work(gap& s) {
  for (unsigned i = 0; i < 8; ++i) s.x.fetch_add(1, relaxed);
}

TEST(sampling, priorities_find_a_violation_of_depth_two_ten_times_sooner_than_random_schedules) {
  std::vector<std::uint64_t> by_priorities;
  std::vector<std::uint64_t> at_random;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    program_over<gap> p({watch, work});
    const explore::run_options newest_values = {.bounds = {.stale_depth = 0}};
    const auto needed = [&](std::unique_ptr<explore::strategy> s) {
      const auto o = run(p, *s, newest_values);
      return o.executions + o.redundant;
    };
    by_priorities.push_back(needed(explore::make_pct(seed, 0, 50'000, 2)));
    at_random.push_back(needed(explore::make_random(seed, 0, 50'000)));
  }
  const auto median = [](std::vector<std::uint64_t>& v) {
    std::nth_element(v.begin(), v.begin() + 12, v.end());
    return v[12];
  };
  const std::uint64_t pct = median(by_priorities);
  const std::uint64_t random = median(at_random);
  EXPECT_LT(10 * pct, random) << pct << " against " << random;
  EXPECT_LT(random, 50'000u) << "so few were found that there is no median";
}

}  // namespace
}  // namespace triecheck::litmus
