#include "checks/bench/spinning.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "checks/bench/median.h"
#include "checks/together.h"

namespace triecheck::checks {
namespace {

constexpr int steps_per_look = 1000;  // at the clock, which then costs nothing beside them

// Eight chains of multiplications that do not wait for each other: they keep the multiplier of a core busy, so two
// threads that are the two halves of one core do not look like two cores, as they would with one chain.
std::uint64_t spin_until(std::chrono::steady_clock::time_point end) {
  std::uint64_t a[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  std::uint64_t looks = 0;
  do {
    for (int i = 0; i < steps_per_look; ++i) {
      for (std::uint64_t& x : a) x = x * 6364136223846793005 + 1442695040888963407;
    }
    ++looks;
  } while (std::chrono::steady_clock::now() < end);
  benchmark::DoNotOptimize(a);
  return looks;
}

double work_of(std::size_t threads, std::chrono::milliseconds span) {
  std::vector<std::uint64_t> looks(threads);
  // One end for all: a thread that gets no core at first does not get its time later.
  run_together(threads, [&](std::size_t t, auto begin) { looks[t] = spin_until(begin + span); });
  return static_cast<double>(std::accumulate(looks.begin(), looks.end(), std::uint64_t{0}));
}

}  // namespace

spin_sample spin(std::size_t threads, std::chrono::milliseconds span) {
  const double alone = work_of(1, span);
  return {alone, work_of(threads, span)};
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

}  // namespace triecheck::checks
