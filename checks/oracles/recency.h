// Oracle: recency of a cache that is exact for one thread and nearly so for several.
//
// What it proves: where threads take turns, no page is evicted that was released much later than a leaf that could have
// been evicted instead: later by no more than a sixteenth of that leaf's age and sixteen releases of each thread
// (cache/lockfree.h). Ages are counted in releases. It keeps its own book of the releases and never looks into the
// cache.
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/operation.h"

namespace triecheck::checks {

class recency_bound {
 public:
  recency_bound(std::size_t pages, std::size_t threads) : slack_(16 * threads), released_(pages) {}

  /// A lease ended whose prefix was `chain`.
  void released(std::span<const model::page> chain) {
    ++now_;
    for (const model::page p : chain) released_[p] = now_;
  }

  /// `gone` was evicted, and the leaf `kept` was not, though nobody had it.
  std::optional<std::string> check(model::page gone, model::page kept) const {
    const std::uint64_t age = now_ - released_[kept];
    const std::uint64_t most = released_[kept] + age / 16 + slack_;
    if (released_[gone] <= most) return std::nullopt;
    return "page " + std::to_string(gone) + " was evicted, " + std::to_string(now_ - released_[gone]) +
           " releases old, and page " + std::to_string(kept) + " was not, which is " + std::to_string(age) + " old";
  }

 private:
  std::uint64_t slack_;
  std::uint64_t now_ = 0;                // releases
  std::vector<std::uint64_t> released_;  // by page: the number of its latest release
};

}  // namespace triecheck::checks
