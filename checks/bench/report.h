// What a benchmark found: a table with ratios, JSON, and charts.
//
// Threads: plain values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/bench/bench.h"

namespace triecheck::checks {

/// The table:
///  - the limits, and the synchronisation of each call
///  - for each load and mode a row for each cache and count of threads: its throughput over that of each baseline and
///    over its own with one thread; the cores that the threads had (what as many spinning threads do over what one
///    does); how far apart these are (how long a line takes from one to another and back)
///  - the sweep over pages
///  - how far the slowest requests lie behind the median, as they are and for their size, and what the machine does to
///    spinning threads
///  - the caches under overload (overload.h)
/// What was not measured is left out.
std::string to_table(const std::vector<load>& loads, const bench_results& results);

nlohmann::ordered_json to_json(const std::vector<load>& loads, const bench_results& results);

/// File names and their contents: two charts for each load of which a cell was measured.
std::vector<std::pair<std::string, std::string>> to_charts(const std::vector<load>& loads,
                                                           const bench_results& results);

}  // namespace triecheck::checks
