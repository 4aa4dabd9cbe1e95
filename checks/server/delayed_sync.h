// The production layer with a seeded delay: now and then the thread sleeps for some microseconds before an operation,
// so that others run there. Chance alone rarely stops a thread between two instructions that a race needs apart.
//
// Threads: as the layer's; `delays::set` before any other thread starts.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "cache/sync/std.h"

namespace triecheck::server {

/// One of so many operations is delayed, drawn by each thread from `seed`; 0: none.
struct operation_delay {
  unsigned one_in = 0;
  std::uint64_t seed = 1;
};

class delays {
 public:
  static void set(operation_delay d) noexcept { delay_ = d; }
  static void pass() noexcept {
    if (delay_.one_in == 0) return;
    static std::atomic<std::uint64_t> threads{0};
    static thread_local std::uint64_t drawn = delay_.seed + ++threads;
    drawn = drawn * 6364136223846793005 + 1442695040888963407;
    if ((drawn >> 33) % delay_.one_in == 0) std::this_thread::sleep_for(std::chrono::microseconds(20));
  }

 private:
  static inline operation_delay delay_{};
};

struct delayed_sync : std_sync {
  template <class T>
  class atomic : public std_sync::atomic<T> {
    using base = std_sync::atomic<T>;

   public:
    using base::base;
    T load(memory_order order) const noexcept { return delays::pass(), base::load(order); }
    void store(T value, memory_order order) noexcept { delays::pass(), base::store(value, order); }
  };

  template <class T>
  class var : public std_sync::var<T> {
    using base = std_sync::var<T>;

   public:
    using base::base;
    T get() const noexcept { return delays::pass(), base::get(); }
    void set(T value) noexcept { delays::pass(), base::set(value); }
  };

  class mutex : public std_sync::mutex {
   public:
    void lock() { delays::pass(), std_sync::mutex::lock(); }
    void unlock() { std_sync::mutex::unlock(), delays::pass(); }
  };
};

static_assert(sync_layer<delayed_sync>);

}  // namespace triecheck::server
