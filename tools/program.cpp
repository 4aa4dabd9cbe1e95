#include "tools/program.h"

#include <algorithm>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/log/log_file.h"
#include "checks/process/interrupts.h"
#include "checks/report/suggestion.h"
#include "checks/report/verdict.h"
#include "checks/scenario/scenario.h"
#include "checks/trace/trace.h"
#include "tools/commands.h"
#include "tools/options.h"

#ifndef TRIECHECK_VERSION
#define TRIECHECK_VERSION "0.0.0"
#endif

namespace triecheck::tools {
namespace {

// Whatever an argument or a file name brought along, an error stays one line of a terminal.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

int report_usage(const std::string& message) {
  std::cerr << one_line(message) << "\n";
  return checks::exit_usage;
}

int report_error(const std::string& message) {
  std::cerr << one_line("triecheck: " + message) << "\n";
  return checks::exit_code(checks::verdict::error);
}

std::vector<std::string> subcommands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

// What the library says is a clear line but for a few cases, which are said again in the words of this program.
std::string explain(const CLI::ParseError& e, const CLI::App& app) {
  const std::string text = e.what();
  if (dynamic_cast<const CLI::RequiredError*>(&e) != nullptr && app.get_subcommands().empty()) {
    const std::vector<std::string> rest = app.remaining();
    if (rest.empty()) return "which subcommand? (triecheck --help lists them)";
    const bool option = rest.front().starts_with('-');
    const std::vector<std::string> commands = subcommands_of(app);
    const std::string near = option ? near_option(app, rest.front())
                                    : checks::did_you_mean(rest.front(), {commands.begin(), commands.end()});
    return "there is no " + std::string(option ? "option" : "subcommand") + " '" + rest.front() + "'" +
           (near.empty() ? " (triecheck --help lists them)" : near);
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr && !app.get_subcommands().empty()) {
    return text + near_option(*app.get_subcommands().front(), text.substr(text.rfind(": ") + 2));
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&e) != nullptr) {
    const std::string option = text.substr(0, text.find(':'));
    if (text.ends_with(" missing")) return option + " needs a value";
    if (text.find("At Most 1 ") != std::string::npos) return option + " is given more than once";
  }
  return text;
}

int run(int argc, char** argv, std::span<const add_command> commands) {
  CLI::App app("Explores the interleavings of a prefix cache and holds them against its specification.", "triecheck");
  app.set_version_flag("--version", "triecheck " TRIECHECK_VERSION);
  app.require_subcommand(1);
  int exit_code = 0;
  for (const add_command add : commands) add(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help and --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    return report_usage("triecheck: " + explain(e, app));
  }
  if (std::cout.flush()) return exit_code;
  return report_error("standard output cannot be written");
}

}  // namespace

int run_program(int argc, char** argv, std::span<const add_command> commands) {
  checks::heed_interrupts();
  try {
    return run(argc, argv, commands);
  } catch (const usage_error& e) {
    return report_usage("triecheck: " + std::string(e.what()));
  } catch (const checks::scenario_error& e) {
    return report_usage(e.what());
  } catch (const checks::trace_error& e) {
    return report_usage(e.what());
  } catch (const checks::log_error& e) {
    return report_usage(e.what());
  } catch (const output_error& e) {
    return report_error(e.what());
  } catch (const checks::interruption&) {
    std::cerr << "triecheck: interrupted\n";
    return checks::exit_code(checks::verdict::incomplete);
  } catch (const std::bad_alloc&) {
    return report_error("internal error: out of memory");
  } catch (const std::exception& e) {
    return report_error("internal error: " + std::string(e.what()));
  }
}

}  // namespace triecheck::tools
