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
/// `by_path`: a shipped scenario is named by its path, too, as `directory` is not the one that is searched without
/// being named.
named_scenario find_scenario(const std::string& name_or_path, const std::filesystem::path& directory,
                             bool by_path = false);

/// The names that `find_scenario` takes; none where the directory cannot be read.
std::vector<std::string> scenario_names(const std::filesystem::path& directory);

/// All scenarios of `directory`, regressions first; by name, or by path where `by_path`.
std::vector<named_scenario> all_scenarios(const std::filesystem::path& directory, bool by_path);

/// What `s` needs and `cache` does not have, or the cache with `fault` if there is one; empty where it runs.
std::string missing_for(const checks::scenario& s, const std::string& cache, const std::string& fault);

/// Throws usage_error where something is missing.
void check_fits(const checks::scenario& s, const std::string& cache, const std::string& fault);

}  // namespace triecheck::tools
