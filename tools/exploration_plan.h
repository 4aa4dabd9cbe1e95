// What `triecheck explore` was asked to explore, worked out before anything runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/verify/explore.h"
#include "tools/failure_folder.h"
#include "tools/scenario_argument.h"

namespace triecheck::tools {

/// The options of the subcommand, as they were given.
struct explore_arguments {
  std::vector<std::string> scenarios;
  std::string directory;
  std::string cache;
  std::string fault;
  std::uint64_t defect = 0;  ///< of the historical cache; 0 is none, otherwise `fault` is not given
  std::string strategy = "exhaustive";
  bool bounded_stops = false;  ///< --preemptions was given: obstruction looks no further
  bool heed_bounds = false;    ///< no strategy was asked for: the scenarios may bound the search
  std::uint64_t preemptions = 2;
  std::uint64_t depth = 3;
  std::uint64_t executions = 0;
  std::uint64_t seed = 1;
  std::uint64_t stale_depth = explore::oldest_age;
  std::string spurious = "each";
  std::uint64_t jobs = 1;
  std::uint64_t solo_steps = explore::explore_options().solo_steps;
  bool obstruction = false;
  bool no_reduction = false;
  bool estimate = false;
  std::string shard;
  std::string checkpoint;
  std::string resume;
  std::string budget;
  std::string patience = "10s";
  std::string failures = failure_folder::default_path;
  std::string counts;
  std::string json;
  std::string junit;
};

/// A scenario under a cache.
struct planned_space {
  std::size_t scenario = 0;  ///< its place in `exploration_plan::scenarios`
  std::string cache;
};

/// A space that is not explored, as the cache does not have what the scenario needs.
struct left_out_space {
  std::string scenario;
  std::string cache;
  std::string needs;  ///< such as "events"
};

/// What is explored and how, without what may differ from process to process (jobs, budget, outputs): all that a
/// checkpoint needs to know.
struct exploration_plan {
  std::vector<named_scenario> scenarios;
  std::vector<planned_space> spaces;  ///< in the order of the results
  std::vector<left_out_space> left_out;
  std::vector<std::string> not_asked_for;  ///< caches that were not explored because nobody named a cache
  explore::explore_options options;
  std::string command;  ///< the same for all shards of a run
};

/// Throws usage_error and scenario_error for what cannot be explored as it was asked. A space whose scenario was named
/// must be explorable; of all scenarios, or under all caches, those that do not fit are left out.
exploration_plan plan_of(const explore_arguments& a);

nlohmann::json to_json(const exploration_plan& p);

/// What `to_json` wrote, again. Throws what nlohmann's json throws where something is missing.
exploration_plan read_plan(const nlohmann::json& j);

/// "left out: 3 scenarios under mine, which does not have events (a, b, c)": a line for each cache and need.
std::vector<std::string> in_words(const std::vector<left_out_space>& left_out);

}  // namespace triecheck::tools
