// One thread runs alone from here on, and has to finish the operation of the cache that it is inside:
// obstruction-freedom, asked of one state. Shared by the search that asks it everywhere and by the replay of what the
// search found.
#pragma once

#include <optional>
#include <string>

#include "checks/explore/strategy.h"

namespace triecheck::explore {

class alone {
 public:
  alone() = default;

  /// `thread` runs alone from the state at `point`, which comes after `from` steps.
  alone(const scheduling_point& point, std::size_t from, unsigned thread, unsigned steps)
      : thread_(thread), operation_(point.operations[thread]), from_(from), steps_(steps), active_(true) {}

  /// Whether the thread still has to go on alone. The first call is for the state where it begins.
  bool active(const scheduling_point& point) {
    active_ = active_ && point.operations[thread_] == operation_;
    return active_;
  }

  unsigned thread() const { return thread_; }

  /// Requires active. What is wrong at this point, if anything is; otherwise the thread makes its next step.
  std::optional<strategy::refutation> next(const scheduling_point& point) {
    const bool spins = (point.waiting & (1U << thread_)) != 0;
    const bool waits = (point.enabled & (1U << thread_)) == 0;
    if (!waits && taken_++ < steps_) return std::nullopt;
    const std::string who = "thread " + std::to_string(thread_) + ", alone inside an operation of the cache, ";
    const std::string what = spins   ? "waits in a loop for what only a stopped thread can change"
                             : waits ? "waits for a mutex that a stopped thread holds"
                                     : "has not ended it after " + std::to_string(steps_) + " steps";
    const choice demand{.thread = static_cast<std::uint8_t>(thread_), .alone = static_cast<std::uint16_t>(steps_)};
    return strategy::refutation{.what = {obstruction_violation, who + what}, .from = from_, .demand = demand};
  }

 private:
  unsigned thread_ = 0;
  std::uint32_t operation_ = 0;
  std::size_t from_ = 0;
  unsigned steps_ = 0;
  unsigned taken_ = 0;
  bool active_ = false;
};

}  // namespace triecheck::explore
