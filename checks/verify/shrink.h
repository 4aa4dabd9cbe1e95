// From a failing execution to the smallest one that fails for the same reason: a smaller scenario first, then a shorter
// schedule of it.
//
// The scenario is changed greedily until no single change (checks/scenario/reductions.h) leaves one that still fails.
// Every candidate is explored in a separate process, fewest preemptions first, for a limited number of executions.
// Given up are:
//  - a candidate in which the failure is rarer than that
//  - a candidate that fails by itself: a pool that is too small for its requests refuses them under every cache. Such a
//    scenario is known by failing under the coarse cache, too. Where that is the cache that fails, a refusal keeps the
//    pool that it has.
// Then all executions of the smallest scenario with the fewest preemptions are searched for the shortest schedule that
// fails. (Delta debugging: Zeller and Hildebrandt, 2002.)
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "checks/scenario/reductions.h"
#include "checks/verify/explore.h"

namespace triecheck::explore {

/// Why an execution failed, as far as a smaller one has to fail for the same reason: the kind, and of a message that
/// names an invariant ("I3: ...") the invariant.
struct failure_reason {
  std::string kind;
  std::string invariant;  ///< "I3", or empty
  friend bool operator==(const failure_reason&, const failure_reason&) = default;
};
failure_reason reason_of(const std::string& kind, const std::string& message);

struct shrink_options {
  checks::subject_factory make = nullptr;       ///< in place of the token's cache and fault, for tests
  std::chrono::duration<double> budget{60};     ///< then the best so far is confirmed, and is the result
  std::uint64_t executions = 5000;              ///< of one candidate
  std::uint64_t schedule_executions = 200'000;  ///< of the search for the shortest schedule
  std::chrono::milliseconds patience{10'000};   ///< without a step: hang
};

/// How large a failing execution is.
struct failing_extent {
  checks::scenario_size size;
  std::size_t operations = 0;  ///< as reports count them
  std::size_t preemptions = 0;
  std::size_t steps = 0;  ///< of the schedule
};

struct shrunk {
  checks::scenario program;
  checks::failure found;  ///< its token and command name the scenario by `place`
  std::string interleaving;
  failing_extent before;
  failing_extent after;
  std::size_t candidates = 0;  ///< smaller scenarios that were explored
  std::uint64_t executions = 0;
  bool confirmed = false;  ///< the result was run again, in another process
  bool smallest = false;   ///< every change of the scenario was tried: none leaves a smaller one that fails
  bool shortest = false;   ///< every schedule with as few preemptions was tried
  std::string stopped;     ///< what ended the search before that; empty where nothing did
};

/// Shrinks the execution that `token` names, of `s`. `place` is how the token of the result names the scenario.
/// Requires a known cache and fault. `tick`, when given, is called now and then with the best so far. Returns nothing,
/// and the reason in `why`, when the failure does not show again. The result was confirmed in another process, unless
/// an interrupt (checks/process/interrupts.h) came before; one that comes before anything was run is thrown.
std::optional<shrunk> shrink(const checks::scenario& s, const replay_token& token, const std::string& place,
                             const shrink_options& options, std::string& why,
                             const std::function<void(const shrunk&)>& tick = {});

}  // namespace triecheck::explore
