// `triecheck explore`: scenarios under a strategy, each in a process of its own.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/explore/explore.h"
#include "checks/explore/registry.h"
#include "checks/shard.h"
#include "checks/variants.h"
#include "checks/verdict.h"
#include "tools/checkpoint.h"
#include "tools/commands.h"
#include "tools/failure_folder.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/progress_line.h"
#include "tools/results_text.h"
#include "tools/scenario_argument.h"

namespace triecheck::tools {
namespace {

struct arguments {
  std::vector<std::string> scenarios;
  std::string directory;
  std::string cache;
  std::string fault;
  std::string strategy = "exhaustive";
  bool bounded_stops = false;  // --preemptions was given: obstruction looks no further
  bool heed_bounds = false;  // no strategy was asked for: the scenarios may bound the search
  std::uint64_t preemptions = 2;
  std::uint64_t depth = 3;
  std::uint64_t executions = 0;
  std::uint64_t seed = 1;
  std::uint64_t stale_depth = 1;
  std::uint64_t jobs = 1;
  std::uint64_t solo_steps = explore::explore_options().solo_steps;
  bool obstruction = false;
  bool no_reduction = false;
  bool estimate = false;
  std::string shard;
  std::string checkpoint;
  std::string resume;
  std::string budget;
  std::string failures = failure_folder::default_path;
  std::string json;
  std::string junit;
};

/// What is explored and how, without what may differ from process to process (jobs, budget, outputs): all that a
/// checkpoint needs to know.
struct plan {
  std::vector<named_scenario> scenarios;
  std::vector<std::string> caches;
  explore::explore_options options;
  std::string command;
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
  if (a.cache.empty()) return {checks::default_variant().name};
  if (a.cache != "all") return {known_variant(a.cache).name};
  std::vector<std::string> all;
  for (const auto& v : checks::variants()) all.push_back(v.name);
  return all;
}

explore::explore_options options_of(const arguments& a) {
  if (explore::find_strategy(a.strategy) == nullptr) {
    std::string all;
    for (const auto& n : explore::strategy_names()) all += (all.empty() ? "" : ", ") + n.name;
    throw usage_error("--strategy: there is no strategy '" + a.strategy + "'; the strategies are " + all);
  }
  explore::explore_options o;
  o.fault = a.fault;
  o.strategy = a.strategy;
  o.heed_bounds = a.heed_bounds;
  o.reduction = !a.no_reduction;
  o.stale_depth = static_cast<unsigned>(a.stale_depth);
  o.preemptions = static_cast<unsigned>(a.preemptions);
  if (a.strategy == "obstruction" && a.bounded_stops) o.stops_within = o.preemptions;
  o.depth = static_cast<unsigned>(a.depth);
  o.solo_steps = static_cast<unsigned>(a.solo_steps);
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
  const explore::strategy_name& chosen = *explore::find_strategy(a.strategy);
  const auto add_own = [&](const char* flag, const std::string& value) {
    if (chosen.takes(flag)) add(flag, value);
  };
  add("--scenarios", a.directory);
  add("--cache", a.cache);
  add("--fault", a.fault);
  add("--strategy", a.heed_bounds && a.strategy == "exhaustive" ? "" : a.strategy);
  if (a.no_reduction) text += " --no-reduction";
  if (a.strategy != "obstruction" || a.bounded_stops) add_own("--preemptions", std::to_string(a.preemptions));
  add_own("--depth", std::to_string(a.depth));
  add_own("--seed", std::to_string(a.seed));
  if (a.solo_steps != explore::explore_options().solo_steps) add_own("--solo-steps", std::to_string(a.solo_steps));
  if (a.stale_depth != 1) add_own("--stale-depth", std::to_string(a.stale_depth));
  if (a.executions != 0) add("--executions", std::to_string(a.executions));
  add("--budget", a.budget);
  return text;
}

// What a person needs to understand a failure: the story, and what was violated.
void print_failure(const explore::explored& e) {
  const checks::failure& f = *e.outcome.found;
  std::cout << e.interleaving << "  " << f.kind << ": " << f.message << "\n";
  if (!f.file.empty()) std::cout << "  stored in " << f.file << "\n";
}

plan plan_of(const arguments& a) {
  plan p{.scenarios = {}, .caches = caches_of(a), .options = options_of(a), .command = command_of(a)};
  const auto directory = scenario_directory(a.directory);
  for (const std::string& name : a.scenarios) p.scenarios.push_back(find_scenario(name, directory));
  if (a.scenarios.empty()) p.scenarios = all_scenarios(directory, !a.directory.empty());
  const bool needs_policies = std::any_of(p.scenarios.begin(), p.scenarios.end(), [](const named_scenario& s) {
    return s.program.policy != model::eviction_policy::recency;
  });
  if (needs_policies && a.cache.empty() && a.fault.empty()) p.caches = {checks::default_variant(true).name};
  for (const named_scenario& s : p.scenarios) {
    if (a.cache != "all") check_policy(s.program, p.caches.front(), a.fault);
    if (s.program.failure && checks::find_variant(s.program.failure->cache) == nullptr) {
      throw usage_error(s.place + ": its [failure] is one of the cache '" + s.program.failure->cache + "', which there is not");
    }
  }
  if (p.scenarios.empty()) std::cerr << "triecheck: there are no scenarios in " << directory.string() << "\n";
  std::optional<checks::chosen_shard> shard;
  if (explore::find_strategy(a.strategy)->takes("--shard")) {
    try {
      shard = checks::choose_shard(a.shard, [](const char* name) -> const char* { return std::getenv(name); });
    } catch (const checks::shard_error& e) {
      throw usage_error(e.what());
    }
  }
  if (shard) {
    p.options.shard = shard->part;
    std::cerr << "triecheck: shard " << shard->part.index << " of " << shard->part.count << " (" << shard->source << ")\n";
  }
  return p;
}

nlohmann::json to_json(const plan& p) {
  nlohmann::json scenarios = nlohmann::json::array();
  for (const named_scenario& s : p.scenarios) {
    scenarios.push_back({{"place", s.place}, {"name", s.program.name}, {"text", s.program.source_text}});
  }
  const explore::explore_options& o = p.options;
  nlohmann::json j = {{"command", p.command}, {"scenarios", scenarios}, {"caches", p.caches}, {"fault", o.fault},
                      {"strategy", o.strategy}, {"heed_bounds", o.heed_bounds}, {"reduction", o.reduction}, {"stale_depth", o.stale_depth},
                      {"preemptions", o.preemptions}, {"depth", o.depth}, {"solo_steps", o.solo_steps}, {"seed", o.seed}, {"executions", o.executions}};
  if (o.stops_within) j["stops_within"] = *o.stops_within;
  if (o.shard) j["shard"] = {o.shard->index, o.shard->count};
  return j;
}

plan read_plan(const nlohmann::json& j) {
  plan p;
  p.command = j.at("command");
  p.caches = j.at("caches");
  for (const auto& s : j.at("scenarios")) {
    p.scenarios.push_back({checks::parse_scenario(s.at("text"), s.at("name")), s.at("place")});
    p.scenarios.back().program.name = s.at("name");
  }
  explore::explore_options& o = p.options;
  o.fault = j.at("fault");
  o.strategy = j.at("strategy");
  o.heed_bounds = j.at("heed_bounds");
  o.reduction = j.at("reduction");
  o.stale_depth = j.at("stale_depth");
  o.preemptions = j.at("preemptions");
  o.depth = j.at("depth");
  o.solo_steps = j.at("solo_steps");
  o.seed = j.at("seed");
  o.executions = j.at("executions");
  if (j.contains("stops_within")) o.stops_within = j["stops_within"].get<unsigned>();
  if (j.contains("shard")) o.shard = checks::share{.index = j["shard"].at(0), .count = j["shard"].at(1)};
  return p;
}

std::string how_far(const explore::exploration_status& s) {
  std::string text = std::to_string(s.executions);
  if (s.expected) text += " of " + in_words(checks::expected_executions{s.expected->executions, s.expected->low, s.expected->high});
  char rate[80];
  std::snprintf(rate, sizeof rate, " executions, %.0f/s", s.executions_per_second);
  text += rate;
  if (s.expected && s.executions_per_second > 0) {
    const double left = std::max(0.0, s.expected->executions - static_cast<double>(s.executions)) / s.executions_per_second;
    std::snprintf(rate, sizeof rate, left < 100 ? ", %.0f s left" : left < 6000 ? ", %.0f min left" : ", %.1f h left",
                  left < 100 ? left : left < 6000 ? left / 60 : left / 3600);
    text += rate;
  }
  return text;
}

// A first SIGINT or SIGTERM ends the run in order: what is done is reported, the rest is incomplete. A second one ends it at once.
volatile std::sig_atomic_t interrupted = 0;

void heed_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

// Thrown out of an exploration, which stops its processes.
struct interruption {};

/// One run of the subcommand: every scenario under every cache.
class exploration_run {
 public:
  exploration_run(const arguments& a, plan p, checkpoint from)
      : arguments_(a), plan_(std::move(p)), checkpoint_(std::move(from)),
        file_(!a.checkpoint.empty() ? a.checkpoint : a.resume),
        failures_(a.failures),
        talk_(a.json != "-" && a.junit != "-"),
        budget_(a.budget.empty() ? std::nullopt : std::optional(parse_time("--budget", a.budget))) {
    if (!file_.empty()) {
      checkpoint_.plan = to_json(plan_);
      checkpoint_.finished = false;
      save_checkpoint(file_, checkpoint_);  // from here on there is one, whenever the process dies
    }
    plan_.options.jobs = static_cast<unsigned>(a.jobs);
  }

