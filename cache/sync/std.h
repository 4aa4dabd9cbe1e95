// The production layer: the standard library, and the only place in cache/ that names it.
//
// It adds nothing: every type has the size and the alignment of the bare one (asserted below), every call is the bare
// call. Threads: as the standard types.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include "sync.h"

namespace triecheck::inline v0_1 {

/// The thread indices of the production layer: unique among the threads that use one structure, however many shared
/// libraries they use it from.
///
/// A process may hold this text many times, in a program and in each library that it loads, with separate variables in
/// each where symbols are hidden or a library is opened with RTLD_LOCAL. So no variable of a library decides which
/// thread has an index. A table on the heap does, and the structure leads to it: all users of the structure ask one
/// table. The variables of a library only remember what a table answered.
///
/// Invariants. T1: a bit of `taken_` is set while some thread remembers the index, so no two threads do. T2: the
/// libraries from which a thread uses one structure remember one index; the last that forgets it gives it back. T3: a
/// table lives as long as a structure, a thread that remembers an index of it, and the library that made it. Nothing
/// here is virtual: no code of a library that was closed is called.
/// Cost: own() is a load and a comparison where the thread asked the same table before, else O(8); the first time
/// O(64).
/// Threads and progress: any; wait-free, but for the first question of a thread, which is lock-free.
class std_thread_indices {
 public:
  static constexpr std::size_t count = 64;

  /// Asks the table of the library that this call is part of, which its first call makes. Throws std::bad_alloc.
  /// Requires that the static objects of the library are not destroyed yet.
  std_thread_indices() : std_thread_indices(of_this_library()) {}

  std_thread_indices(const std_thread_indices& other) noexcept : table_(other.table_) { table_->retain(); }
  std_thread_indices& operator=(const std_thread_indices&) = delete;
  ~std_thread_indices() { table_->drop(); }

  std::size_t own() const noexcept {
    const answer latest = latest_;
    return latest.from == table_ ? latest.index : ask(*table_);
  }

 private:
  class table {
   public:
    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void drop() noexcept {
      if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    /// The index that the calling thread has already, as another library asked, or a free one, or `count`.
    std::size_t take() noexcept {
      const std::thread::id me = std::this_thread::get_id();
      std::uint64_t taken = taken_.load(std::memory_order_relaxed);
      for (std::uint64_t rest = taken; rest != 0; rest &= rest - 1) {
        owner& o = owners_[static_cast<std::size_t>(std::countr_zero(rest))];
        if (o.thread.load(std::memory_order_relaxed) != me) continue;
        ++o.libraries;
        return static_cast<std::size_t>(std::countr_zero(rest));
      }
      std::size_t free = count;
      do {
        free = static_cast<std::size_t>(std::countr_one(taken));
        if (free == count) return count;
      } while (!taken_.compare_exchange_weak(taken, taken | std::uint64_t{1} << free, std::memory_order_acquire,
                                             std::memory_order_relaxed));
      owners_[free].thread.store(me, std::memory_order_relaxed);
      owners_[free].libraries = 1;
      return free;
    }

    /// Requires that the calling thread has the index.
    void give_back(std::size_t index) noexcept {
      owner& o = owners_[index];
      if (--o.libraries != 0) return;
      o.thread.store({}, std::memory_order_relaxed);
      taken_.fetch_and(~(std::uint64_t{1} << index), std::memory_order_release);
    }

   private:
    // Written by the thread that has the index. Others compare `thread` with themselves: a stale value is not their
    // own.
    struct owner {
      std::atomic<std::thread::id> thread{};
      std::size_t libraries = 0;
    };

    std::atomic<std::size_t> references_{1};
    std::atomic<std::uint64_t> taken_{0};
    static_assert(count == 64, "one word holds the bits");
    std::array<owner, count> owners_;
  };

  struct answer {
    table* from;  // null: none
    std::size_t index;
  };

  // What the calling thread remembers for this library, until it ends. Beyond so many tables it forgets one for
  // another.
  class memory {
   public:
    memory() noexcept = default;
    memory(const memory&) = delete;
    memory& operator=(const memory&) = delete;
    ~memory() {
      ended_ = true;
      latest_ = {};
      for (answer& a : answers_) forget(a);
    }

    answer recall(table& t) noexcept {
      for (const answer& a : answers_) {
        if (a.from == &t) return a;
      }
      answer& a = answers_[next_++ % answers_.size()];
      forget(a);
      t.retain();
      return a = {&t, t.take()};
    }

   private:
    static void forget(answer& a) noexcept {
      const answer old = std::exchange(a, {});
      if (old.from == nullptr) return;
      if (old.index != count) old.from->give_back(old.index);
      old.from->drop();
    }

    std::array<answer, 8> answers_{};
    std::size_t next_ = 0;
  };

  explicit std_thread_indices(table* made) noexcept : table_(made) {}

  // What follows is hidden: a library calls its own functions with its own variables, or neither.

  [[gnu::visibility("hidden")]] static const std_thread_indices& of_this_library() {
    static const std_thread_indices mine(new table);
    return mine;
  }

  // A thread at its end, whose memory is gone, goes on without an index: what it remembered may belong to another one.
  [[gnu::visibility("hidden"), gnu::noinline, gnu::cold]] static std::size_t ask(table& t) noexcept {
    if (ended_) return count;
    static thread_local memory mine;
    latest_ = mine.recall(t);
    return latest_.index;
  }

  // Never destroyed, so that a thread's other objects may ask as they end. The latest answer is one that `memory` keeps
  // (T3).
  [[gnu::visibility("hidden")]] static inline constinit thread_local answer latest_{};
  [[gnu::visibility("hidden")]] static inline constinit thread_local bool ended_ = false;

