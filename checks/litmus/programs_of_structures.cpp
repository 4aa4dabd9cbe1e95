// Litmus programs of small lock-free structures and locks, as textbooks have them: larger than one idea, small enough
// to search whole. A thread that waits looks a bounded number of times. All exchanges are strong.
//
// Most of them are as large for another tool: GenMC v0.11.0 (RC11, without spin-assume and symmetry reduction) runs as
// many complete executions of a program of the same name. The catalogue says of which that is not so. Counts are
// compared: that the texts are the same line by line is not claimed.
#include <algorithm>
#include <array>
#include <string>

#include "checks/litmus/catalogue.h"

namespace triecheck::litmus {
namespace {

/// Treiber's stack of nodes that are numbered from 1 and pushed once each, so that no head comes back.
struct treiber {
  static constexpr unsigned most_rounds = 2;
  word head{0};
  std::array<sync::var<std::uint32_t>, 1 + 3 * most_rounds> below;
  std::array<std::uint32_t, 3 * most_rounds> popped{};

  treiber() {
    for (auto& b : below) b.set(0);
  }

  void push(std::uint32_t node) {
    std::uint32_t seen = head.load(relaxed);
    do below[node].set(seen);
    while (!head.compare_exchange_strong(seen, node, release, relaxed));
  }
  std::uint32_t pop() {
    std::uint32_t seen = head.load(acquire);
    while (seen != 0 && !head.compare_exchange_strong(seen, below[seen].get(), acquire, acquire)) {
    }
    return seen;
  }
};

template <unsigned Thread, unsigned Rounds>
void push_and_pop(treiber& s) {
  for (unsigned r = 0; r < Rounds; ++r) {
    const unsigned node = Thread * Rounds + r;
    s.push(node + 1);
    s.popped[node] = s.pop();
  }
}

/// What was popped, in ascending order: every node once, and a 0 for what was not needed.
std::string all_popped(treiber& s) {
  std::sort(s.popped.begin(), s.popped.end());
  std::string text;
  for (const std::uint32_t node : s.popped) text += std::to_string(node);
  return text;
}

/// A bucket of a hash table (Michael 2002): new nodes come first; one that is removed is marked in its link, and a
/// thread that walks past it takes it out. Nodes are numbered by their keys, from 1.
struct bucket {
  static constexpr std::uint32_t mark = 16;
  word head{0};
  std::array<word, 3> next{word(0), word(0), word(0)};  // of nodes 1 and 2
  bool found = false;

  struct end_of_walk {
    bool found;
    std::uint32_t head;  ///< what the walk began with
  };

  /// Up to `key`; `past` goes on until it was passed, or was not there.
  end_of_walk walk(std::uint32_t key, bool past) {
    for (;;) {
      word* before = &head;
      std::uint32_t link = before->load(acquire);
      const std::uint32_t first = link;
      for (;;) {
        const std::uint32_t node = link;
        if (node == 0) return {false, first};
        if (node == key && !past) {
          if (before->load(acquire) == link) return {true, first};
          break;
        }
        const std::uint32_t after = next[node].load(acquire);
        if ((after & mark) == 0) {
          if (before->load(acquire) != link) break;
          before = &next[node];
          link = after;
        } else {
          std::uint32_t expected = link;
          link = after & ~mark;
          if (!before->compare_exchange_strong(expected, link, acq_rel, acquire)) break;
        }
        if (node == key) return {false, first};
      }
    }
  }

