// How many executions a search will run, estimated from the pieces of its space that ended.
//
// Pieces are taken in a hashed order, so those that ended are a sample of all. Random paths down the tree (Knuth 1975)
// were tried and left out: of the trees of sleep sets nearly all paths end where another execution counts, and the mean
// says nothing then.
#pragma once

#include <vector>

namespace triecheck::explore {

/// Executions. `low` and `high` are two standard errors off, as far as the pieces so far tell.
struct estimate {
  double executions = 0;
  double low = 0;
  double high = 0;
};

/// The total of the pieces of a whole: of `done` it is known in full, and of `rest` so far. Of two pieces that begin
/// together the smaller one is done first, so pieces of the rest that have more than the mean of `done` by now count as
/// done with what they have: without them the sample would be one of small pieces. What is left has the sample's mean,
/// and its spread. Requires two pieces or more that are done, and that they were taken in a random order.
estimate estimate_total(const std::vector<double>& done, const std::vector<double>& rest);

}  // namespace triecheck::explore
