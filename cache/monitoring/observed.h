// A cache whose operations somebody observes: metrics, a log, or both. The cache itself is any of coarse.h,
// rwlock.h, nodelock.h, lockfree.h, unchanged; so is its interface.
//
//   metrics_observer m(...);                                          // any cache_observer
//   observed_cache<lockfree_cache<std_sync>, metrics_observer> cache(m, {.pages = 4096, .tokens_per_page = 16});
//
// When not: where nobody observes. `observed<Cache, no_observer>` is `Cache` itself, so that costs nothing by
// construction.
//
// What an observer owes (the concept cache_observer):
//   auto begins(const operation_start&)         just before the operation; the answer is kept until it has ended, and
//                                               may be an object that neither copies nor moves, such as a scope.
//   void ended(begun&, const operation_end&)    just after it, exactly once, also where it threw.
// And what it may have:
//   auto constructs()                           what it answers is kept while the cache is constructed.
// All are called by the thread that calls the operation, outside of all locks of the cache, at the same time
// as those of other threads. None may throw or call the cache. What they are passed is valid during the call.
//
// A lease that goes out of scope is released, and that release is observed like any other: `lease_type` is a class of
// this file. Operations through `unobserved()` are not observed.
//
// Threads and progress: those of the cache and of the observer. The observer outlives the cache.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../events.h"
#include "../lease.h"
#include "../types.h"

namespace triecheck::inline v0_1 {

/// What is observed: the operations of a cache, and a wait in its queue for pages.
enum class cache_operation : std::uint8_t {
  lookup,
  allocate,
  publish,
  release,
  fork,
  evict,
  clear,
  shutdown,
  wait,
  match,
  shrink,
  forget
};
inline constexpr std::size_t cache_operation_count = 12;

constexpr const char* name_of(cache_operation o) noexcept {
  constexpr const char* names[cache_operation_count] = {"lookup", "allocate", "publish", "release", "fork",   "evict",
                                                        "clear",  "shutdown", "wait",    "match",   "shrink", "forget"};
  return names[static_cast<std::size_t>(o)];
}

inline constexpr std::size_t status_count = static_cast<std::size_t>(status::pages_lost) + 1;

constexpr const char* name_of(status s) noexcept {
  constexpr const char* names[status_count] = {"ok",           "request_too_large", "cache_full",
                                               "lease_closed", "invalid_argument",  "pages_lost"};
  return names[static_cast<std::size_t>(s)];
}

/// An operation that begins.
struct operation_start {
  cache_operation operation;
  lease_id lease = no_lease;          ///< that it is about; of a wait the one that was refused
  std::span<const token> tokens{};    ///< of lookup, match, allocate and forget: what they were given
  std::span<const block_key> keys{};  ///< likewise
  std::span<const page_id> pages{};   ///< of the lease, before: first the cached ones
  std::size_t cached_pages = 0;       ///< how many of them are cached
  std::size_t count = 0;  ///< allocate: extra slots; publish: computed, shrink: kept tokens; evict: pages asked for
};

/// An operation that ended.
struct operation_end {
  cache_operation operation;
  status result = status::ok;
  bool threw = false;                ///< then nothing else is set
  lease_id lease = no_lease;         ///< lookup and fork: the new one; else that of the start
  key_space space{};                 ///< of the lease
  std::span<const page_id> pages{};  ///< of the lease, afterwards: none once it is released
  std::size_t cached_pages = 0;      ///< how many of them are cached: of a lookup, the hits
  std::size_t cached_tokens = 0;     ///< how many tokens these hold
  std::size_t count = 0;  ///< evict, clear, shutdown: pages evicted; wait: 1 for a turn; match: pages found; forget: 1
                          ///< where something was cached
};

/// What `begins` of an observer answers.
template <class Observer>
using begun_by = decltype(std::declval<Observer&>().begins(std::declval<const operation_start&>()));

template <class O>
concept cache_observer = requires(O& o, begun_by<O>& begun, const operation_end& end) {
  o.ended(begun, end);
};

/// Observes nothing.
struct no_observer {
  struct nothing {};
  nothing begins(const operation_start&) noexcept { return {}; }
  void ended(nothing, const operation_end&) noexcept {}
};
static_assert(cache_observer<no_observer>);

/// What is kept while the cache of an observer is constructed.
template <class Observer>
auto construction_of(Observer& o) {
  if constexpr (requires { o.constructs(); }) {
    return o.constructs();
  } else {
    return no_observer::nothing{};
  }
}

/// Two observers as one: the outer one sees an operation begin first and end last. Both outlive it.
template <cache_observer Outer, cache_observer Inner>
class both_observers {
 public:
  both_observers(Outer& outer, Inner& inner) noexcept : outer_(outer), inner_(inner) {}

