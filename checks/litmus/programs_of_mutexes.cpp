// Litmus programs of mutexes and shared mutexes.
#include <array>

#include "checks/litmus/catalogue.h"

namespace triecheck::litmus {
namespace {

using exclusive = sync::exclusive_guard<sync::mutex>;
using read_lock = sync::shared_guard<sync::shared_mutex>;
using write_lock = sync::exclusive_guard<sync::shared_mutex>;

struct one_mutex {
  sync::mutex m;
};

template <unsigned Times>
void lock_times(one_mutex& s) {
  for (unsigned i = 0; i < Times; ++i) const exclusive hold(s.m);
}

struct three_mutexes {
  sync::mutex a, b, c;
};
using member = sync::mutex three_mutexes::*;

template <member First, member Second>
void one_after_the_other(three_mutexes& s) {
  { const exclusive hold(s.*First); }
  { const exclusive hold(s.*Second); }
}

template <member Outer, member Inner>
void one_inside_the_other(three_mutexes& s) {
  const exclusive outer(s.*Outer);
  const exclusive inner(s.*Inner);
}

/// Walks down a chain of three mutexes: the next one is locked before the last one is unlocked.
void hand_over_hand(three_mutexes& s) {
  s.a.lock();
  s.b.lock();
  s.a.unlock();
  s.c.lock();
  s.b.unlock();
  s.c.unlock();
}

struct shared_lock {
  sync::shared_mutex m;
  sync::var<std::uint32_t> value{0};
};

void read(shared_lock& s) {
  const read_lock hold(s.m);
  static_cast<void>(s.value.get());
}

void write(shared_lock& s) {
  const write_lock hold(s.m);
  s.value.set(1);
}

struct pool {
  sync::mutex m;
  sync::var<std::uint32_t> free{0b11};  // bit per page
  std::array<word, 2> page{word(0), word(0)};
};

// Takes a page or fails, uses it, gives it back.
void use_page(pool& s) {
  std::uint32_t mine = 0;
  {
    const exclusive hold(s.m);
    mine = s.free.get() & (~s.free.get() + 1);
    s.free.set(s.free.get() & ~mine);
  }
  if (mine == 0) return;
  word& page = s.page[mine - 1];
  page.store(mine, relaxed);
  sync::require(page.load(relaxed) == mine, "nobody else writes to the page");
  const exclusive hold(s.m);
  s.free.set(s.free.get() | mine);
}

struct try_page {
  sync::mutex m;
  word refused{0};
};

void try_once(try_page& s) {
  if (s.m.try_lock()) {
    s.m.unlock();
  } else {
    s.refused.fetch_add(1, relaxed);
  }
}

/// An object that is made by the first thread that needs it.
struct lazy {
  sync::mutex m;
  word made{0};
  sync::var<std::uint32_t> value{0};
  word makers{0};
};

void use_lazy(lazy& s) {
  if (s.made.load(acquire) == 0) {
    const exclusive hold(s.m);
    if (s.made.load(relaxed) == 0) {
      s.value.set(7);
      s.makers.fetch_add(1, relaxed);
      s.made.store(1, release);
    }
  }
  sync::require(s.value.get() == 7, "the object is made before it is used");
}

struct queue {
  sync::mutex m;
  sync::var<std::uint32_t> length{0};
  std::array<std::uint32_t, 3> taken{};
};

void put(queue& s) {
  for (unsigned i = 0; i < 2; ++i) {
    const exclusive hold(s.m);
    s.length.set(s.length.get() + 1);
  }
}

template <unsigned Thread>
void take(queue& s) {
  const exclusive hold(s.m);
  if (s.length.get() == 0) return;
  s.length.set(s.length.get() - 1);
  s.taken[Thread] = 1;
}

struct plain {
  sync::mutex m;
  sync::var<std::uint32_t> value{0};
};

}  // namespace

std::vector<known_program> programs_of_mutexes() {
  constexpr member a = &three_mutexes::a;
  constexpr member b = &three_mutexes::b;
  constexpr member c = &three_mutexes::c;
  const auto nothing = std::function<std::string(three_mutexes&)>{};
  return {
      describe<one_mutex>("lock_one_mutex_3_times", {lock_times<3>, lock_times<3>}),
      describe<three_mutexes>("two_mutexes_in_one_order", {one_inside_the_other<a, b>, one_inside_the_other<a, b>},
                              nothing),
      describe<one_mutex>("three_threads_lock_one_mutex_twice", {lock_times<2>, lock_times<2>, lock_times<2>}),
      describe<three_mutexes>("three_threads_lock_two_of_three_mutexes",
                              {one_after_the_other<a, b>, one_after_the_other<b, c>, one_after_the_other<c, a>},
                              nothing),
      describe<three_mutexes>("three_philosophers_in_one_order",
                              {one_inside_the_other<a, b>, one_inside_the_other<b, c>, one_inside_the_other<a, c>},
                              nothing),
      describe<three_mutexes>("three_threads_walk_hand_over_hand", {hand_over_hand, hand_over_hand, hand_over_hand},
                              nothing),
      describe<shared_lock>("three_readers_of_a_shared_mutex", {read, read, read}),
      describe<shared_lock>("two_readers_and_a_writer_of_a_shared_mutex", {read, read, write}),
      describe<pool>("three_threads_on_a_two_page_pool", {use_page, use_page, use_page}),
      describe<try_page>("three_threads_try_one_mutex", {try_once, try_once, try_once},
                         [](try_page& s) { return std::to_string(s.refused.load(relaxed)); }),
      describe<lazy>("three_threads_make_an_object_once", {use_lazy, use_lazy, use_lazy},
                     [](lazy& s) { return std::to_string(s.makers.load(relaxed)); }),
      describe<queue>("a_producer_and_two_consumers", {put, take<1>, take<2>},
                      [](queue& s) { return std::to_string(s.taken[1]) + std::to_string(s.taken[2]); }),
      describe<three_mutexes>("two_mutexes_in_opposite_orders",
                              {one_inside_the_other<a, b>, one_inside_the_other<b, a>}, nothing),
      describe<three_mutexes>("three_philosophers_in_a_circle",
                              {one_inside_the_other<a, b>, one_inside_the_other<b, c>, one_inside_the_other<c, a>},
                              nothing),
      describe<plain>("one_side_forgets_the_mutex", {[](plain& s) {
                                                       const exclusive hold(s.m);
                                                       s.value.set(1);
                                                     },
                                                     [](plain& s) {
                                                       { const exclusive hold(s.m); }
                                                       s.value.set(2);
                                                     }}),
  };
}

}  // namespace triecheck::litmus
