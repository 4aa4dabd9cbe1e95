// `triecheck replay`: one execution again, step by step, in a new process.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include <CLI/CLI.hpp>

#include "checks/explore/explore.h"
#include "checks/explore/registry.h"
#include "checks/verdict.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/scenario_argument.h"

namespace triecheck::tools {
namespace {

struct arguments {
  std::string token;
  std::string directory;
  bool all = false;
  std::string json;
};

// The token of the first failure in a file that `explore --json` wrote.
std::string token_from(const std::string& file) {
  std::ifstream in(file);
  const nlohmann::json report = nlohmann::json::parse(in, nullptr, false);
  if (!report.is_object() || !report.contains("results") || !report["results"].is_array()) {
    throw usage_error(file + ": this is no result of `triecheck explore --json`");
  }
  for (const auto& result : report["results"]) {
    const std::string command = result.value("/failure/replay"_json_pointer, std::string());
    const std::size_t quote = command.find('\'');
    if (quote == std::string::npos || !command.ends_with('\'')) continue;
    std::string token = command.substr(quote + 1, command.size() - quote - 2);
    for (std::size_t at = 0; (at = token.find("'\\''", at)) != std::string::npos; ++at) token.replace(at, 4, "'");
    return token;
  }
  throw usage_error(file + ": there is no failure to replay in this result");
}

checks::verdict replay(const arguments& a) {
  std::string why;
  std::error_code no_file;  // a long token is no possible name of a file, which is no error
  const bool is_file = std::filesystem::is_regular_file(a.token, no_file);
  const auto token = explore::parse_token(is_file ? token_from(a.token) : a.token, why);
  if (!token) throw usage_error("'" + a.token + "' is neither a file nor a replay token: " + why);
  static_cast<void>(known_variant(token->cache));
  if (const auto* fault = explore::find_fault(token->fault); !token->fault.empty() && fault == nullptr) {
    throw usage_error("there is no fault '" + token->fault + "' (`triecheck list` shows them)");
  }
  const named_scenario s = find_scenario(token->scenario, scenario_directory(a.directory));
  const explore::explored r = explore::replay_scenario(s.program, *token, a.all);
  if (a.json != "-") {
    std::cout << s.program.name << ", " << token->cache << (token->fault.empty() ? "" : " with the fault " + token->fault)
              << ": " << s.program.title << "\n" << r.interleaving;
    if (r.outcome.found) {
      std::cout << r.outcome.found->kind << ": " << r.outcome.found->message << "\n";
    } else {
      std::cout << (r.outcome.complete ? "no rule is violated on this schedule\n"
                                       : "no rule is violated on this schedule, which ends before the program does: what it "
                                         "showed once is gone; explore the scenario to be sure\n");
    }
  }
  if (!a.json.empty()) {
    write_json(a.json, nlohmann::ordered_json(checks::to_json(checks::report{.command = "triecheck replay " + shell_word(a.token),
                                                                             .results = {r.outcome}})));
  }
  return r.outcome.outcome;
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("replay", "One execution again, step by step: what a failing run printed last");
  const auto a = std::make_shared<arguments>();
  command->add_option("token", a->token, "SCENARIO@CACHE@SCHEDULE, SCENARIO@CACHE+FAULT@SCHEDULE, or a file that explore --json wrote")
      ->type_name("TOKEN|FILE")
      ->required();
  command->add_option("--scenarios", a->directory, "Another directory of scenarios")->type_name("DIR");
  command->add_flag("--all", a->all, "Also the accesses of plain variables");
  command->add_option("--json", a->json, "Writes the result as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] { exit_code = checks::exit_code(replay(*a)); });
}

}  // namespace triecheck::tools
