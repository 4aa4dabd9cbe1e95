#include "checks/explore/search/search_options.h"

#include <algorithm>
#include <stdexcept>

namespace triecheck::explore {

const std::vector<strategy_name>& strategy_names() {
  static const std::vector<strategy_name> all = {
      {.name = "exhaustive",
       .description = "every execution up to the order of independent operations: source-DPOR with sleep sets",
       .options = {"--no-reduction", "--stale-depth", "--spurious", "--jobs", "--shard", "--checkpoint", "--estimate"},
       .covers_everything = true},
      {.name = "bounded",
       .description = "every execution with at most --preemptions preemptions, fewest first",
       .options = {"--preemptions", "--stale-depth", "--spurious", "--jobs", "--shard", "--checkpoint"},
       .counts_preemptions = true},
      {.name = "pct",
       .description = "probabilistic concurrency testing: priorities that change at --depth - 1 random operations",
       .options = {"--depth", "--seed", "--stale-depth", "--spurious", "--jobs", "--shard", "--checkpoint"},
       .draws_at_random = true},
      {.name = "random",
       .description = "--executions schedules from --seed, each as likely as any other",
       .options = {"--seed", "--stale-depth", "--spurious", "--jobs", "--shard", "--checkpoint"},
       .draws_at_random = true},
      {.name = "obstruction",
       .description = "from every state each thread alone has to end its operation within --solo-steps steps (--obstruction)",
       .options = {"--obstruction", "--preemptions", "--solo-steps", "--stale-depth", "--spurious"},
       .covers_everything = true, .in_pieces = false},
      {.name = "relacy-full", .description = "Relacy's own full search, for comparison", .options = {},
       .by = search::relacy_full, .covers_everything = true, .in_pieces = false},
      {.name = "relacy-bound",
       .description = "Relacy's own search with at most --preemptions context switches, for comparison",
       .options = {"--preemptions"}, .by = search::relacy_bound, .counts_preemptions = true, .in_pieces = false},
      {.name = "relacy-random", .description = "Relacy's own random search, for comparison", .options = {"--seed"},
       .by = search::relacy_random, .draws_at_random = true, .in_pieces = false},
  };
  return all;
}

bool strategy_name::takes(const std::string& option) const {
  return std::find(options.begin(), options.end(), option) != options.end();
}

const strategy_name* find_strategy(const std::string& name) {
  const auto& all = strategy_names();
  const auto found = std::find_if(all.begin(), all.end(), [&](const strategy_name& s) { return s.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::uint64_t digest(const std::string& text) {
  std::uint64_t d = 0;
  for (const char c : text) d = hashed(d, static_cast<unsigned char>(c));
  return d;
}

const strategy_name& known_strategy(const std::string& name) {
  const strategy_name* found = find_strategy(name);
  if (found == nullptr) throw std::invalid_argument("there is no strategy '" + name + "'");
  return *found;
}

}  // namespace triecheck::explore
