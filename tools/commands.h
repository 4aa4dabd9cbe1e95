// The subcommands of `triecheck`: each file of tools/ adds one of them to the command line.
//
// A subcommand sets `exit_code` from its callback: 0 pass, 1 fail, 3 incomplete, 4 error, as `checks::exit_code` maps a
// verdict. What the user has to change is thrown: `usage_error`, or the `file:line:column: ...` errors of the readers
// (`checks::scenario_error`, `checks::trace_error`, `checks::log_error`); main turns each into one line on stderr and
// exit status 2.
//
// Threads: the command line is built and parsed by one thread.
#pragma once

#include <stdexcept>

namespace CLI {
class App;
}

namespace triecheck::tools {

/// A command line that cannot be carried out; `what` is one line without the name of the program.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A result that cannot be written after the work; `what` is as that of usage_error. The exit status is 4.
class output_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void add_list(CLI::App& app, int& exit_code);
void add_explore(CLI::App& app, int& exit_code);
void add_bench_search(CLI::App& app, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_merge(CLI::App& app, int& exit_code);
void add_shrink(CLI::App& app, int& exit_code);
void add_simulate(CLI::App& app, int& exit_code);
void add_soak(CLI::App& app, int& exit_code);
void add_hit_rates(CLI::App& app, int& exit_code);
void add_generate(CLI::App& app, int& exit_code);
void add_fuzz(CLI::App& app, int& exit_code);
void add_top(CLI::App& app, int& exit_code);
void add_check_log(CLI::App& app, int& exit_code);
void add_replay_log(CLI::App& app, int& exit_code);

}  // namespace triecheck::tools
