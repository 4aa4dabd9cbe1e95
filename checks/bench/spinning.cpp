#include "checks/bench/spinning.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "checks/bench/apart.h"
#include "checks/threads/median.h"
#include "checks/threads/together.h"

namespace triecheck::checks {
namespace {

constexpr int steps_of_a_piece = 1000;  // between looks at the clock, which then costs nothing beside them

// Eight chains of multiplications that do not wait for each other: they keep the multiplier of a core busy, so two
// threads that are the two halves of one core do not look like two cores, as they would with one chain.
latency_histogram spin_until(std::chrono::steady_clock::time_point end) {
  std::uint64_t a[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  latency_histogram pieces;
  auto before = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < steps_of_a_piece; ++i) {
      for (std::uint64_t& x : a) x = x * 6364136223846793005 + 1442695040888963407;
    }
    const auto now = std::chrono::steady_clock::now();
    pieces.add(static_cast<std::uint64_t>(std::chrono::nanoseconds(now - before).count()));
    before = now;
  } while (before < end);
  benchmark::DoNotOptimize(a);
  return pieces;
}

latency_histogram work_of(std::size_t threads, std::chrono::milliseconds span) {
  std::vector<latency_histogram> pieces(threads);
  // One end for all: a thread that gets no core at first does not get its time later.
  run_together(threads, [&](std::size_t t, auto begin) { pieces[t] = spin_until(begin + span); });
  latency_histogram all;
  for (const latency_histogram& p : pieces) all.add(p);
  return all;
}

}  // namespace

spin_sample spin(std::size_t threads, std::chrono::milliseconds span) {
  const latency_histogram alone = work_of(1, span);
  const latency_histogram together = work_of(threads, span);
  return {static_cast<double>(alone.count()), static_cast<double>(together.count()), together, line_round_trip_ns()};
}

double line_round_trip_ns() {
  constexpr std::size_t round_trips = 10'000;
  apart<std::atomic<std::size_t>> turn;
  const double seconds = run_together(2, [&](std::size_t t, auto) {
    for (std::size_t i = 0; i < round_trips; ++i) {
      // Where the other thread does not run, waiting for it on its core would take as long as the scheduler likes.
      for (int spins = 0; turn.value.load(std::memory_order_acquire) != t; ++spins) {
        if (spins < 10'000) continue;
        std::this_thread::yield();
        spins = 0;
      }
      turn.value.store(1 - t, std::memory_order_release);
    }
  });
  return seconds * 1e9 / round_trips;
}

double spin_tail(const std::vector<spin_sample>& samples) {
  latency_histogram all;
  for (const spin_sample& s : samples) all.add(s.pieces);
  return all.count() == 0 ? 0
                          : static_cast<double>(all.percentile(999)) /
                                static_cast<double>(std::max<std::uint64_t>(all.percentile(500), 1));
}

double spin_scale(const std::vector<spin_sample>& samples) {
  if (samples.empty()) return 0;
  double alone = 0;
  std::vector<double> together;
  for (const spin_sample& s : samples) {
    alone = std::max(alone, s.alone);
    together.push_back(s.together);
  }
  return median(std::move(together)) / alone;
}

double line_ns(const std::vector<spin_sample>& samples) {
  std::vector<double> each;
  for (const spin_sample& s : samples) each.push_back(s.line_ns);
  return each.empty() ? 0 : median(std::move(each));
}

}  // namespace triecheck::checks
