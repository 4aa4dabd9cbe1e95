// The first failure that any thread of a simulation found; the others stop when they see that there is one.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "checks/report/verdict.h"

namespace triecheck::checks {

/// Threads: any, for every member but `take`.
class first_failure {
 public:
  /// Whether there is a reason to stop. Relaxed: a thread that learns of it a request later does no harm.
  bool any() const noexcept { return stop_.load(std::memory_order_relaxed); }

  /// Stops the others without a failure of the cache: for errors of the simulation itself.
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }

  /// `row` is the one that was being served.
  void report(std::size_t row, std::string kind, std::string message) {
    const std::lock_guard lock(mutex_);
    if (found_) return;
    keep(std::move(kind), "line " + std::to_string(row + 1) + ": " + std::move(message));
    row_ = row;
  }

  /// Of no row in particular.
  void report_of_run(std::string kind, std::string message) {
    const std::lock_guard lock(mutex_);
    if (!found_) keep(std::move(kind), std::move(message));
  }

  /// Requires that the threads have ended.
  std::optional<failure> take() { return std::exchange(found_, std::nullopt); }
  std::optional<std::size_t> row() const { return row_; }

 private:
  void keep(std::string kind, std::string message) {
    found_ = failure{.kind = std::move(kind), .message = std::move(message)};
    stop();
  }

  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::optional<failure> found_;    // guarded by mutex_
  std::optional<std::size_t> row_;  // guarded by mutex_
};

}  // namespace triecheck::checks
