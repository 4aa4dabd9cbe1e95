#include "tools/scenario_argument.h"

#include <system_error>

#include "checks/explore/registry.h"
#include "checks/policies.h"
#include "checks/variants.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace triecheck::tools {

namespace fs = std::filesystem;

named_scenario find_scenario(const std::string& name_or_path, const fs::path& directory) {
  const bool is_path = name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".toml");
  std::error_code impossible_name;
  if (is_path || fs::exists(name_or_path, impossible_name)) return {checks::load_scenario(name_or_path), name_or_path};
  for (const char* folder : {"", "regressions"}) {
    const fs::path file = directory / folder / (name_or_path + ".toml");
    if (fs::exists(file)) return {checks::load_scenario(file), name_or_path};
  }
  throw usage_error("there is no scenario '" + name_or_path + "' in " + directory.string() +
                    " (`triecheck list` shows them), and no file of that name");
}

std::vector<named_scenario> all_scenarios(const fs::path& directory, bool by_path) {
  std::vector<named_scenario> all;
  for (const fs::path& file : checks::find_scenarios(directory)) {
    all.push_back({checks::load_scenario(file), by_path ? file.string() : file.stem().string()});
  }
  return all;
}

void check_policy(const checks::scenario& s, const std::string& cache, const std::string& fault) {
  const explore::fault* faulty = explore::find_fault(fault);
  if (faulty == nullptr && known_variant(cache).takes_policies) return;
  const model::eviction_policy only = faulty == nullptr ? checks::policies().front().value : faulty->policy;
  if (s.policy == only) return;
  throw usage_error("the scenario '" + s.name + "' asks for the policy " + checks::name_of(s.policy) + ", but " +
                    (faulty == nullptr ? "the cache '" + cache + "'" : "the fault '" + fault + "'") + " knows " +
                    checks::name_of(only) + " alone");
}

}  // namespace triecheck::tools
