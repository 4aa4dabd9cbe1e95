// Litmus programs of atomics and fences.
#include <array>

#include "checks/litmus/catalogue.h"

namespace triecheck::litmus {
namespace {

struct registers {
  word x{0}, y{0}, z{0};
  std::array<std::uint32_t, 4> r{};
};

template <std::size_t Shown>
std::string first(registers& s) {
  std::string text;
  for (std::size_t i = 0; i < Shown; ++i) text += std::to_string(s.r[i]);
  return text;
}

template <unsigned Times, word registers::*Member>
void add(registers& s) {
  for (unsigned i = 0; i < Times; ++i) (s.*Member).fetch_add(1, relaxed);
}

/// How messages are passed: the orders of the store that announces and of the load that looks.
known_program message_passing(const char* name, memory_order store, memory_order load) {
  return describe<registers>(name,
                             {[store](registers& s) {
                                s.x.store(1, relaxed);
                                s.y.store(1, store);
                              },
                              [load](registers& s) {
                                s.r[0] = s.y.load(load);
                                s.r[1] = s.x.load(relaxed);
                              }},
                             first<2>);
}

template <bool Fence>
known_program store_buffering(const char* name) {
  return describe<registers>(name,
                             {[](registers& s) {
                                s.x.store(1, relaxed);
                                if (Fence) sync::fence(seq_cst);
                                s.r[0] = s.y.load(relaxed);
                              },
                              [](registers& s) {
                                s.y.store(1, relaxed);
                                if (Fence) sync::fence(seq_cst);
                                s.r[1] = s.x.load(relaxed);
                              }},
                             first<2>);
}

/// A count of owners: the last one reads what all others wrote.
struct counted {
  word owners{3};
  std::array<sync::var<std::uint32_t>, 3> part;
  std::uint32_t sum = 0;

