#include "checks/explore/relacy/atomic.h"

#include <string>

#include "checks/explore/memory_model.h"
#include "checks/explore/relacy/step.h"
#include "checks/explore/session.h"

namespace triecheck::explore {
namespace {

rl::memory_order to_relacy(memory_order order) {
  switch (order) {
    case memory_order::relaxed:
      return rl::mo_relaxed;
    case memory_order::acquire:
      return rl::mo_acquire;
    case memory_order::release:
      return rl::mo_release;
    case memory_order::acq_rel:
      return rl::mo_acq_rel;
    case memory_order::seq_cst:
      break;
  }
  return rl::mo_seq_cst;
}

const char* name_of(memory_order order) { return rl::format(to_relacy(order)); }

std::string stale(unsigned age) {
  if (age == 0) return {};
  return " [stale: " + std::to_string(age) + (age == 1 ? " store old]" : " stores old]");
}

const char* name_of(atomic_object::change c) {
  switch (c) {
    case atomic_object::change::exchange:
      return "exchange";
    case atomic_object::change::fetch_add:
      return "fetch_add";
    case atomic_object::change::fetch_sub:
      return "fetch_sub";
    case atomic_object::change::fetch_and:
      return "fetch_and";
    case atomic_object::change::fetch_or:
      break;
  }
  return "fetch_or";
}

std::uint64_t changed(atomic_object::change c, std::uint64_t before, std::uint64_t operand) {
  switch (c) {
    case atomic_object::change::exchange:
      return operand;
    case atomic_object::change::fetch_add:
      return before + operand;
    case atomic_object::change::fetch_sub:
      return before - operand;
    case atomic_object::change::fetch_and:
      return before & operand;
    case atomic_object::change::fetch_or:
      break;
  }
  return before | operand;
}

class atomic_step : public step {
 public:
  using step::step;

  void begin(const pending_operation& next) const {
    announce(next);
    wait_for_turn();
  }
  void require_written(const modelled_word& word) const {
    if (!word.written()) rl::ctx().fail_test("", rl::test_result_unitialized_access, {});
  }
  void end(std::uint64_t value, const effect& e) const {
    performed(e);
    session::current().saw(value);
  }
  template <class Suffix>
  void describe(memory_order order, Suffix suffix) const {
    step::describe([&](const std::string& name) { return name + suffix() + " (" + name_of(order) + ')'; });
  }
};

}  // namespace

atomic_object::atomic_object() { word_.construct<modelled_word>(); }

atomic_object::~atomic_object() { tracked_.retire(); }

std::uint64_t atomic_object::load(memory_order order, const location& where) const {
  const atomic_step s(tracked_, where);
  s.begin({.kind = access::load, .object = id(), .seq_cst = order == memory_order::seq_cst});
  s.require_written(word());
  const std::uint64_t value = word().load(to_relacy(order));
  s.end(value, {.reads = true, .may_differ = session::current().last_choice().age != 0, .seen = value});
  s.describe(order, [&] {
    const bool in_threads = session::current().in_threads();
    return ".load = " + std::to_string(value) +
           (in_threads ? stale(session::current().age_of_last_load()) : std::string());
  });
  return value;
}

void atomic_object::store(std::uint64_t value, memory_order order, const location& where) {
  const atomic_step s(tracked_, where);
  s.begin({.kind = access::store, .object = id(), .seq_cst = order == memory_order::seq_cst});
  word().store(value, to_relacy(order));
  s.end(value, {.writes = true, .left = value});
  s.describe(order, [&] { return ".store " + std::to_string(value); });
}

std::uint64_t atomic_object::modify(change c, std::uint64_t operand, std::uint64_t width, memory_order order,
                                    const location& where) {
  const atomic_step s(tracked_, where);
  s.begin({.kind = access::rmw, .object = id(), .seq_cst = order == memory_order::seq_cst});
  s.require_written(word());
  const std::uint64_t before =
      word().modify([&](std::uint64_t b) { return changed(c, b, operand) & width; }, to_relacy(order));
  s.end(before, {.reads = true, .writes = true, .seen = before, .left = word().newest()});
  s.describe(order, [&] {
    return std::string(".") + name_of(c) + ' ' + std::to_string(operand) + ", was " + std::to_string(before);
  });
  return before;
}

void atomic_object::add(std::uint64_t operand, std::uint64_t width, memory_order order, const location& where) {
  const atomic_step s(tracked_, where);
  const access kind = order == memory_order::relaxed ? access::add : access::rmw;
  s.begin({.kind = kind, .object = id(), .seq_cst = order == memory_order::seq_cst});
  s.require_written(word());
  const std::uint64_t before = word().modify([&](std::uint64_t b) { return (b + operand) & width; }, to_relacy(order));
  s.end(before, {.writes = true, .left = word().newest()});
  s.describe(order, [&] { return ".add " + std::to_string(operand); });
}

bool atomic_object::compare_exchange_weak(std::uint64_t& expected, std::uint64_t desired, memory_order success,
                                          memory_order failure, const location& where) {
  __builtin_unwind_init();
  const auto* const frame = static_cast<const std::byte*>(__builtin_frame_address(0));
  return compare_exchange(frame, expected, desired, success, failure, where);
}

bool atomic_object::compare_exchange_strong(std::uint64_t& expected, std::uint64_t desired, memory_order success,
                                            memory_order failure, const location& where) {
  return compare_exchange(nullptr, expected, desired, success, failure, where);
}

// `frame`: of a weak one.
bool atomic_object::compare_exchange(const std::byte* frame, std::uint64_t& expected, std::uint64_t desired,
                                     memory_order success, memory_order failure, const location& where) {
  const atomic_step s(tracked_, where);
  const std::uint64_t wanted = expected;
  const weak_exchange self{.word = &word(),
                           .object = id(),
                           .expected = wanted,
                           .desired = desired,
                           .failure = to_relacy(failure),
                           .where = where};
  const bool again = frame != nullptr && session::current().retries(self, frame);
  if (!again) {
    s.begin({.kind = access::rmw,
             .object = id(),
             .exchange = {.newest = &word().newest(),
                          .expected = wanted,
                          .success_seq_cst = success == memory_order::seq_cst,
                          .failure_seq_cst = failure == memory_order::seq_cst}});
    s.require_written(word());
  }
  auto end_of_weak = session::weak_end::succeeds;
  if (frame != nullptr && !again && word().newest() == wanted) end_of_weak = session::current().choose_weak(self);
  if (end_of_weak == session::weak_end::is_probed) return false;
  modelled_word::exchanged e{};
  if (end_of_weak == session::weak_end::fails) {
    word().fail_spuriously(to_relacy(failure));
    e.seen = wanted;
  } else {
    e = word().compare_exchange(wanted, desired, to_relacy(success), to_relacy(failure));
  }
  const bool may_differ = e.age != 0 || (!e.done && e.seen == wanted);
  s.end(e.seen, {.reads = true, .writes = e.done, .may_differ = may_differ, .seen = e.seen, .left = desired});
  s.describe(e.done ? success : failure, [&] {
    const std::string text = exchange_text(wanted, desired);
    if (e.done) return text;
    return text + (e.seen == wanted ? " fails [spuriously]" : " fails: it is " + std::to_string(e.seen) + stale(e.age));
  });
  if (!e.done) expected = e.seen;
  return e.done;
}

void run_fence(memory_order order, const location& where) {
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

}  // namespace triecheck::explore
