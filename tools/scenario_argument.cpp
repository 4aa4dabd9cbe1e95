#include "tools/scenario_argument.h"

#include <algorithm>
#include <system_error>

#include "checks/report/suggestion.h"
#include "checks/subject/policies.h"
#include "checks/subject/variants.h"
#include "checks/verify/registry.h"
#include "checks/verify/scenario_needs.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace triecheck::tools {

namespace fs = std::filesystem;

namespace {

// The names of the files of scenarios in a folder; none where it cannot be read.
std::vector<std::string> scenarios_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code problem;
  for (fs::directory_iterator file(folder, problem), end; !problem && file != end; file.increment(problem)) {
    if (file->path().extension() == ".toml") names.push_back(file->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string near_name(const std::string& name, const std::vector<std::string>& known, const std::string& otherwise) {
  return checks::did_you_mean(name, {known.begin(), known.end()}, otherwise);
}

}  // namespace

named_scenario find_scenario(const std::string& name_or_path, const fs::path& directory, bool by_path) {
  const bool is_path = name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".toml");
  std::error_code impossible_name;
  const bool there = fs::exists(name_or_path, impossible_name);
  if (is_path && !there) {
    const fs::path folder = fs::path(name_or_path).parent_path();
    throw checks::scenario_error(
        name_or_path + ":1:1: there is no such file" +
        near_name(fs::path(name_or_path).filename().string(), scenarios_in(folder.empty() ? "." : folder), ""));
  }
  if (there) return {checks::load_scenario(name_or_path), name_or_path};
  for (const char* folder : {"", "regressions"}) {
    const fs::path file = directory / folder / (name_or_path + ".toml");
    if (fs::exists(file)) return {checks::load_scenario(file), by_path ? file.string() : name_or_path};
  }
  throw usage_error("there is no scenario '" + name_or_path + "' in " + directory.string() +
                    ", and no file of that name" +
                    near_name(name_or_path, scenario_names(directory), " (`triecheck list` shows the scenarios)"));
}

std::vector<std::string> scenario_names(const fs::path& directory) {
  std::vector<std::string> names;
  for (const char* folder : {"", "regressions"}) {
    for (const std::string& file : scenarios_in(directory / folder)) names.push_back(fs::path(file).stem().string());
  }
  return names;
}

std::vector<named_scenario> all_scenarios(const fs::path& directory, bool by_path) {
  std::vector<named_scenario> all;
  for (const fs::path& file : checks::find_scenarios(directory)) {
    all.push_back({checks::load_scenario(file), by_path ? file.string() : file.stem().string()});
  }
  return all;
}

std::string missing_for(const checks::scenario& s, const std::string& cache, const std::string& fault) {
  const explore::fault* faulty = explore::find_fault(fault);
  if (faulty != nullptr && s.policy != faulty->policy) return "the policy " + checks::name_of(s.policy);
  checks::variant v = known_variant(cache);
  v.takes_policies = v.takes_policies || faulty != nullptr;
  return checks::missing_for(s, v);
}

void check_fits(const checks::scenario& s, const std::string& cache, const std::string& fault) {
  const std::string missing = missing_for(s, cache, fault);
  if (missing.empty()) return;
  const std::string asks = "the scenario '" + s.name + "' asks for " + missing + ", ";
  if (!missing.starts_with("the policy")) throw usage_error(asks + "which the cache '" + cache + "' does not have");
  const explore::fault* faulty = explore::find_fault(fault);
  const model::eviction_policy only = faulty == nullptr ? checks::policies().front().value : faulty->policy;
  throw usage_error(asks + "but the " + (faulty == nullptr ? "cache '" + cache + "'" : "fault '" + fault + "'") +
                    " knows " + checks::name_of(only) + " alone");
}

}  // namespace triecheck::tools
