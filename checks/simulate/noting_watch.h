// What --compare-exact adds to a simulation: the order in which its operations took effect.
//
// Every operation takes a ticket from one counter behind its call and notes itself in the place that the ticket names,
// so nothing has to be merged. Another operation can come between the effect of an operation and its ticket, and the
// list then shows the two in the wrong order; so the shorter that stretch, the better. What can take long comes before
// the effect: waiting for a lock, the walk of a lookup, attempts that lose a race. After the effect there is little but
// the way out of the call.
//
// An allocation is placed half-way between the ticket of its lookup, which is the last thing before it, and its own.
// Where it is no single step it evicts from its beginning to its end: placed at its end, all its victims would stay for
// too long, and the replay would hit what the run could not; at its beginning, the reverse.
//
// The order stays a guess where calls overlap, so ratios of single runs scatter around the true one. `coarse`, which is
// exact with any number of threads, shows by how much.
//
// Threads: any, unless said otherwise.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "checks/simulate/exact_replay.h"
#include "model/operation.h"

namespace triecheck::checks {

class noting_watch {
 public:
  /// For so many rows, each of which is looked up, allocated, published and released once at most.
  explicit noting_watch(std::size_t rows) : lookup_tickets_(rows), noted_(4 * rows) {}

  void time_is(std::size_t) {}
  template <class Request>
  void looked_up(const Request& r, std::span<const std::uint32_t>) {
    lookup_tickets_[r.row] = note(r.row, model::operation_kind::lookup);
  }
  template <class Request>
  void allocated(const Request& r, std::span<const std::uint32_t>, model::status) {
    const std::size_t ticket = note(r.row, model::operation_kind::allocate);
    noted_[ticket].place = lookup_tickets_[r.row] + ticket;
  }
  template <class Request>
  void before_publish(const Request&) {}
  template <class Request>
  void published(const Request& r) {
    note(r.row, model::operation_kind::publish);
  }
  template <class Request>
  void released(const Request& r) {
    note(r.row, model::operation_kind::release);
  }
  void finished(std::size_t) {}

  /// Requires that the threads have ended.
  std::vector<noted_operation> in_order() {
    noted_.resize(next_.load(std::memory_order_relaxed));
    std::stable_sort(noted_.begin(), noted_.end(), [](const noted& a, const noted& b) { return a.place < b.place; });
    std::vector<noted_operation> order;
    order.reserve(noted_.size());
    for (const noted& n : noted_) order.push_back(n.operation);
    return order;
  }

 private:
  struct noted {
    std::size_t place = 0;  // twice the ticket, so that there is a place half-way between two
    noted_operation operation;
  };

  // Returns the ticket. Relaxed: additions to one counter have one order, in which an operation also comes after all
  // that the cache ordered before it; and what the places hold is read when the threads were joined.
  std::size_t note(std::size_t row, model::operation_kind kind) noexcept {
    const std::size_t ticket = next_.fetch_add(1, std::memory_order_relaxed);
    noted_[ticket] = {2 * ticket, {row, kind}};
    return ticket;
  }

  std::atomic<std::size_t> next_{0};
  std::vector<std::size_t> lookup_tickets_;  // by row; each is written and read by the thread of the row
  std::vector<noted> noted_;                 // by ticket; each is written by the thread that drew it
};

}  // namespace triecheck::checks
