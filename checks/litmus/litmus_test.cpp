// The explorer against programs that each show one thing; the programs whose counts are known are in catalogue.h.
#include "checks/litmus/litmus.h"

#include <gtest/gtest.h>

#include <array>

namespace triecheck::litmus {
namespace {

using outcomes = std::set<std::string>;

struct two_words {
  word x{0}, y{0};
};

struct one_mutex {
  sync::mutex m;
};

template <unsigned Times>
void lock_times(one_mutex& s) {
  for (unsigned i = 0; i < Times; ++i) const sync::exclusive_guard<sync::mutex> hold(s.m);
}

struct registers {
  word x{0}, y{0};
  std::array<std::uint32_t, 4> r{};
};

std::string show_registers(registers& s) {
  std::string text;
  for (const std::uint32_t value : s.r) text += std::to_string(value);
  return text;
}

TEST(litmus, an_older_value_is_seen_down_to_the_stale_depth) {
  for (unsigned depth = 0; depth <= explore::oldest_age; ++depth) {
    program_over<registers> p({[](registers& s) {
                                 for (std::uint32_t v = 1; v <= 3; ++v) s.x.store(v, relaxed);
                                 s.y.fetch_add(1, relaxed);
                               },
                               [](registers& s) {
                                 s.r[0] = s.y.fetch_add(1, relaxed);
                                 s.r[1] = s.x.load(relaxed);
                               }},
                              show_registers);
    explore_all(p, true, depth);
    EXPECT_EQ(p.outcomes.contains("1300"), true);
    EXPECT_EQ(p.outcomes.contains("1200"), depth >= 1);
    EXPECT_EQ(p.outcomes.contains("1100"), depth >= 2);
    EXPECT_EQ(p.outcomes.contains("1000"), depth >= 3);
  }
}

struct plain {
  sync::mutex m;
  sync::var<std::uint32_t> value{0};
};

TEST(litmus, a_race_on_a_plain_variable_is_found_and_names_both_sides) {
  program_over<plain> p({[](plain& s) { s.value.set(1); }, [](plain& s) { s.value.set(2); }});
  const auto o = explore_all(p);
  ASSERT_TRUE(o.found.has_value());
  EXPECT_EQ(o.found->kind, "data-race");
  EXPECT_NE(o.found->message.find("thread 0"), std::string::npos) << o.found->message;
  EXPECT_NE(o.found->message.find("thread 1"), std::string::npos) << o.found->message;
}

TEST(litmus, a_schedule_replays_to_the_same_violation) {
  program_over<plain> p({[](plain& s) {
                           const sync::exclusive_guard<sync::mutex> hold(s.m);
                           s.value.set(1);
                         },
                         [](plain& s) {
                           { const sync::exclusive_guard<sync::mutex> hold(s.m); }
                           s.value.set(2);
                         }});
  const auto found = explore_all(p);
  ASSERT_TRUE(found.found.has_value());
  std::string why;
  const auto parsed = explore::parse_schedule(explore::show(found.path), why);
  ASSERT_TRUE(parsed.has_value()) << why;
  const auto again = run(p, *explore::make_replay(*parsed));
  ASSERT_TRUE(again.found.has_value()) << again.error;
  EXPECT_EQ(again.found->kind, found.found->kind);
  EXPECT_EQ(explore::show(again.path), explore::show(found.path));
}

TEST(litmus, a_schedule_that_does_not_fit_says_where) {
  program_over<one_mutex> p({lock_times<1>, lock_times<1>});
  const auto blocked = run(p, *explore::make_replay({{.thread = 0}, {.thread = 1}}));
  EXPECT_EQ(blocked.error,
            "the schedule does not fit the program at operation 2: thread 1 cannot run: it waits for a mutex, or it "
            "has ended");
  const auto stops = run(p, *explore::make_replay({{.thread = 0}}));
  EXPECT_TRUE(stops.error.empty()) << stops.error;
  EXPECT_FALSE(stops.complete);
  const auto goes_on =
      run(p, *explore::make_replay({{.thread = 0}, {.thread = 0}, {.thread = 1}, {.thread = 1}, {.thread = 1}}));
  EXPECT_NE(goes_on.error.find("the program ended, but the schedule goes on"), std::string::npos) << goes_on.error;
}

struct weak {
  word x{0};
};

TEST(litmus, a_weak_compare_exchange_fails_at_most_once_per_thread) {
  const auto increment = [](weak& s) {
    std::uint32_t seen = s.x.load(relaxed);
    while (!s.x.compare_exchange_weak(seen, seen + 1, relaxed, relaxed)) {
    }
  };
  program_over<weak> p({increment, increment}, [](weak& s) { return std::to_string(s.x.load(relaxed)); });
  const auto o = explore_all(p);
  EXPECT_TRUE(o.complete) << o.error;
  EXPECT_EQ(p.outcomes, outcomes{"2"});
}

TEST(litmus, waiting_for_ever_is_a_livelock) {
  program_over<two_words> p({[](two_words& s) {
                               while (s.x.load(relaxed) == 0) sync::yield();
                             },
                             [](two_words& s) { s.y.store(1, relaxed); }});
  const auto o = explore_all(p);
  ASSERT_TRUE(o.found.has_value());
  EXPECT_EQ(o.found->kind, "livelock");
}

TEST(litmus, a_livelock_names_what_repeats_and_the_table_tells_it_once) {
  program_over<two_words> p({[](two_words& s) {
                               while (s.x.load(relaxed) == 0) sync::yield();
                             },
                             [](two_words&) {}});
  explore::interleaving story;
  const auto o = run(p, *explore::make_exhaustive(true), {}, &story);
  ASSERT_TRUE(o.found.has_value());
  EXPECT_NE(o.found->message.find("thread 0 repeats load object 0 of setup"), std::string::npos) << o.found->message;
  EXPECT_NE(story.table(2, false).find("repeat 1 time)"), std::string::npos) << story.table(2, false);
}

// A schedule from before threads that wait were disabled: it lets one of them go on, and on.
TEST(litmus, a_schedule_that_lets_a_waiting_thread_go_on_replays) {
  program_over<two_words> p({[](two_words& s) {
                               while (s.x.load(relaxed) == 0) sync::yield();
                             },
                             [](two_words& s) { s.x.store(1, relaxed); }});
  std::string why;
  const auto choices = explore::parse_schedule("0x40.1.0", why);
  const auto o = run(p, *explore::make_replay(*choices));
  EXPECT_TRUE(o.complete) << o.error << (o.found ? o.found->message : "");
}

TEST(litmus, an_operation_may_be_long) {
  const auto add = [](word& w) {
    for (unsigned i = 0; i < 1'000; ++i) w.fetch_add(1, relaxed);
  };
  program_over<two_words> p({[=](two_words& s) { add(s.x); }, [=](two_words& s) { add(s.y); }});
  const auto o = explore_all(p);
  EXPECT_TRUE(o.complete) << o.error << (o.found ? o.found->message : "");
  EXPECT_EQ(o.executions, 1u);
}

// No state comes twice, so it is no livelock that could be shown; and it is no pass.
TEST(litmus, an_operation_without_end_is_an_error) {
  program_over<two_words> p({[](two_words& s) {
                               while (s.y.load(relaxed) == 0) s.x.fetch_add(1, relaxed);
                             },
                             [](two_words&) {}});
  const auto o = run(p, *explore::make_exhaustive(true), {.bounds = {.runaway_steps = 2'000}});
  EXPECT_FALSE(o.found.has_value());
  EXPECT_FALSE(o.complete);
  EXPECT_EQ(o.error_kind, "runaway");
}

struct freed {
  word before{0};
  word* x = new word(0);
  sync::var<std::uint32_t>* plain = new sync::var<std::uint32_t>(0);
  std::uint32_t* leaked = nullptr;
};

TEST(litmus, an_atomic_that_is_used_after_its_destruction_is_found_in_either_order) {
  for (const bool user_first : {false, true}) {
    const auto use = [](freed& s) { s.x->fetch_add(1, relaxed); };
    const auto destroy = [](freed& s) {
      s.before.fetch_add(1, relaxed);
      delete s.plain;
      delete s.x;
    };
    program_over<freed> p(user_first ? std::vector<program_over<freed>::body>{use, destroy}
                                     : std::vector<program_over<freed>::body>{destroy, use});
    const auto o = explore_all(p);
    ASSERT_TRUE(o.found.has_value());
    EXPECT_EQ(o.found->kind, "use-after-free");
  }
}

TEST(litmus, the_destruction_of_a_plain_variable_races_with_its_use) {
  program_over<freed> p({[](freed& s) { static_cast<void>(s.plain->get()); }, [](freed& s) { delete s.plain; }});
  const auto o = explore_all(p);
  ASSERT_TRUE(o.found.has_value());
  EXPECT_EQ(o.found->kind, "data-race");
}

TEST(litmus, memory_that_is_never_freed_is_found) {
  program_over<freed> p({[](freed& s) { s.leaked = new std::uint32_t(1); },
                         [](freed& s) {
                           delete s.x;
                           delete s.plain;
                         }});
  const auto o = explore_all(p);
  ASSERT_TRUE(o.found.has_value());
  EXPECT_EQ(o.found->kind, "memory-leak");
}

TEST(litmus, a_mutex_that_is_locked_twice_by_one_thread_is_found) {
  program_over<one_mutex> p({[](one_mutex& s) {
                               s.m.lock();
                               s.m.lock();
                             },
                             [](one_mutex&) {}});
  const auto o = explore_all(p);
  ASSERT_TRUE(o.found.has_value());
  EXPECT_EQ(o.found->kind, "mutex-misuse");
}

TEST(litmus, an_exception_that_leaves_a_thread_is_an_error_of_the_program) {
  program_over<weak> p({[](weak&) { throw std::runtime_error("out of pages"); }, [](weak&) {}});
  const auto o = explore_all(p);
  EXPECT_FALSE(o.found.has_value());
  EXPECT_FALSE(o.complete);
  EXPECT_EQ(o.error_kind, "exception");
  EXPECT_EQ(o.error, "thread 0 threw: out of pages");
}

TEST(litmus, a_program_that_is_not_deterministic_is_an_error) {
  static std::uint32_t runs = 0;
  program_over<two_words> p({[](two_words& s) { (++runs % 2 == 0 ? s.x : s.y).fetch_add(1, relaxed); },
                             [](two_words& s) {
                               s.x.fetch_add(1, relaxed);
                               s.y.fetch_add(1, relaxed);
                             }});
  const auto o = explore_all(p);
  EXPECT_FALSE(o.complete);
  EXPECT_EQ(o.error_kind, "nondeterminism") << o.executions;
}

struct check_then_act {
  word free{1}, taken{0};
};

// Two threads see the only page free, and both take it: needs one preemption between the check and the act.
void take_without_care(check_then_act& s) {
  if (s.free.load(acquire) == 0) return;
  s.free.store(0, release);
  sync::require(s.taken.fetch_add(1, acq_rel) == 0, "the page is taken once");
}

TEST(litmus, the_first_violation_found_under_a_bound_has_the_fewest_preemptions) {
  program_over<check_then_act> p({take_without_care, take_without_care});
  const auto none = run(p, *explore::make_bounded(0), {.bounds = {.stale_depth = 0}});
  EXPECT_FALSE(none.found.has_value());
  EXPECT_TRUE(none.complete);
  const auto some = run(p, *explore::make_bounded(5), {.bounds = {.stale_depth = 0}});
  ASSERT_TRUE(some.found.has_value());
  EXPECT_EQ(some.preemptions, 1u);
}

}  // namespace
}  // namespace triecheck::litmus
