// The variants of the cache, by name, over the production layer.
#pragma once

#include <string>
#include <vector>

#include "checks/subject/stats_consistency.h"
#include "checks/subject/subject.h"

namespace triecheck::checks {

struct variant {
  std::string name;         ///< what --cache takes
  std::string description;  ///< one line
  subject_factory make;     ///< over the production layer; with the policy of the model's configuration
  bool takes_policies =
      false;  ///< otherwise it knows recency alone, and `make` throws std::invalid_argument for any other
  model::refusals refusals = model::refusals::exact;       ///< the rule that its refusals are held to
  bool nonblocking = false;                                ///< must pass `obstruction`; the others must fail it
  stats_consistency statistics = stats_consistency::each;  ///< what of an answer of `stats` belongs together
  bool events = false;                                     ///< reports its changes to a subscriber
  bool schedules = false;                                  ///< knows what a scheduler asks for (subject.h)
  bool forgets = false;                                    ///< can forget a prefix
  bool knows_keys = false;                                 ///< of blocks
  bool order_by_thread = false;  ///< the threads that worked on a page also decide when it is evicted
};

/// All variants, the simplest first.
const std::vector<variant>& variants();

/// What runs where none is named: the variant that measures best (checks/bench), or, where another policy than recency
/// is asked for, the first that takes policies if that one does not.
const variant& default_variant(bool with_policies = false);

/// The variant called `name`, or null. Beside those of `variants` that is the historical cache (checks/historical),
/// which runs only where it is named.
const variant* find_variant(const std::string& name);

}  // namespace triecheck::checks
