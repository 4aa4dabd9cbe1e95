// `triecheck list`: what there is to explore, and how.
#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/historical/variant.h"
#include "checks/process/interrupts.h"
#include "checks/scenario/scenario.h"
#include "checks/subject/policies.h"
#include "checks/subject/variants.h"
#include "tools/catalogue.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"

namespace triecheck::tools {
namespace {

struct list_arguments {
  std::string scenarios;
  std::string json;
};

std::string show(model::refusals rule) {
  switch (rule) {
    case model::refusals::at_once:
      return "at once";
    case model::refusals::exact:
      return "exact";
    case model::refusals::crowded:
      break;
  }
  return "crowded";
}

std::string show(checks::stats_consistency together) {
  switch (together) {
    case checks::stats_consistency::each:
      return "each";
    case checks::stats_consistency::parts:
      return "parts";
    case checks::stats_consistency::pages:
      return "pages";
    case checks::stats_consistency::all:
      return "all";
  }
  return "unknown";
}

nlohmann::ordered_json to_json(const std::vector<checks::scenario>& scenarios) {
  using json = nlohmann::ordered_json;
  json all = {{"scenarios", json::array()},
              {"caches", json::array()},
              {"policies", json::array()},
              {"strategies", json::array()},
              {"faults", json::array()}};
  for (const checks::scenario& s : scenarios) {
    all["scenarios"].push_back({{"name", s.name},
                                {"title", s.title},
                                {"threads", s.threads.size()},
                                {"pages", s.pages},
                                {"tokens_per_page", s.tokens_per_page}});
  }
  for (const checks::variant& v : checks::variants()) {
    all["caches"].push_back({{"name", v.name},
                             {"description", v.description},
                             {"refusals", show(v.refusals)},
                             {"statistics", show(v.statistics)},
                             {"nonblocking", v.nonblocking}});
  }
  for (const checks::policy& p : checks::policies()) {
    all["policies"].push_back({{"name", p.name}, {"description", p.description}});
  }
  for (const listed_strategy& s : list_strategies()) {
    all["strategies"].push_back({{"name", s.name}, {"description", s.description}});
  }
  for (const listed_fault& f : list_faults()) {
    all["faults"].push_back({{"name", f.name}, {"cache", f.cache}, {"description", f.description}});
  }
  return all;
}

struct line {
  std::string name;
  std::string text;
};

void print(const std::string& heading, const std::vector<line>& lines) {
  if (lines.empty()) return;
  std::size_t width = 0;
  for (const line& l : lines) width = std::max(width, l.name.size());
  std::cout << heading << "\n";
  for (const line& l : lines) {
    std::cout << "  " << std::left << std::setw(static_cast<int>(width) + 2) << l.name << l.text << "\n";
  }
}

void print(const std::vector<checks::scenario>& scenarios) {
  std::vector<line> lines;
  for (const checks::scenario& s : scenarios) {
    lines.push_back({s.name, std::to_string(s.threads.size()) + " threads, " + std::to_string(s.pages) +
                                 (s.pages == 1 ? " page:  " : " pages: ") + s.title});
  }
  print("scenarios", std::exchange(lines, {}));
  for (const checks::variant& v : checks::variants()) {
    lines.push_back({v.name, v.description + "; refusals: " + show(v.refusals) + ", statistics: " + show(v.statistics) +
                                 (v.nonblocking ? ", nonblocking" : ", blocking")});
  }
  const checks::variant& historical = historical::as_variant();
  lines.push_back({historical.name, historical.description + "; explore and fuzz run it where it is named"});
  print("caches (" + checks::default_variant().name + " is the default)", std::exchange(lines, {}));
  for (const checks::policy& p : checks::policies())
    lines.push_back({p.name, p.description + (p.alias == p.name ? "" : " (or " + p.alias + ")")});
  print("eviction policies (the first is the default)", std::exchange(lines, {}));
  for (const listed_strategy& s : list_strategies()) lines.push_back({s.name, s.description});
  print("strategies (the first is the default)", std::exchange(lines, {}));
  for (const listed_fault& f : list_faults()) lines.push_back({f.name, f.cache + ": " + f.description});
  print("faults", lines);
  if (const std::size_t left_out = faults_left_out(); left_out != 0) {
    std::cout << "(" << left_out << " seeded faults are not in this build; `tools/build` builds all)\n";
  }
}

void list(const list_arguments& a) {
  check_outputs({a.json});
  std::vector<checks::scenario> scenarios;
  for (const auto& file : checks::find_scenarios(scenario_directory(a.scenarios))) {
    scenarios.push_back(checks::load_scenario(file));
  }
  if (a.json != "-") print(scenarios);
  if (!a.json.empty()) write_json(a.json, to_json(scenarios));
}

}  // namespace

void add_list(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "list", "Lists the scenarios, the variants of the cache, the eviction policies, the strategies and the faults");
  const auto a = std::make_shared<list_arguments>();
  command
      ->add_option("--scenarios", a->scenarios,
                   "The directory of scenario files (default: ./scenarios, where there is one)")
      ->type_name("DIR");
  command->add_option("--json", a->json, "Writes the list as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] {
    checks::end_at_interrupts();
    list(*a);
    exit_code = 0;
  });
}

}  // namespace triecheck::tools
