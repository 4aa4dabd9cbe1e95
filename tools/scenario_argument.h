// How a command line names a scenario: by the name of a shipped one, or by the path of a file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checks/scenario/scenario.h"

namespace triecheck::tools {

struct named_scenario {
  checks::scenario program;
  std::string place;  ///< how the command line names it again
};

/// Throws usage_error for a name that is neither, scenario_error for a file that cannot be read as a scenario.
named_scenario find_scenario(const std::string& name_or_path, const std::filesystem::path& directory);

/// All scenarios of `directory`, regressions first; by name, or by path where `by_path`.
std::vector<named_scenario> all_scenarios(const std::filesystem::path& directory, bool by_path);

/// Throws usage_error where `s` asks for another policy than those that `cache` takes, or the one that `fault`, if any, is of.
void check_policy(const checks::scenario& s, const std::string& cache, const std::string& fault);

}  // namespace triecheck::tools