  checks::verdict run() {
    std::size_t number = 0;
    for (const named_scenario& s : plan_.scenarios) {
      for (const std::string& cache : plan_.caches) {
        // Of all caches those run a scenario that take its policy.
        const bool plain = s.program.policy == model::eviction_policy::recency;
        if (plain || known_variant(cache).takes_policies) explore_one(s, cache, number++);
      }
    }
    const checks::report report{.command = plan_.command, .results = std::move(results_), .shard = plan_.options.shard,
                                .build = plan_.options.shard ? this_build() : ""};
    if (!file_.empty() && checkpoint_.results.size() == report.results.size()) {
      checkpoint_.finished = true;
      save_checkpoint(file_, checkpoint_);
    }
    if (talk_) print_summary(report);
    if (interrupted) std::cerr << "triecheck: interrupted" << (file_.empty() ? "" : "; triecheck explore --resume " + shell_word(file_) + " goes on") << std::endl;
    if (!arguments_.junit.empty()) write_text(arguments_.junit, checks::to_junit(report, "explore"));
    if (!arguments_.json.empty()) write_json(arguments_.json, nlohmann::ordered_json(checks::to_json(report)));
    return report.outcome();
  }

 private:
  void explore_one(const named_scenario& s, const std::string& cache, std::size_t number) {
    if (number < checkpoint_.results.size()) return report({checkpoint_.results[number], {}});
    explore::explore_options o = plan_.options;
    o.cache = cache;
    if (budget_) {
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - started_;
      o.budget = std::max(std::chrono::duration<double>(0), *budget_ - spent);
    }
    if (arguments_.estimate) return report({estimated(s, o), {}});
    const nlohmann::json before = std::exchange(checkpoint_.current, nullptr);
    if (!before.is_null()) o.resume = &before;
    if (!file_.empty()) {
      o.save = [&](const nlohmann::json& state) {
        checkpoint_.current = state;
        save_checkpoint(file_, checkpoint_);
      };
    }
    if (interrupted) return report(unfinished(s, o));
    progress_line line;
    const std::string place = "[" + std::to_string(number + 1) + "/" +
                              std::to_string(plan_.scenarios.size() * plan_.caches.size()) + "] " + s.program.name + ", " + cache + ": ";
    explore::explored e;
    try {
      e = explore::explore_scenario(s.program, s.place, o, [&](const explore::exploration_status& now) {
        if (interrupted) throw interruption();
        if (line.due()) line.show(place + how_far(now));
      });
    } catch (const interruption&) {
      e = unfinished(s, o);
    }
    line.clear();
    failures_.store(s.program, o, e.outcome);
    report(e);
    // What a budget stopped, or somebody killed, is not finished: its state stays the current one.
    const bool killed = e.outcome.found && e.outcome.found->kind == "killed";
    if (file_.empty() || killed || e.outcome.outcome == checks::verdict::incomplete) return;
    checkpoint_.results.push_back(e.outcome);
    checkpoint_.current = nullptr;
    save_checkpoint(file_, checkpoint_);
  }

