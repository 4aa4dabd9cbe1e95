// `triecheck replay-log`: a window of an operation log as a scenario, for `triecheck explore`.
#include "checks/log/cut.h"

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "checks/log/log_file.h"
#include "checks/process/interrupts.h"
#include "checks/report/verdict.h"
#include "checks/scenario/scenario.h"
#include "checks/subject/variants.h"
#include "tools/commands.h"
#include "tools/log_options.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/program_name.h"

namespace triecheck::tools {
namespace {

struct replay_log_arguments {
  std::string log;
  std::string output = "-";
  std::string json;
  std::uint64_t window = 0;
  std::uint64_t operations = default_window_operations;
};

int replay(const replay_log_arguments& a) {
  check_outputs({a.output, a.json}, {a.log});
  const checks::logged_run run = checks::load_log(a.log);
  checks::cut_scenario cut;
  try {
    cut = checks::cut_window(run, static_cast<std::size_t>(a.window), static_cast<std::size_t>(a.operations));
  } catch (const checks::cut_error& e) {
    throw usage_error(a.log + ": " + e.what());
  }
  static_cast<void>(checks::parse_scenario(cut.text, a.output == "-" ? "the scenario" : a.output));
  write_text(a.output, cut.text);
  const std::string variant = checks::find_variant(run.variant) == nullptr ? "" : " --cache " + run.variant;
  const std::string next = a.output == "-" ? "" : as_typed("triecheck explore " + shell_word(a.output) + variant);
  if (a.output != "-" && a.json != "-") {
    std::cout << cut.operations << " operations of lines " << cut.first_line << " to " << cut.last_line << ", "
              << cut.program.threads.size() << " threads, " << cut.program.pages << " pages\n";
    for (const std::string& what : cut.left_out) std::cout << "left out: " << what << "\n";
    std::cout << next << "\n";
  }
  if (!a.json.empty()) {
    write_json(a.json, {{"tool", "triecheck"},
                        {"version", TRIECHECK_VERSION},
                        {"window", a.window},
                        {"operations", cut.operations},
                        {"first_line", cut.first_line},
                        {"last_line", cut.last_line},
                        {"threads", cut.program.threads.size()},
                        {"pages", cut.program.pages},
                        {"left_out", cut.left_out},
                        {"explore", next}});
  }
  return checks::exit_code(checks::verdict::pass);
}

}  // namespace

void add_replay_log(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "replay-log", "Cuts a window of an operation log into a scenario, which explore then explores");
  const auto a = std::make_shared<replay_log_arguments>();
  command->add_option("log", a->log, "A log, as triecheck-server --operation-log writes it")
      ->required()
      ->type_name("FILE");
  add_number(*command, "--window", a->window, "Which window, by the number that check-log says", 1)
      ->required()
      ->default_str("");
  add_window_operations(*command, a->operations);
  command->add_option("--output,-o", a->output, "Where the scenario goes; - is standard output")
      ->type_name("FILE|-")
      ->capture_default_str();
  command->add_option("--json", a->json, "Writes what the scenario has, as JSON")->type_name("FILE|-");
  command->callback([a, &exit_code] {
    checks::end_at_interrupts();
    exit_code = replay(*a);
  });
}

}  // namespace triecheck::tools
