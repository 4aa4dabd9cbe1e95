#include "checks/explore/memory_model.h"

#include <algorithm>

#include "checks/explore/session.h"

namespace triecheck::explore {
namespace {

rl::thread_info_base& running() { return *rl::ctx().threadx_; }

bool acquires(rl::memory_order order) {
  return order == rl::mo_acquire || order == rl::mo_acq_rel || order == rl::mo_seq_cst;
}
bool releases(rl::memory_order order) {
  return order == rl::mo_release || order == rl::mo_acq_rel || order == rl::mo_seq_cst;
}

template <class To, class From>
void learn(To& to, const From& from, std::size_t threads) {
  for (std::size_t t = 0; t < threads; ++t)
    to[t] = std::max<std::uint32_t>(static_cast<std::uint32_t>(to[t]), static_cast<std::uint32_t>(from[t]));
}

}  // namespace

void fence_clocks::fence(rl::memory_order order) {
  rl::thread_info_base& t = running();
  const auto self = static_cast<std::size_t>(t.index_);
  if (acquires(order)) learn(t.acq_rel_order_, acquired_[self], threads_);
  if (order == rl::mo_seq_cst) {
    learn(t.acq_rel_order_, ordered_, threads_);
    learn(ordered_, t.acq_rel_order_, threads_);
  }
  if (releases(order)) learn(released_[self], t.acq_rel_order_, threads_);
}

// How many stores back the running thread may look.
unsigned modelled_word::oldest_visible(bool seq_cst) const {
  const rl::thread_info_base& t = running();
  const std::size_t threads = fences.threads_;
  unsigned age = 0;
  for (; age + 1 < stores_; ++age) {
    const record& newer = records_[place(age)];
    if (seq_cst && newer.seq_cst) break;
    if (t.acq_rel_order_[newer.thread] >= newer.made) break;
    // Read-read coherence: a load that happens before this one saw the newer store.
    bool seen = false;
    for (std::size_t i = 0; i < threads; ++i) seen = seen || t.acq_rel_order_[i] >= newer.first_seen[i];
    if (seen) break;
    // A thread that yields in between does not see the same value for ever.
    const std::uint32_t first_seen = records_[place(age + 1)].first_seen[static_cast<std::size_t>(t.index_)];
    if (first_seen <= t.last_yield_) break;
  }
  return age;
}

// The running thread sees the store of that age.
std::uint64_t modelled_word::see(unsigned age, rl::memory_order order) {
  rl::thread_info_base& t = running();
  const auto self = static_cast<std::size_t>(t.index_);
  record& seen = records_[place(age)];
  t.own_acq_rel_order_ += 1;
  if (seen.first_seen[self] == never) seen.first_seen[self] = static_cast<std::uint32_t>(t.own_acq_rel_order_);
  if (acquires(order)) {
    learn(t.acq_rel_order_, seen.released, fences.threads_);
  } else {
    learn(fences.acquired_[self], seen.released, fences.threads_);
  }
  return values_[place(age)];
}

std::uint64_t modelled_word::load(rl::memory_order order) {
  const unsigned oldest = oldest_visible(order == rl::mo_seq_cst);
  unsigned age = 0;
  while (age < oldest && session::current().look_older(age + 1)) ++age;
  return see(age, order);
}

modelled_word::exchanged modelled_word::compare_exchange(std::uint64_t expected, std::uint64_t desired,
                                                         rl::memory_order success, rl::memory_order failure) {
  const unsigned oldest = oldest_visible(failure == rl::mo_seq_cst);
  unsigned age = 0;
  for (unsigned older = 1; older <= oldest; ++older) {
    if (values_[place(older)] == expected) continue;
    if (!session::current().look_older(older)) break;
    age = older;
  }
  if (age == 0 && newest() == expected) {
    see(0, success);
    append(desired, success, true);
    return {.done = true, .seen = expected, .age = 0};
  }
  return {.done = false, .seen = see(age, failure), .age = age};
}

void modelled_word::append(std::uint64_t value, rl::memory_order order, bool modifies) {
  rl::thread_info_base& t = running();
  const auto self = static_cast<std::size_t>(t.index_);
  const std::size_t threads = fences.threads_;
  const record* const before = modifies ? &records_[latest_] : nullptr;
  latest_ = (latest_ + 1) % kept_stores;
  stores_ = std::min(stores_ + 1, kept_stores);
  record& now = records_[latest_];
  t.own_acq_rel_order_ += 1;
  now.made = static_cast<std::uint32_t>(t.own_acq_rel_order_);
  now.thread = static_cast<std::uint32_t>(self);
  now.seq_cst = order == rl::mo_seq_cst;
  for (std::size_t i = 0; i < threads; ++i) {
    now.first_seen[i] = never;
    now.released[i] = before == nullptr ? 0 : before->released[i];
  }
  now.first_seen[self] = now.made;
  if (releases(order)) {
    learn(now.released, t.acq_rel_order_, threads);
  } else {
    learn(now.released, fences.released_[self], threads);
  }
  values_[latest_] = newest_ = value;
}

}  // namespace triecheck::explore
