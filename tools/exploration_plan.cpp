#include "tools/exploration_plan.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <utility>

#include "checks/historical/explored.h"
#include "checks/report/json_number.h"
#include "checks/report/shard.h"
#include "checks/report/suggestion.h"
#include "checks/subject/variants.h"
#include "checks/verify/registry.h"
#include "checks/verify/scenario_needs.h"
#include "tools/catalogue.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace triecheck::tools {
namespace {

std::vector<std::string> all_caches() {
  std::vector<std::string> all;
  for (const auto& v : checks::variants()) all.push_back(v.name);
  return all;
}

std::vector<std::string> caches_of(const explore_arguments& a) {
  if (!a.fault.empty()) {
    const explore::fault& fault = known_fault(a.fault);
    if (!a.cache.empty() && a.cache != fault.variant) {
      throw usage_error("the fault '" + a.fault + "' applies to --cache " + fault.variant + " only");
    }
    return {fault.variant};
  }
  if (a.cache.empty()) return {checks::default_variant().name};
  if (a.cache != "all") return {known_variant(a.cache).name};
  return all_caches();
}

// The place in the list of choices is the value.
std::size_t spurious_choice(const std::string& name) {
  const auto& all = explore::spurious_names;
  const auto found = std::find(all.begin(), all.end(), name);
  if (found == all.end()) throw unknown_name("choice of --spurious", name, {all.begin(), all.end()});
  return static_cast<std::size_t>(found - all.begin());
}

explore::explore_options options_of(const explore_arguments& a) {
  if (explore::find_strategy(a.strategy) == nullptr) {
    throw unknown_name("strategy", a.strategy, checks::names_of(explore::strategies()));
  }
  explore::explore_options o;
  o.fault = a.fault;
  o.strategy = a.strategy;
  o.heed_bounds = a.heed_bounds;
  o.reduction = !a.no_reduction;
  o.stale_depth = static_cast<unsigned>(a.stale_depth);
  o.spurious = static_cast<explore::spurious_failures>(spurious_choice(a.spurious));
  o.preemptions = static_cast<unsigned>(a.preemptions);
  if (explore::known_strategy(a.strategy).obstruction_freedom && a.bounded_stops) o.stops_within = o.preemptions;
  o.depth = static_cast<unsigned>(a.depth);
  o.solo_steps = static_cast<unsigned>(a.solo_steps);
  o.seed = a.seed;
  o.executions = a.executions;
  return o;
}

std::string command_of(const explore_arguments& a) {
  std::string text = "triecheck explore";
  for (const std::string& s : a.scenarios) text += ' ' + shell_word(s);
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) text += std::string(" ") + flag + ' ' + shell_word(value);
  };
  const explore::strategy_row& chosen = explore::known_strategy(a.strategy);
  const auto add_own = [&](const char* flag, const std::string& value) {
    if (chosen.takes(flag)) add(flag, value);
  };
  add("--scenarios", a.directory);
  add("--cache", a.cache);
  add("--fault", a.fault);
  add("--strategy", a.heed_bounds && !chosen.obstruction_freedom ? "" : a.strategy);
  if (a.no_reduction) text += " --no-reduction";
  if (!chosen.obstruction_freedom || a.bounded_stops) add_own("--preemptions", std::to_string(a.preemptions));
  add_own("--depth", std::to_string(a.depth));
  add_own("--seed", std::to_string(a.seed));
  if (a.solo_steps != explore::explore_options().solo_steps) add_own("--solo-steps", std::to_string(a.solo_steps));
  if (a.stale_depth != explore::oldest_age) add_own("--stale-depth", std::to_string(a.stale_depth));
  if (a.spurious != "each") add_own("--spurious", a.spurious);
  if (a.executions != 0) add("--executions", std::to_string(a.executions));
  add("--budget", a.budget);
  return text;
}

// Whether the default has to be a cache that takes eviction policies. Of all scenarios of a folder one that wants a
// policy is left out: it does not decide for the others.
bool needs_policies(const std::vector<named_scenario>& scenarios, bool are_named) {
  const auto wants_a_policy = [](const named_scenario& s) {
    return s.program.policy != model::eviction_policy::recency;
  };
  if (are_named) return std::any_of(scenarios.begin(), scenarios.end(), wants_a_policy);
  return !scenarios.empty() && std::all_of(scenarios.begin(), scenarios.end(), wants_a_policy);
}

// Every scenario under every cache that has what it needs. What was named one by one has to fit.
void add_spaces(exploration_plan& p, const explore_arguments& a, const std::vector<std::string>& caches) {
  const bool named = !a.scenarios.empty() && a.cache != "all";
  for (std::size_t i = 0; i < p.scenarios.size(); ++i) {
    const named_scenario& s = p.scenarios[i];
    for (const std::string& cache : caches) {
      const std::string needs = missing_for(s.program, cache, a.fault);
      if (needs.empty()) {
        p.spaces.push_back({i, cache});
      } else if (named) {
        check_fits(s.program, cache, a.fault);
      } else {
        p.left_out.push_back({s.program.name, cache, needs});
      }
    }
  }
}

void add_shard(exploration_plan& p, const explore_arguments& a) {
  if (!explore::known_strategy(a.strategy).takes("--shard")) return;
  std::optional<checks::chosen_shard> shard;
  try {
    shard = checks::choose_shard(a.shard, [](const char* name) -> const char* { return std::getenv(name); });
  } catch (const checks::shard_error& e) {
    throw usage_error(e.what());
  }
  if (!shard) return;
  p.options.shard = shard->part;
  std::cerr << "triecheck: shard " << shard->part.index << " of " << shard->part.count << " (" << shard->source
            << ")\n";
}

}  // namespace

