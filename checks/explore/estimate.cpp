#include "checks/explore/estimate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <random>

#include "checks/explore/depth_first.h"

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

class random_paths final : public prober {
 public:
  random_paths(bool reduction, std::uint64_t seed, std::uint64_t paths)
      : reduction_(reduction), seed_(seed), paths_(paths) {}

  void begin() override {
    engine_.seed(hashed(seed_, samples_.size()));
    leaves_ = 1;
    first_ = true;
    asleep_ = false;
    sleep_ = 0;
  }

  // As the search does at a frame whose alternatives are all tried in order: what comes before the chosen one sleeps.
  unsigned choose_thread(const scheduling_point& point) override {
    if (asleep_) return lowest(point.enabled);
    if (reduction_ && !first_) wake();
    const std::uint32_t awake = point.enabled & ~sleep_;
    asleep_ = awake == 0;
    if (asleep_) return lowest(point.enabled);
    const auto width = static_cast<std::uint64_t>(std::popcount(awake));
    leaves_ *= static_cast<double>(width);
    std::uint32_t left = awake;
    for (std::uint64_t skip = engine_() % width; skip > 0; --skip) left &= left - 1;
    thread_ = lowest(left);
    if (reduction_) sleep_ |= awake & (bit(thread_) - 1);
    std::copy(point.next.begin(), point.next.end(), before_.begin());
    first_ = false;
    return thread_;
  }

  bool choose_data(data_choice) override {
    if (asleep_) return false;
    leaves_ *= 2;
    return engine_() % 2 == 0;
  }

  bool end() override {
    samples_.push_back(asleep_ ? 0 : leaves_);
    return samples_.size() < paths_;
  }
  bool complete() const override { return samples_.size() >= paths_; }
  const std::vector<double>& samples() const override { return samples_; }

 private:
  // The thread that ran last, and what does not commute with its operation, wakes.
  void wake() {
    for (std::uint32_t rest = sleep_; rest != 0; rest &= rest - 1) {
      const unsigned q = lowest(rest);
      if (q == thread_ || !independent(before_[q], before_[thread_])) sleep_ &= ~bit(q);
    }
  }

  const bool reduction_;
  const std::uint64_t seed_;
  const std::uint64_t paths_;
  std::vector<double> samples_;
  std::mt19937_64 engine_;
  double leaves_ = 1;
  bool first_ = true;
  bool asleep_ = false;
  std::uint32_t sleep_ = 0;
  unsigned thread_ = 0;                            // that ran last
  std::array<announcement, max_threads> before_;   // the operations at the point before its step
};

}  // namespace

estimate estimate_from(const std::vector<double>& samples) {
  const moments m = moments_of(samples);
  const double error = 2 * std::sqrt(m.variance / static_cast<double>(samples.size()));
  return {.executions = m.mean, .low = std::max(0.0, m.mean - error), .high = m.mean + error};
}

estimate estimate_total(const std::vector<double>& known, std::size_t pieces) {
  const moments m = moments_of(known);
  double sum = 0;
  for (const double x : known) sum += x;
  const auto rest = static_cast<double>(pieces - known.size());
  // Of the sum of what is left, and of the mean that it is taken from.
  const double error = 2 * std::sqrt(m.variance * rest * (1 + rest / static_cast<double>(known.size())));
  const double total = sum + rest * m.mean;
  return {.executions = total, .low = std::max(sum, total - error), .high = total + error};
}

std::unique_ptr<prober> make_prober(bool reduction, std::uint64_t seed, std::uint64_t paths) {
  return std::make_unique<random_paths>(reduction, seed, paths);
}

}  // namespace triecheck::explore
