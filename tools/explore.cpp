// `triecheck explore`: scenarios under a strategy, each in a process of its own.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/explore/explore.h"
#include "checks/explore/registry.h"
#include "checks/variants.h"
#include "checks/verdict.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/progress_line.h"
#include "tools/scenario_argument.h"

namespace triecheck::tools {
namespace {

struct arguments {
  std::vector<std::string> scenarios;
  std::string directory;
  std::string cache;
  std::string fault;
  std::string strategy = "exhaustive";
  std::uint64_t preemptions = 2;
  std::uint64_t depth = 3;
  std::uint64_t executions = 0;
  std::uint64_t seed = 1;
  std::uint64_t stale_depth = 1;
  bool no_reduction = false;
  std::string budget;
  std::string json;
  std::string junit;
};

std::vector<std::string> caches_of(const arguments& a) {
  if (!a.fault.empty()) {
    const auto* fault = explore::find_fault(a.fault);
    if (fault == nullptr) throw usage_error("there is no fault '" + a.fault + "' (`triecheck list` shows them)");
    if (!a.cache.empty() && a.cache != fault->variant) {
      throw usage_error("the fault '" + a.fault + "' is one of --cache " + fault->variant);
    }
    return {fault->variant};
  }
  if (a.cache.empty()) return {checks::variants().front().name};
  if (a.cache != "all") return {known_variant(a.cache).name};
  std::vector<std::string> all;
  for (const auto& v : checks::variants()) all.push_back(v.name);
  return all;
}

explore::explore_options options_of(const arguments& a) {
  const auto& names = explore::strategy_names();
  const bool known = std::any_of(names.begin(), names.end(), [&](const auto& n) { return n.name == a.strategy; });
  if (!known) {
    std::string all;
    for (const auto& n : names) all += (all.empty() ? "" : ", ") + std::string(n.name);
    throw usage_error("--strategy: there is no strategy '" + a.strategy + "'; the strategies are " + all);
  }
  explore::explore_options o;
  o.fault = a.fault;
  o.strategy = a.strategy;
  o.reduction = !a.no_reduction;
  o.stale_depth = static_cast<unsigned>(a.stale_depth);
  o.preemptions = static_cast<unsigned>(a.preemptions);
  o.depth = static_cast<unsigned>(a.depth);
  o.seed = a.seed;
  o.executions = a.executions;
  return o;
}

std::string command_of(const arguments& a) {
  std::string text = "triecheck explore";
  for (const std::string& s : a.scenarios) text += ' ' + shell_word(s);
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) text += std::string(" ") + flag + ' ' + shell_word(value);
  };
  add("--scenarios", a.directory);
  add("--cache", a.cache);
  add("--fault", a.fault);
  add("--strategy", a.strategy == "exhaustive" ? "" : a.strategy);
  if (a.strategy == "bounded" || a.strategy == "relacy-bound") add("--preemptions", std::to_string(a.preemptions));
  if (a.strategy == "pct") add("--depth", std::to_string(a.depth));
  if (a.strategy == "random" || a.strategy == "pct" || a.strategy == "relacy-random") add("--seed", std::to_string(a.seed));
  if (a.executions != 0) add("--executions", std::to_string(a.executions));
  add("--budget", a.budget);
  return text;
}

std::string in_words(const checks::result& r) {
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.2f s", r.seconds);
  std::string text = checks::to_string(r.outcome) + "  " + r.scenario + "  " + r.cache + ", " + r.strategy;
  if (r.preemptions) text += " <= " + std::to_string(*r.preemptions) + " preemptions";
  const bool passed = r.outcome == checks::verdict::pass;
  text += std::string(": ") + (r.complete ? "complete, " : !passed ? "not complete, " : r.preemptions ? "all within the bound, " : "sampled, ") +
          std::to_string(r.executions) + (r.executions == 1 ? " execution" : " executions");
  if (r.redundant != 0) text += " (and " + std::to_string(r.redundant) + (r.strategy == "pct" || r.strategy == "random" ? " measuring)" : " redundant)");
  return text + ", " + seconds + "; " + r.scope;
}

// What a person needs to understand a failure: the story, and what was violated.
void print_failure(const explore::explored& e) {
  const checks::failure& f = *e.outcome.found;
  std::cout << e.interleaving << "  " << f.kind << ": " << f.message << "\n";
}

