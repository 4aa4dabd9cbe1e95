// Measures searches side by side on the same programs: ours and Relacy's own, each run in a process with a budget.
//
// What a search costs is the number of executions that it runs, the redundant ones included: no machine changes that.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checks/litmus/catalogue.h"
#include "checks/scenario/scenario.h"
#include "checks/verify/registry.h"

namespace triecheck::litmus {

struct comparison_options {
  std::chrono::duration<double> limit{2};  ///< of each run
  std::uint64_t most_executions = 10'000;  ///< of a random search
  std::uint64_t seeds = 40;
  unsigned preemptions = 2;  ///< of bounded and relacy-bound
  unsigned depth = 3;        ///< of pct
};

/// How one search of one program ended.
struct measurement {
  enum class end : std::uint8_t { complete, failed, stopped, broken };
  end how = end::broken;
  std::uint64_t executions = 0;  ///< with the redundant ones; of `failed`, up to the failure and with it
  double seconds = 0;
  std::string message;  ///< of `failed` the kind of violation; of `broken` what happened
};
std::string to_string(measurement::end e);

/// The searches that run every program, by name and in the order of the table.
inline constexpr std::array searches = {"exhaustive",  "not-reduced",  "bounded",
                                        "relacy-full", "relacy-bound", "relacy-random"};

/// The searches that depend on a seed, and those that do not, on the way to the first failure.
inline constexpr std::array seeded_searches = {"pct", "random", "relacy-random"};
inline constexpr std::array unseeded_searches = {"exhaustive", "bounded", "relacy-full"};
bool is_seeded(const std::string& search);

struct compared_program {
  std::string name;
  bool scenario = false;  ///< of the cache; otherwise a program of the catalogue
  unsigned threads = 0;
  std::map<std::string, measurement> by;  ///< name of the search

  /// How many executions of Relacy's full search there are for one of exhaustive, where both are complete.
  std::optional<double> reduction() const;
};

struct compared_fault {
  std::string name;
  std::string scenario;
  unsigned threads = 0;
  std::map<std::string, measurement> first_failure;        ///< of the searches without a seed
  std::map<std::string, std::vector<measurement>> seeded;  ///< a measurement for each seed

  /// The median of the executions to the first failure; nothing where it lies beyond the runs.
  std::optional<std::uint64_t> median(const std::string& search) const;

  /// What the median exceeds where there is none, and the median where there is one.
  std::uint64_t median_at_least(const std::string& search) const;
};

struct mean_reduction {
  std::size_t programs = 0;
  double geometric_mean = 0;  ///< 0 of no program
};

/// Called before each run with what it is.
using told = std::function<void(const std::string& search)>;

compared_program compare(const known_program& p, const comparison_options& o, const told& tell = {});
compared_program compare(const checks::scenario& s, const comparison_options& o, const told& tell = {});

/// Requires that `s` is the fault's own scenario.
compared_fault compare(const explore::fault& f, const checks::scenario& s, const comparison_options& o,
                       const told& tell = {});

/// Over the programs with a reduction and, unless 0, with that many threads.
mean_reduction mean_of(const std::vector<compared_program>& programs, unsigned threads);

}  // namespace triecheck::litmus
