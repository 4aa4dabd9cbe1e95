// A space of executions in pieces that several processes, or several machines, explore apart from each other.
//
// The pieces of one space are disjoint and together are the space, whichever process cuts it. They depend on the
// program, the strategy and its options alone, so that every shard cuts alike and a killed run finds its pieces again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/explore/runner.h"
#include "checks/explore/search/search_options.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {

/// What one process explores in one go.
struct piece {
  enum class form : std::uint8_t {
    whole,      ///< everything that the strategy explores
    beginning,  ///< the executions that begin with `below`; of `bounded`, those with exactly `preemptions` of them
    numbers,    ///< of a strategy that draws at random: executions first ... first + count - 1
  };
  form is = form::whole;
  unsigned preemptions = 0;
  schedule below;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

std::string show(const piece& p);
piece parse_piece(const std::string& text);  ///< throws std::runtime_error for what `show` never writes

/// The shard, of `shards`, that explores the piece.
std::uint64_t shard_of(const piece& p, std::uint64_t shards);

/// The strategy for a piece; `position` is where an earlier process stopped, or empty.
std::unique_ptr<strategy> make_strategy(const search_options& o, const piece& p, const std::string& position = {});

/// How a space is cut.
struct cut_space {
  std::vector<piece> pieces;  ///< in the order of the search
  bool cut = false;           ///< the bound kept something out above the pieces
  run_outcome listing;        ///< where it is not complete, the listing ended early: a violation, an error, a limit
};

/// Cuts the space of a strategy that splits it by beginnings in at least some hundred pieces, where it has as many
/// executions; of `bounded`, the executions with `preemptions`. It runs the program: call it in an isolated process.
cut_space cut(program& p, const search_options& o, unsigned preemptions, const run_options& run_with, progress& shared);

/// The order in which so many pieces are taken: the same each time, and no neighbours together.
std::vector<std::size_t> order_of_pieces(std::size_t count);

/// The pieces of `executions` random executions.
std::vector<piece> cut_numbers(std::uint64_t executions);

}  // namespace triecheck::explore
