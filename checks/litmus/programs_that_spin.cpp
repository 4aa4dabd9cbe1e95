// Litmus programs of threads that wait in loops: Relacy disables no thread, and yet some thread waits.
#include <array>
#include <string>

#include "checks/litmus/catalogue.h"

namespace triecheck::litmus {
namespace {

// Locks as people write them, over the layer.

template <bool Yields, memory_order Unlock = release>
struct spin_lock {
  word taken{0};
  void lock() {
    while (taken.exchange(1, acquire) != 0) {
      if (Yields) sync::yield();
    }
  }
  void unlock() { taken.store(0, Unlock); }
};

/// Looks before it tries: fewer writes to a word that another one holds.
struct looking_lock {
  word taken{0};
  void lock() {
    for (;;) {
      while (taken.load(relaxed) != 0) sync::yield();
      std::uint32_t free = 0;
      if (taken.compare_exchange_weak(free, 1, acquire, relaxed)) return;
    }
  }
  void unlock() { taken.store(0, release); }
};

struct ticket_lock {
  word next{0}, serving{0};
  void lock() {
    const std::uint32_t mine = next.fetch_add(1, relaxed);
    while (serving.load(acquire) != mine) sync::yield();
  }
  void unlock() { serving.store(serving.load(relaxed) + 1, release); }
};

struct trying_lock {
  sync::mutex m;
  void lock() {
    while (!m.try_lock()) sync::yield();
  }
  void unlock() { m.unlock(); }
};

template <class Lock>
struct guarded {
  Lock lock, other;
  sync::var<std::uint32_t> value{0};
  std::array<std::uint32_t, 3> order{};
};

/// Notes as how-manieth the thread came.
template <class Lock, unsigned Thread>
void come_in(guarded<Lock>& s) {
  s.lock.lock();
  s.order[Thread] = s.value.get();
  s.value.set(s.order[Thread] + 1);
  s.lock.unlock();
}

template <class Lock>
std::string order_of(guarded<Lock>& s) {
  std::string text;
  for (const std::uint32_t place : s.order) text += std::to_string(place);
  return text;
}

template <class Lock>
known_program two_take(std::string name) {
  return describe<guarded<Lock>>(std::move(name), {come_in<Lock, 0>, come_in<Lock, 1>}, order_of<Lock>);
}
template <class Lock>
known_program three_take(std::string name) {
  return describe<guarded<Lock>>(std::move(name), {come_in<Lock, 0>, come_in<Lock, 1>, come_in<Lock, 2>},
                                 order_of<Lock>);
}

/// Two locks, one inside the other.
template <class Lock, bool Swapped>
void nest(guarded<Lock>& s) {
  Lock& outer = Swapped ? s.other : s.lock;
  Lock& inner = Swapped ? s.lock : s.other;
  outer.lock();
  inner.lock();
  inner.unlock();
  outer.unlock();
}

struct board {
  word a{0}, b{0}, turn{0};
  sync::mutex m;
  sync::var<std::uint32_t> items{0};
  spin_lock<true> spin;
  std::array<std::uint32_t, 3> seen{};
};

std::string seen_by(board& s) {
  std::string text;
  for (const std::uint32_t value : s.seen) text += std::to_string(value);
  return text;
}

void await(const word& w, std::uint32_t value, memory_order order = acquire) {
  while (w.load(order) != value) sync::yield();
}

/// Peterson's lock for two threads, as it is sequentially consistent or not.
template <unsigned Thread, memory_order Order>
void peterson(board& s) {
  word& mine = Thread == 0 ? s.a : s.b;
  const word& others = Thread == 0 ? s.b : s.a;
  const memory_order store = Order == seq_cst ? seq_cst : release;
  const memory_order load = Order == seq_cst ? seq_cst : acquire;
  mine.store(1, store);
  s.turn.store(1 - Thread, store);
  while (others.load(load) == 1 && s.turn.load(load) == 1 - Thread) sync::yield();
  s.seen[Thread] = s.items.get();
  s.items.set(s.seen[Thread] + 1);
  mine.store(0, store);
}

/// Looks for an item under a lock until there is one.
template <class Lock>
void take_an_item(board& s, Lock& lock) {
  for (bool taken = false; !taken; sync::yield()) {
    lock.lock();
    taken = s.items.get() != 0;
    if (taken) s.items.set(s.items.get() - 1);
    lock.unlock();
  }
}
template <class Lock>
void put_items(board& s, Lock& lock, std::uint32_t n) {
  lock.lock();
  s.items.set(s.items.get() + n);
  lock.unlock();
}

/// Both claim. A thread that sees the other's claim gives up and claims again: nothing breaks the tie.
template <unsigned Thread>
void claim(board& s) {
  word& mine = Thread == 0 ? s.a : s.b;
  const word& others = Thread == 0 ? s.b : s.a;
  for (;;) {
    std::uint32_t free = 0;
    mine.compare_exchange_strong(free, 1, seq_cst, seq_cst);
    if (others.load(seq_cst) == 0) break;
    mine.store(0, seq_cst);
  }
  mine.store(0, seq_cst);
}

/// Adds one, then takes it away again, until nobody was in between: each undoes what the other one wants to see.
template <int Step>
void push_to(board& s) {
  for (;;) {
    std::uint32_t seen = s.a.load(relaxed);
    const auto wanted = static_cast<std::uint32_t>(10 + Step);
    if (seen == wanted) return;
    s.a.compare_exchange_strong(seen, wanted, relaxed, relaxed);
    if (s.a.load(relaxed) == wanted && s.b.load(relaxed) != 0) return;
  }
}

known_program waiting_program(std::string name, std::vector<program_over<board>::body> threads) {
  return describe<board>(std::move(name), std::move(threads), seen_by);
}

/// Gives up after `Attempts` attempts.
template <unsigned Attempts>
void try_some_times(board& s) {
  for (unsigned i = 0; i < Attempts; ++i) {
    if (s.m.try_lock()) {
      s.seen[1] = 1;
      return s.m.unlock();
    }
  }
  s.seen[1] = 2;
}

std::vector<known_program> correct_ones() {
  return {
      two_take<spin_lock<true>>("two_threads_take_a_spin_lock"),
      two_take<spin_lock<false>>("two_threads_take_a_spin_lock_that_never_yields"),
      two_take<looking_lock>("two_threads_take_a_lock_that_looks_first"),
      two_take<ticket_lock>("two_threads_take_a_ticket_lock"),
      two_take<trying_lock>("two_threads_try_a_mutex_until_they_have_it"),
      waiting_program("two_threads_shake_hands", {[](board& s) {
                                                    s.a.store(1, release);
                                                    await(s.b, 1);
                                                    s.seen[0] = s.b.load(relaxed);
                                                  },
                                                  [](board& s) {
                                                    await(s.a, 1);
                                                    s.b.store(1, release);
                                                  }}),
      waiting_program("a_load_that_spins_sees_a_relaxed_store", {[](board& s) {
                                                                   while (s.a.load(relaxed) == 0) {
                                                                   }
                                                                   s.seen[0] = s.b.load(relaxed);
                                                                 },
                                                                 [](board& s) {
                                                                   s.b.store(1, relaxed);
                                                                   s.a.store(1, relaxed);
                                                                 }}),
      waiting_program("two_words_are_awaited_at_once", {[](board& s) {
                                                          do {
                                                            s.seen[0] = s.a.load(acquire);
                                                            s.seen[1] = s.b.load(acquire);
                                                          } while (s.seen[0] + s.seen[1] == 0);
                                                        },
                                                        [](board& s) {
                                                          s.a.store(1, release);
                                                          s.b.store(1, release);
                                                        }}),
      waiting_program("petersons_lock", {peterson<0, seq_cst>, peterson<1, seq_cst>}),
      waiting_program("a_thread_gives_up_after_five_attempts", {[](board& s) {
                                                                  s.m.lock();
                                                                  s.a.store(1, relaxed);
                                                                  s.m.unlock();
                                                                },
                                                                try_some_times<5>}),
      three_take<trying_lock>("three_threads_try_a_mutex_until_they_have_it"),
      three_take<spin_lock<true>>("three_threads_take_a_spin_lock"),
      waiting_program("two_threads_poll_under_a_mutex_for_what_a_third_puts",
                      {[](board& s) { take_an_item(s, s.m); }, [](board& s) { take_an_item(s, s.m); },
                       [](board& s) { put_items(s, s.m, 2); }}),
      waiting_program("one_thread_polls_under_a_spin_lock_for_what_another_puts",
                      {[](board& s) { take_an_item(s, s.spin); }, [](board& s) { put_items(s, s.spin, 1); }}),
  };
}

std::vector<known_program> wrong_ones() {
  return {
      two_take<spin_lock<true, relaxed>>("a_spin_lock_that_is_unlocked_relaxed"),
      describe<guarded<spin_lock<true>>>("two_spin_locks_in_opposite_orders",
                                         {nest<spin_lock<true>, false>, nest<spin_lock<true>, true>}),
      describe<guarded<trying_lock>>("two_tried_mutexes_in_opposite_orders",
                                     {nest<trying_lock, false>, nest<trying_lock, true>}),
      waiting_program("petersons_lock_with_release_and_acquire", {peterson<0, acq_rel>, peterson<1, acq_rel>}),
      waiting_program("two_threads_wait_for_each_other", {[](board& s) {
                                                            await(s.b, 1);
                                                            s.a.store(1, release);
                                                          },
                                                          [](board& s) {
                                                            await(s.a, 1);
                                                            s.b.store(1, release);
                                                          }}),
      waiting_program("a_wake_up_is_lost", {[](board& s) {
                                              if (s.a.load(acquire) != 0) return;
                                              s.turn.store(1, release);  // asks to be woken, and does not look again
                                              await(s.b, 1);
                                            },
                                            [](board& s) {
                                              s.a.store(1, release);
                                              if (s.turn.load(acquire) != 0) s.b.store(1, release);
                                            }}),
      waiting_program("two_threads_poll_for_what_nobody_puts",
                      {[](board& s) { take_an_item(s, s.m); }, [](board& s) { take_an_item(s, s.m); }}),
      waiting_program("two_threads_poll_under_a_spin_lock_for_what_nobody_puts",
                      {[](board& s) { take_an_item(s, s.spin); }, [](board& s) { take_an_item(s, s.spin); }}),
      waiting_program("two_threads_give_way_for_ever", {claim<0>, claim<1>}),
      waiting_program("two_threads_undo_each_others_exchange", {push_to<0>, push_to<1>}),
      waiting_program("a_thread_spins_on_what_a_blocked_one_would_do", {[](board& s) {
                                                                          s.m.lock();
                                                                          await(s.a, 1);
                                                                          s.m.unlock();
                                                                        },
                                                                        [](board& s) {
                                                                          s.m.lock();
                                                                          s.a.store(1, release);
                                                                          s.m.unlock();
                                                                        }}),
  };
}

}  // namespace

std::vector<known_program> programs_that_spin() {
  std::vector<known_program> all;
  for (auto* part : {&correct_ones, &wrong_ones}) {
    for (known_program& p : part()) {
      p.spins = true;
      all.push_back(std::move(p));
    }
  }
  return all;
}

}  // namespace triecheck::litmus
