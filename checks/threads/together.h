// Threads that begin together.
//
// Threads: one caller.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace triecheck::checks {

/// Runs `body(thread, begin)` in `threads` threads, where `begin` is when they started together; returns the seconds
/// from then to the end of the last. Before that, each thread runs every `prepare(thread)`, one after the other. No
/// thread begins the next of them, or the body, before all threads are there. Rethrows what one of them threw.
template <class Body, class... Prepare>
double run_together(std::size_t threads, Body body, Prepare... prepare) {
  std::vector<std::exception_ptr> errors(threads);
  // They spin until all of them are there: waking a sleeping thread takes as long as many requests do, in which the
  // first ones would be alone. The caller sleeps, or one of them would have to share its core.
  std::atomic<std::size_t> arrivals{0};
  std::atomic<bool> go{false};
  std::chrono::steady_clock::time_point begin;  // written before `go`, read behind it
  std::vector<std::thread> running;
  for (std::size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      const auto run = [&](auto work) {
        try {
          if (!errors[t]) work();
        } catch (...) {
          errors[t] = std::current_exception();
        }
      };
      const auto arrive = [&] {
        arrivals.fetch_add(1);
        arrivals.notify_all();
      };
      std::size_t expected = 0;
      [[maybe_unused]] const auto meet = [&] {
        expected += threads;
        arrive();
        while (arrivals.load() < expected) std::this_thread::yield();
      };
      ((run([&] { prepare(t); }), meet()), ...);
      arrive();
      while (!go.load()) std::this_thread::yield();
      run([&] { body(t, begin); });
    });
  }
  const std::size_t all = (sizeof...(prepare) + 1) * threads;
  for (std::size_t seen = arrivals.load(); seen != all; seen = arrivals.load()) arrivals.wait(seen);
  begin = std::chrono::steady_clock::now();
  go.store(true);
  for (std::thread& t : running) t.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  for (const std::exception_ptr& e : errors) {
    if (e) std::rethrow_exception(e);
  }
  return took.count();
}

}  // namespace triecheck::checks
