// The median, which a pass or two that something else disturbed does not move.
//
// Threads: a pure function.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace triecheck::checks {

/// The upper one where there are two in the middle. Requires values.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace triecheck::checks
