// `triecheck`: its subcommands, in the order in which --help shows them.
#include <array>

#include "tools/commands.h"
#include "tools/program.h"

int main(int argc, char** argv) {
  using namespace triecheck::tools;
  constexpr std::array commands = {add_list,     add_explore,      add_replay,    add_merge,     add_shrink,
                                   add_simulate, add_soak,         add_hit_rates, add_generate,  add_fuzz,
                                   add_top,      add_bench_search, add_check_log, add_replay_log};
  return run_program(argc, argv, commands);
}
