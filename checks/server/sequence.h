// A choice of a request while it is computed: its tokens, and the lease on the pages of their keys
// and values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "cache/types.h"
#include "checks/server/any_cache.h"
#include "checks/server/request.h"

namespace triecheck::server {

enum class phase {
  waiting,   ///< to be admitted; it has no lease
  ready,     ///< for its next step
  stepping,  ///< a thread has it
  stalled,   ///< was refused a page, until a younger sequence gave its pages back
  ended,
};

struct sequence {
  // Constant.
  std::shared_ptr<request> owner;
  std::size_t choice = 0;
  std::uint64_t order = 0;  // the older, the smaller

  // Of the thread that has it; nobody's while it is not stepping.
  std::vector<token> tokens;  // the prompt, and what was produced
  // of these, how many have their keys and values in the pages of the lease
  std::size_t computed = 0;
  std::unique_ptr<any_lease> lease;  // null until it is admitted, and after it had to yield
  bool was_admitted = false;

  // Guarded by the scheduler.
  phase now = phase::waiting;
  bool must_yield = false;  // an older sequence needs its pages

  std::size_t produced() const { return tokens.size() - owner->job().prompt.size(); }
};

}  // namespace triecheck::server
