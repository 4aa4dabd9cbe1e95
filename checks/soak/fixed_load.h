// What a fixed piece of work takes the processor: where the throughput of a run and this move together, the machine
// moved.
//
// Threads: a pure function.
#pragma once

#include <ctime>

#include <cstdint>

namespace triecheck::checks {

/// Pieces of the work in a second of the processor, measured by one piece of some 50 microseconds. Time that other
/// threads have the processor does not count, nor does the cache: the work has no memory.
inline double fixed_load_per_second() {
  constexpr int multiplications = 40'000;
  const auto now_ns = [] {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
  };
  const std::uint64_t before = now_ns();
  volatile std::uint64_t kept = before;
  std::uint64_t x = kept;
  for (int i = 0; i < multiplications; ++i) x = x * 6364136223846793005 + 1442695040888963407;
  kept = x;
  const std::uint64_t after = now_ns();
  return after == before ? 0 : 1e9 / static_cast<double>(after - before);
}

}  // namespace triecheck::checks
