#include "checks/explore/estimate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <random>
#include <unordered_map>

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

// Which threads touch an object, and when: what the latest paths tell of the one that runs.
class touched_objects {
 public:
  static constexpr unsigned paths = 16;

  /// Thread `t` runs `a` as its `step`-th operation, from 1, of the `path`-th path.
  void note(const announcement& a, unsigned t, std::uint32_t step, std::uint64_t path) {
    lasts& l = objects_[a.object];
    (a.kind == access::load ? l.load : l.other)[t][path % paths] = {.path = path, .step = step};
  }

  /// On how many of the paths before `path` thread `t` touched the object of `a`, behind its `step`-th operation, in a way
  /// that does not commute with `a`; but for additions and readers of mutexes, which are taken for writes.
  unsigned count(const announcement& a, unsigned t, std::uint32_t step, std::uint64_t path) const {
    if (a.kind == access::unknown || a.condition != 0) return paths;
    const auto found = objects_.find(a.object);
    if (a.kind == access::local || found == objects_.end()) return 0;
    const auto is_later = [&](const last& l) { return l.path < path && l.path + paths > path && l.step > step; };
    unsigned sum = 0;
    for (unsigned i = 0; i < paths; ++i) {
      sum += is_later(found->second.other[t][i]) || (a.kind != access::load && is_later(found->second.load[t][i])) ? 1 : 0;
    }
    return sum;
  }

 private:
  struct last {
    std::uint64_t path = 0;
    std::uint32_t step = 0;
  };
  using by_thread = std::array<std::array<last, paths>, max_threads>;
  struct lasts {
    by_thread load{};
    by_thread other{};
  };
  std::unordered_map<object_id, lasts> objects_;
};

class random_paths final : public prober {
 public:
  random_paths(bool reduction, std::uint64_t seed, std::uint64_t paths)
      : reduction_(reduction), seed_(seed), paths_(paths) {}

  void begin() override {
    engine_.seed(hashed(seed_, samples_.size()));
    leaves_ = 1;
    asleep_ = false;
    sleep_ = 0;
    thread_ = nobody;
    steps_ = {};
    ran_.clear();
  }

  unsigned choose_thread(const scheduling_point& point) override {
    note_last();
    std::copy(point.next.begin(), point.next.end(), before_.begin());
    asleep_ = asleep_ || (point.enabled & ~sleep_) == 0;
    thread_ = asleep_ ? lowest(point.enabled) : draw(point.enabled & ~sleep_);
    if (reduction_ && !asleep_) look_back();
    return thread_;
  }

  bool probes() const override { return reduction_ && !asleep_; }
  void probed(bool in_vain) override { leaves_ *= in_vain ? 1 : 2; }

  bool choose_data(data_choice kind, unsigned age) override {
    if (asleep_ || (kind == data_choice::older_value && age > oldest_)) return false;
    leaves_ *= 2;
    return engine_() % 2 == 0;
  }

  bool end() override {
    note_last();
    samples_.push_back(asleep_ ? 0 : leaves_);
    return samples_.size() < paths_;
  }
  bool complete() const override { return samples_.size() >= paths_; }
  const std::vector<double>& samples() const override { return samples_; }

 private:
  static constexpr unsigned nobody = max_threads;

  std::uint64_t path() const { return samples_.size() + 1; }  // which one runs, from 1

  // The step that was chosen, and how old a value it is offered.
  void look_back() {
    if (!ran_.empty()) order_last(ran_);
    clock_vector before{};
    for (const ordered_operation& o : ran_) {
      if (o.thread == thread_) before = o.clock;
    }
    ordered_operation& now = ran_.emplace_back();
    now.next = before_;
    now.thread = thread_;
    oldest_ = needed_age(ran_, ran_.size() - 1, before);
  }

