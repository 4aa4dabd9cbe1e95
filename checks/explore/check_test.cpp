// The front door of the explorer: what a failing check says, how it is followed again, what the environment changes,
// and which verdicts the check of linearizability has.
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "checks/explore/gtest.h"

namespace triecheck::explore {
namespace {

using word = relacy_sync::atomic<std::uint32_t>;

/// Sets a variable of the environment for as long as it lives.
class environment {
 public:
  environment(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~environment() { unsetenv(name_); }

 private:
  const char* const name_;
};

struct counter {
  word value{0};
  void increment() { value.store(value.load(memory_order::relaxed) + 1, memory_order::relaxed); }
};

check<counter> lost_update(check_options o = {}) {
  check<counter> c("lost_update", o);
  for (int i = 0; i < 2; ++i) c.thread([](counter& n) { n.increment(); });
  c.at_the_end([](counter& n) { expect(n.value.load(memory_order::relaxed) == 2, "both increments count"); });
  return c;
}

TEST(check, that_fails_tells_its_interleaving_and_how_to_follow_it) {
  const report r = lost_update().run();
  EXPECT_EQ(r.outcome, checks::verdict::fail);
  EXPECT_EQ(r.kind, "invariant");
  const testing::AssertionResult told = passes(r);
  EXPECT_FALSE(told);
  const std::string text = told.message();
  EXPECT_NE(text.find("both increments count"), std::string::npos) << text;
  EXPECT_NE(text.find(".store 1"), std::string::npos) << text;
  EXPECT_NE(text.find("TRIECHECK_REPLAY='" + r.token + "' "), std::string::npos) << text;
  EXPECT_NE(text.find("--gtest_filter=check.that_fails_tells"), std::string::npos) << text;
}

/// Each thread writes to a separate slot, up to four threads.
struct four_slots {
  word next{0};
  relacy_sync::var<int> slots[4];
  void take() { slots[next.fetch_add(1, memory_order::relaxed) % 4].set(1); }
};

report threads_take_slots(int threads) {
  check<four_slots> c("four_slots");
  for (int i = 0; i < threads; ++i) c.thread([](four_slots& s) { s.take(); });
  return c.run();
}

TEST(check, of_eight_threads_shows_what_four_do_not) {
  EXPECT_TRUE(passes(threads_take_slots(4)));
  EXPECT_EQ(threads_take_slots(5).kind, "data-race");
  const report eight = threads_take_slots(8);
  EXPECT_EQ(eight.kind, "data-race");
  EXPECT_EQ(threads_take_slots(9).outcome, checks::verdict::error);
  const environment token("TRIECHECK_REPLAY", eight.token);
  EXPECT_EQ(threads_take_slots(8).message, eight.message);
}

struct sum {
  word of{0};
};

TEST(check, of_eight_threads_that_count_runs_once) {
  check<sum> c("eight_counters");
  for (int i = 0; i < 8; ++i) c.thread([](sum& n) { n.of.add(1, memory_order::relaxed); });
  c.at_the_end([](sum& n) { expect(n.of.load(memory_order::relaxed) == 8, "every thread counts"); });
  const report r = c.run();
  EXPECT_TRUE(passes(r));
  EXPECT_EQ(r.executions, 1u);  // additions whose answer nobody reads commute
}

TEST(check, follows_the_schedule_of_the_environment_alone) {
  const report r = lost_update().run();
  const environment token("TRIECHECK_REPLAY", r.token);
  const report again = lost_update().run();
  EXPECT_EQ(again.kind, r.kind);
  EXPECT_EQ(again.message, r.message);
  EXPECT_EQ(again.executions, 1u);
  EXPECT_EQ(again.interleaving, r.interleaving);
}

TEST(check, of_another_name_does_not_follow_it) {
  const environment token("TRIECHECK_REPLAY", "another@0x3.1x3");
  EXPECT_GT(lost_update().run().executions, 1u);
}

TEST(check, refuses_an_environment_that_it_does_not_understand) {
  {
    const environment token("TRIECHECK_REPLAY", "lost_update@nonsense");
    EXPECT_THROW(lost_update().run(), std::invalid_argument);
  }
  {
    const environment budget("TRIECHECK_BUDGET", "a while");
    EXPECT_THROW(lost_update().run(), std::invalid_argument);
  }
  const environment preemptions("TRIECHECK_PREEMPTIONS", "-1");
  EXPECT_THROW(lost_update().run(), std::invalid_argument);
}

TEST(check, within_a_bound_is_not_complete) {
  const environment preemptions("TRIECHECK_PREEMPTIONS", "0");
  check_options o;
  o.stale_depth = 0;
  const report r = lost_update(o).run();
  EXPECT_TRUE(r.passed) << "an update is lost by a preemption alone";
  EXPECT_FALSE(r.complete);
  EXPECT_NE(r.scope.find("bounded <= 0 preemptions"), std::string::npos) << r.scope;
}

TEST(check, that_its_budget_ends_passes_only_where_it_may) {
  struct busy {
    std::array<word, 3> words{word{0}, word{0}, word{0}};
  };
  check_options o;
  o.executions = 10;
  for (const bool may : {false, true}) {
    o.incomplete_passes = may;
    check<busy> c("busy", o);
    for (int i = 0; i < 3; ++i) {
      c.thread([](busy& b) {
        for (word& w : b.words) w.fetch_add(1, memory_order::acq_rel), w.fetch_add(1, memory_order::acq_rel);
      });
    }
    const report r = c.run();
    EXPECT_EQ(r.outcome, checks::verdict::incomplete);
    EXPECT_EQ(r.passed, may);
  }
}

// Kinds that are judged without being asked.

template <class Object>
std::string kind_of(void (*first)(Object&), void (*second)(Object&), check_options o = {}) {
  check<Object> c("kind", o);
  c.thread(first).thread(second);
  return c.run().kind;
}

struct board {
  word turn{0};
  word* shared = new word(0);
};
struct locks {
  relacy_sync::mutex a, b;
};

TEST(check, sees_memory_that_leaks) {
  EXPECT_EQ(kind_of<board>([](board& s) { s.turn.store(1, memory_order::relaxed); }, [](board&) {}), "memory-leak");
}
TEST(check, sees_a_word_that_is_used_after_its_destruction) {
  EXPECT_EQ(kind_of<board>([](board& s) { delete s.shared; }, [](board& s) { s.shared->load(memory_order::relaxed); }),
            "use-after-free");
}
TEST(check, sees_an_exception) {
  EXPECT_EQ(kind_of<board>([](board&) { throw std::runtime_error("no"); }, [](board&) {}), "exception");
}
TEST(check, sees_a_crash) {
  EXPECT_EQ(kind_of<board>([](board& s) { s.turn.store(1, memory_order::relaxed), std::abort(); }, [](board&) {}),
            "crash");
}
TEST(check, sees_locks_in_opposite_orders) {
  EXPECT_EQ(kind_of<locks>([](locks& s) { s.a.lock(), s.b.lock(), s.b.unlock(), s.a.unlock(); },
                           [](locks& s) { s.b.lock(), s.a.lock(), s.a.unlock(), s.b.unlock(); }),
            "deadlock");
}

// A stack of nodes on the heap without a tag: a node that is freed and made anew at the same address is taken for the
// old one.
struct node {
  relacy_sync::atomic<node*> next;
  explicit node(node* n) : next(n) {}
};
struct heap_stack {
  relacy_sync::atomic<node*> top{new node(new node(nullptr))};
  void push(node* n) {
    node* old = top.load(memory_order::relaxed);
    do n->next.store(old, memory_order::relaxed);
    while (!top.compare_exchange_strong(old, n, memory_order::acq_rel, memory_order::acquire));
  }
  node* pop() {
    node* old = top.load(memory_order::acquire);
    while (old != nullptr && !top.compare_exchange_strong(old, old->next.load(memory_order::relaxed),
                                                          memory_order::acq_rel, memory_order::acquire)) {
    }
    return old;
  }
};

TEST(check, has_one_address_stand_for_two_objects_where_it_is_asked_to) {
  struct nodes_in_hand : heap_stack {
    word pops{0};
  };
  check_options o;
  for (const bool reuses : {false, true}) {
    o.reuses_memory = reuses;
    std::vector<std::uintptr_t> unused;
    check<nodes_in_hand> c("addresses", o);
    c.thread([](nodes_in_hand& s) {
      const auto before = reinterpret_cast<std::uintptr_t>(s.top.load(memory_order::relaxed));
      delete s.pop();
      node* const made = new node(nullptr);
      expect(reinterpret_cast<std::uintptr_t>(made) != before, "a new node is at another address");
      s.push(made);
    });
    c.thread([](nodes_in_hand&) {});
    c.at_the_end([](nodes_in_hand& s) {
      while (node* n = s.pop()) delete n;
    });
    EXPECT_EQ(c.run().kind, reuses ? "invariant" : "") << reuses;
  }
}

// The check of linearizability, by itself.

struct register_specification {
  struct operation {
    bool is_write;
    int key;
    int value;
  };
  using result = int;  // of a read
  using state = std::map<int, int>;
  static bool step(state& s, const operation& o, const result& r) {
    if (!o.is_write) return s[o.key] == r;
    s[o.key] = o.value;
    return true;
  }
  static std::size_t hash(const state& s) {
    std::size_t h = 0;
    for (const auto& [key, value] : s) h = h * 31 + static_cast<std::size_t>(key * 7 + value);
    return h;
  }
  static std::string show(const operation& o, const result* r) {
    const std::string name = "r" + std::to_string(o.key);
    if (o.is_write) return name + " := " + std::to_string(o.value);
    return r == nullptr ? name : name + " = " + std::to_string(*r);
  }
  static int key(const operation& o) { return o.key; }
};
using judge = linearizability_of<register_specification>;

// A call of a thread whose first and last steps are the numbers of its clock; `knows`: how many steps of the other
// thread come before.
judge::call by(unsigned thread, std::uint32_t first, std::uint32_t last, std::uint32_t knows,
               register_specification::operation o, int result) {
  const auto at = [&](std::uint32_t step) {
    checks::moment m{.thread = thread, .clock = {}};
    m.clock[thread] = step;
    m.clock[1 - thread] = knows;
    return m;
  };
  return {o, result, call_phase::threads, thread, {.opened = at(first), .closed = at(last)}};
}

TEST(linearizability_of, accepts_either_order_of_calls_that_overlap) {
  for (const int seen : {0, 1}) {
    const auto a = judge().judge({by(0, 1, 2, 0, {true, 0, 1}, 0), by(1, 1, 2, 0, {false, 0, 0}, seen)});
    EXPECT_EQ(a.verdict, linearizability_verdict::linearizable) << seen;
  }
}

TEST(linearizability_of, names_the_call_that_has_no_place) {
  const auto a = judge().judge({by(0, 1, 2, 0, {true, 0, 1}, 0), by(1, 1, 2, 2, {false, 0, 0}, 0)});
  EXPECT_EQ(a.verdict, linearizability_verdict::not_linearizable);
  EXPECT_EQ(
      a.why,
      "no order of the calls explains their answers: after [thread 0: r0 := 1] there is no place for thread 1: r0 = 0");
}

TEST(linearizability_of, heeds_the_order_of_a_thread_and_of_the_setup_and_the_end) {
  auto first = by(0, 1, 1, 0, {true, 0, 1}, 0), second = by(0, 2, 2, 0, {false, 0, 0}, 0);
  EXPECT_EQ(judge().judge({first, second}).verdict, linearizability_verdict::not_linearizable);
  second.phase = call_phase::end;
  EXPECT_EQ(judge().judge({second, first}).verdict, linearizability_verdict::not_linearizable);
  second.phase = call_phase::setup;
  EXPECT_EQ(judge().judge({first, second}).verdict, linearizability_verdict::linearizable);
}

TEST(linearizability_of, has_a_third_verdict) {
  std::vector<judge::call> overlapping;
  for (std::uint32_t i = 0; i < 12; ++i) overlapping.push_back(by(i % 2, 1, 100, 0, {true, 0, static_cast<int>(i)}, 0));
  overlapping.push_back(by(0, 1, 100, 0, {false, 0, 0}, 99));
  for (unsigned i = 0; i < overlapping.size(); ++i) overlapping[i].thread = i;
  EXPECT_EQ(judge(5).judge(overlapping).verdict, linearizability_verdict::undecided);
  const std::vector<judge::call> many(65, by(0, 1, 1, 0, {true, 0, 1}, 0));
  EXPECT_EQ(judge().judge(many).verdict, linearizability_verdict::undecided);
}

TEST(linearizability_of, judges_calls_of_different_keys_apart) {
  std::vector<judge::call> history;
  for (int key = 0; key < 40; ++key) {
    history.push_back(by(0, 1, 100, 0, {true, key, 1}, 0));
    history.push_back(by(1, 1, 100, 0, {false, key, 0}, key % 2));
  }
  EXPECT_EQ(judge().judge(history).verdict, linearizability_verdict::linearizable) << "80 calls, two of each key";
}

}  // namespace
}  // namespace triecheck::explore