  void insert(std::uint32_t node) {
    for (;;) {
      end_of_walk e = walk(node, false);
      if (e.found) return;
      next[node].store(e.head, relaxed);
      if (head.compare_exchange_strong(e.head, node, acq_rel, acquire)) return;
    }
  }
  void remove(std::uint32_t node) {
    if ((next[node].fetch_or(mark, acq_rel) & mark) == 0) walk(node, true);
  }
  void find(std::uint32_t node) { found = walk(node, false).found; }
};

template <std::uint32_t Node>
void insert(bucket& s) {
  s.insert(Node);
}

template <std::uint32_t Node>
void insert_and_remove(bucket& s) {
  s.insert(Node);
  s.remove(Node);
}

template <std::uint32_t Node>
void find(bucket& s) {
  s.find(Node);
}

/// The nodes of the chain, and what was found.
std::string chain(bucket& s) {
  std::string text;
  for (std::uint32_t node = s.head.load(relaxed); node != 0; node = s.next[node].load(relaxed)) {
    text += std::to_string(node);
  }
  return text + (s.found ? " found" : "");
}

/// What a lock guards: how many threads came in.
struct guarded {
  sync::var<std::uint32_t> came{0};
  void come_in() { came.set(came.get() + 1); }
};

std::string how_many_came(guarded& s) { return std::to_string(s.came.get()); }

struct ticket_lock : guarded {
  word next{0}, serving{0};
};

template <unsigned Looks>
void take_ticket(ticket_lock& s) {
  const std::uint32_t mine = s.next.fetch_add(1, relaxed);
  for (unsigned i = 0; i < Looks; ++i) {
    if (s.serving.load(acquire) != mine) continue;
    s.come_in();
    return s.serving.store(mine + 1, release);
  }
}

struct spin_lock : guarded {
  word taken{0};
};

template <unsigned Looks>
void spin(spin_lock& s) {
  for (unsigned i = 0; i < Looks; ++i) {
    std::uint32_t free = 0;
    if (s.taken.load(relaxed) != 0 || !s.taken.compare_exchange_strong(free, 1, acquire, relaxed)) continue;
    s.come_in();
    return s.taken.store(0, release);
  }
}

/// Two words that are written together (Boehm 2012): while they are, the sequence is odd.
struct sequence_lock {
  word sequence{0}, x{0}, y{0};
  std::array<std::string::value_type, 2> seen{'-', '-'};
};

template <unsigned Writes>
void write(sequence_lock& s) {
  for (std::uint32_t i = 1; i <= Writes; ++i) {
    s.sequence.store(2 * i - 1, relaxed);
    sync::fence(release);
    s.x.store(i, relaxed);
    s.y.store(i, relaxed);
    s.sequence.store(2 * i, release);
  }
}

template <unsigned Reader, unsigned Looks>
void read(sequence_lock& s) {
  for (unsigned i = 0; i < Looks; ++i) {
    const std::uint32_t before = s.sequence.load(acquire);
    if (before % 2 != 0) continue;
    const std::uint32_t x = s.x.load(relaxed);
    const std::uint32_t y = s.y.load(relaxed);
    sync::fence(acquire);
    if (s.sequence.load(relaxed) != before) continue;
    sync::require(x == y, "both words are of one write");
    s.seen[Reader] = static_cast<char>('0' + x);
    return;
  }
}

template <unsigned Readers>
std::string seen(sequence_lock& s) {
  return {s.seen.begin(), s.seen.begin() + Readers};
}

/// A bounded queue of many producers and consumers (Vyukov 2010), of two slots.
struct queue {
  struct slot {
    word turn{0};
    sync::var<std::uint32_t> value{0};
  };
  word puts{0}, takes{0};
  std::array<slot, 2> slots;
  std::array<std::uint32_t, 2> taken{};

  queue() { slots[1].turn.store(1, relaxed); }

  bool put(std::uint32_t value) {
    std::uint32_t at = puts.load(relaxed);
    slot* const mine = claim(puts, at, 0);
    if (mine == nullptr) return false;
    mine->value.set(value);
    mine->turn.store(at + 1, release);
    return true;
  }
  /// 0: it was empty.
  std::uint32_t take() {
    std::uint32_t at = takes.load(relaxed);
    slot* const mine = claim(takes, at, 1);
    if (mine == nullptr) return 0;
    const std::uint32_t value = mine->value.get();
    mine->turn.store(at + 2, release);
    return value;
  }

