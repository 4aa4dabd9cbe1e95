// The sync layer that explores: every shared access of the cache becomes an operation that the session schedules. Atomics and fences
// follow our memory model (memory_model.h); Relacy judges mutexes, condition variables and plain variables, on the same clocks.
//
// Each operation is announced (kind, object, state of the mutex, terms of an exchange) before the scheduler is asked. Each object has a stable id, a name if the cache gave it one, and a canary: an object that
// is used after its destruction, or that never was one, is seen at any optimisation level.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "cache/sync.h"
#include "checks/explore/memory_model.h"
#include "checks/explore/relacy_condition_variable.h"
#include "checks/explore/session.h"

namespace triecheck::explore {

constexpr rl::memory_order to_relacy(memory_order order) {
  switch (order) {
    case memory_order::relaxed: return rl::mo_relaxed;
    case memory_order::acquire: return rl::mo_acquire;
    case memory_order::release: return rl::mo_release;
    case memory_order::acq_rel: return rl::mo_acq_rel;
    case memory_order::seq_cst: break;
  }
  return rl::mo_seq_cst;
}

inline const char* name_of(memory_order order) { return rl::format(to_relacy(order)); }

/// How a T is stored: an integer of the same size, so that every T prints, adds and wraps as it should.
template <class T>
using word = std::conditional_t<sizeof(T) == 1, std::uint8_t,
                                std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                                   std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

template <class T>
word<T> to_word(T value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) == sizeof(word<T>));
  return std::bit_cast<word<T>>(value);
}
template <class T>
T from_word(word<T> value) {
  return std::bit_cast<T>(value);
}

/// Identity and liveness of one object of the layer.
class tracked {
 public:
  tracked() : id_(session::current().new_object(this)) {}
  ~tracked() { *const_cast<volatile std::uint32_t*>(&canary_) = dead; }
  tracked(const tracked&) = delete;
  tracked& operator=(const tracked&) = delete;

  object_id id() const { return id_; }

  /// Ends the life of an object that threads meet on. The destruction is an operation of its own: both orders of it
  /// and of any other operation on the object are explored.
  void retire() const {
    session& s = session::current();
    if (!s.in_threads()) return;
    check({});
    s.announce({.kind = access::store, .object = id_, .destroys = true}, {});
    rl::ctx().sched();
    check({});
    s.performed();
    s.describe({}, [&](const interleaving& names) { return "destroy " + names.name(id_); });
  }

  /// Called before and after every operation: other threads run in between.
  void check(const location& where) const {
    const std::uint32_t canary = *const_cast<const volatile std::uint32_t*>(&canary_);
    if (canary != alive) session::current().fail_without_object(this, canary == dead, where);
  }

 private:
  static constexpr std::uint32_t alive = 0x5a11'fe01;
  static constexpr std::uint32_t dead = 0xdead'dead;
  std::uint32_t canary_ = alive;
  const object_id id_;
};

struct relacy_sync {
  template <class T>
  class atomic {
   public:
    atomic() = default;
    ~atomic() { tracked_.retire(); }
    explicit atomic(T value, location where = {}) { store(value, memory_order::relaxed, where); }

    T load(memory_order order, location where = {}) const {
      begin({.kind = access::load, .object = id(), .seq_cst = order == memory_order::seq_cst}, where);
      require_written();
      const std::uint64_t value = word_.load(to_relacy(order));
      end(where, value, {.reads = true, .may_differ = session::current().last_choice().age != 0, .seen = value});
      describe(where, order, [&](std::string& text) {
        text += ".load = " + std::to_string(value);
        if (session::current().in_threads()) text += stale(session::current().age_of_last_load());
      });
      return from_bits(value);
    }

    void store(T value, memory_order order, location where = {}) {
      begin({.kind = access::store, .object = id(), .seq_cst = order == memory_order::seq_cst}, where);
      word_.store(to_word(value), to_relacy(order));
      end(where, to_word(value), {.writes = true, .left = to_word(value)});
      describe(where, order, [&](std::string& text) { text += ".store " + std::to_string(to_word(value)); });
    }

