// How many executions a search will run, estimated.
//
// Source: D. E. Knuth, Estimating the Efficiency of Backtrack Programs, Mathematics of Computation 29 (1975): the product
// of the branching along one random path is an unbiased estimate of the number of leaves. The tree is that of the sleep
// sets, whose leaves that do not end asleep are the complete executions that `exhaustive` counts, one for each class.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "checks/explore/strategy.h"

namespace triecheck::explore {

/// Executions; the true number lies between `low` and `high` in about 19 of 20 cases, as far as samples so far tell: of a
/// tree whose large branches are rare, `high` is too low until one of them was met.
struct estimate {
  double executions = 0;
  double low = 0;
  double high = 0;
};

/// From independent samples, each an unbiased estimate of the total. Requires two samples or more.
estimate estimate_from(const std::vector<double>& samples);

/// The total of `pieces` numbers, of which `known` is a random sample: what is known is exact, the rest has the sample's
/// mean, and its spread. Requires two samples or more, and no more than `pieces`.
estimate estimate_total(const std::vector<double>& known, std::size_t pieces);

/// Random paths down the tree of the exhaustive search.
class prober : public strategy {
 public:
  /// One estimate per path so far.
  virtual const std::vector<double>& samples() const = 0;
};
std::unique_ptr<prober> make_prober(bool reduction, std::uint64_t seed, std::uint64_t paths);

}  // namespace triecheck::explore
