// A strategy decides which executions of a program run: the explorer asks it at every choice.
//
// Threads: one execution at a time, everything in one system thread. Strategies use ordinary containers: the explorer
// calls them outside the simulation, where Relacy does not own the heap.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "checks/explore/announcement.h"
#include "checks/explore/schedule.h"

namespace triecheck::explore {

/// What a strategy sees when it picks the thread whose announced operation runs next.
struct scheduling_point {
  std::span<const announcement> next;  ///< by thread; meaningful for live threads
  std::uint32_t enabled = 0;           ///< bit per thread; never 0
  unsigned current = 0;                ///< the thread that ran last
};

/// A choice inside an operation: how old a loaded value is (asked once per older store), whether a weak
/// compare-exchange fails, whether a notification passes over the waiter that has waited longest (asked once per waiter
/// that is left). Alternative 0 is the newest value, no failure, the longest wait.
enum class data_choice : std::uint8_t { older_value, spurious_failure, other_waiter };

class strategy {
 public:
  strategy() = default;
  strategy(const strategy&) = delete;
  strategy& operator=(const strategy&) = delete;
  virtual ~strategy() = default;

  virtual void begin() = 0;
  virtual unsigned choose_thread(const scheduling_point& point) = 0;
  virtual bool choose_data(data_choice kind) = 0;

  /// The execution ended without a violation. Returns whether another one is wanted.
  virtual bool end() = 0;

  /// Whether everything that the strategy promises has run.
  virtual bool complete() const = 0;

  /// Whether the execution that just ended is not counted: it repeats one that was, or it was run to measure the program.
  virtual bool redundant() const { return false; }

  /// Why the run is wrong in itself (a program that is not deterministic, a schedule that does not fit), or empty.
  const std::string& broken() const { return broken_; }

 protected:
  std::string broken_;
};

/// Every execution up to the order of independent operations: source sets with sleep sets.
std::unique_ptr<strategy> make_exhaustive(bool reduction);

/// Two numbers into one, well spread: neighbouring inputs give unrelated outputs (splitmix64).
constexpr std::uint64_t hashed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = a * 0x9e37'79b9'7f4a'7c15 + b + 0x9e37'79b9'7f4a'7c15;
  x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
  x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
  return x ^ (x >> 31);
}

/// Every execution with at most `preemptions` preemptions, fewest first, with happens-before caching.
std::unique_ptr<strategy> make_bounded(unsigned preemptions);

// The random strategies run the executions numbered `first` to `first + count - 1`. Each is a function of the seed, its
// number, and what the measuring executions saw. Those are the same in every process and run first; they are redundant().

/// How many executions measure how long the threads of a program are.
inline constexpr unsigned measuring_executions = 8;

/// Probabilistic concurrency testing of the given depth, at least 1.
std::unique_ptr<strategy> make_pct(std::uint64_t seed, std::uint64_t first, std::uint64_t count, unsigned depth);

/// Schedules drawn with equal probability, as far as threads have the lengths that were measured.
std::unique_ptr<strategy> make_random(std::uint64_t seed, std::uint64_t first, std::uint64_t count);

/// Exactly the executions that `s` describes: one.
std::unique_ptr<strategy> make_replay(schedule s);

}  // namespace triecheck::explore