exploration_plan plan_of(const explore_arguments& given) {
  explore_arguments a = given;
  if (a.defect != 0) a.fault = historical::defect_name(static_cast<unsigned>(a.defect));
  exploration_plan p;
  std::vector<std::string> caches = caches_of(a);
  p.options = options_of(a);
  p.command = command_of(a);
  const auto directory = scenario_directory(a.directory);
  const bool by_path = !a.directory.empty();
  for (const std::string& name : a.scenarios) p.scenarios.push_back(find_scenario(name, directory, by_path));
  if (a.scenarios.empty()) p.scenarios = all_scenarios(directory, by_path);
  if (a.cache.empty() && a.fault.empty()) {
    if (needs_policies(p.scenarios, !a.scenarios.empty())) caches = {checks::default_variant(true).name};
    p.not_asked_for = all_caches();
    std::erase(p.not_asked_for, caches.front());
  }
  for (const named_scenario& s : p.scenarios) {
    if (s.program.failure && checks::find_variant(s.program.failure->cache) == nullptr) {
      const std::string& cache = s.program.failure->cache;
      throw usage_error(s.place + ": [failure] names the unknown cache '" + cache + "'" +
                        checks::did_you_mean(cache, checks::names_of(checks::variants())));
    }
  }
  add_spaces(p, a, caches);
  if (p.scenarios.empty()) std::cerr << "triecheck: there are no scenarios in " << directory.string() << "\n";
  add_shard(p, a);
  return p;
}

nlohmann::json to_json(const exploration_plan& p) {
  nlohmann::json scenarios = nlohmann::json::array();
  for (const named_scenario& s : p.scenarios) {
    scenarios.push_back({{"place", s.place}, {"name", s.program.name}, {"text", s.program.source_text}});
  }
  nlohmann::json spaces = nlohmann::json::array();
  for (const planned_space& s : p.spaces) spaces.push_back({s.scenario, s.cache});
  nlohmann::json left_out = nlohmann::json::array();
  for (const left_out_space& s : p.left_out) left_out.push_back({s.scenario, s.cache, s.needs});
  const explore::explore_options& o = p.options;
  nlohmann::json j = {{"command", p.command},
                      {"scenarios", scenarios},
                      {"spaces", spaces},
                      {"left_out", left_out},
                      {"not_asked_for", p.not_asked_for},
                      {"fault", o.fault},
                      {"strategy", o.strategy},
                      {"heed_bounds", o.heed_bounds},
                      {"reduction", o.reduction},
                      {"stale_depth", o.stale_depth},
                      {"spurious", static_cast<unsigned>(o.spurious)},
                      {"preemptions", o.preemptions},
                      {"depth", o.depth},
                      {"solo_steps", o.solo_steps},
                      {"seed", o.seed},
                      {"executions", o.executions}};
  if (o.stops_within) j["stops_within"] = *o.stops_within;
  if (o.shard) j["shard"] = {o.shard->index, o.shard->count};
  return j;
}

exploration_plan read_plan(const nlohmann::json& j) {
  exploration_plan p;
  p.command = j.at("command");
  for (const auto& s : j.at("scenarios")) {
    p.scenarios.push_back({checks::parse_scenario(s.at("text"), s.at("name")), s.at("place")});
    p.scenarios.back().program.name = s.at("name");
  }
  for (const auto& s : j.at("spaces")) {
    p.spaces.push_back({checks::whole_number<std::size_t>(s.at(0), "scenario"), s.at(1)});
    static_cast<void>(p.scenarios.at(p.spaces.back().scenario));
  }
  for (const auto& s : j.at("left_out")) p.left_out.push_back({s.at(0), s.at(1), s.at(2)});
  p.not_asked_for = j.at("not_asked_for");
  explore::explore_options& o = p.options;
  o.fault = j.at("fault");
  o.strategy = j.at("strategy");
  o.heed_bounds = j.at("heed_bounds");
  o.reduction = j.at("reduction");
  o.stale_depth = checks::whole_number_at<unsigned>(j, "stale_depth");
  o.spurious = static_cast<explore::spurious_failures>(std::min(2U, checks::whole_number_at<unsigned>(j, "spurious")));
  o.preemptions = checks::whole_number_at<unsigned>(j, "preemptions");
  o.depth = checks::whole_number_at<unsigned>(j, "depth");
  o.solo_steps = checks::whole_number_at<unsigned>(j, "solo_steps");
  o.seed = checks::whole_number_at<std::uint64_t>(j, "seed");
  o.executions = checks::whole_number_at<std::uint64_t>(j, "executions");
  if (j.contains("stops_within")) o.stops_within = checks::whole_number_at<unsigned>(j, "stops_within");
  if (j.contains("shard")) {
    o.shard = checks::share{.index = checks::whole_number<std::uint64_t>(j["shard"].at(0), "shard"),
                            .count = checks::whole_number<std::uint64_t>(j["shard"].at(1), "shard")};
  }
  return p;
}

std::vector<std::string> in_words(const std::vector<left_out_space>& left_out) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> groups;
  for (const left_out_space& s : left_out) groups[{s.cache, s.needs}].push_back(s.scenario);
  std::vector<std::string> lines;
  for (const auto& [group, scenarios] : groups) {
    const auto& [cache, needs] = group;
    std::string line = "left out: " + std::to_string(scenarios.size()) +
                       (scenarios.size() == 1 ? " scenario" : " scenarios") + " under " + cache +
                       ", which does not have " + needs + " (";
    for (const std::string& s : scenarios) line += (s == scenarios.front() ? "" : ", ") + s;
    lines.push_back(line + ")");
  }
  return lines;
}

}  // namespace triecheck::tools
