// The sync layer that explores: every shared access of the cache becomes an operation that the session schedules.
// Atomics and fences follow our memory model (memory_model.h); Relacy judges mutexes, condition variables and plain
// variables, on the same clocks.
//
// Only the types of the values are here: what an operation does is in the .cpp files of this folder (object.h says
// why). Each object has a stable id, a name if the program gave it one, and a mark of life.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "cache/sync/sync.h"
#include "checks/explore/clock_vector.h"
#include "checks/explore/relacy/atomic.h"
#include "checks/explore/relacy/mutex.h"
#include "checks/explore/relacy/object.h"
#include "checks/explore/relacy/variable.h"

namespace triecheck::explore {

/// How a T is stored: an integer of the same size, so that every T prints, adds and wraps as it should.
template <class T>
using word = std::conditional_t<sizeof(T) == 1, std::uint8_t,
                                std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                                   std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

template <class T>
std::uint64_t to_word(T value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) == sizeof(word<T>));
  return std::bit_cast<word<T>>(value);
}
template <class T>
T from_word(std::uint64_t value) {
  return std::bit_cast<T>(static_cast<word<T>>(value));
}

// Of the layer, without types.
void run_yield(const location& where);
void require_condition(bool condition, const char* text, const location& where);
void label_object(object_id object, const char* name, std::size_t index);
std::size_t own_thread_index();

struct relacy_sync {
  template <class T>
  class atomic {
   public:
    atomic() = default;
    explicit atomic(T value, location where = {}) { store(value, memory_order::relaxed, where); }

    T load(memory_order order, location where = {}) const { return from_word<T>(object_.load(order, where)); }
    void store(T value, memory_order order, location where = {}) { object_.store(to_word(value), order, where); }
    void add(T value, memory_order order, location where = {}) { object_.add(to_word(value), width, order, where); }

    T exchange(T value, memory_order order, location where = {}) {
      return modify(change::exchange, value, order, where);
    }
    T fetch_add(T value, memory_order order, location where = {}) {
      return modify(change::fetch_add, value, order, where);
    }
    T fetch_sub(T value, memory_order order, location where = {}) {
      return modify(change::fetch_sub, value, order, where);
    }
    T fetch_and(T value, memory_order order, location where = {}) {
      return modify(change::fetch_and, value, order, where);
    }
    T fetch_or(T value, memory_order order, location where = {}) {
      return modify(change::fetch_or, value, order, where);
    }

    bool compare_exchange_weak(T& expected, T desired, memory_order success, memory_order failure,
                               location where = {}) {
      std::uint64_t seen = to_word(expected);
      const bool done = object_.compare_exchange_weak(seen, to_word(desired), success, failure, where);
      if (!done) expected = from_word<T>(seen);
      return done;
    }
    bool compare_exchange_strong(T& expected, T desired, memory_order success, memory_order failure,
                                 location where = {}) {
      std::uint64_t seen = to_word(expected);
      const bool done = object_.compare_exchange_strong(seen, to_word(desired), success, failure, where);
      if (!done) expected = from_word<T>(seen);
      return done;
    }

    object_id id() const { return object_.id(); }

   private:
    using change = atomic_object::change;
    static constexpr std::uint64_t width = static_cast<word<T>>(~std::uint64_t{0});

    T modify(change c, T operand, memory_order order, const location& where) {
      return from_word<T>(object_.modify(c, to_word(operand), width, order, where));
    }

    atomic_object object_;
  };

  template <class T>
  class var {
   public:
    var() = default;
    explicit var(T value, location where = {}) { set(value, where); }

    T get(location where = {}) const { return from_word<T>(object_.get(where)); }
    void set(T value, location where = {}) { object_.set(to_word(value), where); }

    object_id id() const { return object_.id(); }

   private:
    plain_object object_;
  };

  class mutex {
   public:
    mutex() : object_(false) {}
    void lock(location where = {}) { object_.lock(where); }
    bool try_lock(location where = {}) { return object_.try_lock(where); }
    void unlock(location where = {}) { object_.unlock(where); }

    object_id id() const { return object_.id(); }

   private:
    friend struct relacy_sync;
    mutex_object object_;
  };

  class shared_mutex {
   public:
    shared_mutex() : object_(true) {}
    void lock(location where = {}) { object_.lock(where); }
    bool try_lock(location where = {}) { return object_.try_lock(where); }
    void unlock(location where = {}) { object_.unlock(where); }
    void lock_shared(location where = {}) { object_.lock_shared(where); }
    bool try_lock_shared(location where = {}) { return object_.try_lock_shared(where); }
    void unlock_shared(location where = {}) { object_.unlock_shared(where); }

    object_id id() const { return object_.id(); }

   private:
    mutex_object object_;
  };

  class condition_variable {
   public:
    void wait(mutex& m, location where = {}) { object_.wait(m.object_, where); }
    void notify_one(location where = {}) { object_.notify_one(where); }
    void notify_all(location where = {}) { object_.notify_all(where); }

    object_id id() const { return object_.id(); }

   private:
    condition_object object_;
  };

  template <class M>
  class exclusive_guard {
   public:
    explicit exclusive_guard(M& m, location where = {}) : mutex_(m), where_(where) { m.lock(where); }
    ~exclusive_guard() { mutex_.unlock(where_); }
    exclusive_guard(const exclusive_guard&) = delete;
    exclusive_guard& operator=(const exclusive_guard&) = delete;

   private:
    M& mutex_;
    const location where_;
  };

  template <class M>
  class shared_guard {
   public:
    explicit shared_guard(M& m, location where = {}) : mutex_(m), where_(where) { m.lock_shared(where); }
    ~shared_guard() { mutex_.unlock_shared(where_); }
    shared_guard(const shared_guard&) = delete;
    shared_guard& operator=(const shared_guard&) = delete;

   private:
    M& mutex_;
    const location where_;
  };

  static void fence(memory_order order, location where = {}) { run_fence(order, where); }
  static void yield(location where = {}) { run_yield(where); }

  static void prefetch(const void*) {}
  static void prefetch_to_write(const void*) {}
  template <class T>
  static T peek(const atomic<T>&, T otherwise) {
    return otherwise;
  }

  /// The first threads have an index each, fewer where the program says so. The others ask in vain, as threads do in
  /// production when all indices are taken. The setup and the end, which run concurrently with no thread, have the last
  /// one.
  class thread_indices {
   public:
    static constexpr std::size_t count = checks::threads_with_an_index + 1;
    thread_indices() {}
    std::size_t own() const { return own_thread_index(); }
  };

  /// No time passes in an exploration: behaviour that depends on a clock would not be deterministic.
  static std::uint64_t now_ns() { return 0; }

  template <class T>
  static void assign(var<T>* to, const T* from, std::size_t n, location where = {}) {
    for (std::size_t i = 0; i < n; ++i) to[i].set(from[i], where);
  }
  template <class T>
  static bool equal(const var<T>* a, const T* b, std::size_t n, location where = {}) {
    for (std::size_t i = 0; i < n; ++i) {
      if (a[i].get(where) != b[i]) return false;
    }
    return true;
  }

  static void require(bool condition, const char* text, location where = {}) {
    require_condition(condition, text, where);
  }

  template <class Object>
  static void label(const Object& object, const char* name, std::size_t index = static_cast<std::size_t>(-1)) {
    label_object(object.id(), name, index);
  }
};

static_assert(sync_layer<relacy_sync>);

}  // namespace triecheck::explore
