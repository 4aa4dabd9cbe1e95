// Each operation of the production layer beside the same operation of the standard library: instructions_test
// compares what they compile to. The pair `wrong` is a seeded difference, which that test has to find.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include "cache/sync/std.h"

using triecheck::memory_order;
using triecheck::std_sync;

// A pair of functions with the result and parameters of `shape`; in the bodies, `a` is a word and `v` a variable, of
// either kind.
#define OPERATION(name, result, parameters, layer_body, std_body)                            \
  extern "C" result layer_##name parameters(std_sync::atomic, std_sync::var) { layer_body; } \
  extern "C" result std_##name parameters(std::atomic, plain) { std_body; }

namespace {

template <class T>
using plain = T;

}  // namespace

#define WORD(atomic, var) (atomic<std::uint64_t> & a, std::uint64_t x)
#define TWO(atomic, var) (atomic<std::uint64_t> & a, std::uint64_t & x, std::uint64_t y)
#define VARIABLE(atomic, var) (var<std::uint64_t> & v, std::uint64_t x)
#define VARIABLES(atomic, var) (var<std::uint32_t> * v, const std::uint32_t* x, std::size_t n)

OPERATION(load_relaxed, std::uint64_t, WORD, return a.load(memory_order::relaxed) + x,
          return a.load(std::memory_order_relaxed) + x)
OPERATION(load_acquire, std::uint64_t, WORD, return a.load(memory_order::acquire) + x,
          return a.load(std::memory_order_acquire) + x)
OPERATION(load_seq_cst, std::uint64_t, WORD, return a.load(memory_order::seq_cst) + x,
          return a.load(std::memory_order_seq_cst) + x)
OPERATION(store_relaxed, void, WORD, a.store(x, memory_order::relaxed), a.store(x, std::memory_order_relaxed))
OPERATION(store_release, void, WORD, a.store(x, memory_order::release), a.store(x, std::memory_order_release))
OPERATION(store_seq_cst, void, WORD, a.store(x, memory_order::seq_cst), a.store(x, std::memory_order_seq_cst))
OPERATION(exchange, std::uint64_t, WORD, return a.exchange(x, memory_order::acq_rel),
          return a.exchange(x, std::memory_order_acq_rel))
OPERATION(add, void, WORD, a.add(x, memory_order::relaxed), a.fetch_add(x, std::memory_order_relaxed))
OPERATION(fetch_add, std::uint64_t, WORD, return a.fetch_add(x, memory_order::acq_rel),
          return a.fetch_add(x, std::memory_order_acq_rel))
OPERATION(fetch_sub, std::uint64_t, WORD, return a.fetch_sub(x, memory_order::acq_rel),
          return a.fetch_sub(x, std::memory_order_acq_rel))
OPERATION(fetch_and, std::uint64_t, WORD, return a.fetch_and(x, memory_order::acq_rel),
          return a.fetch_and(x, std::memory_order_acq_rel))
OPERATION(fetch_or, std::uint64_t, WORD, return a.fetch_or(x, memory_order::acq_rel),
          return a.fetch_or(x, std::memory_order_acq_rel))
OPERATION(exchange_if_strong, bool, TWO,
          return a.compare_exchange_strong(x, y, memory_order::acq_rel, memory_order::acquire),
          return a.compare_exchange_strong(x, y, std::memory_order_acq_rel, std::memory_order_acquire))
OPERATION(exchange_if_weak, bool, TWO,
          return a.compare_exchange_weak(x, y, memory_order::release, memory_order::relaxed),
          return a.compare_exchange_weak(x, y, std::memory_order_release, std::memory_order_relaxed))
OPERATION(peek, std::uint64_t, WORD, return std_sync::peek(a, x),
          return (static_cast<void>(x), a.load(std::memory_order_relaxed)))
OPERATION(get, std::uint64_t, VARIABLE, return v.get() + x, return v + x)
OPERATION(set, void, VARIABLE, v.set(x), v = x)
OPERATION(assign, void, VARIABLES, std_sync::assign(v, x, n), std::memcpy(v, x, n * sizeof *v))
OPERATION(fence, void, WORD, (static_cast<void>(a), static_cast<void>(x), std_sync::fence(memory_order::seq_cst)),
          (static_cast<void>(a), static_cast<void>(x), std::atomic_thread_fence(std::memory_order_seq_cst)))
// What only the explorer uses is nothing here.
OPERATION(labels, void, WORD, (std_sync::label(a, "name", x), std_sync::require(x != 0, "text")),
          (static_cast<void>(a), static_cast<void>(x)))

extern "C" void layer_exclusive(std_sync::mutex& m, std_sync::var<int>& v) {
  const std_sync::exclusive_guard<std_sync::mutex> held(m);
  v.set(v.get() + 1);
}
extern "C" void std_exclusive(std::mutex& m, int& v) {
  const std::lock_guard<std::mutex> held(m);
  v = v + 1;
}
extern "C" int layer_shared(std_sync::shared_mutex& m, const std_sync::var<int>& v) {
  const std_sync::shared_guard<std_sync::shared_mutex> held(m);
  return v.get();
}
extern "C" int std_shared(std::shared_mutex& m, const int& v) {
  const std::shared_lock<std::shared_mutex> held(m);
  return v;
}

OPERATION(wrong, void, WORD, a.store(x, memory_order::seq_cst), a.store(x, std::memory_order_release))
