// Counts, in two kinds with one interface: pins, statistics, the number of the next lease.
//
// plain_count: every access requires a lock held exclusively. atomic_count: threads may change it concurrently, for
// example holders of a lock in shared mode. A thread that decides by its value holds the locks under which it changes,
// so that no other thread changes it.
#pragma once

#include "../lockfree/orders.h"
#include "../sync/sync.h"
#include "../types.h"

namespace triecheck::inline v0_1 {

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

/// Relaxed throughout: the lock publishes what a count says. A thread in shared mode uses no value but the result of
/// its read-modify-write; one in exclusive mode has acquired what every earlier holder released.
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

/// What every variant counts, one name each as in cache_stats.
template <class Count>
struct cache_counters {
  cache_counters() {
    lookups.label("stats.lookups");
    looked_up_pages.label("stats.looked_up_pages");
    hit_pages.label("stats.hit_pages");
    allocated_pages.label("stats.allocated_pages");
    published_pages.label("stats.published_pages");
    duplicate_pages.label("stats.duplicate_pages");
    evicted_pages.label("stats.evicted_pages");
    forgotten_pages.label("stats.forgotten_pages");
    refused_too_large.label("stats.refused_too_large");
    refused_full.label("stats.refused_full");
    refused_looked_up_pages.label("stats.refused_looked_up_pages");
    refused_hit_pages.label("stats.refused_hit_pages");
    open_leases.label("stats.open_leases");
  }

  /// A lease ends that was refused all that it asked for.
  void add_refused(std::size_t looked_up, std::size_t hits) {
    if (looked_up != 0) refused_looked_up_pages.add(looked_up);
    if (hits != 0) refused_hit_pages.add(hits);
  }

  /// The counters; the gauges of pages are left 0.
  cache_stats get() const {
    cache_stats s;
    s.lookups = lookups.get();
    s.looked_up_pages = looked_up_pages.get();
    s.hit_pages = hit_pages.get();
    s.allocated_pages = allocated_pages.get();
    s.published_pages = published_pages.get();
    s.duplicate_pages = duplicate_pages.get();
    s.evicted_pages = evicted_pages.get();
    s.forgotten_pages = forgotten_pages.get();
    s.refused_too_large = refused_too_large.get();
    s.refused_full = refused_full.get();
    s.refused_looked_up_pages = refused_looked_up_pages.get();
    s.refused_hit_pages = refused_hit_pages.get();
    s.open_leases = open_leases.get();
    return s;
  }

  Count lookups{0}, looked_up_pages{0}, hit_pages{0};
  Count allocated_pages{0}, published_pages{0}, duplicate_pages{0}, evicted_pages{0}, forgotten_pages{0};
  Count refused_too_large{0}, refused_full{0}, refused_looked_up_pages{0}, refused_hit_pages{0}, open_leases{0};
};

}  // namespace triecheck::inline v0_1
