// One schedule of a program, run again in a separate process.
#pragma once

#include <string>

#include "checks/explore/search/exploration.h"

namespace triecheck::explore {

struct replayed : findings {
  std::string story;  ///< a column per thread; empty where the process died
};

/// Runs the schedule, every load as old as it says; `all` has the story tell accesses of plain variables, too. The
/// schedule may end before the program: then thread 0 goes on, and so forth.
/// Of `o`, `runaway_steps`, `reuses_memory` and `patience` count.
replayed replay_program(const program_factory& make, const schedule& choices, const search_options& o,
                        bool all = false);

}  // namespace triecheck::explore
