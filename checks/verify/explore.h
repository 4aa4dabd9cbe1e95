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

#include "checks/explore/runner.h"
#include "checks/explore/search/exploration.h"
#include "checks/explore/search/search_options.h"
#include "checks/oracles/statistics.h"
#include "checks/report/verdict.h"
#include "checks/scenario/scenario.h"
#include "checks/subject/subject.h"

namespace triecheck::explore {

/// The values of `spurious_failures` by the names that the command line uses.
inline constexpr std::array<std::string_view, 3> spurious_names = {"none", "one", "each"};

/// A cache, and how it is searched. `solo_steps`: as many as it says, and some for each page and token.
struct explore_options : search_options {
  std::string cache = "coarse";
  std::string fault;                        ///< empty: the shipped text
  checks::subject_factory make = nullptr;   ///< in place of both, for tests of the explorer itself
  std::optional<model::refusals> refusals;  ///< the rule of the variant without it
  bool heed_bounds = false;                 ///< within the scenario's bound; obstruction: one preemption
};

/// What refusals are held to.
model::refusals rule_of(const explore_options& o);
model::refusals rule_of(const std::string& cache);

/// What the answers of `stats` are held to.
checks::stats_consistency together_of(const std::string& cache);

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
  std::string interleaving;    ///< of a failing execution: its story, a column per thread
  bool out_of_budget = false;  ///< nothing but the budget ended it: with a larger one it goes on
};

/// Explores one scenario in a separate process. `place` is how a replay token names the scenario. Requires a known
/// cache, fault and strategy. Never throws for what the program under test does. A violation is replayed at once, in
/// another process: the report names objects and describes the execution from there, and what does not show again is an
/// error. Where the scenario stores a failure of this cache, its schedule runs first, under the fault of `options`; a
/// violation on it is the result, and a schedule that does not fit any more changes nothing.
explored explore_scenario(const checks::scenario& s, const std::string& place, const explore_options& options,
                          const std::function<void(const exploration_status&)>& tick = {});

/// How many executions `explore_scenario` would run, by the pieces of the space that end within `time`: exact where all
/// do. Nothing for a strategy other than exhaustive, a program that fails on the way, or a space of which too few
/// pieces ended.
std::optional<estimate> estimate_scenario(const checks::scenario& s, const explore_options& options,
                                          std::chrono::duration<double> time);

/// How a schedule is run again; as the members of explore_options.
struct replay_options {
  checks::subject_factory make = nullptr;
  std::optional<model::refusals> refusals;
  std::chrono::milliseconds patience{10'000};
};

/// Runs one schedule in a separate process and describes its execution; `all` includes accesses of plain variables.
explored replay_scenario(const checks::scenario& s, const replay_token& token, bool all = false,
                         const replay_options& options = {});

}  // namespace triecheck::explore