  struct begun {
    begun(Outer& o, Inner& i, const operation_start& s) : outer(o.begins(s)), inner(i.begins(s)) {}
    begun_by<Outer> outer;
    begun_by<Inner> inner;
  };
  begun begins(const operation_start& s) { return begun(outer_, inner_, s); }
  void ended(begun& b, const operation_end& e) {
    inner_.ended(b.inner, e);
    outer_.ended(b.outer, e);
  }

  struct construction {
    construction(Outer& o, Inner& i) : outer(construction_of(o)), inner(construction_of(i)) {}
    decltype(construction_of(std::declval<Outer&>())) outer;
    decltype(construction_of(std::declval<Inner&>())) inner;
  };
  construction constructs() { return construction(outer_, inner_); }

 private:
  Outer& outer_;
  Inner& inner_;
};

/// One operation, from its beginning to its end; where the end is not said, it threw.
template <cache_observer Observer>
class observation {
 public:
  observation(Observer& o, const operation_start& s) : observer_(o), operation_(s.operation), begun_(o.begins(s)) {}
  ~observation() {
    if (!said_) observer_.ended(begun_, {.operation = operation_, .threw = true});
  }
  observation(const observation&) = delete;
  observation& operator=(const observation&) = delete;

  /// Requires that it is called once.
  void ends(const operation_end& e) {
    said_ = true;
    observer_.ended(begun_, e);
  }

 private:
  Observer& observer_;
  const cache_operation operation_;
  bool said_ = false;
  begun_by<Observer> begun_;
};

template <class Cache, cache_observer Observer>
class observed_cache;

/// A lease of an observed cache: a lease, whose release at the end of its scope is observed too.
template <class Cache, cache_observer Observer>
class observed_lease : public Cache::lease_type {
 public:
  observed_lease() noexcept = default;
  observed_lease(observed_lease&& other) noexcept { swap(other); }
  observed_lease& operator=(observed_lease&& other) noexcept {
    observed_lease(std::move(other)).swap(*this);
    return *this;
  }
  ~observed_lease() {
    if (this->is_open()) static_cast<void>(cache_->release(*this));
  }

  void swap(observed_lease& other) noexcept {
    Cache::lease_type::swap(other);
    std::swap(cache_, other.cache_);
  }

 private:
  friend observed_cache<Cache, Observer>;

  observed_lease(typename Cache::lease_type&& l, observed_cache<Cache, Observer>& cache) noexcept
      : Cache::lease_type(std::move(l)), cache_(&cache) {}

  observed_cache<Cache, Observer>* cache_ = nullptr;
};

// What only some caches have.

template <class Cache>
concept queues_for_pages = requires(Cache& c) {
  typename Cache::page_place;
  c.queue_for_pages();
};

template <class Cache>
concept takes_terms = requires {
  typename Cache::policy::terms;
};

template <class Cache>
struct policy_of {};
template <class Cache>
requires requires { typename Cache::policy; }
struct policy_of<Cache> {
  using policy = typename Cache::policy;
};

/// As `fork_result`.
template <class Lease>
struct [[nodiscard]] observed_fork_result {
  status result = status::invalid_argument;
  Lease forked;
  std::vector<page_copy> copies;
};

/// A place in the queue for pages, whose waits are observed. As page_queue::place.
template <class Cache, cache_observer Observer>
class [[nodiscard]] observed_place {
 public:
  observed_place(Cache& cache, Observer& observer) : observer_(observer), place_(cache.queue_for_pages()) {}

