// One run of `triecheck explore`: every planned space, within the budget, with its checkpoint and its outputs.
#pragma once

#include "checks/report/verdict.h"
#include "tools/checkpoint.h"
#include "tools/exploration_plan.h"

namespace triecheck::tools {

/// Explores, prints, and writes what `a` asks for; goes on from `from` where that is the checkpoint of an earlier
/// process.
///
/// A budget is shared, so that a small space ends whatever comes before it:
///  1. Every space gets a slice of the budget.
///  2. Spaces that do not end in it get slices of twice the time in the next round and go on where they stopped. Those
///     that seem nearest to their end come first.
/// The results have the order of the plan.
checks::verdict run_exploration(const explore_arguments& a, exploration_plan p, checkpoint from);

}  // namespace triecheck::tools
