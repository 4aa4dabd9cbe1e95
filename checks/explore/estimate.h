// How many executions a search will run, estimated.
//
// Source: D. E. Knuth, Estimating the Efficiency of Backtrack Programs, Mathematics of Computation 29 (1975): draw one
// branch at every node on the way down a tree; the product of the inverse probabilities is an unbiased estimate of the number
// of leaves. The tree is that of the sleep sets, whose leaves that do not end asleep are the complete executions that
// `exhaustive` counts, one for each class. Most branches of that tree end asleep, so a branch is the more likely the better the
// chances are that what it puts to sleep will wake; the paths before tell that.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "checks/explore/strategy.h"

namespace triecheck::explore {

/// Executions. `low` and `high` are two standard errors off, as far as samples so far tell. Of a tree whose large branches are
/// rare all three are too low until one of them was met: of the larger shipped scenarios, the mean of a second of probes mostly
/// is between a third of the true number and twice as much, and once in a while less than a tenth.
struct estimate {
  double executions = 0;
  double low = 0;
  double high = 0;
};

/// From samples, each an unbiased estimate of the total whatever those before it were. Requires two samples or more.
estimate estimate_from(const std::vector<double>& samples);

/// The total of the pieces of a whole: of `done` it is known in full, and of `rest` so far. Of two pieces that begin together the
/// smaller one is done first, so pieces of the rest that have more than the mean of `done` by now count as done with what they
/// have: without them the sample would be one of small pieces. What is left has the sample's mean, and its spread. Requires two
/// pieces or more that are done, and that they were taken in a random order.
estimate estimate_total(const std::vector<double>& done, const std::vector<double>& rest);

/// Random paths down the tree of the exhaustive search.
class prober : public strategy {
 public:
  /// One estimate per path so far.
  virtual const std::vector<double>& samples() const = 0;
};
std::unique_ptr<prober> make_prober(bool reduction, std::uint64_t seed, std::uint64_t paths);

}  // namespace triecheck::explore