    T exchange(T value, memory_order order, location where = {}) {
      return modify("exchange", value, order, where, [](word<T>, word<T> operand) { return operand; });
    }
    void add(T value, memory_order order, location where = {}) {
      begin({.kind = order == memory_order::relaxed ? access::add : access::rmw, .object = id(),
             .seq_cst = order == memory_order::seq_cst}, where);
      require_written();
      const std::uint64_t before =
          word_.modify([&](std::uint64_t b) { return static_cast<word<T>>(b + to_word(value)); }, to_relacy(order));
      end(where, before, {.writes = true, .left = word_.newest()});
      describe(where, order, [&](std::string& text) { text += ".add " + std::to_string(to_word(value)); });
    }
    T fetch_add(T value, memory_order order, location where = {}) {
      return modify("fetch_add", value, order, where, [](word<T> before, word<T> operand) { return before + operand; });
    }
    T fetch_sub(T value, memory_order order, location where = {}) {
      return modify("fetch_sub", value, order, where, [](word<T> before, word<T> operand) { return before - operand; });
    }
    T fetch_and(T value, memory_order order, location where = {}) {
      return modify("fetch_and", value, order, where, [](word<T> before, word<T> operand) { return before & operand; });
    }
    T fetch_or(T value, memory_order order, location where = {}) {
      return modify("fetch_or", value, order, where, [](word<T> before, word<T> operand) { return before | operand; });
    }

    // Not inlined: its frame is where the caller's state ends, see spurious.h.
    [[gnu::noinline]] bool compare_exchange_weak(T& expected, T desired, memory_order success, memory_order failure,
                                                 location where = {}) {
      __builtin_unwind_init();
      return compare_exchange(static_cast<const std::byte*>(__builtin_frame_address(0)), expected, desired, success, failure, where);
    }
    bool compare_exchange_strong(T& expected, T desired, memory_order success, memory_order failure, location where = {}) {
      return compare_exchange(nullptr, expected, desired, success, failure, where);
    }

    object_id id() const { return tracked_.id(); }

   private:
    void begin(const announcement& next, const location& where) const {
      tracked_.check(where);
      session::current().announce(next, where);
      rl::ctx().sched();
      tracked_.check(where);
    }
    void end(const location&, std::uint64_t value, const effect& e) const {
      session::current().performed(id(), e);
      session::current().saw(value);
    }
    void require_written() const {
      if (!word_.written()) rl::ctx().fail_test("", rl::test_result_unitialized_access, {});
    }

    template <class Suffix>
    void describe(const location& where, memory_order order, Suffix suffix) const {
      session::current().describe(where, [&](const interleaving& names) {
        std::string text = names.name(id());
        suffix(text);
        return text + " (" + name_of(order) + ')';
      });
    }
    static std::string stale(unsigned age) {
      if (age == 0) return {};
      return " [stale: " + std::to_string(age) + (age == 1 ? " store old]" : " stores old]");
    }
    static T from_bits(std::uint64_t value) { return from_word<T>(static_cast<word<T>>(value)); }

    template <class Function>
    T modify(const char* name, T operand, memory_order order, const location& where, Function after) {
      begin({.kind = access::rmw, .object = id(), .seq_cst = order == memory_order::seq_cst}, where);
      require_written();
      const std::uint64_t before = word_.modify(
          [&](std::uint64_t b) { return static_cast<word<T>>(after(static_cast<word<T>>(b), to_word(operand))); }, to_relacy(order));
      end(where, before, {.reads = true, .writes = true, .seen = before, .left = word_.newest()});
      describe(where, order, [&](std::string& text) {
        text += std::string(".") + name + ' ' + std::to_string(to_word(operand)) + ", was " + std::to_string(before);
      });
      return from_bits(before);
    }

    // `frame`: of a weak one.
    bool compare_exchange(const std::byte* frame, T& expected, T desired, memory_order success, memory_order failure,
                          const location& where) {
      const word<T> wanted = to_word(expected);
      const weak_exchange self{.word = &word_, .object = id(), .expected = wanted, .desired = to_word(desired),
                               .failure = to_relacy(failure), .where = where};
      const bool again = frame != nullptr && session::current().retries(self, frame);
      if (!again) {
        begin({.kind = access::rmw, .object = id(),
               .exchange = {.newest = &word_.newest(), .expected = wanted,
                            .success_seq_cst = success == memory_order::seq_cst, .failure_seq_cst = failure == memory_order::seq_cst}},
              where);
        require_written();
      }
      auto end_of_weak = session::weak_end::succeeds;
      if (frame != nullptr && !again && word_.newest() == wanted) end_of_weak = session::current().choose_weak(self);
      if (end_of_weak == session::weak_end::is_probed) return false;
      modelled_word::exchanged e{};
      if (end_of_weak == session::weak_end::fails) {
        word_.fail_spuriously(to_relacy(failure));
        e.seen = wanted;
      } else {
        e = word_.compare_exchange(wanted, to_word(desired), to_relacy(success), to_relacy(failure));
      }
      end(where, e.seen, {.reads = true, .writes = e.done, .may_differ = e.age != 0 || (!e.done && e.seen == wanted), .seen = e.seen, .left = to_word(desired)});
      describe(where, e.done ? success : failure, [&](std::string& text) {
        text = exchange_text(text, wanted, to_word(desired));
        if (!e.done) text += e.seen == wanted ? " fails [spuriously]" : " fails: it is " + std::to_string(e.seen) + stale(e.age);
      });
      if (!e.done) expected = from_bits(e.seen);
      return e.done;
    }

