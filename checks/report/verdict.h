// Verdicts, and what a run reports: shared by every subcommand and by the merge of shards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace triecheck::checks {

enum class verdict : std::uint8_t { pass, fail, incomplete, error };

std::string to_string(verdict v);

/// 0, 1, 3, 4; a usage error is 2 and never reaches here.
int exit_code(verdict v);

/// The worst of two: error, then fail, then incomplete, then pass.
verdict worse(verdict a, verdict b);

inline constexpr int exit_usage = 2;

/// The kinds of violation that an exploration may report: what a scenario's `[expect] kind` may name.
const std::vector<std::string>& violation_kinds();

struct failure {
  std::string kind;     ///< stable words with dashes: "data-race", "page-contents", "linearizability", ...
  std::string message;  ///< one line
  std::size_t threads = 0;
  std::size_t operations = 0;
  std::size_t preemptions = 0;
  std::string schedule;  ///< the choices, in the notation of the explorer
  std::string token;     ///< the failing execution as one word; empty where there is none to run again
  std::string replay;    ///< the one-line command that shows it again
  std::string file;      ///< where the failure is stored; empty where it is not
};

/// How many executions there probably are, of which a run that is not complete has seen a part.
struct expected_executions {
  double mean = 0;
  double low = 0;  ///< the truth is between `low` and `high` in about 19 of 20 cases
  double high = 0;
};

/// One scenario (or property) under one variant and strategy.
struct result {
  std::string scenario;
  std::string cache;
  std::string strategy;
  std::optional<std::size_t> preemptions;  ///< the bound, where the strategy has one
  verdict outcome = verdict::error;
  bool complete = false;
  std::uint64_t executions = 0;
  std::uint64_t redundant =
      0;  ///< executions not counted above: repeats that a reduction recognised, or measuring ones
  std::uint64_t steps = 0;
  double seconds = 0;
  std::string scope;  ///< what the verdict covers, one clause
  std::optional<failure> found;
  std::optional<expected_executions> expected;  ///< of a run that is not complete, where it can be estimated
  bool expects_failure = false;     ///< the scenario, or the variant under this strategy, is one that must fail,
  bool failed_as_expected = false;  ///< and did:
  std::optional<failure> expected_failure;  ///< so
  std::string space;                        ///< a digest of the space that was cut into shards; empty where it was not
  bool covers_everything = false;           ///< of a shard: all of them together leave nothing out
};

/// A part of every space that a run explores, for runs on several machines: number `index`, from 0, of `count`.
struct share {
  std::uint64_t index = 0;
  std::uint64_t count = 1;
};

/// A whole run: the object that --json writes.
struct report {
  std::string command;  ///< without what tells the shards of one run apart
  std::vector<result> results;
  std::optional<share> shard;  ///< of a run that explored one part only
  std::string build;           ///< with shard: which program wrote it

  /// The worst of the results; `incomplete` where there are none.
  verdict outcome() const;
};

nlohmann::json to_json(const result& r);
nlohmann::json to_json(const report& r);

/// What `to_json` wrote, again. Throws std::runtime_error that says what is missing.
result read_result(const nlohmann::json& j);
report read_report(const nlohmann::json& j);

/// JUnit XML with one test case per result.
std::string to_junit(const report& r, const std::string& suite);

}  // namespace triecheck::checks
