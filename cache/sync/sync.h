// The sync layer: everything through which threads of the cache can meet.
//
// Every class of the cache takes its layer as the template parameter `Sync` and names no atomic, mutex, thread or
// clock but the layer's. The text that a server ships with the production layer (std.h) is thereby the text that
// the explorer interleaves with its own layer; no macro, no second copy.
//
// What a layer owes:
//   atomic<T>       an atomic word; T is trivially copyable and at most 8 bytes. No default memory order. `add` is a
//                   fetch_add whose answer nobody needs: relaxed additions commute, and an explorer may know.
//   var<T>          a plain field that a protocol protects: a bare T in production, checked for data races elsewhere.
//                   Constructed without a value it is uninitialised. It is neither copied nor moved.
//   mutex           lock, try_lock, unlock. Not recursive. try_lock does not fail while the mutex is free.
//   shared_mutex    the same, and lock_shared, try_lock_shared, unlock_shared. A waiting writer may be overtaken.
//   condition_variable
//                   wait(m) releases a mutex that the caller holds, sleeps until it is notified, or for no reason,
//                   and locks it again; notify_one, notify_all.
//   exclusive_guard<M>, shared_guard<M>
//                   hold a mutex from construction to destruction.
//   fence(order)    a separate fence. Prefer orders on variables: ThreadSanitizer does not model fences.
//   yield()         inside a bounded retry: lets others run.
//   prefetch(address), prefetch_to_write(address)
//                   ask memory for a line that is going to be read, or written; do nothing else.
//   peek(word, otherwise)
//                   a relaxed look at an atomic word that decides nothing but what to prefetch, or `otherwise`: a layer
//                   that explores need not look.
//   thread_indices  where a structure gets the indices of the threads that use it from. A structure makes one when it
//                   is constructed, or copies another's, and asks no other: copies give equal answers, other objects
//                   need not, and what is unsynchronised may be trusted to an index only among those who ask one object
//                   or its copies.
//     count         a constant: how many indices there are.
//     own()         a number of the calling thread below `count` that no other living thread has; `count` itself where
//                   more threads live than there are indices, and for a thread at its end that has given its own back.
//                   Mostly, but not always, the same as before. Acquiring an index synchronizes with its previous
//                   owner's release of it.
//   now_ns()        nanoseconds of a steady clock, for measurement only; no behaviour may depend on it.
//   assign(to, from, n), equal(a, b, n)
//                   write n vars from plain values, compare n vars with plain values; n >= 1.
//   require(condition, text)
//                   a contract or an invariant, named in the text: an assertion in production (nothing under NDEBUG), a
//                   violation elsewhere.
//   label(object, name, index)
//                   names an object for people who read an interleaving; costs nothing in production.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace triecheck::inline v0_1 {

/// C++ memory orders without `consume`, and without a default anywhere.
enum class memory_order : std::uint8_t { relaxed, acquire, release, acq_rel, seq_cst };

/// The order of the failing half of a compare-exchange: the success order without its release.
constexpr memory_order failure_order(memory_order success) noexcept {
  switch (success) {
    case memory_order::acq_rel:
      return memory_order::acquire;
    case memory_order::release:
      return memory_order::relaxed;
    default:
      return success;
  }
}

// clang-format off
template <class M>
concept exclusive_lockable = requires(M& m) {
  m.lock();
  { m.try_lock() } -> std::same_as<bool>;
  m.unlock();
};

template <class M>
concept shared_lockable = exclusive_lockable<M> && requires(M& m) {
  m.lock_shared();
  { m.try_lock_shared() } -> std::same_as<bool>;
  m.unlock_shared();
};

template <class C, class M>
concept condition_of = std::default_initializable<C> && requires(C& c, M& m) {
  c.wait(m);
  c.notify_one();
  c.notify_all();
};

template <class A, class T>
concept atomic_word = std::constructible_from<A, T> && requires(A& a, const A& c, T value, memory_order order) {
  { c.load(order) } -> std::same_as<T>;
  a.store(value, order);
  { a.exchange(value, order) } -> std::same_as<T>;
  { a.compare_exchange_weak(value, value, order, order) } -> std::same_as<bool>;
  { a.compare_exchange_strong(value, value, order, order) } -> std::same_as<bool>;
};

template <class A, class T>
concept atomic_integer = atomic_word<A, T> && requires(A& a, T value, memory_order order) {
  { a.add(value, order) } -> std::same_as<void>;
  { a.fetch_add(value, order) } -> std::same_as<T>;
  { a.fetch_sub(value, order) } -> std::same_as<T>;
  { a.fetch_and(value, order) } -> std::same_as<T>;
  { a.fetch_or(value, order) } -> std::same_as<T>;
};

template <class V, class T>
concept plain_variable =
    std::default_initializable<V> && std::constructible_from<V, T> && requires(V& v, const V& c, T value) {
  { c.get() } -> std::same_as<T>;
  v.set(value);
};

/// A layer, as far as a type system can say it; the head of this file says the rest.
template <class S>
concept sync_layer =
    atomic_integer<typename S::template atomic<std::uint64_t>, std::uint64_t> &&
    atomic_integer<typename S::template atomic<std::uint32_t>, std::uint32_t> &&
    atomic_word<typename S::template atomic<bool>, bool> &&
    plain_variable<typename S::template var<std::uint32_t>, std::uint32_t> &&
    plain_variable<typename S::template var<std::uint64_t>, std::uint64_t> &&
    std::default_initializable<typename S::thread_indices> && std::copy_constructible<typename S::thread_indices> &&
    exclusive_lockable<typename S::mutex> && shared_lockable<typename S::shared_mutex> &&
    condition_of<typename S::condition_variable, typename S::mutex> &&
    std::constructible_from<typename S::template exclusive_guard<typename S::mutex>, typename S::mutex&> &&
    std::constructible_from<typename S::template shared_guard<typename S::shared_mutex>, typename S::shared_mutex&> &&
    requires(memory_order order, typename S::template var<std::uint32_t>* to, const std::uint32_t* from, std::size_t n,
             const typename S::template atomic<std::uint32_t>& word, const typename S::mutex& object,
             const typename S::thread_indices& threads) {
      S::fence(order);
      S::yield();
      S::prefetch(static_cast<const void*>(to));
      S::prefetch_to_write(static_cast<const void*>(to));
      { S::peek(word, std::uint32_t{}) } -> std::same_as<std::uint32_t>;
      { S::thread_indices::count } -> std::convertible_to<std::size_t>;
      { threads.own() } -> std::same_as<std::size_t>;
      { S::now_ns() } -> std::same_as<std::uint64_t>;
      S::assign(to, from, n);
      { S::equal(to, from, n) } -> std::same_as<bool>;
      S::require(true, "text");
      S::label(object, "name", n);
    };

// clang-format on

}  // namespace triecheck::inline v0_1
