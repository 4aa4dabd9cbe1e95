// The production layer: the standard library, and the only place in cache/ that names it.
//
// It adds nothing: every type has the size and the alignment of the bare one (asserted below), every call is the bare
// call. Threads: as the standard types.
#pragma once

#include <atomic>
#include <bit>
#include <cassert>
#include <chrono>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include "sync.h"

namespace triecheck {

struct std_sync {
  static constexpr std::memory_order to_std(memory_order order) noexcept {
    switch (order) {
      case memory_order::relaxed: return std::memory_order_relaxed;
      case memory_order::acquire: return std::memory_order_acquire;
      case memory_order::release: return std::memory_order_release;
      case memory_order::acq_rel: return std::memory_order_acq_rel;
      case memory_order::seq_cst: break;
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
  template <class M>
  using exclusive_guard = std::lock_guard<M>;
  template <class M>
  using shared_guard = std::shared_lock<M>;

  static void fence(memory_order order) noexcept { std::atomic_thread_fence(to_std(order)); }
  static void yield() noexcept { std::this_thread::yield(); }

  // GCC takes a function that only prefetches for one without effect and leaves out its calls; the empty statement is an effect.
  static void prefetch(const void* address) noexcept {
    __builtin_prefetch(address);
    asm volatile("");
  }
  static void prefetch_to_write(const void* address) noexcept {
    __builtin_prefetch(address, 1);
    asm volatile("");
  }
  template <class T>
  static T peek(const atomic<T>& word, T) noexcept { return word.load(memory_order::relaxed); }

  static constexpr std::size_t thread_indices = 64;
  static std::size_t thread_index() noexcept {
    return index_ != not_asked ? index_ : take_index();
  }

  static std::uint64_t now_ns() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  }

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
    return std::memcmp(static_cast<const void*>(a), b, n * sizeof(T)) == 0;
  }

  static void require([[maybe_unused]] bool condition, [[maybe_unused]] const char* text) noexcept {
    assert(condition && text);
  }

  template <class Object>
  static void label(const Object&, const char*, std::size_t = 0) noexcept {}

 private:
  static constexpr std::size_t not_asked = thread_indices + 1;

  // A bit for each index that a living thread has: taken with acquire, given back with release, at the thread's end.
  static inline std::atomic<std::uint64_t> indices_taken_{0};
  static_assert(thread_indices == 64, "one word holds the bits");

  // Never destroyed: what the thread's other objects do as they end, after it gave its index back, it does without one.
  static inline constinit thread_local std::size_t index_ = not_asked;

  static std::size_t take_index() noexcept {
    static thread_local const index_return at_the_end;
    std::uint64_t taken = indices_taken_.load(std::memory_order_relaxed);
    do {
      index_ = static_cast<std::size_t>(std::countr_one(taken));
    } while (index_ != thread_indices && !indices_taken_.compare_exchange_weak(taken, taken | std::uint64_t{1} << index_, std::memory_order_acquire, std::memory_order_relaxed));
    return index_;
  }

  struct index_return {
    index_return() noexcept {}
    ~index_return() {
      const std::size_t mine = std::exchange(index_, thread_indices);
      if (mine < thread_indices) indices_taken_.fetch_and(~(std::uint64_t{1} << mine), std::memory_order_release);
    }
  };
};

static_assert(sync_layer<std_sync>);

template <class Wrapped, class Bare>
inline constexpr bool same_layout = sizeof(Wrapped) == sizeof(Bare) && alignof(Wrapped) == alignof(Bare);

static_assert(same_layout<std_sync::atomic<std::uint64_t>, std::atomic<std::uint64_t>>);
static_assert(same_layout<std_sync::atomic<std::uint32_t>, std::atomic<std::uint32_t>>);
static_assert(same_layout<std_sync::atomic<bool>, std::atomic<bool>>);
static_assert(same_layout<std_sync::var<std::uint32_t>, std::uint32_t>);
static_assert(same_layout<std_sync::var<std::uint64_t>, std::uint64_t>);
static_assert(std::is_same_v<std_sync::mutex, std::mutex>);
static_assert(std::is_same_v<std_sync::shared_mutex, std::shared_mutex>);

}  // namespace triecheck