  [[nodiscard]] bool wait(lease_id tried = no_lease) {
    observation<Observer> seen(observer_, {.operation = cache_operation::wait, .lease = tried});
    const bool is_turn = place_.wait(tried);
    seen.ends({.operation = cache_operation::wait, .lease = tried, .count = is_turn});
    return is_turn;
  }

 private:
  Observer& observer_;
  typename Cache::page_place place_;
};

template <class Cache, cache_observer Observer>
struct place_of {};
template <queues_for_pages Cache, cache_observer Observer>
struct place_of<Cache, Observer> {
  using page_place = observed_place<Cache, Observer>;
};

/// The members are those of `Cache`, which documents them.
template <class Cache, cache_observer Observer>
class observed_cache : public policy_of<Cache>, public place_of<Cache, Observer> {
 public:
  using cache_type = Cache;
  using observer_type = Observer;
  using sync_type = typename Cache::sync_type;
  using lease_type = observed_lease<Cache, Observer>;
  using fork_result_type = observed_fork_result<lease_type>;

  /// `rest`: what the constructor of the cache takes. Throws what that one throws.
  template <class... Rest>
  explicit observed_cache(Observer& observer, const Rest&... rest)
      : observer_(observer), cache_([&] {
          [[maybe_unused]] const auto construction = construction_of(observer);
          return Cache(rest...);
        }()) {}

  observed_cache(const observed_cache&) = delete;
  observed_cache& operator=(const observed_cache&) = delete;

  /// The cache itself. What is done to it directly is not observed.
  Cache& unobserved() noexcept { return cache_; }
  const Cache& unobserved() const noexcept { return cache_; }
  Observer& observer() noexcept { return observer_; }

  const cache_config& config() const noexcept { return cache_.config(); }
  void subscribe(cache_events& s) noexcept { cache_.subscribe(s); }

  /// `prompt`: what the cache takes, tokens alone or with keys; `rest`: what else, such as a namespace.
  template <class Prompt = keyed_tokens, class... Rest>
  [[nodiscard]] lease_type lookup(const Prompt& prompt, const Rest&... rest) {
    observation<Observer> seen(observer_, start_of(cache_operation::lookup, prompt));
    lease_type l(cache_.lookup(prompt, rest...), *this);
    seen.ends(end_of(cache_operation::lookup, status::ok, l));
    return l;
  }

  template <class Prompt = keyed_tokens, class... Rest>
  [[nodiscard]] auto match(const Prompt& prompt, const Rest&... rest) const requires requires(const Cache& c) {
    c.match(prompt, rest...);
  }
  {
    observation<Observer> seen(observer_, start_of(cache_operation::match, prompt));
    const auto found = cache_.match(prompt, rest...);
    seen.ends({.operation = cache_operation::match, .count = found.pages});
    return found;
  }

  template <class Prompt = keyed_tokens, class... Rest>
  [[nodiscard]] status allocate(lease_type& l, const Prompt& more, std::size_t extra_slots = 0, const Rest&... rest) {
    operation_start start = start_of(cache_operation::allocate, l, extra_slots);
    const keyed_tokens given(more);
    start.tokens = given.tokens;
    start.keys = given.keys;
    return observe(start, l, [&] { return cache_.allocate(l, more, extra_slots, rest...); });
  }

  [[nodiscard]] status publish(lease_type& l, std::size_t computed_tokens) {
    return observe(start_of(cache_operation::publish, l, computed_tokens), l,
                   [&] { return cache_.publish(l, computed_tokens); });
  }
  /// With what its owner asks for, where the policy of the cache listens.
  template <takes_terms C = Cache>
  [[nodiscard]] status publish(lease_type& l, std::size_t computed_tokens, typename C::policy::terms wanted) {
    return observe(start_of(cache_operation::publish, l, computed_tokens), l,
                   [&] { return cache_.publish(l, computed_tokens, wanted); });
  }

  status shrink(lease_type& l, std::size_t kept_tokens) requires requires(Cache& c) { c.shrink(l, kept_tokens); }
  {
    return observe(start_of(cache_operation::shrink, l, kept_tokens), l, [&] { return cache_.shrink(l, kept_tokens); });
  }

