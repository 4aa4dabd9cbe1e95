// What many threads count: each thread on its own cache line, so that counting costs no read-modify-write and moves no
// line from core to core.
//
// A thread with its own index is the only one that writes its stripe; those beyond the number of indices share the last
// one and pay for it.
//
// Threads and progress: any; wait-free unless a member says otherwise.
#pragma once

#include <algorithm>
#include <array>
#include <memory>

#include "../sync/sync.h"
#include "orders.h"

namespace triecheck::inline v0_1 {

/// `Counts` counts, numbered from 0, each the sum over all threads.
template <sync_layer Sync, std::size_t Counts>
class striped_counts {
 public:
  using values = std::array<std::uint64_t, Counts>;

  explicit striped_counts(const typename Sync::thread_indices& threads)
      : threads_(threads), stripes_(std::make_unique<stripe[]>(stripe_count)) {
    for (std::size_t i = 0; i < stripe_count; ++i) {
      for (std::size_t which = 0; which < Counts; ++which)
        Sync::label(stripes_[i].counts[which], "stats.counts", i * Counts + which);
      Sync::label(stripes_[i].numbers, "stats.numbers", i);
    }
  }

  /// Linearization point: the store.
  void add(std::size_t which, std::uint64_t n) {
    const std::size_t i = threads_.own();
    shared_word& c = stripes_[i].counts[which];
    if (i == shared_stripe) {
      c.add(n, orders::count_publish);
    } else {
      c.store(c.load(orders::count) + n, orders::count_publish);
    }
  }

  /// A number that no other call returned, and none is 0; grows from call to call of one thread.
  std::uint64_t next() {
    const std::size_t i = threads_.own();
    shared_word& c = stripes_[i].numbers;
    std::uint64_t before = 0;
    if (i == shared_stripe) {
      before = c.fetch_add(1, orders::count);
    } else {
      before = c.load(orders::count);
      c.store(before + 1, orders::count);
    }
    return before * stripe_count + i + 1;
  }

  /// The counts, from the last number to the first. No count is seen without those of lower numbers that came before
  /// it; what nothing orders with the call may be seen late. O(threads that the layer numbers).
  values collect() const {
    values total{};
    for (std::size_t which = Counts; which-- > 0;) {
      for (std::size_t i = 0; i < stripe_count; ++i)
        total[which] += stripes_[i].counts[which].load(orders::count_collect);
    }
    return total;
  }

 private:
  using shared_word = typename Sync::template atomic<std::uint64_t>;
  static constexpr std::size_t shared_stripe = Sync::thread_indices::count;
  static constexpr std::size_t stripe_count = shared_stripe + 1;

  struct alignas(64) stripe {
    stripe() {
      for (auto& c : counts) c.store(0, orders::count);
    }
    std::array<shared_word, Counts> counts;
    shared_word numbers{0};
  };

  const typename Sync::thread_indices threads_;
  const std::unique_ptr<stripe[]> stripes_;
};

/// Ticks that grow from release to release of one thread, and that differ between threads by little: a thread looks at
/// what is common each time, and writes it when it is `apart` ahead. Threads that share the last stripe take turns at
/// it.
template <sync_layer Sync>
class striped_clock {
 public:
  explicit striped_clock(const typename Sync::thread_indices& threads)
      : threads_(threads), stripes_(std::make_unique<stripe[]>(shared_stripe + 1)) {
    Sync::label(common_, "clock.common");
    for (std::size_t i = 0; i <= shared_stripe; ++i) Sync::label(stripes_[i].now, "clock.of_thread", i);
  }

  /// By how much a tick may be below one that another thread was given before, as long as none of them is suspended
  /// between the reading and the writing of its clock.
  static constexpr std::uint64_t most_apart = 64;

  /// About what the next tick will be.
  std::uint64_t now() const { return common_.load(orders::tick); }

  /// The tick of a release. Lock-free where threads share a stripe, else wait-free.
  std::uint64_t advance() {
    const std::size_t i = threads_.own();
    shared_word& own = stripes_[i].now;
    const std::uint64_t common = common_.load(orders::tick);
    std::uint64_t before = own.load(orders::tick);
    std::uint64_t now = std::max(before, common) + 1;
    if (i != shared_stripe) {
      own.store(now, orders::tick);
    } else {
      while (!own.compare_exchange_weak(before, now, orders::tick, orders::tick)) now = std::max(before, common) + 1;
    }
    if (now >= common + apart) common_.store(now, orders::tick);
    return now;
  }

 private:
  using shared_word = typename Sync::template atomic<std::uint64_t>;
  static constexpr std::uint64_t apart = 16;
  static constexpr std::size_t shared_stripe = Sync::thread_indices::count;

  struct alignas(64) stripe {
    shared_word now{0};
  };

  const typename Sync::thread_indices threads_;
  const std::unique_ptr<stripe[]> stripes_;
  alignas(64) shared_word common_{0};
};

}  // namespace triecheck::inline v0_1
