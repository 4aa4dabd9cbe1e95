// The memory that the atomics of a program under test live in: which values a load may return, and what an acquire
// learns.
//
// The clocks of the threads are Relacy's, so that its plain variables, its mutexes and these atomics share one
// happens-before order. Relacy's own atomics are not used, for two reasons: their release sequences are those of C++11,
// and their failed exchange always sees the newest value. Here:
//
//  - A store takes effect when it runs: the modification order of an object is the order of execution. So two threads
//    that each store to two objects never see both first stores last, and load buffering is not seen.
//  - A load returns the newest store, or an older one that neither coherence nor a sequentially consistent pair
//    forbids. The last `kept_stores` are there to choose from.
//  - A release sequence is that of C++20: the release store, and the read-modify-writes that follow it. A relaxed store
//    of the same thread ends it.
//  - An exchange that fails is a load with its failure order. It may see an older value, if that is not the expected
//    one.
//  - A sequentially consistent fence synchronizes with every later one, as Relacy's does. That is more than the
//    standard says.
//
// Threads: those of the program under test; the setup and the end run as one of them, before and after all others.
// Cost: of a load O(threads * stores that it could see), of everything else O(threads). Allocates no memory.
#pragma once

#include <array>
#include <cstdint>

#include "checks/explore/clock_vector.h"
#include "checks/explore/relacy/headers.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {

using checks::clock_vector;
using checks::max_threads;

/// What the fences of the threads leave behind. One for a process, as Relacy's context is.
class fence_clocks {
 public:
  /// Before a run of a program with that many threads.
  void set_threads(std::size_t threads) { threads_ = threads; }

  /// Before each execution.
  void clear() {
    acquired_ = released_ = {};
    ordered_ = {};
  }

  /// The calling thread runs a fence. Requires an order that is not relaxed; a sequentially consistent one is a
  /// scheduling point, which is the caller's to make.
  void fence(rl::memory_order order);

 private:
  friend class modelled_word;

  std::size_t threads_ = 0;
  std::array<clock_vector, max_threads> acquired_{};  // by thread: what its relaxed loads saw released
  std::array<clock_vector, max_threads> released_{};  // by thread: what its relaxed stores release
  clock_vector ordered_{};                            // by sequentially consistent fences
};

inline fence_clocks fences;

/// One atomic object, of up to 64 bits. The operations are not scheduling points by themselves.
class modelled_word {
 public:
  static constexpr unsigned kept_stores = oldest_age + 1;

  bool written() const { return stores_ != 0; }

  /// The value that was stored last. Requires that there is one.
  const std::uint64_t& newest() const { return newest_; }

  /// Each of these asks the scheduler which older value is seen, where one may be. Requires that a value was stored.
  std::uint64_t load(rl::memory_order order);

  /// What came of an exchange: the value that it saw, which is `expected` where it succeeded.
  struct exchanged {
    bool done;
    std::uint64_t seen;
    unsigned age;  ///< of what a failed one saw: stores back
  };
  /// A strong exchange.
  exchanged compare_exchange(std::uint64_t expected, std::uint64_t desired, rl::memory_order success,
                             rl::memory_order failure);

  /// A weak exchange fails though the newest value is the expected one.
  void fail_spuriously(rl::memory_order failure) { see(0, failure); }

  void store(std::uint64_t value, rl::memory_order order) { append(value, order, false); }

  /// `after` makes the new value of the one before. The answer is the one before.
  template <class Function>
  std::uint64_t modify(Function after, rl::memory_order order) {
    const std::uint64_t before = see(0, order);
    append(after(before), order, true);
    return before;
  }

 private:
  static constexpr std::uint32_t never = ~0U;

  struct record {
    clock_vector released;    // what an acquire that sees the store learns
    clock_vector first_seen;  // by thread, in its own time
    std::uint32_t made;       // in the storing thread's time
    std::uint32_t thread;
    bool seq_cst;
  };

  unsigned place(unsigned age) const { return (latest_ + kept_stores - age) % kept_stores; }
  unsigned oldest_visible(bool seq_cst) const;
  std::uint64_t see(unsigned age, rl::memory_order order);
  void append(std::uint64_t value, rl::memory_order order, bool modifies);

  std::uint64_t newest_ = 0;
  std::array<std::uint64_t, kept_stores> values_;
  std::array<record, kept_stores> records_;
  unsigned latest_ = 0;
  unsigned stores_ = 0;  // kept ones
};

}  // namespace triecheck::explore
