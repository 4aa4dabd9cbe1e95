// The reduction against the full tree on random programs of one mutex and one condition variable: waits, notifications
// of one and of all, inside and outside critical sections. Where a program may wait for ever, both must find a
// deadlock.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "checks/litmus/litmus.h"

namespace triecheck::litmus {
namespace {

enum class action : char {
  lock = '{',
  unlock = '}',
  wait = 'w',           // once, whatever happened before
  wait_for_item = 'W',  // until there is an item, and takes it
  put = 'p',
  notify_one = 'n',
  notify_all = 'a',
  note = '.',  // the order of the critical sections shows at the end
  look = 'x',  // outside critical sections: how often all threads looked before
};

constexpr std::size_t threads = 3;

struct board {
  sync::mutex m;
  sync::condition_variable changed;
  std::uint32_t items = 0;
  std::array<char, 32> notes{};  // guarded by m
  std::size_t noted = 0;
  word looks{0};
  std::array<std::array<char, 8>, threads> seen{};
  std::array<std::size_t, threads> count{};
};

void perform(board& b, action a, unsigned thread) {
  const auto note = [&](char base) { b.notes[b.noted++] = static_cast<char>(base + static_cast<char>(thread)); };
  switch (a) {
    case action::lock:
      return b.m.lock();
    case action::unlock:
      return b.m.unlock();
    case action::wait:
      b.changed.wait(b.m);
      return note('A');
    case action::wait_for_item:
      while (b.items == 0) {
        note('0');
        b.changed.wait(b.m);
      }
      --b.items;
      return note('A');
    case action::put:
      ++b.items;
      return;
    case action::notify_one:
      return b.changed.notify_one();
    case action::notify_all:
      return b.changed.notify_all();
    case action::note:
      return note('a');
    case action::look:
      b.seen[thread][b.count[thread]++] = static_cast<char>('0' + b.looks.fetch_add(1, relaxed));
  }
}

std::string end_of(board& b) {
  std::string text(b.notes.data(), b.noted);
  for (const auto& one : b.seen) text += std::string("|") + one.data();
  return text;
}

/// The text of each thread, an action per character.
using texts = std::vector<std::string>;

texts draw(std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  const auto one_of = [&](const char* choices, std::size_t n) { return choices[engine() % n]; };
  texts all(threads);
  for (std::string& text : all) {
    for (auto parts = 1 + engine() % 2; parts > 0; --parts) {
      if (engine() % 4 == 0) {
        text += one_of("nax", 3);
        continue;
      }
      text += '{';
      for (auto n = 1 + engine() % 2; n > 0; --n) text += one_of("wWppnna.", 8);
      text += '}';
    }
  }
  return all;
}

struct answer {
  std::string violation;
  std::string error;
  std::set<std::string> ends;
  std::uint64_t executions = 0;
};

answer ask(const texts& all, explore::strategy& s) {
  std::vector<program_over<board>::body> bodies;
  for (unsigned t = 0; t < all.size(); ++t) {
    bodies.push_back([t, text = all[t]](board& b) {
      for (const char c : text) perform(b, static_cast<action>(c), t);
    });
  }
  program_over<board> p(std::move(bodies), end_of);
  const auto o = run(p, s);
  return {o.found ? o.found->kind : "", o.error, p.outcomes, o.executions};
}

TEST(waiting, reduction_and_bound_keep_every_end_and_every_deadlock_of_condition_variables) {
  std::size_t deadlocks = 0;
  std::size_t several_ends = 0;
  for (std::uint64_t seed = 1; seed <= 4'000; ++seed) {
    const texts all = draw(seed);
    const answer full = ask(all, *explore::make_exhaustive(false));
    const answer reduced = ask(all, *explore::make_exhaustive(true));
    const answer bounded = ask(all, *explore::make_bounded(1'000));
    const std::string shown = "seed " + std::to_string(seed) + ": " + all[0] + ' ' + all[1] + ' ' + all[2];
    ASSERT_EQ(full.error + reduced.error + bounded.error, "") << shown;
    ASSERT_EQ(reduced.violation, full.violation) << shown;
    ASSERT_EQ(bounded.violation, full.violation) << shown;
    deadlocks += !full.violation.empty();
    if (!full.violation.empty()) continue;
    ASSERT_EQ(reduced.ends, full.ends) << shown;
    ASSERT_EQ(bounded.ends, full.ends) << shown;
    ASSERT_LE(reduced.executions, full.executions) << shown;
    several_ends += full.ends.size() > 1;
  }
  EXPECT_GT(deadlocks, 200u);
  EXPECT_GT(several_ends, 200u);
}

// Which of two waiting threads the one notification wakes is a choice: the woken one notifies the other.
TEST(waiting, a_notification_may_wake_either_of_two_waiters) {
  const answer a = ask({"{Wpn}", "{Wpn}", "{pn}"}, *explore::make_exhaustive(true));
  EXPECT_EQ(a.violation, "");
  for (const char* order : {"01AB|||", "01BA|||", "10AB|||", "10BA|||"}) EXPECT_TRUE(a.ends.contains(order)) << order;
}

}  // namespace
}  // namespace triecheck::litmus
