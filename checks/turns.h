// Threads that work one at a time, when they are told: for what depends on who works and not on when.
//
// Threads: one caller.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
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
      w->work = nullptr;
      w->go.release();
      w->running.join();
    }
  }

  /// Runs `work` in one of the threads and returns when it is done. Rethrows what it threw. Requires that `thread` is below
  /// their number.
  void run(std::size_t thread, std::function<void()> work) {
    worker& w = *workers_[thread];
    w.work = std::move(work);
    w.go.release();
    w.done.acquire();
    if (w.error) std::rethrow_exception(std::exchange(w.error, nullptr));
  }

 private:
  struct worker {
    std::binary_semaphore go{0};
    std::binary_semaphore done{0};
    std::function<void()> work;  // none: the end
    std::exception_ptr error;
    std::thread running;

    void run() {
      for (go.acquire(); work; go.acquire()) {
        try {
          work();
        } catch (...) {
          error = std::current_exception();
        }
        done.release();
      }
    }
  };

  std::vector<std::unique_ptr<worker>> workers_;
};

}  // namespace triecheck::checks
