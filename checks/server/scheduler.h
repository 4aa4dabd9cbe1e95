// Which sequence makes the next step: continuous batching, admission, preemption.
//
// The batch is the set of running sequences. A step takes one of them on by a chunk of its prompt
// or by one token; workers step different sequences at the same time, and a sequence joins or
// leaves between two steps of any other.
//
// Pages. A sequence is admitted with pages for all its tokens, or not at all; it grows by a page
// when it needs one. Where the cache refuses growth, the youngest running sequence yields, if it is
// younger than the one refused, otherwise the latter does: it gives its lease back and waits to be
// admitted again. What it had published stays cached. After that no sequence is admitted until one ends, so that the
// pages that were given back are there for the sequence that they were given up for. So the oldest sequence never
// yields, and comes to its end.
//
// Where admission is refused, one thread (the engine's) takes a place in the cache's queue for pages, holds none, and
// tries again when pages may have come back; no sequence overtakes it meanwhile.
//
// A refusal while no other sequence runs and none gave pages back meanwhile is final: the cache has
// lost pages.
//
// Threads: any. A sequence that was taken belongs to the caller until it is given back by one of
// the calls below.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "checks/server/sequence.h"

namespace triecheck::server {

using sequence_ptr = std::shared_ptr<sequence>;

class scheduler {
 public:
  scheduler(std::size_t batch, std::size_t queue) : batch_(batch), queue_(queue) {}

  /// False where the queue is full: nothing is changed.
  [[nodiscard]] bool submit(sequence_ptr s);

  /// A further choice of a request that runs: ready where it has a lease, otherwise waiting,
  /// however long the queue is.
  void add(sequence_ptr s);

  /// The next one to step or, where it has no lease, to admit; blocks. Null when the scheduler
  /// stops.
  sequence_ptr next();

  // For the thread that waits for pages.

  /// Blocks until somebody has to wait for pages; false when the scheduler stops.
  bool wait_until_queueing();
  /// The first that waits, to be admitted; blocks while nobody may be. Null where nobody has to
  /// wait any more.
  sequence_ptr next_queued();
  /// For a cache without a queue: blocks until `returns` is another number, or nobody has to wait
  /// any more.
  void wait_for_returns(std::uint64_t returns_before);

  // What became of a sequence that was taken. Requires of all but `more` that it holds no lease any
  // more, but for `refused`.

  /// Before an attempt at pages: `refused` and `not_admitted` take what it answers.
  std::uint64_t returns() const;

  /// It is ready again, and the answer true; or it has to yield: the caller releases its lease and
  /// calls `yielded`.
  [[nodiscard]] bool more(const sequence_ptr& s);

  struct refusal {
    enum { retry, yield, preempt, lost } what;
    /// of `preempt`: it belongs to the caller now, which releases its lease and calls `yielded` for it
    sequence_ptr victim;
  };
  /// It was refused growth. After `retry` and `preempt` it is ready or stalled, and the caller's no
  /// more; after `yield` the caller releases its lease and calls `yielded`; after `lost`, `ended`.
  [[nodiscard]] refusal refused(const sequence_ptr& s, std::uint64_t returns_before);

  // These two answer true where somebody waits for pages and nobody runs any more who could give any
  // back: the caller wakes the one thread, so that it finds out whether that is final.

  /// It waits to be admitted again.
  [[nodiscard]] bool yielded(const sequence_ptr& s);
  [[nodiscard]] bool ended(const sequence_ptr& s);

  /// It was admitted: those who wait need not queue. Otherwise as `more`.
  [[nodiscard]] bool admitted(const sequence_ptr& s);

  /// It was refused admission, and waits; false where that is final: the caller calls `ended`.
  [[nodiscard]] bool not_admitted(const sequence_ptr& s, std::uint64_t returns_before);

  /// Ends those of the request that wait, and returns them; of the others those that are stalled
  /// become ready.
  std::vector<sequence_ptr> take_out(const request& r);

  // For audits and for the end.

  /// Admits nobody until `open`, and waits until nobody runs; false after `limit`, when it is open
  /// again.
  [[nodiscard]] bool close(std::chrono::milliseconds limit);
  void open();

  /// `next` and `wait_until_queueing` end from now on.
  void stop();
  /// All that are left. Requires that no thread has one.
  std::vector<sequence_ptr> left();

  std::size_t waiting() const;
  std::size_t running() const;
  std::uint64_t preemptions() const;

 private:
  // All of these require mutex_.
  bool may_admit() const { return !waiting_.empty() && running_.size() < batch_ && !is_paused_ && closed_ == 0; }
  sequence_ptr take_first_waiting();
  void make_ready(const sequence_ptr& s);
  void leave_batch(const sequence_ptr& s);
  void pages_returned();

  const std::size_t batch_;
  const std::size_t queue_;

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable work_;                   // for next
  std::condition_variable queueing_;               // for the thread that waits for pages
  std::condition_variable rest_;                   // for close
  std::map<std::uint64_t, sequence_ptr> waiting_;  // by order
  // by order; all that are ready, stepping or stalled
  std::map<std::uint64_t, sequence_ptr> running_;
  std::deque<sequence_ptr> ready_;
  std::uint64_t returns_ = 0;  // how often a sequence gave pages back
  std::uint64_t preemptions_ = 0;
  bool is_paused_ = false;  // somebody yielded, and nobody ended since
  // somebody was refused admission: the one thread has the first of those who wait
  bool is_queueing_ = false;
  unsigned closed_ = 0;  // how many audits keep it closed
  bool is_stopped_ = false;
};

}  // namespace triecheck::server