  // As the search does at a frame whose alternatives are all tried in order: what comes before the chosen one sleeps.
  unsigned draw(std::uint32_t awake) {
    std::array<double, max_threads> weights{};
    double sum = 0;
    std::uint32_t sleep = sleep_;
    for (std::uint32_t rest = awake; rest != 0; rest &= rest - 1) {
      const unsigned t = lowest(rest);
      weights[t] = !reduction_ || rest == awake ? 1 : promise(t, sleep);
      sum += weights[t];
      if (reduction_) sleep |= bit(t);
    }
    unsigned chosen = lowest(awake);
    double at = std::uniform_real_distribution<double>(0, sum)(engine_);
    for (std::uint32_t rest = awake & (awake - 1); rest != 0 && at >= weights[chosen]; rest &= rest - 1) {
      at -= weights[chosen];
      chosen = lowest(rest);
    }
    leaves_ *= sum / weights[chosen];
    if (reduction_) sleep_ |= awake & (bit(chosen) - 1);
    return chosen;
  }

  // How much is to be expected where `t` runs and all of `sleep` sleeps, until something wakes it.
  double promise(unsigned t, std::uint32_t sleep) const {
    double least = wakes_at_once;
    for (std::uint32_t rest = sleep; rest != 0; rest &= rest - 1) {
      const unsigned q = lowest(rest);
      if (!independent(before_[q], before_[t])) continue;
      unsigned woken = 0;
      for (unsigned by = 0; by < max_threads; ++by) {
        if (by != q) woken = std::max(woken, touched_.count(before_[q], by, steps_[by], path()));
      }
      least = std::min(least, woken >= touched_objects::paths / 2 ? wakes_later : woken != 0 ? may_wake : hardly_wakes);
    }
    return least;
  }

  // The thread that ran last, and what does not commute with its operation, wakes.
  void note_last() {
    if (thread_ == nobody) return;
    const announcement& ran = before_[thread_];
    touched_.note(ran, thread_, ++steps_[thread_], path());
    for (std::uint32_t rest = sleep_; rest != 0; rest &= rest - 1) {
      const unsigned q = lowest(rest);
      if (q == thread_ || !independent(before_[q], ran)) sleep_ &= ~bit(q);
    }
  }

  // To the alternative that puts nobody to sleep, which is 1. Tried on scenarios whose numbers are known.
  static constexpr double wakes_at_once = 2;
  static constexpr double wakes_later = 0.1;
  static constexpr double may_wake = 0.05;
  static constexpr double hardly_wakes = 0.01;

  const bool reduction_;
  const std::uint64_t seed_;
  const std::uint64_t paths_;
  std::vector<double> samples_;
  touched_objects touched_;
  std::mt19937_64 engine_;
  double leaves_ = 1;
  bool asleep_ = false;
  std::uint32_t sleep_ = 0;
  unsigned thread_ = nobody;                       // that ran last
  std::array<announcement, max_threads> before_;   // the operations at the point before its step
  std::array<std::uint32_t, max_threads> steps_{};
  std::vector<ordered_operation> ran_;             // with the reduction: the steps of this path
  unsigned oldest_ = oldest_age;                   // that the running step may see
};

}  // namespace

estimate estimate_from(const std::vector<double>& samples) {
  const moments m = moments_of(samples);
  const double error = 2 * std::sqrt(m.variance / static_cast<double>(samples.size()));
  return {.executions = m.mean, .low = std::max(0.0, m.mean - error), .high = m.mean + error};
}

estimate estimate_total(const std::vector<double>& done, const std::vector<double>& rest) {
  std::vector<double> sample = done;
  const double usual = moments_of(done).mean;
  std::copy_if(rest.begin(), rest.end(), std::back_inserter(sample), [&](double so_far) { return so_far > usual; });
  const moments m = moments_of(sample);
  const double sum = std::accumulate(sample.begin(), sample.end(), 0.0);
  const auto left = static_cast<double>(done.size() + rest.size() - sample.size());
  // Of the sum of what is left, and of the mean that it is taken from.
  const double error = 2 * std::sqrt(m.variance * left * (1 + left / static_cast<double>(sample.size())));
  const double total = sum + left * m.mean;
  return {.executions = total, .low = std::max(sum, total - error), .high = total + error};
}

std::unique_ptr<prober> make_prober(bool reduction, std::uint64_t seed, std::uint64_t paths) {
  return std::make_unique<random_paths>(reduction, seed, paths);
}

}  // namespace triecheck::explore