 private:
  // The slot whose turn is `at` and `ahead`, if it is, and the position that the caller got there.
  slot* claim(word& position, std::uint32_t& at, std::uint32_t ahead) {
    for (;;) {
      slot& s = slots[at % 2];
      const auto off = static_cast<std::int32_t>(s.turn.load(acquire) - (at + ahead));
      if (off < 0) return nullptr;
      if (off > 0) {
        at = position.load(relaxed);
      } else if (position.compare_exchange_strong(at, at + 1, relaxed, relaxed)) {
        return &s;
      }
    }
  }
};

template <std::uint32_t First, unsigned Times>
void put(queue& s) {
  for (unsigned i = 0; i < Times; ++i) sync::require(s.put(First + i), "there is room for two");
}

template <unsigned First, unsigned Times>
void take(queue& s) {
  for (unsigned i = 0; i < Times; ++i) s.taken[First + i] = s.take();
}

std::string what_was_taken(queue& s) { return std::to_string(s.taken[0]) + std::to_string(s.taken[1]); }

}  // namespace

std::vector<known_program> programs_of_structures() {
  const auto of_lock = [](auto& s) { return how_many_came(s); };
  return {
      describe<treiber>("treiber_2_threads_1_round", {push_and_pop<0, 1>, push_and_pop<1, 1>}, all_popped),
      describe<treiber>("treiber_2_threads_2_rounds", {push_and_pop<0, 2>, push_and_pop<1, 2>}, all_popped),
      describe<treiber>("treiber_3_threads_1_round", {push_and_pop<0, 1>, push_and_pop<1, 1>, push_and_pop<2, 1>},
                        all_popped),
      describe<bucket>("bucket_insert_beside_insert", {insert<1>, insert<2>}, chain),
      describe<bucket>("bucket_insert_remove_beside_insert_find",
                       {insert_and_remove<1>,
                        [](bucket& s) {
                          s.insert(2);
                          s.find(1);
                        }},
                       chain),
      describe<bucket>("bucket_insert_remove_twice", {insert_and_remove<1>, insert_and_remove<2>}, chain),
      describe<bucket>("bucket_three_threads", {insert_and_remove<1>, insert<2>, find<2>}, chain),
      describe<ticket_lock>("ticket_2_threads_2_looks", {take_ticket<2>, take_ticket<2>}, of_lock),
      describe<ticket_lock>("ticket_3_threads_2_looks", {take_ticket<2>, take_ticket<2>, take_ticket<2>}, of_lock),
      describe<ticket_lock>("ticket_3_threads_3_looks", {take_ticket<3>, take_ticket<3>, take_ticket<3>}, of_lock),
      describe<spin_lock>("spin_3_threads_2_looks", {spin<2>, spin<2>, spin<2>}, of_lock),
      describe<spin_lock>("spin_3_threads_3_looks", {spin<3>, spin<3>, spin<3>}, of_lock),
      describe<sequence_lock>("seqlock_1_write_1_reader", {write<1>, read<0, 2>}, seen<1>),
      describe<sequence_lock>("seqlock_2_writes_1_reader", {write<2>, read<0, 2>}, seen<1>),
      describe<sequence_lock>("seqlock_1_write_2_readers", {write<1>, read<0, 1>, read<1, 1>}, seen<2>),
      describe<queue>("queue_2_puts_2_takes", {put<1, 2>, take<0, 2>}, what_was_taken),
      describe<queue>("queue_2_producers_1_consumer", {put<1, 1>, put<2, 1>, take<0, 2>}, what_was_taken),
      describe<queue>("queue_2_producers_2_consumers", {put<1, 1>, put<2, 1>, take<0, 1>, take<1, 1>}, what_was_taken),
  };
}

}  // namespace triecheck::litmus
