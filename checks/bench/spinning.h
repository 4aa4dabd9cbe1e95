// How many cores threads get: what several spinning threads do in a given time, over what one does in the same time.
//
// The bound for whatever runs in as many threads on this machine at this moment, where other processes may have a core.
//
// Threads: one caller; it starts its own.
#pragma once

#include <chrono>
#include <cstddef>

namespace triecheck::checks {

/// The work of `threads` threads over that of one, each measured for `span`, one after the other: at most `threads` but
/// for the error of the measurement, and less where they share a core.
double spin_scale(std::size_t threads, std::chrono::milliseconds span = std::chrono::milliseconds(10));

}  // namespace triecheck::checks
