// The subcommands that need the explorer, in a build without it: sanitizers and compilers that cannot build Relacy.
// They take any arguments and answer with one line, so that a script learns why instead of "unknown subcommand".
#include <CLI/CLI.hpp>

#include "tools/catalogue.h"
#include "tools/commands.h"

namespace triecheck::tools {
namespace {

void add_absent(CLI::App& app, const char* name, const char* meaning) {
  CLI::App* command = app.add_subcommand(name, meaning);
  command->allow_extras();
  command->callback([] {
    throw usage_error(
        "this build has no explorer (a sanitizer, or a compiler that cannot build Relacy): use the preset release");
  });
}

}  // namespace

std::vector<listed_strategy> list_strategies() { return {}; }
std::vector<listed_fault> list_faults() { return {}; }

std::size_t faults_left_out() { return 0; }
checks::fuzz_target sequential_fault(const std::string&) {
  throw usage_error("this build has no seeded faults: use the preset release");
}

void add_explore(CLI::App& app, int&) { add_absent(app, "explore", "interleavings of scenarios (not in this build)"); }
void add_replay(CLI::App& app, int&) { add_absent(app, "replay", "one execution again (not in this build)"); }
void add_shrink(CLI::App& app, int&) {
  add_absent(app, "shrink", "a failing execution made small (not in this build)");
}
void add_bench_search(CLI::App& app, int&) {
  add_absent(app, "bench-search", "searches side by side (not in this build)");
}

}  // namespace triecheck::tools
