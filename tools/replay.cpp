// `triecheck replay`: one execution again, step by step, in a new process.
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "checks/process/interrupts.h"
#include "checks/report/verdict.h"
#include "checks/verify/explore.h"
#include "tools/commands.h"
#include "tools/failing_execution.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/program_name.h"

namespace triecheck::tools {
namespace {

struct replay_arguments {
  std::string execution;
  std::string directory;
  bool all = false;
  std::string patience = "10s";
  std::string json;
};

checks::verdict replay(const replay_arguments& a) {
  const failing_execution e = find_execution(a.execution, scenario_directory(a.directory));
  check_outputs({a.json}, {a.execution, e.scenario.place});
  const explore::replay_token& token = e.token;
  const checks::scenario& s = e.scenario.program;
  explore::explored r;
  try {
    r = explore::replay_scenario(s, token, a.all, {.patience = patience_of(a.patience)});
  } catch (const checks::interruption&) {
    r.outcome = {.scenario = s.name,
                 .cache = token.cache,
                 .strategy = "replay",
                 .outcome = checks::verdict::incomplete,
                 .scope = "interrupted"};
  }
  if (a.json != "-") {
    std::cout << s.name << ", " << token.cache << (token.fault.empty() ? "" : " with the fault " + token.fault) << ": "
              << s.title << "\n"
              << r.interleaving;
    if (checks::interrupted() && !r.outcome.found) {
      std::cout << "interrupted\n";
    } else if (r.outcome.found) {
      std::cout << r.outcome.found->kind << ": " << r.outcome.found->message << "\n";
    } else {
      std::cout << (r.outcome.complete
                        ? "no rule is violated on this schedule\n"
                        : "no rule is violated on this schedule, which ends before the program does: the "
                          "recorded failure no longer occurs; explore the scenario to be sure\n");
    }
  }
  if (!a.json.empty()) {
    write_json(a.json, nlohmann::ordered_json(checks::to_json(as_typed(checks::report{
                           .command = "triecheck replay " + shell_word(a.execution), .results = {r.outcome}}))));
  }
  return r.outcome.outcome;
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("replay", "One execution again, step by step: what a failing run printed last");
  const auto a = std::make_shared<replay_arguments>();
  command
      ->add_option(
          "execution", a->execution,
          "SCENARIO@CACHE@SCHEDULE, SCENARIO@CACHE+FAULT@SCHEDULE, a failure file, or a file that explore --json wrote")
      ->type_name("TOKEN|FILE")
      ->required();
  command->add_option("--scenarios", a->directory, "Another directory of scenarios")->type_name("DIR");
  command->add_flag("--all", a->all, "Also the accesses of plain variables");
  add_patience(*command, a->patience);
  command->add_option("--json", a->json, "Writes the result as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] { exit_code = checks::exit_code(replay(*a)); });
}

}  // namespace triecheck::tools
