// `triecheck check-log`: whether the log of a real run can be explained.
#include "checks/log/check.h"

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "checks/log/chrome.h"
#include "checks/log/log_file.h"
#include "checks/process/interrupts.h"
#include "checks/report/verdict.h"
#include "checks/subject/variants.h"
#include "tools/commands.h"
#include "tools/log_options.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/program_name.h"
#include "tools/progress_line.h"

namespace triecheck::tools {
namespace {

// So many are printed; the JSON has all.
constexpr std::size_t most_shown = 10;

struct check_log_arguments {
  std::string log;
  std::string cache;
  std::string chrome;
  std::string json;
  std::uint64_t operations = default_window_operations;
};

// The rule that the log's variant states; where it is not known, the one that allows most.
model::refusals rule_of(const check_log_arguments& a, const checks::logged_run& run) {
  if (!a.cache.empty()) return known_variant(a.cache).refusals;
  const checks::variant* const v = checks::find_variant(run.variant);
  return v == nullptr ? model::refusals::crowded : v->refusals;
}

std::string count_of(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string place_of(const checks::log_finding& f) {
  return "window " + std::to_string(f.window) + ", line " + std::to_string(f.line) +
         (f.first_line == 0 ? "" : " against line " + std::to_string(f.first_line));
}

std::string replay_command(const check_log_arguments& a, const checks::log_check& c) {
  if (c.findings.empty()) return "";
  const std::string window = std::to_string(c.findings.front().window);
  return "triecheck replay-log " + shell_word(a.log) + " --window " + window +
         (a.operations == default_window_operations ? "" : " --operations " + std::to_string(a.operations)) +
         " --output window-" + window + ".toml";
}

void print(const checks::logged_run& run, const checks::log_check& c, const std::string& replay) {
  const std::string name = c.outcome == checks::verdict::incomplete ? "undecided" : checks::to_string(c.outcome);
  std::cout << name << ": " << count_of(c.operations, "operation") << " in " << count_of(c.judged, "window")
            << (run.variant.empty() ? "" : " of " + run.variant) << ", " << count_of(c.findings.size(), "violation")
            << ", " << c.undecided.size() << " undecided\n";
  for (const std::string& limit : c.limits) std::cout << "  " << limit << "\n";
  if (c.ignored != 0)
    std::cout << "  " << count_of(c.ignored, "operation") << " before and after what is complete are not judged\n";
  if (c.judged != c.windows) std::cout << "  " << c.windows - c.judged << " windows were not reached\n";
  for (std::size_t i = 0; i < c.findings.size() && i < most_shown; ++i) {
    std::cout << place_of(c.findings[i]) << ": " << c.findings[i].kind << ": " << c.findings[i].message << "\n";
  }
  for (std::size_t i = 0; i < c.undecided.size() && i < most_shown; ++i) {
    std::cout << "window " << c.undecided[i].window << " is undecided: " << c.undecided[i].why << "\n";
  }
  if (c.findings.size() > most_shown || c.undecided.size() > most_shown) std::cout << "(and more: --json has all)\n";
  if (!replay.empty()) std::cout << replay << "\n";
}

nlohmann::ordered_json to_json(const check_log_arguments& a, const checks::logged_run& run, const checks::log_check& c,
                               const std::string& replay) {
  nlohmann::ordered_json j = {{"tool", "triecheck"},
                              {"version", TRIECHECK_VERSION},
                              {"command", "triecheck check-log " + shell_word(a.log)},
                              {"verdict", checks::to_string(c.outcome)},
                              {"cache", run.variant},
                              {"operations", c.operations},
                              {"ignored", c.ignored},
                              {"windows", c.windows},
                              {"judged", c.judged},
                              {"limits", c.limits}};
  j["findings"] = nlohmann::ordered_json::array();
  for (const checks::log_finding& f : c.findings) {
    nlohmann::ordered_json one = {{"kind", f.kind}, {"message", f.message}, {"window", f.window}, {"line", f.line}};
    if (f.first_line != 0) one["first_line"] = f.first_line;
    j["findings"].push_back(std::move(one));
  }
  j["undecided"] = nlohmann::ordered_json::array();
  for (const checks::undecided_window& u : c.undecided)
    j["undecided"].push_back({{"window", u.window}, {"why", u.why}});
  j["replay"] = replay;
  return j;
}

int check(const check_log_arguments& a) {
  if (!a.cache.empty()) static_cast<void>(known_variant(a.cache));
  check_outputs({a.chrome, a.json}, {a.log});
  const checks::logged_run run = checks::load_log(a.log);
  progress_line line;
  const checks::log_check c =
      checks::check_log(run, {.window_operations = static_cast<std::size_t>(a.operations), .rule = rule_of(a, run)},
                        [&](std::size_t done, std::size_t windows) {
                          if (line.due())
                            line.show(std::to_string(done) + " of " + std::to_string(windows) + " windows");
                        });
  line.clear();
  const std::string replay = c.findings.empty() ? "" : as_typed(replay_command(a, c));
  if (a.json != "-" && a.chrome != "-") print(run, c, replay);
  if (!a.chrome.empty()) write_text(a.chrome, checks::chrome_trace(run, c.findings));
  if (!a.json.empty()) write_json(a.json, to_json(a, run, c, replay));
  if (checks::interrupted()) std::cerr << "triecheck: interrupted\n";
  return checks::exit_code(c.outcome);
}

}  // namespace

void add_check_log(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "check-log", "Checks the operation log of a real run: who held which page, and linearizability by windows");
  command->footer(
      "The exit status is 0 where everything is explained, 1 where something cannot be, and 3 where the log does not "
      "show enough "
      "to decide: then the text says what is missing.");
  const auto a = std::make_shared<check_log_arguments>();
  command->add_option("log", a->log, "A log, as triecheck-server --operation-log writes it")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--cache", a->cache,
                   "The variant whose rule refusals are held to; without it the one that the log names")
      ->type_name("V");
  add_window_operations(*command, a->operations);
  command
      ->add_option("--chrome", a->chrome,
                   "Writes the log as a trace that Perfetto and chrome://tracing open, with what was found; - is "
                   "standard output")
      ->type_name("FILE|-");
  command->add_option("--json", a->json, "Writes the result as JSON; - is standard output, in place of the text")
      ->type_name("FILE|-");
  command->callback([a, &exit_code] { exit_code = check(*a); });
}

}  // namespace triecheck::tools