    tracked tracked_;
    mutable modelled_word word_;
  };

  template <class T>
  class var {
   public:
    var() = default;
    explicit var(T value, location where = {}) { set(value, where); }
    ~var() {
      if (session::current().in_threads()) set(T{});  // the destruction races with whatever a store would race with
    }

    T get(location where = {}) const {
      const trace t(*this, where, false);
      const word<T> value = word_(rl::debug_info()).load();
      session::current().saw(static_cast<std::uint64_t>(value));
      session::current().read_plain(id(), value);
      t.passed([&] { return " = " + std::to_string(value); });
      return from_word<T>(value);
    }

    void set(T value, location where = {}) {
      const trace t(*this, where, true);
      word_(rl::debug_info()).store(to_word(value));
      session::current().saw(static_cast<std::uint64_t>(to_word(value)));
      session::current().wrote_plain(id(), to_word(value));
      t.passed([&] { return " := " + std::to_string(to_word(value)); });
    }

    object_id id() const { return tracked_.id(); }

   private:
    class trace {
     public:
      trace(const var& v, const location& where, bool store) : var_(v), where_(where), store_(store) {
        v.tracked_.check(where);
        session& s = session::current();
        s.accessing(where);
        s.set_suspect({.object = v.id(), .store = store, .last_store = v.stored_, .last_load = v.loaded_});
      }
      template <class Value>
      void passed(Value value) const {
        session& s = session::current();
        (store_ ? var_.stored_ : var_.loaded_) = suspect::side{where_, s.thread()};
        s.describe_plain(where_, [&](const interleaving& names) { return names.name(var_.id()) + value(); });
      }

     private:
      const var& var_;
      const location where_;
      const bool store_;
    };

    tracked tracked_;
    rl::var<word<T>> word_;
    mutable suspect::side stored_;  // the last accesses: the report of a race names both sides
    mutable suspect::side loaded_;
  };

  /// Both kinds of mutex. Threads whose lock cannot be had are disabled by the session, so Relacy never parks one.
  template <bool Shared>
  class basic_mutex {
   public:
    basic_mutex() { mutex_.init(Shared, false, false, false, {}); }
    ~basic_mutex() {
      tracked_.retire();
      mutex_.deinit({});
    }

    void lock(location where = {}) {
      begin(access::lock, where);
      mutex_.lock_exclusive({});
      state_.owner = owner();
      end(where, "lock ");
    }
    bool try_lock(location where = {}) {
      begin(access::try_lock, where);
      const bool locked = mutex_.try_lock_exclusive({});
      if (locked) state_.owner = owner();
      end(where, locked ? "try_lock " : "try_lock fails: ", {.reads = true, .writes = locked, .seen = locked ? 0U : 1U, .left = value_of(state_)});
      return locked;
    }
    void unlock(location where = {}) {
      begin(access::unlock, where);
      mutex_.unlock_exclusive({});
      writers_ = own_clocks();
      state_.owner = mutex_state::nobody;
      end(where, "unlock ");
    }

    /// The two halves of a wait on a condition variable. `notice` is the notification that ended it.
    void unlock_to_wait(object_id condition, location where = {}) requires (!Shared) {
      begin({.kind = access::wait, .object = id(), .condition = condition}, where);
      mutex_.unlock_exclusive({});
      writers_ = own_clocks();
      state_.owner = mutex_state::nobody;
      end(where, "wait, unlock ");
    }
    void lock_after_wait(object_id condition, object_id notice, location where = {}) requires (!Shared) {
      begin({.kind = access::relock, .object = id(), .mutex = &state_, .condition = condition, .notice = notice}, where);
      mutex_.lock_exclusive({});
      state_.owner = owner();
      end(where, "lock again ");
    }

