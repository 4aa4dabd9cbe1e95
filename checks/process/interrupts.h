// SIGINT and SIGTERM: what is done so far is reported, the rest is incomplete.
//
// A signal only sets a flag. Code that waits for a child process, or goes from one piece of work to the next, checks
// the flag. However many signals arrive, the results are written as a whole.
//
// Threads: any may ask; the handlers are installed once, by the main thread.
#pragma once

namespace triecheck::checks {

/// From now on the first and every later SIGINT or SIGTERM is noted, and ends nothing by itself.
void heed_interrupts();

bool interrupted() noexcept;

/// Thrown where work stops because of an interrupt.
struct interruption {};

/// Throws `interruption` where a signal has arrived.
inline void stop_if_interrupted() {
  if (interrupted()) throw interruption();
}

/// For work that has no partial result: from now on a signal ends the process. Throws interruption where one arrived
/// before.
void end_at_interrupts();

}  // namespace triecheck::checks
