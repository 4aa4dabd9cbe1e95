// Explores scenarios and replays what was found: the one entrance for the command line and the tests.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/explore/exploration.h"
#include "checks/explore/runner.h"
#include "checks/oracles/statistics.h"
#include "checks/scenario/scenario.h"
#include "checks/subject.h"
#include "checks/verdict.h"

namespace triecheck::explore {

/// The strategies by the names that the command line uses.
struct strategy_name {
  std::string name;
  std::string description;
  std::vector<std::string> options;  ///< of the command line, beside those that every strategy has

  bool takes(const std::string& option) const;
};
const std::vector<strategy_name>& strategy_names();
const strategy_name* find_strategy(const std::string& name);  ///< null for a name that is none

/// Whether the strategy draws its executions from a seed, so that their number is given.
bool draws_at_random(const std::string& strategy);

/// The values of `spurious_failures` by the names that the command line uses.
inline constexpr std::array<std::string_view, 3> spurious_names = {"none", "one", "each"};

struct explore_options {
  std::string cache = "coarse";
  std::string fault;                              ///< empty: the shipped text
  checks::subject_factory make = nullptr;         ///< in place of both, for tests of the explorer itself
  std::optional<model::refusals> refusals;        ///< the rule of the variant without it
  std::string strategy = "exhaustive";
  bool heed_bounds = false;                       ///< of exhaustive: bounded where the scenario bounds this cache; of obstruction: one preemption
  bool reduction = true;                          ///< of exhaustive
  unsigned stale_depth = oldest_age;
  spurious_failures spurious = spurious_failures::each_thread;
  unsigned preemptions = 2;                       ///< of bounded and relacy-bound
  unsigned depth = 3;                             ///< of pct
  unsigned solo_steps = 300;                      ///< of obstruction: in which a thread alone ends its operation; as many as 300
                                                  ///< are, and some for each page and token
  std::optional<unsigned> stops_within;           ///< of obstruction: the preemptions that lead to a state; any number without
  std::uint64_t seed = 1;                         ///< of random, pct and relacy-random
  std::uint64_t executions = 0;                   ///< of the random strategies (0: 10,000); elsewhere a limit, 0 for none
  std::optional<std::chrono::duration<double>> budget;
  std::chrono::milliseconds patience{10'000};     ///< without a step: hang
  unsigned jobs = 1;                              ///< processes, at least 1; Relacy's own searches use one
  std::optional<checks::share> shard;             ///< explores this part only; not of Relacy's own searches
  std::function<void(const nlohmann::json&)> save;///< called now and then with what `resume` takes
  std::chrono::milliseconds save_every{1000};
  const nlohmann::json* resume = nullptr;         ///< where an equal exploration stood
};

/// What refusals are held to.
model::refusals rule_of(const explore_options& o);

/// What the answers of `stats` are held to.
checks::at_one_instant together_of(const std::string& cache);

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
  bool out_of_budget = false;  ///< nothing but the budget ended it: with a larger one it goes on
};

/// Explores one scenario in a process of its own. `place` is how a replay token names the scenario. Requires a known
/// cache, fault and strategy. Never throws for what the program under test does. A violation is replayed at once, in
/// another process: the report names objects and tells the story from there, and what does not show again is an error.
/// Where the scenario stores a failure of this cache, its schedule runs first, under the fault of `options`; a violation
/// on it is the result, and a schedule that does not fit any more changes nothing.
explored explore_scenario(const checks::scenario& s, const std::string& place, const explore_options& options,
                          const std::function<void(const exploration_status&)>& tick = {});

/// How many executions `explore_scenario` would run, by random probes of its tree for a second; nothing for a
/// strategy other than exhaustive, or a program that fails on the way.
std::optional<estimate> estimate_scenario(const checks::scenario& s, const explore_options& options);

/// Runs one schedule in a process of its own and tells its story; `all` includes accesses of plain variables.
/// Of `options`, `make`, `refusals` and `patience` count.
explored replay_scenario(const checks::scenario& s, const replay_token& token, bool all = false,
                         const explore_options& options = {});

}  // namespace triecheck::explore
