// How a program is searched, whatever it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "checks/explore/runner.h"
#include "checks/report/verdict.h"

namespace triecheck::explore {

struct search_options {
  std::string strategy = "exhaustive";  ///< a name of the table (strategy_table.h)
  bool reduction = true;                ///< of exhaustive
  unsigned stale_depth = oldest_age;
  spurious_failures spurious = spurious_failures::each_thread;
  unsigned preemptions = 2;              ///< of bounded and relacy-bound
  unsigned depth = 3;                    ///< of pct
  unsigned solo_steps = 300;             ///< of obstruction: in which a thread alone ends its operation
  std::optional<unsigned> stops_within;  ///< of obstruction: the preemptions that lead to a state; any number without
  std::uint64_t seed = 1;                ///< of random, pct and relacy-random
  std::uint64_t executions = 0;          ///< of the random strategies (0: 10,000); elsewhere a limit, 0 for none
  unsigned runaway_steps = limits().runaway_steps;
  bool reuses_memory = false;  ///< freed memory is given out again at once, else after 63 more were freed
  std::optional<std::chrono::duration<double>> budget;
  std::chrono::milliseconds patience{10'000};       ///< without a step: hang
  unsigned jobs = 1;                                ///< processes, at least 1; Relacy's own searches use one
  std::optional<checks::share> shard;               ///< explores this part only; not of Relacy's own searches
  std::function<void(const nlohmann::json&)> save;  ///< called now and then with what `resume` takes
  std::chrono::milliseconds save_every{1000};
  const nlohmann::json* resume = nullptr;  ///< how far an equal exploration came
};

/// Makes the program that a process explores. Called once in each process.
using program_factory = std::function<std::unique_ptr<program>()>;

}  // namespace triecheck::explore
