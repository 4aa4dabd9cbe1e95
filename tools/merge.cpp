// `triecheck merge`: the results of all shards as one verdict.
#include "checks/report/merge.h"

#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/process/interrupts.h"
#include "checks/report/shell_word.h"
#include "checks/report/verdict.h"
#include "tools/commands.h"
#include "tools/output.h"
#include "tools/program_name.h"
#include "tools/results_text.h"

namespace triecheck::tools {
namespace {

struct merge_arguments {
  std::vector<std::string> files;
  std::string json;
  std::string junit;
};

checks::report load(const std::string& file) {
  try {
    return checks::read_report(read_json(file));
  } catch (const std::runtime_error& e) {
    const std::string text = e.what();
    throw usage_error(text.starts_with(file) ? text : file + ": " + text);
  }
}

checks::verdict merge_all(const merge_arguments& a) {
  std::vector<checks::report> shards;
  for (const std::string& file : a.files) shards.push_back(load(file));
  check_outputs({a.json, a.junit}, a.files);
  checks::report whole;
  try {
    whole = checks::merge(shards);
  } catch (const checks::merge_error& e) {
    throw usage_error(a.files[e.report] + ": " + e.what());
  }
  for (checks::result& r : whole.results) {
    // The shards may come from other machines, where the program was called by other names.
    if (r.found && !r.found->token.empty()) r.found->replay = "triecheck replay " + checks::shell_word(r.found->token);
  }
  whole = as_typed(std::move(whole));
  if (a.json != "-" && a.junit != "-") {
    for (const checks::result& r : whole.results) {
      std::cout << in_words(r) << "\n";
      if (r.found) std::cout << "  " << r.found->kind << ": " << r.found->message << "\n";
    }
    print_summary(whole);
  }
  if (!a.junit.empty()) write_text(a.junit, checks::to_junit(whole, "explore"));
  if (!a.json.empty()) write_json(a.json, nlohmann::ordered_json(checks::to_json(whole)));
  return whole.outcome();
}

}  // namespace

void add_merge(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("merge", "The results of all shards of one exploration as one verdict");
  const auto a = std::make_shared<merge_arguments>();
  command->add_option("file", a->files, "What `explore --shard I/N --json FILE` wrote, one file per shard")
      ->type_name("FILE")
      ->required();
  command->add_option("--json", a->json, "Writes the results as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->add_option("--junit", a->junit, "Writes the results as JUnit XML; - is standard output")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] {
    checks::end_at_interrupts();
    exit_code = checks::exit_code(merge_all(*a));
  });
}

}  // namespace triecheck::tools
