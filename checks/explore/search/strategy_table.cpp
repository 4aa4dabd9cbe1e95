#include "checks/explore/search/strategy_table.h"

#include <algorithm>
#include <initializer_list>
#include <stdexcept>

namespace triecheck::explore {
namespace {

// Under Relacy's own searches.
std::unique_ptr<strategy> never_asked(const search_options&, const search_part&) { return make_replay({}); }

}  // namespace

const std::vector<strategy_row>& strategies() {
  static const std::vector<strategy_row> all = {
      {.name = "exhaustive",
       .description = "every execution up to the order of independent operations: source-DPOR with sleep sets",
       .own_options = {"--no-reduction"},
       .make = [](const search_options& o, const search_part& p) { return make_exhaustive(o.reduction, p.tree); },
       .splits_by = split::beginnings,
       .covers_everything = true},
      {.name = "bounded",
       .description = "every execution with at most --preemptions preemptions, fewest first",
       .make = [](const search_options&, const search_part& p) { return make_bounded(p.bound, p.tree); },
       .splits_by = split::beginnings,
       .counts_preemptions = true},
      {.name = "pct",
       .description = "probabilistic concurrency testing: priorities that change at --depth - 1 random operations",
       .own_options = {"--depth"},
       .make = [](const search_options& o,
                  const search_part& p) { return make_pct(o.seed, p.first, p.count, o.depth); },
       .splits_by = split::numbers,
       .draws_at_random = true},
      {.name = "random",
       .description = "--executions schedules from --seed, each as likely as any other",
       .make = [](const search_options& o, const search_part& p) { return make_random(o.seed, p.first, p.count); },
       .splits_by = split::numbers,
       .draws_at_random = true},
      {.name = "obstruction",
       .description =
           "from every state each thread alone has to end its operation within --solo-steps steps (--obstruction)",
       .own_options = {"--obstruction", "--preemptions", "--solo-steps"},
       .make = [](const search_options& o,
                  const search_part&) { return make_obstruction(o.solo_steps, o.stops_within); },
       .covers_everything = true,
       .obstruction_freedom = true},
      {.name = "relacy-full",
       .description = "Relacy's own full search, for comparison",
       .make = never_asked,
       .covers_everything = true,
       .by = search::relacy_full,
       .relacy_stale_depth = 1},
      {.name = "relacy-bound",
       .description = "Relacy's own search with at most --preemptions context switches, for comparison",
       .make = never_asked,
       .counts_preemptions = true,
       .by = search::relacy_bound,
       .relacy_stale_depth = 1},
      {.name = "relacy-random",
       .description = "Relacy's own random search, for comparison",
       .make = never_asked,
       .draws_at_random = true,
       .by = search::relacy_random,
       .relacy_stale_depth = 2},
  };
  return all;
}

bool strategy_row::takes(const std::string& option) const {
  const auto is_one_of = [&](std::initializer_list<const char*> some) {
    return std::find(some.begin(), some.end(), option) != some.end();
  };
  return std::find(own_options.begin(), own_options.end(), option) != own_options.end() ||
         (by == search::guided && is_one_of({"--stale-depth", "--spurious"})) ||
         (splits_by != split::none && is_one_of({"--jobs", "--shard", "--checkpoint"})) ||
         (draws_at_random && is_one_of({"--seed"})) || (counts_preemptions && is_one_of({"--preemptions"})) ||
         (walks_whole_tree() && is_one_of({"--estimate"}));
}

const strategy_row* find_strategy(const std::string& name) {
  const auto& all = strategies();
  const auto found = std::find_if(all.begin(), all.end(), [&](const strategy_row& s) { return s.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const strategy_row& known_strategy(const std::string& name) {
  const strategy_row* found = find_strategy(name);
  if (found == nullptr) throw std::invalid_argument("there is no strategy '" + name + "'");
  return *found;
}

const strategy_row& strategy_for(const std::string& violation_kind) {
  const bool obstruction = violation_kind == obstruction_violation;
  const auto& all = strategies();
  return *std::find_if(all.begin(), all.end(), [&](const strategy_row& s) {
    return s.by == search::guided && (obstruction ? s.obstruction_freedom : s.counts_preemptions);
  });
}

}  // namespace triecheck::explore
