// Explores scenarios and replays what was found: the one entrance for the command line and the tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "checks/explore/isolation.h"
#include "checks/explore/runner.h"
#include "checks/scenario/scenario.h"
#include "checks/subject.h"
#include "checks/verdict.h"

namespace triecheck::explore {

/// The strategies by the names that the command line uses.
struct strategy_name {
  const char* name;
  const char* description;
};
const std::vector<strategy_name>& strategy_names();

/// Whether the strategy draws its executions from a seed.
bool is_random(const std::string& strategy);

struct explore_options {
  std::string cache = "coarse";
  std::string fault;                              ///< empty: the shipped text
  checks::subject_factory make = nullptr;         ///< in place of both, for tests of the explorer itself
  std::string strategy = "exhaustive";
  bool reduction = true;                          ///< of exhaustive
  unsigned stale_depth = 1;
  unsigned preemptions = 2;                       ///< of bounded and relacy-bound
  unsigned depth = 3;                             ///< of pct
  std::uint64_t seed = 1;                         ///< of random, pct and relacy-random
  std::uint64_t executions = 0;                   ///< of the random strategies (0: 10,000); elsewhere a limit, 0 for none
  std::optional<std::chrono::duration<double>> budget;
  std::chrono::milliseconds patience{10'000};     ///< without a step: hang
};

/// A failing execution as one word: what `triecheck replay` takes.
struct replay_token {
  std::string scenario;  ///< a shipped scenario's name, or a path
  std::string cache;
  std::string fault;
  schedule choices;
};
std::string show(const replay_token& token);
std::optional<replay_token> parse_token(const std::string& text, std::string& why);

struct explored {
  checks::result outcome;
  std::string interleaving;  ///< of a failing execution: its story, a column per thread
};

/// Explores one scenario in a process of its own. `place` is how a replay token names the scenario. Requires a known
/// cache, fault and strategy. Never throws for what the program under test does. A violation is replayed at once, in
/// another process: the report names objects and tells the story from there, and what does not show again is an error.
/// Where the scenario stores a failure of this cache, its schedule runs first, under the fault of `options`; a violation
/// on it is the result, and a schedule that does not fit any more changes nothing.
explored explore_scenario(const checks::scenario& s, const std::string& place, const explore_options& options,
                          const std::function<void(const progress&)>& tick = {});

/// Runs one schedule in a process of its own and tells its story; `all` includes accesses of plain variables.
/// Of `options`, `make` and `patience` count.
explored replay_scenario(const checks::scenario& s, const replay_token& token, bool all = false,
                         const explore_options& options = {});

}  // namespace triecheck::explore
