// The strategies: a row of one table for each, with what makes it and all that others ask about it.
//
// No name of a strategy is compared with a text (style.tree.compares_no_name_of_a_strategy): what others need to know
// of a strategy is a field of its row.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checks/explore/runner.h"
#include "checks/explore/search/search_options.h"
#include "checks/explore/strategy.h"

namespace triecheck::explore {

/// How several processes share a space.
enum class split : std::uint8_t {
  none,        ///< one process explores it whole
  beginnings,  ///< a tree of executions, by the choices that they begin with
  numbers,     ///< executions that are drawn from a seed, by their numbers
};

/// What a strategy is made for: all that it explores, or a piece of it.
struct search_part {
  preemption_range bound;   ///< of a strategy that counts preemptions
  tree_part tree;           ///< of one that splits its space by beginnings
  std::uint64_t first = 0;  ///< of one that splits it by numbers: the executions first ... first + count - 1
  std::uint64_t count = 0;
};

struct strategy_row {
  std::string name;  ///< by which the command line knows it
  std::string description;
  std::vector<std::string> own_options = {};  ///< of the command line, beside those that follow from the fields below
  std::unique_ptr<strategy> (*make)(const search_options& o, const search_part& part);

  split splits_by = split::none;
  bool draws_at_random = false;      ///< its executions come from a seed, so their number is given
  bool covers_everything = false;    ///< a run to the end covers the whole space: no sample, no bound
  bool counts_preemptions = false;   ///< leaves out what has more than `search_options::preemptions`, fewest first
  bool obstruction_freedom = false;  ///< asks that every thread alone ends its operation: a lock fails that by design
  search by = search::guided;        ///< otherwise Relacy itself searches,
  unsigned relacy_stale_depth = 0;   ///< and offers a load so many older values

  /// Whether it walks every execution once: then the sizes of some pieces tell how many there are.
  bool walks_whole_tree() const { return splits_by == split::beginnings && covers_everything; }

  /// Whether it runs some executions to measure the program before those that count.
  bool measures_first() const { return splits_by == split::numbers; }

  /// An option of the command line that not every strategy has.
  bool takes(const std::string& option) const;
};

/// The table. The first one is the default.
const std::vector<strategy_row>& strategies();

const strategy_row* find_strategy(const std::string& name);   ///< null for a name that is none
const strategy_row& known_strategy(const std::string& name);  ///< requires that it is one

/// What finds a violation of this kind, and with the fewest preemptions.
const strategy_row& strategy_for(const std::string& violation_kind);

}  // namespace triecheck::explore
