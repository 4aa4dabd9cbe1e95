// Counts that a lock protects, in two kinds with one interface: pins, statistics, the number of the next lease.
//
// plain_count: every access requires the lock exclusively. atomic_count: holders of the lock in shared mode may change it
// at once; it is only read for a decision by a thread that holds the lock exclusively.
#pragma once

#include "orders.h"
#include "sync.h"

namespace triecheck {

template <sync_layer Sync, class T>
class plain_count {
 public:
  explicit plain_count(T value) : value_(value) {}
  plain_count() = default;

  T get() const { return value_.get(); }
  void set(T value) { value_.set(value); }

  void add(T n) { value_.set(value_.get() + n); }
  void subtract(T n) { value_.set(value_.get() - n); }

  /// As add and subtract; return what was there before.
  T fetch_add(T n) {
    const T before = value_.get();
    value_.set(before + n);
    return before;
  }
  T fetch_sub(T n) {
    const T before = value_.get();
    value_.set(before - n);
    return before;
  }

  void label(const char* name, std::size_t index = static_cast<std::size_t>(-1)) { Sync::label(value_, name, index); }

 private:
  typename Sync::template var<T> value_;
};

/// Relaxed throughout: what a count stands for is published by the lock. A thread in shared mode uses no value that it
/// reads but that of its own read-modify-write; one in exclusive mode has acquired what every earlier holder released.
template <sync_layer Sync, class T>
class atomic_count {
 public:
  explicit atomic_count(T value) : value_(value) {}
  atomic_count() : value_(T{}) {}

  T get() const { return value_.load(orders::count); }
  void set(T value) { value_.store(value, orders::count); }

  void add(T n) { value_.add(n, orders::count); }
  void subtract(T n) { value_.add(static_cast<T>(T{} - n), orders::count); }

  /// As add and subtract; return what was there before.
  T fetch_add(T n) { return value_.fetch_add(n, orders::count); }
  T fetch_sub(T n) { return value_.fetch_sub(n, orders::count); }

  void label(const char* name, std::size_t index = static_cast<std::size_t>(-1)) { Sync::label(value_, name, index); }

 private:
  typename Sync::template atomic<T> value_;
};

}  // namespace triecheck
