// A benchmark in a separate process: whatever a cache does to that process, what was measured so far is kept.
//
// Threads: as run_isolated (checks/process/isolation.h).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/bench/bench.h"
#include "checks/bench/listener.h"
#include "checks/report/verdict.h"

namespace triecheck::checks {

/// What was measured, in the forms of report.h.
struct bench_report {
  verdict outcome = verdict::pass;  ///< pass: all of it
  std::optional<failure> found;     ///< of an error
  std::string table;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  std::vector<std::pair<std::string, std::string>> charts;
};

/// Fills the results, cell by cell, and tells the listener before each.
using bench_body = std::function<void(bench_results& results, const bench_listener& listener)>;

/// Runs `measure` in a child process. One that ends before it has an answer is an `error` with what happened and what
/// it measured then; so is an exception that a cache throws. An interrupt (checks/process/interrupts.h) makes it
/// `incomplete`. `patience`: without the beginning of a pass for so long, it hangs. `on_cell` hears what is measured
/// next.
bench_report run_bench_isolated(const std::vector<load>& loads, const bench_body& measure,
                                std::chrono::milliseconds patience,
                                const std::function<void(const std::string&)>& on_cell);

}  // namespace triecheck::checks
