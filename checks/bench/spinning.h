// How many cores threads get: what several spinning threads do in a given time, over what one does in the same time.
//
// The bound for whatever runs in as many threads on this machine at this moment, where other processes may have a core.
//
// Threads: one caller; it starts its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace triecheck::checks {

/// Loops that one thread did, and then several together, each in the same span.
struct spin_sample {
  double alone = 0;
  double together = 0;
};

spin_sample spin(std::size_t threads, std::chrono::milliseconds span = std::chrono::milliseconds(10));

/// The median of what they did together over the most that one did alone, which another process may have disturbed too:
/// the cores that they had. 0 without samples.
double spin_scale(const std::vector<spin_sample>& samples);

}  // namespace triecheck::checks
