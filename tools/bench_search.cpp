// `triecheck bench-search`: our searches and Relacy's own side by side, on litmus programs, scenarios and seeded
// faults.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/litmus/catalogue.h"
#include "checks/litmus/search_comparison.h"
#include "checks/process/interrupts.h"
#include "checks/report/suggestion.h"
#include "checks/report/verdict.h"
#include "checks/verify/registry.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/progress_line.h"
#include "tools/scenario_argument.h"

namespace triecheck::tools {
namespace {

using litmus::compared_fault;
using litmus::compared_program;
using litmus::measurement;
using json = nlohmann::ordered_json;

struct bench_search_arguments {
  std::vector<std::string> names;
  std::string limit = "2s";
  std::uint64_t seeds = 40;
  std::uint64_t executions = 10'000;
  std::string json;
};

/// What is measured: everything, or what was named.
struct selection {
  std::vector<const litmus::known_program*> programs;
  std::vector<checks::scenario> scenarios;
  std::vector<const explore::fault*> faults;
};

// What a wrong name is answered with.
std::string nearest_to(const std::string& name, const std::filesystem::path& directory) {
  const std::vector<std::string> scenarios = scenario_names(directory);
  std::vector<std::string_view> known(scenarios.begin(), scenarios.end());
  for (const auto& program : litmus::catalogue()) known.push_back(program.name);
  for (const auto& fault : explore::faults()) known.push_back(fault.name);
  return checks::did_you_mean(name, known, " (without names, all are measured)");
}

selection select(const std::vector<std::string>& names, const std::filesystem::path& directory) {
  selection s;
  for (const std::string& name : names) {
    if (const auto* program = litmus::find_program(name)) {
      s.programs.push_back(program);
    } else if (const auto* fault = explore::find_fault(name)) {
      s.faults.push_back(fault);
    } else if (std::filesystem::exists(directory / (name + ".toml"))) {
      s.scenarios.push_back(find_scenario(name, directory).program);
    } else {
      throw usage_error("there is no litmus program, scenario or fault '" + name + "'" + nearest_to(name, directory));
    }
  }
  if (!names.empty()) return s;
  for (const auto& program : litmus::catalogue()) s.programs.push_back(&program);
  for (const named_scenario& n : all_scenarios(directory, false)) s.scenarios.push_back(n.program);
  for (const auto& fault : explore::faults()) {
    if (!fault.scenario.empty()) s.faults.push_back(&fault);
  }
  return s;
}

constexpr std::size_t name_width = 58;
constexpr std::size_t wide = 16;
constexpr std::size_t seconds_width = 7;

/// The spaces that fill a column; at least one, so that no two columns touch.
std::string fill(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 1, ' ');
}
void print_left(const std::string& text, std::size_t width) { std::cout << text << fill(text, width); }
void print_right(const std::string& text, std::size_t width) { std::cout << fill(text, width) << text; }

std::string fixed(double value, const char* format) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// The executions of a run: plain where it is complete, `> N` where it was stopped, `! N` where it ended at a failure.
std::string in_words(const measurement& m) {
  const std::string count = std::to_string(m.executions);
  switch (m.how) {
    case measurement::end::complete:
      return count;
    case measurement::end::failed:
      return "! " + count;
    case measurement::end::stopped:
      return "> " + count;
    case measurement::end::broken:
      break;
  }
  return "error";
}

void print_heading_of_programs() {
  print_left("program or scenario", name_width);
  print_right("threads", 8);
  for (const char* search : litmus::searches) {
    const bool seeded = litmus::is_seeded(search);
    print_right(search + std::string(seeded ? "/s" : ""), wide);
    if (!seeded) print_right("s", seconds_width);
  }
  print_right("reduction", 12);
  std::cout << "\n";
}

void print(const compared_program& row) {
  print_left(row.name, name_width);
  print_right(std::to_string(row.threads), 8);
  for (const char* search : litmus::searches) {
    const measurement& m = row.by.at(search);
    if (litmus::is_seeded(search)) {
      // It never ends by itself: what it has to show is its speed.
      const bool sampled = m.how == measurement::end::complete || m.how == measurement::end::stopped;
      const double per_second = static_cast<double>(m.executions) / std::max(m.seconds, 1e-6);
      print_right(sampled ? fixed(per_second, "%.0f") : in_words(m), wide);
      continue;
    }
    print_right(in_words(m), wide);
    print_right(fixed(m.seconds, "%.2f"), seconds_width);
  }
  const auto reduction = row.reduction();
  print_right(reduction ? fixed(*reduction, "%.1f") : "-", 12);
  std::cout << std::endl;
}

void print_heading_of_faults(const bench_search_arguments& a) {
  std::cout << "\nexecutions to the first failure (of pct, random and relacy-random the median of " << a.seeds
            << " seeds, at most " << a.executions << " each)\n";
  print_left("fault", name_width);
  print_right("threads", 8);
  for (const char* search : litmus::seeded_searches) print_right(search, wide);
  for (const char* search : litmus::unseeded_searches) print_right(search, wide);
  std::cout << "\n";
}

void print(const compared_fault& row) {
  print_left(row.name, name_width);
  print_right(std::to_string(row.threads), 8);
  for (const char* search : litmus::seeded_searches) {
    const auto median = row.median(search);
    print_right((median ? "" : "> ") + std::to_string(row.median_at_least(search)), wide);
  }
  for (const char* search : litmus::unseeded_searches) {
    const measurement& m = row.first_failure.at(search);
    const std::string count = std::to_string(m.executions);
    print_right(m.how == measurement::end::failed ? count : "> " + count, wide);
  }
  std::cout << std::endl;
}

json to_json(const measurement& m) {
  return {
      {"end", litmus::to_string(m.how)}, {"executions", m.executions}, {"seconds", m.seconds}, {"message", m.message}};
}

json to_json(const compared_program& row) {
  json j = {{"name", row.name},
            {"kind", row.scenario ? "scenario" : "litmus"},
            {"threads", row.threads},
            {"searches", json::object()}};
  for (const char* search : litmus::searches) j["searches"][search] = to_json(row.by.at(search));
  const auto reduction = row.reduction();
  j["reduction"] = reduction ? json(*reduction) : json(nullptr);
  return j;
}

json to_json(const compared_fault& row) {
  json j = {{"name", row.name}, {"scenario", row.scenario}, {"threads", row.threads}, {"searches", json::object()}};
  for (const char* search : litmus::unseeded_searches) j["searches"][search] = to_json(row.first_failure.at(search));
  for (const char* search : litmus::seeded_searches) {
    json& one = j["searches"][search];
    const auto median = row.median(search);
    one["median_executions"] = median ? json(*median) : json(nullptr);
    one["runs"] = json::array();
    for (const measurement& m : row.seeded.at(search)) one["runs"].push_back(to_json(m));
  }
  return j;
}

void print(const litmus::mean_reduction& mean, const char* of) {
  if (mean.programs == 0) return;  // nothing to take a mean of
  std::cout << "reduction of exhaustive against relacy-full, geometric mean over the " << mean.programs << " " << of
            << " that both complete: " << fixed(mean.geometric_mean, "%.1f") << "\n";
}

/// Whether a run ended in an error of the harness or of the program: then the figures are not to be trusted.
bool broken(const std::vector<compared_program>& programs, const std::vector<compared_fault>& faults) {
  bool any = false;
  const auto look = [&](const measurement& m) { any = any || m.how == measurement::end::broken; };
  for (const auto& program : programs) {
    for (const auto& [search, m] : program.by) look(m);
  }
  for (const auto& fault : faults) {
    for (const auto& [search, m] : fault.first_failure) look(m);
    for (const auto& [search, runs] : fault.seeded) std::for_each(runs.begin(), runs.end(), look);
  }
  return any;
}

checks::verdict measure(const bench_search_arguments& a) {
  const auto directory = scenario_directory("");
  const selection chosen = select(a.names, directory);
  check_outputs({a.json});
  const bool talk = a.json != "-";
  const litmus::comparison_options options{
      .limit = parse_time("--limit", a.limit), .most_executions = a.executions, .seeds = a.seeds};
  progress_line line;
  std::string running;
  const auto tell = [&](const std::string& search) { line.show({{running, 0}, {": " + search, 0}}); };

  std::vector<compared_program> programs;
  const auto add = [&](const auto& program, const std::string& name) {
    running = name;
    programs.push_back(litmus::compare(program, options, tell));
    line.clear();
    if (talk) print(programs.back());
  };
  if (talk && chosen.programs.size() + chosen.scenarios.size() != 0) print_heading_of_programs();
  std::vector<compared_fault> faults;
  try {
    for (const auto* program : chosen.programs) add(*program, program->name);
    for (const checks::scenario& s : chosen.scenarios) add(s, s.name);
    if (talk && !chosen.faults.empty()) print_heading_of_faults(a);
    for (const explore::fault* f : chosen.faults) {
      running = f->name;
      faults.push_back(litmus::compare(*f, find_scenario(f->scenario, directory).program, options, tell));
      line.clear();
      if (talk) print(faults.back());
    }
  } catch (const checks::interruption&) {  // what is measured stays measured
    line.clear();
    std::cerr << "triecheck: interrupted\n";
  }

  const auto of_three = litmus::mean_of(programs, 3);
  const auto of_all = litmus::mean_of(programs, 0);
  if (talk && !programs.empty()) {
    std::cout << "\nN executions: complete; > N: stopped by the limit; ! N: ended at a failure\n";
    print(of_three, "programs of three threads");
    print(of_all, "programs");
  }
  const bool all =
      programs.size() == chosen.programs.size() + chosen.scenarios.size() && faults.size() == chosen.faults.size();
  const auto verdict = broken(programs, faults) ? checks::verdict::error
                       : all                    ? checks::verdict::pass
                                                : checks::verdict::incomplete;
  if (a.json.empty()) return verdict;
  json j = {{"tool", "triecheck"},    {"verdict", checks::to_string(verdict)}, {"limit_seconds", options.limit.count()},
            {"seeds", a.seeds},       {"most_executions", a.executions},       {"programs", json::array()},
            {"faults", json::array()}};
  for (const auto& row : programs) j["programs"].push_back(to_json(row));
  for (const auto& row : faults) j["faults"].push_back(to_json(row));
  const auto mean = [](const litmus::mean_reduction& m) {
    return json{{"programs", m.programs}, {"geometric_mean", m.programs == 0 ? json(nullptr) : json(m.geometric_mean)}};
  };
  j["reduction"] = {{"three_threads", mean(of_three)}, {"all", mean(of_all)}};
  write_json(a.json, j);
  return verdict;
}

}  // namespace

void add_bench_search(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("bench-search", "Our searches and Relacy's own on the same programs: executions and seconds");
  const auto a = std::make_shared<bench_search_arguments>();
  command->add_option("name", a->names, "Litmus programs, shipped scenarios and faults; all of them without it")
      ->type_name("NAME");
  command->add_option("--limit", a->limit, "How long each run may take, as 2s or 1m")
      ->type_name("TIME")
      ->capture_default_str();
  add_number(*command, "--seeds", a->seeds, "How many runs of each random search on a fault", 1, 10'000);
  add_number(*command, "--executions", a->executions, "How many executions a random search may run", 1);
  command->add_option("--json", a->json, "Writes every figure as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] { exit_code = checks::exit_code(measure(*a)); });
}

}  // namespace triecheck::tools
