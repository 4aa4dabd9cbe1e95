// `triecheck shrink`: a failing execution, made as small as it gets.
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "checks/process/interrupts.h"
#include "checks/report/verdict.h"
#include "checks/scenario/scenario.h"
#include "checks/verify/shrink.h"
#include "tools/commands.h"
#include "tools/failing_execution.h"
#include "tools/failure_folder.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/program_name.h"
#include "tools/progress_line.h"

namespace triecheck::tools {
namespace {

namespace fs = std::filesystem;

struct shrink_arguments {
  std::string execution;
  std::string directory;
  std::string output;
  std::string budget = "60s";
  std::string patience = "10s";
  std::string json;
};

// Beside a failure file; what a token names is stored where failures are.
fs::path default_output(const shrink_arguments& a, const failing_execution& e) {
  if (e.stored) return fs::path(a.execution).replace_filename(fs::path(a.execution).stem().string() + "-shrunk.toml");
  const std::string fault = e.token.fault.empty() ? "" : '-' + e.token.fault;
  return fs::path(failure_folder::default_path) /
         (e.scenario.program.name + '-' + e.token.cache + fault + "-shrunk.toml");
}

bool is_failure_file(const fs::path& file) {
  try {
    return checks::load_scenario(file.string()).failure.has_value();
  } catch (const checks::scenario_error&) {
    return false;
  }
}

fs::path output_of(const shrink_arguments& a, const failing_execution& e) {
  const fs::path output = a.output.empty() ? default_output(a, e) : fs::path(a.output);
  std::error_code no_file;
  const fs::path folder = output.parent_path();
  const bool missing = !a.output.empty() && !folder.empty() && !fs::is_directory(folder, no_file);
  if (missing) throw usage_error("--output: there is no folder " + folder.string());
  if (fs::is_directory(output, no_file)) throw usage_error("--output: " + output.string() + " is a folder");
  if (fs::is_regular_file(output, no_file) && !is_failure_file(output))
    throw usage_error(output.string() + " is no failure file, and is not replaced by one");
  return output;
}

std::string row(const char* name, const explore::failing_extent& e) {
  std::array<char, 120> line{};
  std::snprintf(line.data(), line.size(), "%-8s%9zu%12zu%7zu%8zu%13zu%7zu\n", name, e.size.threads, e.operations,
                e.size.pages, e.size.tokens, e.preemptions, e.steps);
  return line.data();
}

void print(const explore::shrunk& s) {
  std::cout << s.interleaving << "  " << s.found.kind << ": " << s.found.message << "\n\n"
            << "          threads  operations  pages  tokens  preemptions  steps\n"
            << row("before", s.before) << row("after", s.after);
  if (!s.stopped.empty()) std::cout << "not the smallest for certain: " << s.stopped << "\n";
  std::cout << "stored in " << s.found.file << "\n" << s.found.replay << "\n";
}

nlohmann::ordered_json to_json(const explore::failing_extent& e) {
  return {{"threads", e.size.threads}, {"operations", e.operations},   {"pages", e.size.pages},
          {"tokens", e.size.tokens},   {"preemptions", e.preemptions}, {"steps", e.steps}};
}

checks::verdict shrink_execution(const shrink_arguments& a) {
  const std::chrono::duration<double> budget = parse_time("--budget", a.budget);
  const failing_execution e = find_execution(a.execution, scenario_directory(a.directory));
  const fs::path output = output_of(a, e);
  const bool has_folder =
      output.parent_path().empty() || fs::exists(output.parent_path());  // that of failures is made later
  check_outputs({a.json, has_folder ? output.string() : ""}, {a.execution, e.scenario.place});

  progress_line line;
  std::string why;
  const auto tell = [&](const explore::shrunk& s) {
    if (!line.due()) return;
    line.show({{std::to_string(s.candidates) + " smaller scenarios tried", 0},
               {"; the smallest that fails has", 2},
               {" " + std::to_string(s.after.size.threads) + " threads, " + std::to_string(s.after.operations) +
                    " operations",
                1}});
  };
  const explore::shrink_options options{.budget = budget, .patience = patience_of(a.patience)};
  std::optional<explore::shrunk> smaller;
  try {
    smaller = explore::shrink(e.scenario.program, e.token, output.string(), options, why, tell);
  } catch (const checks::interruption&) {
    why = "an interrupt came before it was run";
  }
  line.clear();
  const checks::verdict verdict = smaller && smaller->confirmed ? checks::verdict::fail : checks::verdict::incomplete;

  nlohmann::ordered_json j = {{"tool", "triecheck"},
                              {"version", TRIECHECK_VERSION},
                              {"command", "triecheck shrink " + shell_word(a.execution)},
                              {"verdict", checks::to_string(verdict)},
                              {"scenario", e.scenario.program.name},
                              {"cache", e.token.cache},
                              {"fault", e.token.fault}};
  if (!smaller) {
    j["reason"] = why;
    j["failure"] = nullptr;
    if (a.json != "-")
      std::cout << "incomplete: "
                << (checks::interrupted() ? "" : "there is nothing to shrink, for the failure does not show again: ")
                << why << "\n";
  } else {
    smaller->found.replay = "triecheck replay " + shell_word(output.string());
    std::error_code problem;
    if (!output.parent_path().empty()) fs::create_directories(output.parent_path(), problem);
    write_text(output.string(), checks::failure_file_text(smaller->program.source_text,
                                                          remembered(smaller->found, e.token.cache, e.token.fault,
                                                                     explore::strategy_for(smaller->found.kind).name)));
    smaller->found.file = output.string();
    smaller->found.replay = as_typed(smaller->found.replay);
    if (a.json != "-") print(*smaller);
    j["before"] = to_json(smaller->before);
    j["after"] = to_json(smaller->after);
    j["candidates"] = smaller->candidates;
    j["executions"] = smaller->executions;
    j["smallest"] = smaller->smallest;
    j["shortest"] = smaller->shortest;
    j["stopped"] = smaller->stopped;
    j["failure"] = checks::to_json(checks::result{.found = smaller->found})["failure"];
  }
  if (!a.json.empty()) write_json(a.json, j);
  if (checks::interrupted()) std::cerr << "triecheck: interrupted\n";
  return verdict;
}

}  // namespace

void add_shrink(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("shrink", "A failing execution made small: the scenario first, then its schedule");
  command->footer(
      "The exit status is 1 where the smaller failure is stored, 3 where the failure does not show again, or an "
      "interrupt came first.");
  const auto a = std::make_shared<shrink_arguments>();
  command->add_option("execution", a->execution, "A failure file, a file that explore --json wrote, or a replay token")
      ->type_name("FILE|TOKEN")
      ->required();
  command->add_option("--scenarios", a->directory, "Another directory of scenarios, for a token")->type_name("DIR");
  command
      ->add_option("--output", a->output,
                   "Where the smaller failure goes; beside FILE, as NAME-shrunk.toml, without it")
      ->type_name("FILE");
  command->add_option("--budget", a->budget, "Stops after this time, as 20s or 5m, with the best so far")
      ->type_name("TIME")
      ->capture_default_str();
  add_patience(*command, a->patience);
  command->add_option("--json", a->json, "Writes the result as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] { exit_code = checks::exit_code(shrink_execution(*a)); });
}

}  // namespace triecheck::tools
