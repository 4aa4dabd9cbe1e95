// What the production layer costs a whole cache: `coarse`, which goes through it, beside `std-coarse`, which is the same
// code by hand on the standard library.
//
// Passes of the two in turns: layer, std, std, layer, layer, std, ... , each with a cache that is prepared for it. So a pass
// of one stands beside one of the other as often as beside one of its own, at the same distance: between the former lies
// what the layer costs, between the latter nothing but noise. Where things lie in memory is a part of it. One cache that is
// prepared once is faster or slower than another of the same class in all its passes, because of its pages; and so is one
// text that is compiled once because of its code, so the pairs take turns with several copies (layer_pair.h).
//
// Threads: plain values; the measurement has one caller.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "checks/bench/contestant.h"

namespace triecheck::checks {

/// Requests per second of two passes, one after the other. In every second pair that of `std-coarse` came first.
struct pass_pair {
  double layer = 0;
  double bare = 0;
  std::size_t copy = 0;  ///< of the two, which
};

/// One load and one size of the cache, with one thread.
struct layer_cost {
  std::string load;
  bench_mode mode = bench_mode::full_cycle;
  std::size_t pages = 0;
  std::size_t pairs = 0;
  double ratio = 0;  ///< of `coarse` over `std-coarse`, in requests per second: the median of the pairs
  double least = 0;  ///< half of the pairs lie from here
  double most = 0;   ///< to here
  double noise = 0;  ///< by how much two passes of the same copy, one after the other, differ: the median; 0.01 is 1 %

  /// By how much the two caches differ, whichever is faster.
  double difference() const noexcept;
  bool is_below_noise() const noexcept { return difference() < noise; }
};

/// What the pairs, in the order in which they were measured, say. Requires two pairs of one copy in a row, and that no figure is 0.
layer_cost judge_layer(const std::vector<pass_pair>& pairs);

/// What prepares a cache.
using preparation = std::function<std::unique_ptr<prepared_cache>()>;

/// A copy of the two.
struct layer_preparations {
  preparation layer;
  preparation bare;
};

/// Passes of at least `seconds` for each of the two, and as many pairs as it takes to judge; with 0 seconds two pairs. The
/// pairs take the copies in turn, four of each. Requires one.
layer_cost measure_layer_cost(const std::vector<layer_preparations>& copies, double seconds);

}  // namespace triecheck::checks
