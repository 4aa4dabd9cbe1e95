// Where the workers of a soak meet, so that the cache is at rest.
//
// Protocol of a rest:
//   1. The auditor asks for it, and sleeps until all workers have come.
//   2. A worker sees the request between two rounds, releases all that it has, and comes.
//   3. The auditor looks at the cache, which no worker uses, and lets the workers go on.
//   4. A worker that has ended counts as one that came, for good.
//
// Threads: the workers at once, and one auditor.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace triecheck::checks {

class rest_gate {
 public:
  explicit rest_gate(std::size_t workers) : workers_(workers) {}

  /// Whether a worker should come. Relaxed: one round later does no harm.
  bool is_asked() const noexcept { return is_asked_.load(std::memory_order_relaxed); }

  /// Of a worker that holds nothing: sleeps while the rest lasts.
  void come() {
    std::unique_lock lock(mutex_);
    if (!is_asked()) return;
    ++there_;
    came_.notify_one();
    const std::size_t rest = rest_;
    goes_on_.wait(lock, [&] { return rest_ != rest; });
  }

  /// Of a worker that ends, and holds nothing.
  void leave() {
    const std::lock_guard lock(mutex_);
    --workers_;
    came_.notify_one();
  }

  /// Of the auditor.
  void ask() { is_asked_.store(true, std::memory_order_relaxed); }

  /// Of the auditor, which asked: calls `audit` when no worker uses the cache.
  template <class Audit>
  void rest(Audit audit) {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return there_ == workers_; });
    audit();
    there_ = 0;
    ++rest_;
    is_asked_.store(false, std::memory_order_relaxed);
    goes_on_.notify_all();
  }

 private:
  std::atomic<bool> is_asked_{false};
  std::mutex mutex_;
  std::condition_variable came_, goes_on_;
  std::size_t workers_;  // guarded by mutex_, as what follows: those that have not ended
  std::size_t there_ = 0;
  std::size_t rest_ = 0;
};

}  // namespace triecheck::checks