checks::verdict explore_all(const arguments& a) {
  const auto directory = scenario_directory(a.directory);
  std::vector<named_scenario> scenarios;
  for (const std::string& name : a.scenarios) scenarios.push_back(find_scenario(name, directory));
  if (a.scenarios.empty()) scenarios = all_scenarios(directory, !a.directory.empty());
  const std::vector<std::string> caches = caches_of(a);
  explore::explore_options options = options_of(a);
  if (scenarios.empty()) std::cerr << "triecheck: there are no scenarios in " << directory.string() << "\n";
  const bool talk = a.json != "-" && a.junit != "-";
  if (a.json == "-" && a.junit == "-") throw usage_error("--json and --junit cannot both write to standard output");
  for (const std::string& file : {a.json, a.junit}) check_writable(file);

  checks::report report{.command = command_of(a), .results = {}};
  const auto started = std::chrono::steady_clock::now();
  const std::chrono::duration<double> budget = a.budget.empty() ? std::chrono::duration<double>(0) : parse_time("--budget", a.budget);
  for (const named_scenario& s : scenarios) {
    for (const std::string& cache : caches) {
      options.cache = cache;
      if (!a.budget.empty()) {
        options.budget = std::max(std::chrono::duration<double>(0), budget - std::chrono::duration<double>(std::chrono::steady_clock::now() - started));
      }
      progress_line line;
      const explore::explored e = explore::explore_scenario(s.program, s.place, options, [&](const explore::progress& p) {
        if (!line.due()) return;
        line.show("[" + std::to_string(report.results.size() + 1) + "/" + std::to_string(scenarios.size() * caches.size()) +
                  "] " + s.program.name + ", " + cache + ": " + std::to_string(p.executions) + " executions");
      });
      line.clear();
      const checks::result& r = e.outcome;
      if (talk) {
        std::cout << in_words(r) << std::endl;
        if (r.found) print_failure(e);
      }
      report.results.push_back(r);
    }
  }
  if (talk) {
    std::size_t passed = 0;
    for (const auto& r : report.results) passed += r.outcome == checks::verdict::pass;
    std::cout << checks::to_string(report.outcome()) << ": " << passed << " of " << report.results.size() << " passed\n";
    // Last, a line to copy for each failure.
    for (const auto& r : report.results) {
      if (r.found && !r.found->replay.empty()) std::cout << r.found->replay << "\n";
    }
  }
  if (!a.junit.empty()) write_text(a.junit, checks::to_junit(report, "explore"));
  if (!a.json.empty()) write_json(a.json, nlohmann::ordered_json(checks::to_json(report)));
  return report.outcome();
}

}  // namespace

void add_explore(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("explore", "Every interleaving of small scenarios, judged by all oracles");
  const auto a = std::make_shared<arguments>();
  command->add_option("scenario", a->scenarios, "Names of shipped scenarios or files; all shipped ones without it")
      ->type_name("SCENARIO");
  command->add_option("--scenarios", a->directory, "Another directory of scenarios")->type_name("DIR");
  command->add_option("--cache", a->cache, "The variant, or all")->type_name("V|all");
  command->add_option("--fault", a->fault, "A seeded fault in place of the shipped text")->type_name("NAME");
  command->add_option("--strategy", a->strategy, "Who chooses")->type_name("NAME")->capture_default_str();
  const std::vector<std::pair<CLI::Option*, std::vector<std::string>>> only_for = {
      {add_number(*command, "--preemptions", a->preemptions, "bounded, relacy-bound: how many at most", 0, 1000),
       {"bounded", "relacy-bound"}},
      {add_number(*command, "--depth", a->depth, "pct: how many ordering constraints a violation may need", 1, 100), {"pct"}},
      {add_number(*command, "--seed", a->seed, "pct, random, relacy-random: where the executions come from", 0),
       {"pct", "random", "relacy-random"}},
      {add_number(*command, "--stale-depth", a->stale_depth, "our own strategies: how many stores old a loaded value may be", 0, 2),
       {"exhaustive", "bounded", "pct", "random"}},
      {command->add_flag("--no-reduction", a->no_reduction, "exhaustive: also every order of independent operations"),
       {"exhaustive"}},
  };
  add_number(*command, "--executions", a->executions,
             "How many, for pct and the random strategies (10,000 without it); elsewhere a limit", 1)
      ->default_str("");
  command->add_option("--budget", a->budget, "Stops after this time, as 60s or 5m: what is left is incomplete")->type_name("TIME");
  command->add_option("--json", a->json, "Writes the results as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->add_option("--junit", a->junit, "Writes the results as JUnit XML; - is standard output")->type_name("FILE|-");
  command->callback([a, only_for, &exit_code] {
    for (const auto& [option, strategies] : only_for) {
      const bool fits = std::find(strategies.begin(), strategies.end(), a->strategy) != strategies.end();
      if (option->count() != 0 && !fits) throw usage_error(option->get_name() + " has no effect with --strategy " + a->strategy);
    }
    exit_code = checks::exit_code(explore_all(*a));
  });
}

}  // namespace triecheck::tools
