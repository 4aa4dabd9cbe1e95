// Threads that work one at a time, on command: for what depends on which thread works and not on when.
//
// Threads: one caller.
#pragma once

#include <cstddef>
#include <future>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

namespace triecheck::checks {

class turns {
 public:
  /// Starts as many threads, which wait.
  explicit turns(std::size_t threads) {
    for (std::size_t t = 0; t < threads; ++t) workers_.push_back(std::make_unique<worker>());
    for (const auto& w : workers_) w->running = std::thread([&w = *w] { w.run(); });
  }

  turns(const turns&) = delete;
  turns& operator=(const turns&) = delete;

  ~turns() {
    for (const auto& w : workers_) {
      w->work = {};
      w->go.release();
      w->running.join();
    }
  }

  /// Runs `work` in one of the threads and returns when it is done. Rethrows what it threw. Requires that `thread` is
  /// below their number.
  template <class Work>
  void run(std::size_t thread, Work work) {
    worker& w = *workers_[thread];
    w.work = std::packaged_task<void()>(std::move(work));
    std::future<void> done = w.work.get_future();
    w.go.release();
    done.get();
  }

 private:
  struct worker {
    std::binary_semaphore go{0};
    std::packaged_task<void()> work;  // none: the end
    std::thread running;

    void run() {
      // Taken out first: the next work may be put there as soon as this one is done.
      for (go.acquire(); work.valid(); go.acquire()) std::exchange(work, {})();
    }
  };

  std::vector<std::unique_ptr<worker>> workers_;
};

}  // namespace triecheck::checks
