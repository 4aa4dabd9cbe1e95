// How many cores threads get, and how far apart these are: what several spinning threads do in a given time, over what
// one does in the same time, and how long a line of memory takes from one to another.
//
// The bound for whatever runs in as many threads on this machine at this moment, where other processes may have a core,
// or the machine under this one may stop it for a while.
//
// Threads: one caller; it starts its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "checks/bench/histogram.h"

namespace triecheck::checks {

/// Pieces of work that one thread did, and then several together, each in the same span.
struct spin_sample {
  double alone = 0;
  double together = 0;
  latency_histogram pieces;  ///< how many nanoseconds each took of those that were done together
  double line_ns = 0;        ///< line_round_trip_ns, then
};

/// How long a line takes that two threads write in turn, from one to the other and back.
double line_round_trip_ns();

spin_sample spin(std::size_t threads, std::chrono::milliseconds span = std::chrono::milliseconds(10));

/// The p99.9 of how long a piece took over its median, of all samples: by how much the machine alone stretches the work
/// of some microseconds. 0 without samples.
double spin_tail(const std::vector<spin_sample>& samples);

/// The median of what they did together over the most that one did alone, which another process may have disturbed too:
/// the cores that they had. 0 without samples.
double spin_scale(const std::vector<spin_sample>& samples);

/// The median. 0 without samples.
double line_ns(const std::vector<spin_sample>& samples);

}  // namespace triecheck::checks
