// The measuring layer: any layer, and beside it how often each kind of operation was asked for, how often a lock had to
// be waited for and how long, how often a compare-exchange failed.
//
// When to use: to see what an operation of the cache costs in synchronisation, and where threads meet. When not: in
// production under load; an uncontended lock is measured by trying it first, which costs little, but not nothing.
//
// Counts are kept per thread, on separate cache lines, and belong to the instance of this template, not to a cache: a
// program that measures one cache uses no other over the same layer meanwhile, and uses that one from one shared
// library.
// Threads: as the layer's; `measured` and `measured_here` at any time, exact while nothing runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "std.h"
#include "sync.h"

namespace triecheck::inline v0_1 {

/// What was counted. Read-modify-writes are those that took effect; `add`, whose answer nobody needs, is one.
struct sync_counts {
  std::uint64_t loads = 0;
  std::uint64_t stores = 0;
  std::uint64_t read_modify_writes = 0;
  std::uint64_t failed_exchanges = 0;  ///< compare-exchanges that did not take effect: retries
  std::uint64_t acquisitions = 0;      ///< of mutexes, in either mode
  std::uint64_t waits = 0;             ///< of these, those that had to wait
  std::uint64_t waited_ns = 0;
  friend bool operator==(const sync_counts&, const sync_counts&) = default;

  /// What happened since `before`.
  friend sync_counts operator-(sync_counts after, const sync_counts& before) {
    after.loads -= before.loads;
    after.stores -= before.stores;
    after.read_modify_writes -= before.read_modify_writes;
    after.failed_exchanges -= before.failed_exchanges;
    after.acquisitions -= before.acquisitions;
    after.waits -= before.waits;
    after.waited_ns -= before.waited_ns;
    return after;
  }
};

template <sync_layer Base>
struct measured_sync {
  template <class T>
  class atomic {
   public:
    atomic() = default;
    explicit atomic(T value) : value_(value) {}

    T load(memory_order order) const {
      note(loads);
      return value_.load(order);
    }
    void store(T value, memory_order order) {
      note(stores);
      value_.store(value, order);
    }
    T exchange(T value, memory_order order) {
      note(read_modify_writes);
      return value_.exchange(value, order);
    }
    bool compare_exchange_weak(T& expected, T desired, memory_order success, memory_order failure) {
      const bool done = value_.compare_exchange_weak(expected, desired, success, failure);
      note(done ? read_modify_writes : failed_exchanges);
      return done;
    }
    bool compare_exchange_strong(T& expected, T desired, memory_order success, memory_order failure) {
      const bool done = value_.compare_exchange_strong(expected, desired, success, failure);
      note(done ? read_modify_writes : failed_exchanges);
      return done;
    }
    void add(T value, memory_order order) {
      note(read_modify_writes);
      value_.add(value, order);
    }
    T fetch_add(T value, memory_order order) {
      note(read_modify_writes);
      return value_.fetch_add(value, order);
    }
    T fetch_sub(T value, memory_order order) {
      note(read_modify_writes);
      return value_.fetch_sub(value, order);
    }
    T fetch_and(T value, memory_order order) {
      note(read_modify_writes);
      return value_.fetch_and(value, order);
    }
    T fetch_or(T value, memory_order order) {
      note(read_modify_writes);
      return value_.fetch_or(value, order);
    }

    T peek() const { return Base::peek(value_, T{}); }

   private:
    typename Base::template atomic<T> value_;
  };

  template <class T>
  using var = typename Base::template var<T>;

  template <class Mutex>
  class measured_mutex {
   public:
    void lock() {
      note(acquisitions);
      if (!mutex_.try_lock()) wait([&] { mutex_.lock(); });
    }
    bool try_lock() {
      const bool locked = mutex_.try_lock();
      if (locked) note(acquisitions);
      return locked;
    }
    void unlock() { mutex_.unlock(); }

