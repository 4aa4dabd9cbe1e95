// `triecheck-debug`: `triecheck replay` at -O0, with assertions, to step through a schedule that failed.
#include <array>

#include "tools/commands.h"
#include "tools/program.h"

int main(int argc, char** argv) {
  constexpr std::array commands = {triecheck::tools::add_replay};
  return triecheck::tools::run_program(argc, argv, commands);
}
