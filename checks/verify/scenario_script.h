// A scenario's steps as what runs: requests are split, and every lease has a distinct number.
//
// Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checks/oracles/statistics.h"
#include "checks/scenario/scenario.h"
#include "model/operation.h"

namespace triecheck::explore {

/// A step with the numbers of its leases.
struct action {
  checks::step_kind kind = checks::step_kind::clear;
  model::lease lease = 0;   ///< it works on, or opens
  model::lease source = 0;  ///< of fork: the lease that is forked
  std::vector<model::token> tokens;
  std::vector<model::block_key> keys;
  model::key_space space = 0;
  std::size_t count = 0;
  std::optional<std::uint32_t> computed;
  std::size_t extra_slots = 0;
  bool free_only = false;
  model::retention keep;
  std::uint32_t failing = 0;
  bool or_stop = false;
  bool or_wait = false;
  std::size_t hand_over = 0;  ///< of give and take: which
  std::string text;
};

using script = std::vector<action>;

/// A lease keeps its number when it is moved, or taken by another section.
struct scenario_scripts {
  script init;
  std::vector<script> threads;
  script final;
  std::size_t leases = 0;
  std::size_t hand_overs = 0;
};

scenario_scripts scripts_of(const checks::scenario& s);

/// Whether a variant that promises so much allows a snapshot and a shutdown concurrent with other calls.
constexpr bool may_look_beside_others(checks::stats_consistency promised) {
  return promised == checks::stats_consistency::pages || promised == checks::stats_consistency::all;
}

/// How many operations of the cache a scenario holds, requests counted as what they consist of.
std::size_t count_operations(const checks::scenario& s);

/// More operations of the layer than an operation of the cache should need here, by far: they grow with pages and
/// tokens.
unsigned runaway_steps_of(const checks::scenario& s);

/// In how many a thread alone ends an operation.
unsigned solo_steps_of(const checks::scenario& s);

/// "1 2 3 keys 0:7 in 5", "1 2 3" in the namespace 0.
std::string show_prefix(std::span<const model::token> tokens, model::key_space space,
                        const std::vector<model::block_key>& keys);

}  // namespace triecheck::explore