    void lock_shared() requires shared_lockable<Mutex> {
      note(acquisitions);
      if (!mutex_.try_lock_shared()) wait([&] { mutex_.lock_shared(); });
    }
    bool try_lock_shared() requires shared_lockable<Mutex> {
      const bool locked = mutex_.try_lock_shared();
      if (locked) note(acquisitions);
      return locked;
    }
    void unlock_shared() requires shared_lockable<Mutex> { mutex_.unlock_shared(); }

    /// The mutex of the layer below, as its condition variable takes it.
    Mutex& base() { return mutex_; }

   private:
    template <class Lock>
    static void wait(Lock lock) {
      const std::uint64_t before = Base::now_ns();
      lock();
      note(waits);
      note(waited_ns, Base::now_ns() - before);
    }
    Mutex mutex_;
  };

  using mutex = measured_mutex<typename Base::mutex>;
  using shared_mutex = measured_mutex<typename Base::shared_mutex>;

  class condition_variable {
   public:
    void wait(mutex& m) {
      const std::uint64_t before = Base::now_ns();
      condition_.wait(m.base());
      note(acquisitions);
      note(waits);
      note(waited_ns, Base::now_ns() - before);
    }
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }

   private:
    typename Base::condition_variable condition_;
  };

  template <class M>
  using exclusive_guard = typename Base::template exclusive_guard<M>;
  template <class M>
  using shared_guard = typename Base::template shared_guard<M>;

  static void fence(memory_order order) { Base::fence(order); }
  static void yield() { Base::yield(); }
  static void prefetch(const void* address) { Base::prefetch(address); }
  static void prefetch_to_write(const void* address) { Base::prefetch_to_write(address); }
  template <class T>
  static T peek(const atomic<T>& word, T) {
    return word.peek();
  }
  using thread_indices = typename Base::thread_indices;
  static std::uint64_t now_ns() { return Base::now_ns(); }

  template <class T>
  static void assign(var<T>* to, const T* from, std::size_t n) {
    Base::assign(to, from, n);
  }
  template <class T>
  static bool equal(const var<T>* a, const T* b, std::size_t n) {
    return Base::equal(a, b, n);
  }
  static void require(bool condition, const char* text) { Base::require(condition, text); }
  template <class Object>
  static void label(const Object&, const char*, std::size_t = 0) {}

  /// What all threads did so far, and what the calling one did.
  static sync_counts measured() {
    sync_counts total;
    for (const stripe& s : stripes_) {
      const sync_counts one = s.read();
      total.loads += one.loads;
      total.stores += one.stores;
      total.read_modify_writes += one.read_modify_writes;
      total.failed_exchanges += one.failed_exchanges;
      total.acquisitions += one.acquisitions;
      total.waits += one.waits;
      total.waited_ns += one.waited_ns;
    }
    return total;
  }
  static sync_counts measured_here() { return stripes_[threads().own()].read(); }

 private:
  enum kind : std::size_t {
    loads,
    stores,
    read_modify_writes,
    failed_exchanges,
    acquisitions,
    waits,
    waited_ns,
    kinds
  };

  // Of the standard layer, whatever is measured: the measure is no part of the program that it measures.
  struct alignas(64) stripe {
    std::array<std_sync::atomic<std::uint64_t>, kinds> counts{};

    sync_counts read() const {
      const auto of = [&](kind k) { return counts[k].load(memory_order::relaxed); };
      return {of(loads),        of(stores), of(read_modify_writes), of(failed_exchanges),
              of(acquisitions), of(waits),  of(waited_ns)};
    }
  };

  static void note(kind k, std::uint64_t n = 1) { stripes_[threads().own()].counts[k].add(n, memory_order::relaxed); }

  static const std_sync::thread_indices& threads() {
    static const std_sync::thread_indices indices;
    return indices;
  }

  static inline std::array<stripe, std_sync::thread_indices::count + 1> stripes_;
};

static_assert(sync_layer<measured_sync<std_sync>>);

}  // namespace triecheck::inline v0_1
