// The limits of the machine, measured in the same run as the caches, and what the production sync layer adds to the
// bare types of the standard library (nothing, or something is wrong).
//
// Threads: one caller; the measurements start their own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "checks/bench/listener.h"
#include "checks/bench/load.h"

namespace triecheck::checks {

/// The nanoseconds that one operation takes the thread that does it: the median of several runs.
struct micro_result {
  std::string name;
  std::size_t threads = 1;
  double ns = 0;
};

/// One load after the other, each of which says where the next one is, in random order.
struct dependent_load {
  std::size_t lines = 0;  ///< of 64 bytes, which are all gone through
  double ns = 0;
};

/// The least that a lookup of the requests of a load can take for each page: comparing it with a copy whose place is
/// known, in random order of requests.
struct walk_result {
  std::string load;
  double compare_ns = 0;
};

struct machine_results {
  std::vector<micro_result> limits;
  double spin_scale =
      0;  ///< what two spinning threads do over what one does (spinning.h): the cores that there are for two
  std::vector<dependent_load> dependent_loads;
  std::vector<walk_result> walks;
};

/// `seconds` for each measurement, more than 0, three times. `lines` are the working sets for dependent loads.
machine_results measure_machine(const std::vector<load>& loads, const std::vector<std::size_t>& lines, double seconds,
                                const bench_listener& listener = {});

}  // namespace triecheck::checks
