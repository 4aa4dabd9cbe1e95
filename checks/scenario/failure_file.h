// A failure file: the scenario that failed, whole, and one more table that says how.
//
//   [failure]
//   kind = "data-race"
//   message = "stats.open_leases: thread 1 loads at ..."
//   cache = "coarse"
//   fault = "release_without_the_mutex"     # only where a seeded fault was explored
//   strategy = "exhaustive"
//   seed = 7                                # only of the random strategies
//   preemptions = 1
//   schedule = "0x2.1"
//   version = "0.1.0"
//   replay = "triecheck replay ..."
//
// It is a scenario like any other wherever one is taken, and depends on no other file. [failure] is its last table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace triecheck::checks {

/// What a failure file remembers of the failing execution.
struct stored_failure {
  std::string kind;
  std::string message;                ///< any text
  std::string cache;                  ///< the variant
  std::string fault;                  ///< the seeded fault; empty: the shipped text
  std::string strategy;               ///< that found it
  std::optional<std::uint64_t> seed;  ///< of the random strategies
  std::size_t preemptions = 0;        ///< of the failing execution
  std::string schedule;               ///< in the notation of the explorer
  std::string version;                ///< of the program that stored it
  std::string replay;                 ///< the command that shows it again
  friend bool operator==(const stored_failure&, const stored_failure&) = default;
};

/// The text of a failure file. `scenario_text` is that of the scenario, without a [failure]. Bytes that are no UTF-8
/// are repaired, in both. A seed above 2^63 - 1 is left out: TOML has no such number.
std::string failure_file_text(const std::string& scenario_text, const stored_failure& f);

/// `text` as a TOML string in double quotes, on one line.
std::string toml_string(const std::string& text);

}  // namespace triecheck::checks