    void lock_shared(location where = {}) requires Shared {
      begin(access::lock_shared, where);
      const clocks before = own_clocks();
      mutex_.lock_shared({});
      forget_other_readers(before);
      state_.readers |= 1U << session::current().thread();
      end(where, "lock_shared ");
    }
    bool try_lock_shared(location where = {}) requires Shared {
      begin(access::try_lock_shared, where);
      const clocks before = own_clocks();
      const bool locked = mutex_.try_lock_shared({});
      if (locked) forget_other_readers(before);
      if (locked) state_.readers |= 1U << session::current().thread();
      end(where, locked ? "try_lock_shared " : "try_lock_shared fails: ",
          {.reads = true, .writes = locked, .seen = locked ? 0U : 1U, .left = value_of(state_)});
      return locked;
    }
    void unlock_shared(location where = {}) requires Shared {
      begin(access::unlock_shared, where);
      mutex_.unlock_shared({});
      state_.readers &= ~(1U << session::current().thread());
      end(where, "unlock_shared ");
    }

    object_id id() const { return tracked_.id(); }

   private:
    struct tag;

    // Relacy lets a reader's release happen before the next reader's acquisition; the standard does not, and readers would
    // not commute then. So a reader keeps what it knew before and learns what the writers released, no more.
    using clocks = std::array<rl::timestamp_t, max_threads>;
    static clocks own_clocks() {
      clocks c{};
      for (int i = 0; i < rl::ctx().get_thread_count(); ++i) c[static_cast<unsigned>(i)] = rl::ctx().threadx_->acq_rel_order_[i];
      return c;
    }
    void forget_other_readers(const clocks& before) const {
      rl::thread_info_base& t = *rl::ctx().threadx_;
      for (int i = 0; i < rl::ctx().get_thread_count(); ++i) {
        const auto other = static_cast<unsigned>(i);
        if (i != t.index_) t.acq_rel_order_[i] = std::max(before[other], writers_[other]);
      }
    }

    static int owner() { return static_cast<int>(session::current().thread()); }

    void begin(access kind, const location& where) const {
      begin({.kind = kind, .object = id(), .mutex = &state_}, where);
    }
    void begin(const announcement& next, const location& where) const {
      tracked_.check(where);
      session::current().announce(next, where);
    }
    void end(const location& where, const char* text) const { end(where, text, {.writes = true, .left = value_of(state_)}); }
    void end(const location& where, const char* text, const effect& e) const {
      tracked_.check(where);
      session::current().performed(id(), e);
      session::current().describe(where, [&](const interleaving& names) { return text + names.name(id()); });
    }

    tracked tracked_;
    mutex_state state_;
    clocks writers_{};  // what the exclusive holders released
    rl::generic_mutex<tag> mutex_;
  };

  using mutex = basic_mutex<false>;
  using shared_mutex = basic_mutex<true>;
  using condition_variable = basic_condition_variable<tracked, mutex>;

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

  static void fence(memory_order order, location where = {}) {
    session& s = session::current();
    if (order == memory_order::seq_cst) {
      s.announce({.kind = access::fence}, where);
      rl::ctx().sched();
    } else {
      s.settle_probe();
    }
    fences.fence(to_relacy(order));
    if (order == memory_order::seq_cst) s.performed(0, {});
    s.describe(where, [&](const interleaving&) { return std::string("fence (") + name_of(order) + ')'; });
  }

  static void yield(location where = {}) {
    session::current().announce({.kind = access::local}, where);
    rl::yield(1, {});
    session::current().performed(0, {});
    session::current().describe(where, [](const interleaving&) { return std::string("yield"); });
  }

  static void prefetch(const void*) {}
  static void prefetch_to_write(const void*) {}
  template <class T>
  static T peek(const atomic<T>&, T otherwise) { return otherwise; }

  /// The setup and the end, which no thread runs beside, have an index of their own. The program under test decides how many
  /// threads have one: the others ask in vain, as threads do in production when all indices are taken.
  class thread_indices {
   public:
    static constexpr std::size_t count = max_threads + 1;
    thread_indices() {}
    std::size_t own() const {
      const session& s = session::current();
      return !s.in_threads() || s.thread() < s.threads_with_indices() ? s.thread() : count;
    }
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
    if (condition) return;
    session::current().accessing(where);
    session::current().fail("invariant", std::string(text) + ", at " + show(where));
  }

  template <class Object>
  static void label(const Object& object, const char* name, std::size_t index = object_names::no_index) {
    session::current().label(object.id(), name, index);
  }
};

static_assert(sync_layer<relacy_sync>);

}  // namespace triecheck::explore
