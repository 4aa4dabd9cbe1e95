#include "checks/report/merge.h"

#include <algorithm>
#include <string>
#include <utility>

namespace triecheck::checks {
namespace {

void require_one_run(const std::vector<report>& shards) {
  const report& first = shards.front();
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const report& r = shards[i];
    if (!r.shard) throw merge_error(i, "this is the result of a whole run, not of a shard");
    if (r.shard->index >= r.shard->count) throw merge_error(i, "there is no shard of that number");
    if (r.shard->count != first.shard->count) {
      throw merge_error(i, "this is one of " + std::to_string(r.shard->count) + " shards, the first one is one of " +
                               std::to_string(first.shard->count));
    }
    if (r.build != first.build)
      throw merge_error(i, "this was written by another build of triecheck than the first one");
    if (r.command != first.command) throw merge_error(i, "this is a shard of another run: " + r.command);
    if (r.results.size() != first.results.size())
      throw merge_error(i, "this has another number of results than the first one");
    for (std::size_t k = 0; k < i; ++k) {
      if (shards[k].shard->index == r.shard->index) {
        throw merge_error(i, "shard " + std::to_string(r.shard->index) + " is given twice");
      }
    }
  }
}

std::string missing_shards(const std::vector<report>& shards) {
  constexpr std::size_t most_named = 20;
  std::string missing;
  std::size_t count = 0;
  for (std::uint64_t index = 0; index < shards.front().shard->count; ++index) {
    const bool there =
        std::any_of(shards.begin(), shards.end(), [&](const report& r) { return r.shard->index == index; });
    if (there || ++count > most_named + 1) continue;
    missing += count > most_named ? ", ..." : (missing.empty() ? "" : ", ") + std::to_string(index);
  }
  return missing;
}

// Adds a shard's result to what the shards before it found.
void add(result& sum, const result& more) {
  if (sum.outcome == verdict::pass && more.outcome == verdict::pass && sum.space != more.space) {
    sum.outcome = verdict::error;
    sum.found = failure{.kind = "shards-differ", .message = "the shards did not explore the same program"};
  }
  const bool better = more.found && (!sum.found || more.found->preemptions < sum.found->preemptions);
  if (worse(sum.outcome, more.outcome) != sum.outcome || (sum.outcome == more.outcome && better))
    sum.found = more.found;
  sum.outcome = worse(sum.outcome, more.outcome);
  sum.executions += more.executions;
  sum.redundant += more.redundant;
  sum.steps += more.steps;
  sum.seconds = std::max(sum.seconds, more.seconds);
  sum.failed_as_expected = sum.failed_as_expected || more.failed_as_expected;
  if (!sum.expected_failure) sum.expected_failure = more.expected_failure;
  sum.expected.reset();
}

}  // namespace

report merge(const std::vector<report>& shards) {
  require_one_run(shards);
  const std::string missing = missing_shards(shards);
  report whole{.command = shards.front().command, .results = shards.front().results};
  for (std::size_t i = 0; i < whole.results.size(); ++i) {
    result& sum = whole.results[i];
    for (std::size_t k = 1; k < shards.size(); ++k) {
      const result& more = shards[k].results[i];
      if (more.scenario != sum.scenario || more.cache != sum.cache || more.strategy != sum.strategy) {
        throw merge_error(k, "result " + std::to_string(i + 1) + " is of " + more.scenario +
                                 ", that of the first shard of " + sum.scenario);
      }
      add(sum, more);
    }
    sum.space.clear();
    sum.scope = "merged from " + std::to_string(shards.size()) + (shards.size() == 1 ? " shard" : " shards");
    if (!missing.empty()) {
      sum.scope += "; of " + std::to_string(shards.front().shard->count) + ", missing: " + missing;
      sum.outcome = worse(sum.outcome, verdict::incomplete);
    } else if (sum.expects_failure && !sum.failed_as_expected && sum.outcome == verdict::pass) {
      sum.outcome = verdict::fail;
      sum.found = failure{.kind = "no-failure", .message = "the scenario expects a failure, and no shard found one"};
    } else if (sum.outcome == verdict::pass && sum.steps == 0 && !sum.failed_as_expected) {
      sum.outcome = verdict::incomplete;
      sum.scope += "; nothing was scheduled";
    }
    const bool covers_everything = std::exchange(sum.covers_everything, false);  // what follows is no shard
    sum.complete = sum.outcome == verdict::pass && covers_everything && !sum.expects_failure;
  }
  return whole;
}

}  // namespace triecheck::checks
