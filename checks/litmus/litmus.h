// Small programs to hold the explorer against, and how to run them.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checks/explore/relacy/sync.h"
#include "checks/explore/runner.h"

namespace triecheck::litmus {

using sync = explore::relacy_sync;
using word = sync::atomic<std::uint32_t>;
using enum memory_order;

/// A program that describes the end of every execution by a string.
class observed_program : public explore::program {
 public:
  std::set<std::string> outcomes;  ///< over all executions
};

/// A program over some shared state S: every thread is a function of it, and so is the description of the end.
template <class S>
class program_over final : public observed_program {
 public:
  using body = std::function<void(S&)>;

  program_over(std::vector<body> threads, std::function<std::string(S&)> outcome = {})
      : threads_(std::move(threads)), outcome_(std::move(outcome)) {}

  unsigned threads() const override { return static_cast<unsigned>(threads_.size()); }
  void setup() override { state_ = new S; }
  void thread(unsigned index) override { threads_[index](*state_); }
  void finish() override {
    if (outcome_) {
      std::string seen = outcome_(*state_);
      const explore::outside_simulation heap;
      outcomes.insert(seen);
    }
    delete state_;
  }

 private:
  const std::vector<body> threads_;
  const std::function<std::string(S&)> outcome_;
  // On the heap of the simulation, where a spurious failure that changes it is noticed (checks/explore/spurious.h).
  // After a violation it stays as it is.
  S* state_ = nullptr;
};

/// Runs to the end, or to the violation, in this process.
template <class Program>
explore::run_outcome run(Program& p, explore::strategy& s, const explore::run_options& options = {},
                         explore::interleaving* record = nullptr) {
  const auto shared = std::make_unique<explore::progress>();
  return explore::run(p, s, options, *shared, record);
}

template <class Program>
explore::run_outcome explore_all(Program& p, bool reduction = true, unsigned stale_depth = 1) {
  const auto all = explore::make_exhaustive(reduction);
  return run(p, *all, {.bounds = {.stale_depth = stale_depth}});
}

template <class Program>
explore::run_outcome relacy_full(Program& p) {
  const auto unused = explore::make_random(0, 0, 1);
  return run(p, *unused, {.by = explore::search::relacy_full});
}

}  // namespace triecheck::litmus