  counted() {
    for (auto& p : part) p.set(0);
  }
};

template <unsigned Thread>
void drop(counted& s) {
  s.part[Thread].set(Thread + 1);
  if (s.owners.fetch_sub(1, acq_rel) != 1) return;
  for (auto& p : s.part) s.sum += p.get();
}

/// A stack of nodes that are linked by index; 0 is the end.
struct stack {
  word head{0};
  std::array<std::uint32_t, 4> below{};
};

template <std::uint32_t Node>
void push(stack& s) {
  std::uint32_t seen = s.head.load(relaxed);
  do s.below[Node] = seen;
  while (!s.head.compare_exchange_strong(seen, Node, acq_rel, acquire));
}

std::string from_the_top(stack& s) {
  std::string text;
  for (std::uint32_t node = s.head.load(relaxed); node != 0; node = s.below[node]) text += std::to_string(node);
  return text;
}

/// Every thread counts in a separate variable and adds the sum up at the end.
template <word registers::*Own>
void count_apart(registers& s) {
  static_cast<void>((s.*Own).fetch_add(1, relaxed));
  static_cast<void>((s.*Own).fetch_add(1, relaxed));
}

struct apart {
  word x{0}, y{0}, z{0}, total{0};
  std::array<std::uint32_t, 3> before{};
};

template <word apart::*Own, unsigned Thread>
void count_apart_then_together(apart& s) {
  (s.*Own).fetch_add(1, relaxed);
  (s.*Own).fetch_add(1, relaxed);
  s.before[Thread] = s.total.fetch_add(2, relaxed);
}

/// A message that a release store announces, and that is read where 2 is seen, which another thread makes of the 1.
struct announced {
  word x{0};
  sync::var<std::uint32_t> message{0};
  std::uint32_t read = 0;
};

void announce(announced& s) {
  s.message.set(1);
  s.x.store(1, release);
}

void read_at_two(announced& s) {
  if (s.x.load(acquire) == 2) s.read = s.message.get();
}

struct check_then_act {
  word free{1}, taken{0};
};

// Two threads see the only page free, and both take it.
void take_without_care(check_then_act& s) {
  if (s.free.load(acquire) == 0) return;
  s.free.store(0, release);
  sync::require(s.taken.fetch_add(1, acq_rel) == 0, "the page is taken once");
}

}  // namespace

std::vector<known_program> programs_of_atomics() {
  const auto store_x = [](registers& s) { s.x.store(1, seq_cst); };
  const auto store_y = [](registers& s) { s.y.store(1, seq_cst); };
  const auto publish = [](registers& s) {
    s.x.store(1, relaxed);
    s.y.store(1, release);
  };
  return {
      describe<registers>("add_4_times_to_one_variable", {add<4, &registers::x>, add<4, &registers::x>}),
      describe<registers>("add_4_times_to_two_variables", {add<4, &registers::x>, add<4, &registers::y>}),
      store_buffering<false>("store_buffering"),
      store_buffering<true>("store_buffering_with_fences"),
      message_passing("message_passing", release, acquire),
      message_passing("message_passing_without_release", relaxed, acquire),
      message_passing("message_passing_without_acquire", release, relaxed),
      // The memory model cannot show 11: a load never sees a store that has not run yet.
      describe<registers>("load_buffering",
                          {[](registers& s) {
                             s.r[0] = s.x.load(relaxed);
                             s.y.store(1, relaxed);
                           },
                           [](registers& s) {
                             s.r[1] = s.y.load(relaxed);
                             s.x.store(1, relaxed);
                           }},
                          first<2>),
      describe<registers>("three_threads_add_twice_to_one_variable",
                          {add<2, &registers::x>, add<2, &registers::x>, add<2, &registers::x>}),
      describe<registers>("three_threads_count_apart",
                          {count_apart<&registers::x>, count_apart<&registers::y>, count_apart<&registers::z>}),
      describe<apart>("three_threads_count_apart_then_together",
                      {count_apart_then_together<&apart::x, 0>, count_apart_then_together<&apart::y, 1>,
                       count_apart_then_together<&apart::z, 2>},
                      [](apart& s) {
                        std::string text;
                        for (const std::uint32_t b : s.before) text += std::to_string(b);
                        return text;
                      }),
      describe<registers>("write_to_read_causality",
                          {[](registers& s) { s.x.store(1, relaxed); },
                           [](registers& s) {
                             s.r[0] = s.x.load(relaxed);
                             s.y.store(1, release);
                           },
                           [](registers& s) {
                             s.r[1] = s.y.load(acquire);
                             s.r[2] = s.x.load(relaxed);
                           }},
                          first<3>),
      describe<registers>("message_passing_through_a_third_thread",
                          {publish,
                           [](registers& s) {
                             s.r[0] = s.y.load(acquire);
                             s.z.store(1, release);
                           },
                           [](registers& s) {
                             s.r[1] = s.z.load(acquire);
                             s.r[2] = s.x.load(relaxed);
                           }},
                          first<3>),
      describe<registers>("message_passing_to_two_readers",
                          {publish,
                           [](registers& s) {
                             s.r[0] = s.y.load(acquire);
                             s.r[1] = s.x.load(relaxed);
                           },
                           [](registers& s) {
                             s.r[2] = s.y.load(acquire);
                             s.r[3] = s.x.load(relaxed);
                           }},
                          first<4>),
      describe<registers>("two_writers_and_a_reader_of_one_variable",
                          {[](registers& s) { s.x.store(1, relaxed); }, [](registers& s) { s.x.store(2, relaxed); },
                           [](registers& s) {
                             s.r[0] = s.x.load(relaxed);
                             s.r[1] = s.x.load(relaxed);
                           }},
                          first<2>),
      describe<registers>("three_threads_of_loads_and_stores",
                          {[](registers& s) {
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
                          first<4>),
      describe<counted>("three_owners_drop_a_counted_object", {drop<0>, drop<1>, drop<2>},
                        [](counted& s) { return std::to_string(s.sum); }),
      describe<stack>("three_pushes_onto_a_stack", {push<1>, push<2>, push<3>}, from_the_top),
      describe<registers>("independent_reads_of_independent_writes",
                          {store_x, store_y,
                           [](registers& s) {
                             s.r[0] = s.x.load(seq_cst);
                             s.r[1] = s.y.load(seq_cst);
                           },
                           [](registers& s) {
                             s.r[2] = s.y.load(seq_cst);
                             s.r[3] = s.x.load(seq_cst);
                           }},
                          first<4>),
      describe<announced>("a_release_sequence_through_another_thread",
                          {announce, [](announced& s) { s.x.fetch_add(1, relaxed); }, read_at_two},
                          [](announced& s) { return std::to_string(s.read); }),
      // C++11 would let the second store carry on the release sequence; C++20 does not.
      describe<announced>("a_release_sequence_ended_by_a_store_of_its_thread", {[](announced& s) {
                                                                                  announce(s);
                                                                                  s.x.store(2, relaxed);
                                                                                },
                                                                                read_at_two}),
      describe<registers>("a_failed_exchange_sees_an_older_value",
                          {[](registers& s) {
                             s.x.store(1, relaxed);
                             s.r[0] = s.y.fetch_add(1, relaxed);
                           },
                           [](registers& s) {
                             s.r[1] = s.y.fetch_add(1, relaxed);
                             s.r[2] = 7;
                             s.x.compare_exchange_strong(s.r[2], 8, relaxed, relaxed);
                           }},
                          first<3>),
      describe<check_then_act>("check_then_act", {take_without_care, take_without_care}),
  };
}

}  // namespace triecheck::litmus
