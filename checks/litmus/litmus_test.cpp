// The explorer against programs whose distinct executions and outcomes are known. Counts are of complete executions:
// one for each order of dependent operations.
#include "checks/litmus/litmus.h"

#include <gtest/gtest.h>

#include <array>

namespace triecheck::litmus {
namespace {

using outcomes = std::set<std::string>;

struct two_words {
  word x{0}, y{0};
};

template <unsigned Times, word two_words::*Member>
void add_times(two_words& s) {
  for (unsigned i = 0; i < Times; ++i) (s.*Member).fetch_add(1, relaxed);
}

TEST(litmus, two_threads_of_four_read_modify_writes_on_one_variable_have_70_executions) {
  program_over<two_words> p({add_times<4, &two_words::x>, add_times<4, &two_words::x>});
  const auto o = explore_all(p);
  EXPECT_TRUE(o.complete);
  EXPECT_EQ(o.executions, 70u);
  EXPECT_EQ(explore_all(p, false).executions, 70u);
}

TEST(litmus, read_modify_writes_on_two_variables_commute) {
  program_over<two_words> p({add_times<4, &two_words::x>, add_times<4, &two_words::y>});
  EXPECT_EQ(explore_all(p).executions, 1u);
  EXPECT_EQ(explore_all(p, false).executions, 70u);
}

struct one_mutex {
  sync::mutex m;
};

template <unsigned Times>
void lock_times(one_mutex& s) {
  for (unsigned i = 0; i < Times; ++i) const sync::exclusive_guard<sync::mutex> hold(s.m);
}

TEST(litmus, two_threads_of_three_critical_sections_have_20_executions) {
  program_over<one_mutex> p({lock_times<3>, lock_times<3>});
  EXPECT_EQ(explore_all(p).executions, 20u);
}

TEST(litmus, three_threads_of_two_critical_sections_have_90_executions) {
  program_over<one_mutex> p({lock_times<2>, lock_times<2>, lock_times<2>});
  const auto o = explore_all(p);
  EXPECT_TRUE(o.complete);
  EXPECT_EQ(o.executions, 90u);
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

template <memory_order Store, memory_order Load, bool Fence>
program_over<registers> store_buffering() {
  return {{[](registers& s) {
             s.x.store(1, Store);
             if (Fence) sync::fence(seq_cst);
             s.r[0] = s.y.load(Load);
           },
           [](registers& s) {
             s.y.store(1, Store);
             if (Fence) sync::fence(seq_cst);
             s.r[1] = s.x.load(Load);
           }},
          show_registers};
}

TEST(litmus, store_buffering_shows_both_old_values_without_fences) {
  auto p = store_buffering<release, acquire, false>();
  explore_all(p);
  EXPECT_EQ(p.outcomes, (outcomes{"0000", "0100", "1000", "1100"}));
}

TEST(litmus, store_buffering_with_fences_has_6_executions_and_no_two_old_values) {
  auto p = store_buffering<relaxed, relaxed, true>();
  const auto o = explore_all(p);
  EXPECT_EQ(o.executions, 6u);
  EXPECT_EQ(p.outcomes, (outcomes{"0100", "1000", "1100"}));
}

TEST(litmus, message_passing_needs_release_and_acquire) {
  const auto passing = [](memory_order store, memory_order load) {
    program_over<registers> p({[store](registers& s) {
                                 s.x.store(1, relaxed);
                                 s.y.store(1, store);
                               },
                               [load](registers& s) {
                                 s.r[0] = s.y.load(load);
                                 s.r[1] = s.x.load(relaxed);
                               }},
                              show_registers);
    explore_all(p);
    return p.outcomes;
  };
  EXPECT_EQ(passing(release, acquire), (outcomes{"0000", "0100", "1100"}));
  EXPECT_EQ(passing(relaxed, acquire), (outcomes{"0000", "0100", "1000", "1100"}));
  EXPECT_EQ(passing(release, relaxed), (outcomes{"0000", "0100", "1000", "1100"}));
}

TEST(litmus, independent_reads_of_independent_writes_agree_under_sequential_consistency) {
  program_over<registers> p({[](registers& s) { s.x.store(1, seq_cst); }, [](registers& s) { s.y.store(1, seq_cst); },
                             [](registers& s) {
                               s.r[0] = s.x.load(seq_cst);
                               s.r[1] = s.y.load(seq_cst);
                             },
                             [](registers& s) {
                               s.r[2] = s.y.load(seq_cst);
                               s.r[3] = s.x.load(seq_cst);
                             }},
                            show_registers);
  const auto o = explore_all(p);
  EXPECT_EQ(o.executions, 15u);
  EXPECT_FALSE(p.outcomes.contains("1010"));
  EXPECT_EQ(p.outcomes.size(), 15u);
}

// What Relacy's model cannot show is asserted as not seen: loads never see stores that have not run yet.
TEST(litmus, load_buffering_is_beyond_the_model) {
  program_over<registers> p({[](registers& s) {
                               s.r[0] = s.x.load(relaxed);
                               s.y.store(1, relaxed);
                             },
                             [](registers& s) {
                               s.r[1] = s.y.load(relaxed);
                               s.x.store(1, relaxed);
                             }},
                            show_registers);
  explore_all(p);
  EXPECT_EQ(p.outcomes, (outcomes{"0000", "0100", "1000"}));
}

TEST(litmus, an_older_value_is_seen_down_to_the_stale_depth) {
  for (unsigned depth = 0; depth <= 2; ++depth) {
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
  }
}

struct shared_lock {
  sync::shared_mutex m;
  sync::var<std::uint32_t> value{0};
};

TEST(litmus, three_readers_of_a_shared_lock_commute) {
  const auto read = [](shared_lock& s) {
    const sync::shared_guard<sync::shared_mutex> hold(s.m);
    static_cast<void>(s.value.get());
  };
  program_over<shared_lock> p({read, read, read});
  EXPECT_EQ(explore_all(p).executions, 1u);
}

TEST(litmus, two_readers_and_a_writer_have_an_execution_for_each_place_of_the_writer) {
  const auto read = [](shared_lock& s) {
    const sync::shared_guard<sync::shared_mutex> hold(s.m);
    static_cast<void>(s.value.get());
  };
  const auto write = [](shared_lock& s) {
    const sync::exclusive_guard<sync::shared_mutex> hold(s.m);
    s.value.set(1);
  };
  program_over<shared_lock> p({read, read, write});
  const auto o = explore_all(p);
  EXPECT_TRUE(o.complete);
  EXPECT_EQ(o.executions, 4u);
}

struct pool {
  sync::mutex m;
  sync::var<std::uint32_t> free{2};
};

// Two pages for three threads: take one or fail, use it, give it back.
void use_page(pool& s) {
  bool got = false;
  {
    const sync::exclusive_guard<sync::mutex> hold(s.m);
    got = s.free.get() > 0;
    if (got) s.free.set(s.free.get() - 1);
  }
  if (!got) return;
  const sync::exclusive_guard<sync::mutex> hold(s.m);
  s.free.set(s.free.get() + 1);
}

TEST(litmus, three_threads_on_a_two_page_pool_have_at_most_66_executions) {
  program_over<pool> p({use_page, use_page, use_page});
  const auto o = explore_all(p);
  EXPECT_TRUE(o.complete);
  EXPECT_LE(o.executions, 90u);
  EXPECT_EQ(o.executions, 66u);
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

struct two_mutexes {
  sync::mutex a, b;
};

TEST(litmus, opposite_lock_orders_deadlock) {
  const auto nest = [](sync::mutex two_mutexes::*outer, sync::mutex two_mutexes::*inner) {
    return [=](two_mutexes& s) {
      const sync::exclusive_guard<sync::mutex> first(s.*outer);
      const sync::exclusive_guard<sync::mutex> second(s.*inner);
    };
  };
  program_over<two_mutexes> opposite({nest(&two_mutexes::a, &two_mutexes::b), nest(&two_mutexes::b, &two_mutexes::a)});
  const auto found = explore_all(opposite);
  ASSERT_TRUE(found.found.has_value());
  EXPECT_EQ(found.found->kind, "deadlock");
  program_over<two_mutexes> same({nest(&two_mutexes::a, &two_mutexes::b), nest(&two_mutexes::a, &two_mutexes::b)});
  const auto clean = explore_all(same);
  EXPECT_FALSE(clean.found.has_value());
  EXPECT_TRUE(clean.complete);
}

TEST(litmus, a_schedule_replays_to_the_same_violation) {
  program_over<plain> p({[](plain& s) {
                           const sync::exclusive_guard<sync::mutex> hold(s.m);
                           s.value.set(1);
                         },
                         [](plain& s) {
                           {
                             const sync::exclusive_guard<sync::mutex> hold(s.m);
                           }
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
            "the schedule does not fit the program at operation 2: thread 1 cannot run: it waits for a mutex, or it has ended");
  const auto stops = run(p, *explore::make_replay({{.thread = 0}}));
  EXPECT_TRUE(stops.error.empty()) << stops.error;
  EXPECT_FALSE(stops.complete);
  const auto goes_on = run(p, *explore::make_replay({{.thread = 0}, {.thread = 0}, {.thread = 1}, {.thread = 1}, {.thread = 1}}));
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
  program_over<freed> p({[](freed& s) { s.leaked = new std::uint32_t(1); }, [](freed& s) {
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

// Three threads over three words, with loads that may be stale: rich enough for the strategies to disagree.
program_over<registers> three_threads_of_loads_and_stores() {
  return {{[](registers& s) {
             s.x.store(1, release);
             s.r[0] = s.y.load(acquire);
           },
           [](registers& s) {
             s.y.store(1, relaxed);
             s.r[1] = s.x.fetch_add(2, acq_rel);
           },
           [](registers& s) {
             s.r[2] = s.x.load(acquire);
             s.r[3] = s.y.load(relaxed);
           }},
          show_registers};
}

TEST(litmus, enough_preemptions_are_no_bound) {
  auto p = three_threads_of_loads_and_stores();
  explore_all(p);
  const outcomes all = p.outcomes;
  p.outcomes.clear();
  const auto o = run(p, *explore::make_bounded(100));
  EXPECT_TRUE(o.complete);
  EXPECT_EQ(p.outcomes, all);
  auto buffering = store_buffering<relaxed, relaxed, false>();
  explore_all(buffering);
  const outcomes both = buffering.outcomes;
  buffering.outcomes.clear();
  run(buffering, *explore::make_bounded(100));
  EXPECT_EQ(buffering.outcomes, both);
}

TEST(litmus, fewer_preemptions_see_fewer_outcomes) {
  std::size_t before = 0;
  for (const unsigned most : {0U, 1U, 2U}) {
    auto p = three_threads_of_loads_and_stores();
    EXPECT_TRUE(run(p, *explore::make_bounded(most)).complete);
    EXPECT_GE(p.outcomes.size(), before);
    before = p.outcomes.size();
  }
  auto all = three_threads_of_loads_and_stores();
  explore_all(all);
  EXPECT_LE(before, all.outcomes.size());
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

// A violation of depth 2: all of the other thread's work falls between two neighbouring operations.
void watch(two_words& s) {
  const std::uint32_t before = s.x.load(acquire);
  const std::uint32_t after = s.x.load(acquire);
  sync::require(before != 0 || after != 10, "no work of ten steps falls into one gap");
}

TEST(litmus, priorities_find_a_violation_of_depth_two_sooner_than_random_walks) {
  std::uint64_t pct = 0;
  std::uint64_t random = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    program_over<two_words> p({watch, add_times<10, &two_words::x>});
    const explore::run_options newest_values = {.bounds = {.stale_depth = 0}};
    const auto by_priorities = run(p, *explore::make_pct(seed, 20'000, 2), newest_values);
    EXPECT_TRUE(by_priorities.found.has_value()) << seed;
    pct += by_priorities.executions;
    random += run(p, *explore::make_random(seed, 20'000), newest_values).executions;
  }
  EXPECT_LT(10 * pct, random) << pct << " against " << random;
}

TEST(litmus, relacys_full_search_and_ours_see_the_same_outcomes) {
  auto relaxed_buffering = store_buffering<relaxed, relaxed, false>();
  explore_all(relaxed_buffering);
  const outcomes ours = relaxed_buffering.outcomes;
  relaxed_buffering.outcomes.clear();
  const auto full = relacy_full(relaxed_buffering);
  EXPECT_TRUE(full.complete);
  EXPECT_EQ(relaxed_buffering.outcomes, ours);

  program_over<two_words> p({add_times<4, &two_words::x>, add_times<4, &two_words::x>});
  EXPECT_EQ(relacy_full(p).executions, 252u);
}

}  // namespace
}  // namespace triecheck::litmus
