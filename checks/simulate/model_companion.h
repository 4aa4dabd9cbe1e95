// The model beside a cache: every operation of a simulation with one thread is repeated on the reference model, which
// accepts or rejects what was observed.
//
// Compared after every operation: the outcome and all statistics; every `structure_interval` requests and at the end:
// the state of every page and the eviction order.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "checks/simulate/first_failure.h"
#include "model/operation.h"
#include "model/state.h"

namespace triecheck::checks {

struct structure;

class model_companion {
 public:
  /// How many requests pass between two comparisons of the structure: its cost is that of all pages.
  static constexpr std::size_t structure_interval = 1000;

  /// `schedules`: whether the cache knows what a scheduler asks for (checks/subject/subject.h).
  model_companion(model::config c, first_failure& first, bool schedules = true)
      : state_(c), first_(first), schedules_(schedules) {}

  /// Holds one operation of the request of `row` against the model. `stats` are those of the cache right behind it.
  void compare(std::size_t row, const model::operation& op, const model::outcome& observed,
               const model::statistics& stats);

  void compare_structure(std::size_t row, const structure& seen);

  model::statistics statistics() const { return state_.stats(); }

 private:
  model::state state_;
  first_failure& first_;
  const bool schedules_;
};

/// `text` with every run of more than 12 numbers cut to its first 8: a message is one line, a request has 10^5 tokens.
std::string shorten_numbers(const std::string& text);

}  // namespace triecheck::checks
