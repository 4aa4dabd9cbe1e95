#include "checks/explore/search/estimate.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace triecheck::explore {
namespace {

struct moments {
  double mean = 0;
  double variance = 0;  // of one sample
};

moments moments_of(const std::vector<double>& samples) {
  moments m;
  for (const double x : samples) m.mean += x / static_cast<double>(samples.size());
  for (const double x : samples) m.variance += (x - m.mean) * (x - m.mean) / static_cast<double>(samples.size() - 1);
  return m;
}

}  // namespace

estimate estimate_total(const std::vector<double>& done, const std::vector<double>& rest) {
  std::vector<double> sample = done;
  const double usual = moments_of(done).mean;
  std::copy_if(rest.begin(), rest.end(), std::back_inserter(sample), [&](double so_far) { return so_far > usual; });
  const moments m = moments_of(sample);
  const double sum = std::accumulate(sample.begin(), sample.end(), 0.0);
  const auto left = static_cast<double>(done.size() + rest.size() - sample.size());
  // Of the sum of what is left, and of the mean that it is taken from. A few pieces are much larger than the others, so
  // a sample without them misses more above than below: three deviations there.
  const double deviation = std::sqrt(m.variance * left * (1 + left / static_cast<double>(sample.size())));
  const double total = sum + left * m.mean;
  return {.executions = total, .low = std::max(sum, total - 2 * deviation), .high = total + 3 * deviation};
}

}  // namespace triecheck::explore
