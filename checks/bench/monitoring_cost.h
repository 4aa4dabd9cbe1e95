// What monitoring costs: each variant with its metrics, and with its metrics over the layer that counts contention,
// compared with the bare one.
//
// Passes of the three in turns, forwards and backwards: bare, metrics, contention, contention, metrics, bare,
// bare, ... . Each figure is the median over turns of what one takes over the bare pass of the same turn; the
// noise is the same of two bare passes that follow each other, which differ in nothing.
//
// Threads: one caller.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/bench/contestant.h"
#include "checks/bench/listener.h"
#include "checks/bench/load.h"

namespace triecheck::checks {

/// Time for a request over that of the bare cache, less 1: 0.01 is 1 % slower, below 0 is faster.
struct relative_cost {
  double median = 0;
  double least = 0;  ///< half of the turns lie from here
  double most = 0;   ///< to here
};

struct monitoring_cost {
  std::string cache;
  std::string load;
  bench_mode mode = bench_mode::full_cycle;
  std::size_t threads = 1;
  std::size_t turns = 0;
  relative_cost metrics;     ///< operation_metrics over the production layer
  relative_cost contention;  ///< the same over contended_sync, with the counts of each label
  double noise = 0;          ///< by how much two bare passes differ: the median
};

/// Requests per second of one turn.
struct monitoring_turn {
  double bare = 0;
  double metrics = 0;
  double contention = 0;
};

/// What the turns, in the order in which they were measured, say: every second one was measured backwards.
/// Requires two.
monitoring_cost judge_monitoring(const std::vector<monitoring_turn>& turns);

/// Every variant under each load, with each number of threads, for at least `seconds` of each of the three
/// and as many turns as it takes to judge; with 0 seconds two turns. `results` gets each as soon as it is
/// measured.
void measure_monitoring(const std::vector<load>& loads, std::span<const std::size_t> threads, double seconds,
                        std::vector<monitoring_cost>& results, const bench_listener& listener = {});

/// A line for each; nothing without results.
std::string to_table(const std::vector<monitoring_cost>& results);

nlohmann::ordered_json to_json(const std::vector<monitoring_cost>& results);

}  // namespace triecheck::checks
