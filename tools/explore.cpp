// `triecheck explore`: scenarios under a strategy, each in a separate process.
#include <algorithm>
#include <exception>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/historical/defects.h"
#include "checks/report/verdict.h"
#include "checks/subject/variants.h"
#include "checks/verify/explore.h"
#include "tools/checkpoint.h"
#include "tools/commands.h"
#include "tools/exploration_plan.h"
#include "tools/exploration_run.h"
#include "tools/options.h"
#include "tools/output.h"

namespace triecheck::tools {
namespace {

/// The strategies that take an option, before what it means: "bounded, obstruction: MEANING".
std::string for_takers(const std::string& option, const std::string& meaning) {
  std::string names;
  for (const explore::strategy_row& s : explore::strategies()) {
    if (s.takes(option)) names += (names.empty() ? "" : ", ") + s.name;
  }
  return names + ": " + meaning;
}

/// Nothing that the user gave is overwritten, and no output by another.
void check_outputs_of(const explore_arguments& a, const exploration_plan& p) {
  std::vector<std::string> inputs;
  for (const named_scenario& s : p.scenarios) inputs.push_back(s.place);
  std::error_code missing;
  const bool goes_on =
      !a.resume.empty() && (a.checkpoint.empty() || std::filesystem::equivalent(a.resume, a.checkpoint, missing));
  if (!goes_on && !a.resume.empty()) inputs.push_back(a.resume);
  if (!a.checkpoint.empty() && !goes_on) check_new_checkpoint(a.checkpoint);
  check_outputs({a.json, a.junit, goes_on ? a.resume : a.checkpoint}, inputs);
}

checks::verdict explore_all(const explore_arguments& a) {
  checkpoint from;
  exploration_plan p;
  if (a.resume.empty()) {
    p = plan_of(a);
  } else {
    from = load_checkpoint(a.resume);
    try {
      p = read_plan(from.plan);
    } catch (const std::exception& e) {
      throw usage_error(a.resume + ": this checkpoint is damaged (its plan cannot be read: " + e.what() + ")");
    }
  }
  static_cast<void>(patience_of(a.patience));
  check_outputs_of(a, p);
  return run_exploration(a, std::move(p), std::move(from));
}

}  // namespace

void add_explore(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("explore", "Every interleaving of small scenarios, judged by all oracles");
  const auto a = std::make_shared<explore_arguments>();
  command->add_option("scenario", a->scenarios, "Names of shipped scenarios or files; all shipped ones without it")
      ->type_name("SCENARIO");
  command->add_option("--scenarios", a->directory, "Another directory of scenarios")->type_name("DIR");
  command->add_option("--cache", a->cache, "The variant, or all of them; with --fault that of the fault")
      ->type_name("V|all")
      ->default_str(checks::default_variant().name);
  command->add_option("--fault", a->fault, "A seeded fault in place of the shipped text")->type_name("NAME");
  CLI::Option* const defect = add_number(
      *command, "--defect", a->defect,
      "A defect of the historical cache by its number in checks/defects.md; with --cache historical, which it implies",
      1, historical::defect_count);
  defect->default_str("")->excludes("--fault");
  command->add_option("--strategy", a->strategy, "The scheduling strategy, by the name that `triecheck list` shows")
      ->type_name("NAME")
      ->capture_default_str();
  const auto number = [&](const char* option, std::uint64_t& value, const char* meaning, std::uint64_t least,
                          std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    return add_number(*command, option, value, for_takers(option, meaning), least, most);
  };
  const auto flag = [&](const char* option, bool& value, const char* meaning) {
    return command->add_flag(option, value, for_takers(option, meaning));
  };
  const std::vector<CLI::Option*> own_options = {
      number("--preemptions", a->preemptions, "how many at most", 0, 1000),
      number("--depth", a->depth, "how many ordering constraints a violation may need", 1, 100),
      number("--seed", a->seed, "where the executions come from", 0),
      add_number(*command, "--stale-depth", a->stale_depth,
                 "our own strategies: how many stores old a loaded value may be", 0, explore::oldest_age),
      command
          ->add_option("--spurious", a->spurious,
                       "our own strategies: how many weak exchanges fail spuriously in an execution: none, one, or one "
                       "of each thread")
          ->type_name("none|one|each")
          ->capture_default_str(),
      flag("--no-reduction", a->no_reduction, "also every order of independent operations"),
      command->add_flag("--obstruction", a->obstruction,
                        "As --strategy obstruction: whether a thread may be in the way of another"),
      number("--solo-steps", a->solo_steps, "in which a thread alone has to end its operation", 1, 65535),
      flag("--estimate", a->estimate, "only says how many executions there probably are"),
      number("--jobs", a->jobs, "processes; each takes a space, and they share one that is left alone", 1, 256),
      command
          ->add_option("--shard", a->shard,
                       "Explores part I of N of every space; without it the environment of a test runner decides")
          ->type_name("I/N|auto/N|none"),
      command->add_option("--checkpoint", a->checkpoint, "Keeps the state of the run in a file, for --resume")
          ->type_name("FILE"),
  };
  CLI::Option* const resume =
      command->add_option("--resume", a->resume, "Goes on with the run that wrote this checkpoint")->type_name("FILE");
  add_number(*command, "--executions", a->executions,
             "How many, for pct and the random strategies (10,000 without it); elsewhere a limit", 1)
      ->default_str("");
  command
      ->add_option("--budget", a->budget,
                   "Stops after this time, as 60s or 5m, in which all spaces share: the small ones end first, and "
                   "what is left is incomplete")
      ->type_name("TIME");
  add_patience(*command, a->patience);
  command
      ->add_option("--failures", a->failures, "Where failing executions are stored as scenarios; none stores nothing")
      ->type_name("DIR|none")
      ->capture_default_str();
  command
      ->add_option(
          "--counts", a->counts,
          "Puts the numbers of executions of what passed into this file, as scenarios/executions.txt has them; "
          "with the default strategy in one process alone: a space in parts counts some executions twice")
      ->type_name("FILE");
  command->add_option("--json", a->json, "Writes the results as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->add_option("--junit", a->junit, "Writes the results as JUnit XML; - is standard output")
      ->type_name("FILE|-");
  command->callback([a, own_options, resume, command, &exit_code] {
    const std::vector<std::string> beside_resume = {"--resume", "--jobs",       "--budget",   "--json",
                                                    "--junit",  "--checkpoint", "--failures", "--patience"};
    for (const CLI::Option* o : command->get_options()) {
      const bool fits = std::find(beside_resume.begin(), beside_resume.end(), o->get_name()) != beside_resume.end();
      if (resume->count() != 0 && o->count() != 0 && !fits)
        throw usage_error(o->get_name() + ": --resume takes this from the checkpoint");
    }
    for (const CLI::Option* o : std::vector<const CLI::Option*>{own_options.back(), resume}) {
      if (o->count() != 0 && o->as<std::string>().empty())
        throw usage_error(o->get_name() + " needs the name of a file");
    }
    if (a->obstruction && command->get_option("--strategy")->count() == 0) a->strategy = "obstruction";
    a->bounded_stops = command->get_option("--preemptions")->count() != 0;
    a->heed_bounds =
        !a->no_reduction && !a->estimate && !a->bounded_stops && command->get_option("--strategy")->count() == 0;
    const explore::strategy_row* chosen = explore::find_strategy(a->strategy);
    for (const CLI::Option* o : own_options) {
      if (chosen == nullptr || o->count() == 0) continue;
      if (!chosen->takes(o->get_name()))
        throw usage_error(o->get_name() + " has no effect with --strategy " + a->strategy);
    }
    if (!a->counts.empty() && (!a->heed_bounds || a->executions != 0 || !a->resume.empty() || a->jobs != 1)) {
      throw usage_error(
          "--counts goes with the default strategy in one process, from the beginning and without a limit, alone");
    }
    exit_code = checks::exit_code(explore_all(*a));
  });
}

}  // namespace triecheck::tools