  table* const table_;
};

struct std_sync {
  static constexpr std::memory_order to_std(memory_order order) noexcept {
    switch (order) {
      case memory_order::relaxed:
        return std::memory_order_relaxed;
      case memory_order::acquire:
        return std::memory_order_acquire;
      case memory_order::release:
        return std::memory_order_release;
      case memory_order::acq_rel:
        return std::memory_order_acq_rel;
      case memory_order::seq_cst:
        break;
    }
    return std::memory_order_seq_cst;
  }

  template <class T>
  class atomic {
   public:
    atomic() noexcept = default;
    explicit atomic(T value) noexcept : value_(value) {}

    T load(memory_order order) const noexcept { return value_.load(to_std(order)); }
    void store(T value, memory_order order) noexcept { value_.store(value, to_std(order)); }
    T exchange(T value, memory_order order) noexcept { return value_.exchange(value, to_std(order)); }
    bool compare_exchange_weak(T& expected, T desired, memory_order success, memory_order failure) noexcept {
      return value_.compare_exchange_weak(expected, desired, to_std(success), to_std(failure));
    }
    bool compare_exchange_strong(T& expected, T desired, memory_order success, memory_order failure) noexcept {
      return value_.compare_exchange_strong(expected, desired, to_std(success), to_std(failure));
    }
    void add(T value, memory_order order) noexcept { value_.fetch_add(value, to_std(order)); }
    T fetch_add(T value, memory_order order) noexcept { return value_.fetch_add(value, to_std(order)); }
    T fetch_sub(T value, memory_order order) noexcept { return value_.fetch_sub(value, to_std(order)); }
    T fetch_and(T value, memory_order order) noexcept { return value_.fetch_and(value, to_std(order)); }
    T fetch_or(T value, memory_order order) noexcept { return value_.fetch_or(value, to_std(order)); }

   private:
    std::atomic<T> value_;
  };

  template <class T>
  class var {
   public:
    var() noexcept = default;
    explicit var(T value) noexcept : value_(value) {}
    var(const var&) = delete;
    var& operator=(const var&) = delete;

    T get() const noexcept { return value_; }
    void set(T value) noexcept { value_ = value; }

   private:
    T value_;
  };

  using mutex = std::mutex;
  using shared_mutex = std::shared_mutex;

  class condition_variable {
   public:
    void wait(mutex& m) {
      std::unique_lock<mutex> held(m, std::adopt_lock);
      condition_.wait(held);
      held.release();  // the caller unlocks
    }
    void notify_one() noexcept { condition_.notify_one(); }
    void notify_all() noexcept { condition_.notify_all(); }

   private:
    std::condition_variable condition_;
  };

  template <class M>
  using exclusive_guard = std::lock_guard<M>;
  template <class M>
  using shared_guard = std::shared_lock<M>;

  static void fence(memory_order order) noexcept { std::atomic_thread_fence(to_std(order)); }
  static void yield() noexcept { std::this_thread::yield(); }

  // GCC takes a function that only prefetches for one without effect and leaves out its calls; the empty statement is
  // an effect.
  static void prefetch(const void* address) noexcept {
    __builtin_prefetch(address);
    asm volatile("");
  }
  static void prefetch_to_write(const void* address) noexcept {
    __builtin_prefetch(address, 1);
    asm volatile("");
  }
  template <class T>
  static T peek(const atomic<T>& word, T) noexcept {
    return word.load(memory_order::relaxed);
  }

  using thread_indices = std_thread_indices;

  static std::uint64_t now_ns() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  }

  static constexpr std::size_t few = 4;

  // A var<T> has the bytes of a T, so runs of them are copied and compared as bytes.
  template <class T>
  static void assign(var<T>* to, const T* from, std::size_t n) noexcept {
    static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);
    require(n != 0, "a word at least");
    std::memcpy(static_cast<void*>(to), from, n * sizeof(T));
  }
  template <class T>
  static bool equal(const var<T>* a, const T* b, std::size_t n) noexcept {
    static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);
    require(n != 0, "a word at least");
    if (n > few) return std::memcmp(static_cast<const void*>(a), b, n * sizeof(T)) == 0;
    // In small pages the call of memcmp costs more than the comparison.
    for (std::size_t i = 0; i < n; ++i) {
      if (a[i].get() != b[i]) return false;
    }
    return true;
  }

  static void require([[maybe_unused]] bool condition, [[maybe_unused]] const char* text) noexcept {
    assert(condition && text);
  }

  template <class Object>
  static void label(const Object&, const char*, std::size_t = 0) noexcept {}
};

static_assert(sync_layer<std_sync>);

template <class Wrapped, class Bare>
inline constexpr bool same_layout = sizeof(Wrapped) == sizeof(Bare) && alignof(Wrapped) == alignof(Bare);

static_assert(same_layout<std_sync::atomic<std::uint64_t>, std::atomic<std::uint64_t>>);
static_assert(same_layout<std_sync::atomic<std::uint32_t>, std::atomic<std::uint32_t>>);
static_assert(same_layout<std_sync::atomic<bool>, std::atomic<bool>>);
static_assert(same_layout<std_sync::var<std::uint32_t>, std::uint32_t>);
static_assert(same_layout<std_sync::var<std::uint64_t>, std::uint64_t>);
static_assert(same_layout<std_sync::condition_variable, std::condition_variable>);
static_assert(std::is_same_v<std_sync::mutex, std::mutex>);
static_assert(std::is_same_v<std_sync::shared_mutex, std::shared_mutex>);

}  // namespace triecheck::inline v0_1