  explore::explored unfinished(const named_scenario& s, const explore::explore_options& o) const {
    return {{.scenario = s.program.name, .cache = o.cache, .strategy = o.strategy, .outcome = checks::verdict::incomplete, .scope = "interrupted"}, {}};
  }

  checks::result estimated(const named_scenario& s, const explore::explore_options& o) const {
    checks::result r{.scenario = s.program.name, .cache = o.cache, .strategy = o.strategy, .outcome = checks::verdict::incomplete};
    const auto expected = explore::estimate_scenario(s.program, o);
    if (expected) r.expected = {expected->executions, expected->low, expected->high};
    r.scope = expected ? "an estimate by random probes, which may be too low by far; nothing was explored" : "no estimate: the program fails on the way, has few executions, or hardly a random probe ends";
    return r;
  }

  void report(const explore::explored& e) {
    const checks::result& r = e.outcome;
    if (talk_) {
      std::cout << in_words(r) << std::endl;
      if (r.found) print_failure(e);
    }
    results_.push_back(r);
  }

  const arguments& arguments_;
  plan plan_;
  checkpoint checkpoint_;
  const std::string file_;  // of the checkpoint; empty for none
  failure_folder failures_;
  const bool talk_;
  const std::optional<std::chrono::duration<double>> budget_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::vector<checks::result> results_;
};

/// Nothing that the user gave is overwritten, and no output by another.
void check_outputs_of(const arguments& a, const plan& p) {
  std::vector<std::string> inputs;
  for (const named_scenario& s : p.scenarios) inputs.push_back(s.place);
  std::error_code missing;
  const bool goes_on = !a.resume.empty() && (a.checkpoint.empty() || std::filesystem::equivalent(a.resume, a.checkpoint, missing));
  if (!goes_on && !a.resume.empty()) inputs.push_back(a.resume);
  if (!a.checkpoint.empty() && !goes_on) check_new_checkpoint(a.checkpoint);
  check_outputs({a.json, a.junit, goes_on ? a.resume : a.checkpoint}, inputs);
}

checks::verdict explore_all(const arguments& a) {
  checkpoint from;
  plan p;
  if (a.resume.empty()) {
    p = plan_of(a);
  } else {
    from = load_checkpoint(a.resume);
    try {
      p = read_plan(from.plan);
    } catch (const nlohmann::json::exception&) {
      throw usage_error(a.resume + ": this checkpoint is damaged (its plan cannot be read)");
    }
  }
  check_outputs_of(a, p);
  heed_interrupts();
  return exploration_run(a, std::move(p), std::move(from)).run();
}

}  // namespace

void add_explore(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("explore", "Every interleaving of small scenarios, judged by all oracles");
  const auto a = std::make_shared<arguments>();
  command->add_option("scenario", a->scenarios, "Names of shipped scenarios or files; all shipped ones without it")
      ->type_name("SCENARIO");
  command->add_option("--scenarios", a->directory, "Another directory of scenarios")->type_name("DIR");
  command->add_option("--cache", a->cache, "The variant, or all; with --fault that of the fault")
      ->type_name("V|all")
      ->default_str(checks::default_variant().name);
  command->add_option("--fault", a->fault, "A seeded fault in place of the shipped text")->type_name("NAME");
  command->add_option("--strategy", a->strategy, "Who chooses")->type_name("NAME")->capture_default_str();
  const std::vector<CLI::Option*> own_options = {
      add_number(*command, "--preemptions", a->preemptions, "bounded, relacy-bound, obstruction: how many at most", 0, 1000),
      add_number(*command, "--depth", a->depth, "pct: how many ordering constraints a violation may need", 1, 100),
      add_number(*command, "--seed", a->seed, "pct, random, relacy-random: where the executions come from", 0),
      add_number(*command, "--stale-depth", a->stale_depth, "our own strategies: how many stores old a loaded value may be", 0, 2),
      command->add_flag("--no-reduction", a->no_reduction, "exhaustive: also every order of independent operations"),
      command->add_flag("--obstruction", a->obstruction, "As --strategy obstruction: whether a thread may be in the way of another"),
      add_number(*command, "--solo-steps", a->solo_steps, "obstruction: in which a thread alone has to end its operation", 1, 65535),
      command->add_flag("--estimate", a->estimate, "exhaustive: only says how many executions there probably are"),
      add_number(*command, "--jobs", a->jobs, "exhaustive, bounded, pct, random: processes that share each space", 1, 256),
      command->add_option("--shard", a->shard, "Explores part I of N of every space; without it the environment of a test runner decides")
          ->type_name("I/N|auto/N|none"),
      command->add_option("--checkpoint", a->checkpoint, "Keeps the state of the run in a file, for --resume")->type_name("FILE"),
  };
  CLI::Option* const resume =
      command->add_option("--resume", a->resume, "Goes on with the run that wrote this checkpoint")->type_name("FILE");
  add_number(*command, "--executions", a->executions,
             "How many, for pct and the random strategies (10,000 without it); elsewhere a limit", 1)
      ->default_str("");
  command->add_option("--budget", a->budget, "Stops after this time, as 60s or 5m: what is left is incomplete")->type_name("TIME");
  command->add_option("--failures", a->failures, "Where failing executions are stored as scenarios; none stores nothing")
      ->type_name("DIR|none")
      ->capture_default_str();
  command->add_option("--json", a->json, "Writes the results as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->add_option("--junit", a->junit, "Writes the results as JUnit XML; - is standard output")->type_name("FILE|-");
  command->callback([a, own_options, resume, command, &exit_code] {
    const std::vector<std::string> beside_resume = {"--resume", "--jobs", "--budget", "--json", "--junit", "--checkpoint", "--failures"};
    for (const CLI::Option* o : command->get_options()) {
      const bool fits = std::find(beside_resume.begin(), beside_resume.end(), o->get_name()) != beside_resume.end();
      if (resume->count() != 0 && o->count() != 0 && !fits) throw usage_error(o->get_name() + ": --resume takes this from the checkpoint");
    }
    for (const CLI::Option* o : std::vector<const CLI::Option*>{own_options.back(), resume}) {
      if (o->count() != 0 && o->as<std::string>().empty()) throw usage_error(o->get_name() + " needs the name of a file");
    }
    if (a->obstruction && command->get_option("--strategy")->count() == 0) a->strategy = "obstruction";
    a->bounded_stops = command->get_option("--preemptions")->count() != 0;
    a->heed_bounds = !a->no_reduction && !a->estimate && !a->bounded_stops && command->get_option("--strategy")->count() == 0;
    const explore::strategy_name* chosen = explore::find_strategy(a->strategy);
    for (const CLI::Option* o : own_options) {
      if (chosen == nullptr || o->count() == 0) continue;
      if (!chosen->takes(o->get_name())) throw usage_error(o->get_name() + " has no effect with --strategy " + a->strategy);
    }
    exit_code = checks::exit_code(explore_all(*a));
  });
}

}  // namespace triecheck::tools
