#include "checks/bench/layer_cost.h"

#include <algorithm>

#include "checks/threads/median.h"

namespace triecheck::checks {
namespace {

// With so many the median of pairs without a difference lies within the noise 99 times in 100. Of two copies it is as
// many of each.
constexpr std::size_t least_pairs = 32;
constexpr std::size_t pairs_in_turn = 4;  // of a copy

double distance(double ratio) { return std::max(ratio, 1 / ratio) - 1; }

double throughput(const bench_pass& p) { return static_cast<double>(p.requests) / p.seconds; }

}  // namespace

double layer_cost::difference() const noexcept { return distance(ratio); }

layer_cost judge_layer(const std::vector<pass_pair>& pairs) {
  std::vector<double> ratios, of_the_same;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    ratios.push_back(pairs[i].layer / pairs[i].bare);
    if (i == 0 || pairs[i].copy != pairs[i - 1].copy) continue;
    // What ended the pair before and what begins this one.
    of_the_same.push_back(distance(i % 2 == 0 ? pairs[i].layer / pairs[i - 1].layer : pairs[i].bare / pairs[i - 1].bare));
  }
  layer_cost c{.pairs = pairs.size(), .ratio = median(ratios), .noise = median(of_the_same)};
  std::sort(ratios.begin(), ratios.end());
  c.least = ratios[ratios.size() / 4];
  c.most = ratios[ratios.size() - 1 - ratios.size() / 4];
  return c;
}

layer_cost measure_layer_cost(const std::vector<layer_preparations>& copies, double seconds) {
  std::vector<pass_pair> pairs;
  double spent = 0;
  do {
    const std::size_t copy = pairs.size() / pairs_in_turn % copies.size();
    const auto& [layer, bare] = copies[copy];
    const bool bare_first = pairs.size() % 2 == 1;
    const bench_pass first = (bare_first ? bare : layer)()->run(1);
    const bench_pass second = (bare_first ? layer : bare)()->run(1);
    spent += first.seconds + second.seconds;
    pairs.push_back({throughput(bare_first ? second : first), throughput(bare_first ? first : second), copy});
  } while (pairs.size() < (seconds > 0 ? least_pairs : 2) || spent < 2 * seconds);
  return judge_layer(pairs);
}

}  // namespace triecheck::checks
