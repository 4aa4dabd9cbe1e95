// Runs a program of subcommands: parses its command line, and turns every error into one line and an exit status.
//
//   0  pass        1  fail        2  the command line or a file is wrong, nothing was run
//   3  incomplete  4  the harness itself failed, or a result could not be written
#pragma once

#include <span>

#include "tools/commands.h"

namespace triecheck::tools {

/// What adds a subcommand.
using add_command = void (*)(CLI::App& app, int& exit_code);

/// The exit status of the program that has these subcommands.
int run_program(int argc, char** argv, std::span<const add_command> commands);

}  // namespace triecheck::tools
