// The space of one program, explored by one process or several, in one go or in pieces.
//
// A small space is explored whole, by one process. One that turns out to be larger, or that is shared with other
// machines, is cut into pieces (piece.h). Processes take them from a common counter in a hashed order, so that the ones
// that are done are a random sample of all: their mean size estimates the rest, with its spread. Which failure is
// reported does not depend on the number of processes: a process that finds one lets the pieces before it end, and the
// first one in the order counts.
//
// The state of all pieces is one JSON value: a checkpoint.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/explore/runner.h"
#include "checks/explore/search/estimate.h"
#include "checks/explore/search/piece.h"
#include "checks/explore/search/search_options.h"
#include "checks/explore/search/strategy_table.h"
#include "checks/process/isolation.h"
#include "checks/report/verdict.h"

namespace triecheck::explore {

/// How far an exploration is.
struct exploration_status {
  std::uint64_t executions = 0;
  double seconds = 0;
  double executions_per_second = 0;  ///< of all processes together, since this process started
  std::optional<estimate> expected;  ///< executions in all, where they are known or can be estimated
};

/// What an exploration found. `complete`: every piece (of this shard) ran to its end.
struct findings : run_outcome {
  double seconds = 0;         ///< earlier processes of a resumed exploration included
  std::uint64_t space = 0;    ///< a digest of all pieces, those of other shards included; 0 where there are none
  std::size_t undecided = 0;  ///< executions that the program's oracles gave up on
  std::optional<isolated_run> broken;  ///< a process that crashed or hung
  std::optional<estimate> expected;    ///< where the run is not complete
};

/// A text as a number: the same of the same text.
std::uint64_t digest(const std::string& text);

/// What findings come to.
struct judgement {
  checks::verdict outcome = checks::verdict::pass;
  std::string kind;     ///< of a failure or an error; otherwise empty
  std::string message;  ///< one line
  std::string scope;    ///< what a scope adds: "; stopped by its budget", or nothing
};
judgement verdict_of(const findings& f);

/// What a process tells another about a run that ended: everything but `seconds`, `undecided` and the estimates.
nlohmann::json to_json(const run_outcome& o);
run_outcome read_outcome(const nlohmann::json& j);

/// What is wrong with a stored state, one clause.
class restore_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class exploration {
 public:
  /// `name` tells this program from others: shards and checkpoints of one space have the same.
  exploration(program_factory make, const search_options& o, std::uint64_t name);

  /// Goes on from `state`, which an equal exploration saved. Throws restore_error for what is no such state.
  void restore(const nlohmann::json& state);

  /// An interrupt (checks/process/interrupts.h) leaves it incomplete, with what was explored so far.
  findings run(const std::function<void(const exploration_status&)>& tick);

 private:
  struct piece_state {
    piece what;
    bool done = false;
    run_tally counted;
    std::size_t undecided = 0;
    std::string position;  ///< where it goes on, if it has begun
  };
  struct common;

  void read_state(const nlohmann::json& state);
  piece_state read_piece(const nlohmann::json& state) const;
  unsigned last_round() const;
  void explore_space(const std::function<void(const exploration_status&)>& tick);
  bool take_a_look(const std::function<void(const exploration_status&)>& tick);
  bool cut_into_pieces();
  void explore_pieces(const std::function<void(const exploration_status&)>& tick);
  bool ended() const;
  findings result();
  std::string work(progress& shared, const message_sender& send, common& all, const std::vector<std::size_t>& order);
  void hear(const nlohmann::json& message, const std::vector<std::size_t>& order);
  run_options options_for(std::uint64_t executions) const;
  bool out_of_budget() const;
  void take_failure(const run_outcome& o);
  run_tally counted() const;
  std::size_t undecided() const;
  std::optional<estimate> expected() const;
  exploration_status status() const;
  nlohmann::json state() const;
  void save();
  bool to_be_cut() const;

  const program_factory make_;
  const search_options& options_;
  const strategy_row& strategy_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point saved_ = started_;
  std::uint64_t limit_ = 0;  // executions after which to stop; 0: none
  bool looking_ = false;     // whether the space is small: what is found out then is no checkpoint

  // The checkpoint.
  unsigned round_ = 0;               // of bounded: its pieces' preemptions
  bool cut_ = false;                 // the bound kept something out of this round
  std::vector<piece_state> pieces_;  // of this round and this shard
  std::uint64_t space_ = 0;          // a digest of all pieces so far
  run_tally earlier_;                // what earlier rounds counted
  std::size_t earlier_undecided_ = 0;
  double earlier_seconds_ = 0;  // of the processes that saved it

  std::size_t failed_at_ = static_cast<std::size_t>(-1);  // in the order of the pieces
  findings found_;
  std::uint64_t restored_executions_ = 0;  // of the checkpoint that this process started from
};

}  // namespace triecheck::explore