  status release(lease_type& l) {
    return observe(start_of(cache_operation::release, l), l, [&] { return cache_.release(l); });
  }
  /// With what the owner of the lease asks for, where the policy of the cache listens.
  template <takes_terms C = Cache>
  status release(lease_type& l, typename C::policy::terms wanted) {
    return observe(start_of(cache_operation::release, l), l, [&] { return cache_.release(l, wanted); });
  }

  /// Not observed: it concerns no request.
  void set_time(std::uint64_t now) requires requires(Cache& c) { c.set_time(now); }
  { cache_.set_time(now); }

  fork_result_type fork(const lease_type& l) {
    observation<Observer> seen(observer_, start_of(cache_operation::fork, l));
    auto made = cache_.fork(l);
    fork_result_type r{made.result, lease_type(std::move(made.forked), *this), std::move(made.copies)};
    seen.ends(end_of(cache_operation::fork, r.result, r.forked));
    return r;
  }

  std::size_t evict(std::size_t count) {
    return evicting({.operation = cache_operation::evict, .count = count}, [&] { return cache_.evict(count); });
  }
  std::size_t clear() {
    return evicting({.operation = cache_operation::clear}, [&] { return cache_.clear(); });
  }

  template <class Prompt = keyed_tokens, class... Rest>
  bool forget(const Prompt& prompt, const Rest&... rest) requires requires(Cache& c) {
    c.forget(prompt, rest...);
  }
  {
    observation<Observer> seen(observer_, start_of(cache_operation::forget, prompt));
    const bool found = cache_.forget(prompt, rest...);
    seen.ends({.operation = cache_operation::forget, .count = found});
    return found;
  }

  shutdown_report shutdown() {
    observation<Observer> seen(observer_, {.operation = cache_operation::shutdown});
    shutdown_report r = cache_.shutdown();
    seen.ends({.operation = cache_operation::shutdown, .result = r.result, .count = r.evicted});
    return r;
  }

  [[nodiscard]] observed_place<Cache, Observer> queue_for_pages() requires queues_for_pages<Cache> {
    return observed_place<Cache, Observer>(cache_, observer_);
  }
  void wake_waiting() requires queues_for_pages<Cache> { cache_.wake_waiting(); }

  cache_stats stats() const { return cache_.stats(); }
  auto available() const requires requires(const Cache& c) { c.available(); }
  { return cache_.available(); }
  cache_snapshot snapshot() const { return cache_.snapshot(); }

 private:
  static operation_start start_of(cache_operation o, const keyed_tokens& prompt) {
    return {.operation = o, .tokens = prompt.tokens, .keys = prompt.keys};
  }
  static operation_start start_of(cache_operation o, const lease_type& l, std::size_t count = 0) {
    return {
        .operation = o, .lease = l.id(), .pages = l.pages(), .cached_pages = l.cached_pages().size(), .count = count};
  }
  static operation_end end_of(cache_operation o, status s, const lease_type& l) {
    return {.operation = o,
            .result = s,
            .lease = l.id(),
            .space = l.space(),
            .pages = l.pages(),
            .cached_pages = l.cached_pages().size(),
            .cached_tokens = l.cached_token_count()};
  }

  // An operation on a lease, which may close it: the end has the number that it had.
  template <class Call>
  status observe(const operation_start& start, const lease_type& l, Call call) {
    observation<Observer> seen(observer_, start);
    const status s = call();
    operation_end end = end_of(start.operation, s, l);
    end.lease = start.lease;
    seen.ends(end);
    return s;
  }

  template <class Call>
  std::size_t evicting(const operation_start& start, Call call) {
    observation<Observer> seen(observer_, start);
    const std::size_t pages = call();
    seen.ends({.operation = start.operation, .count = pages});
    return pages;
  }

  Observer& observer_;
  Cache cache_;
};

template <class Cache, class Observer>
struct observed_type {
  using type = observed_cache<Cache, Observer>;
};
template <class Cache>
struct observed_type<Cache, no_observer> {
  using type = Cache;
};

/// `Cache` with an observer; with none, `Cache` itself.
template <class Cache, cache_observer Observer>
using observed = typename observed_type<Cache, Observer>::type;

}  // namespace triecheck::inline v0_1
