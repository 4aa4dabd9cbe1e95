// The property: whatever one thread does with a cache, or several that take turns, it does what the model does.
#include "checks/properties/sequential.h"

#include <chrono>
#include <optional>
#include <unordered_map>
#include <utility>

#include <rapidcheck.h>
#include <rapidcheck/detail/TestListenerAdapter.h>

#include "checks/properties/workload_generator.h"
#include "checks/subject/policies.h"

namespace triecheck::checks {

result blank_result(const fuzz_target& target, const std::string& strategy) {
  result r;
  r.scenario = "property.sequential";
  r.cache = target.cache;
  if (target.policy != model::eviction_policy::recency) r.cache += "/" + name_of(target.policy);
  r.strategy = strategy;
  return r;
}

std::string replay_command(const fuzz_target& target, const workload& w) {
  return "triecheck fuzz --cache " + target.cache + (target.fault.empty() ? "" : " --fault " + target.fault) +
         (target.who.threads == 1 ? "" : " --threads " + std::to_string(target.who.threads)) + " --reproduce " +
         to_token(w);
}

namespace {

class stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// What the cases left behind, told from inside the property: RapidCheck reports texts only.
struct campaign {
  std::uint64_t passed = 0;
  std::uint64_t operations = 0;
  occurrence_counts seen;
  bool schedules = false;  // what the cache knows
  bool forgets = false;
  bool knows_keys = false;
  std::optional<failing_workload> first;
  std::optional<failing_workload> smallest;  // the latest, as RapidCheck goes on only from a failing workload
};

std::string in_turn(const takers& who) {
  if (who.threads == 1) return "";
  return ", of " + std::to_string(who.threads) + " threads in turn" +
         (who.order_by_thread ? ", any leaf may be evicted" : "");
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

failure harness_failure(const std::string& description) {
  failure f;
  f.kind = "harness";
  f.message = description.substr(0, description.find('\n'));
  return f;
}

// Fills in what a failing run showed. A cache that threw is an error, as anywhere in this program.
void describe_failure(const fuzz_target& target, const workload& w, const run_record& record, sequential_check& check) {
  const std::vector<std::string> operations = show(record.history);
  failure f;
  f.kind = record.found->kind;
  f.message = record.found->rule;
  if (!operations.empty()) f.message = model::show(record.history.back().op) + ": " + f.message;
  f.threads = target.who.threads;
  f.operations = operations.size();
  f.schedule = joined(operations);
  f.replay = replay_command(target, w);
  check.lines = operations;
  check.lines.push_back(f.kind + ": " + record.found->rule);
  check.summary.outcome = f.kind == "exception" ? verdict::error : verdict::fail;
  check.summary.found = std::move(f);
}

rc::detail::TestResult run_cases(const fuzz_target& target, const fuzz_options& options, campaign& told) {
  const rc::Gen<workload> generator = workloads(options.max_length, target.policy);
  const auto property = [&]() -> std::string {
    const workload w = *generator;
    if (options.on_workload) options.on_workload(told.passed + 1, w);
    const run_record record = run_workload(target.make, w, target.who);
    if (record.found) {
      told.smallest = failing_workload{w, *record.found, show(record.history)};
      if (!told.first) told.first = told.smallest;
      if (options.on_failure) options.on_failure(*told.smallest);
      return record.found->rule;
    }
    if (told.first) return {};  // an attempt at shrinking, not a case
    ++told.passed;
    told.operations += record.history.size();
    told.seen.add(record.seen);
    told.schedules = record.schedules;
    told.forgets = record.forgets;
    told.knows_keys = record.knows_keys;
    if (options.on_case) options.on_case(static_cast<std::size_t>(told.passed));
    return {};
  };
  rc::detail::TestParams parameters;
  parameters.seed = options.seed;
  parameters.maxSuccess = static_cast<int>(options.cases);
  parameters.maxSize = rc::kNominalSize;
  parameters.maxDiscardRatio = 1;  // no workload is ever discarded: giving up means that something is wrong
  parameters.disableShrinking = false;
  rc::detail::TestMetadata metadata;
  metadata.id = "property.sequential";
  rc::detail::TestListenerAdapter silent;
  const std::unordered_map<std::string, rc::detail::Reproduce> nothing_to_reproduce;
  return rc::detail::checkTestable(property, metadata, parameters, silent, nothing_to_reproduce);
}

// The smallest failing workload runs again, and the first one where it passes: what does not repeat is an error, with
// the failure as it showed first.
void judge_failure(const fuzz_target& target, const campaign& told, const std::string& description,
                   sequential_check& check) {
  constexpr unsigned most_runs = 10;
  check.summary.outcome = verdict::error;
  if (!told.first) {
    check.summary.found = harness_failure(description);
    return;
  }
  for (const failing_workload* failing : {&*told.smallest, &*told.first}) {
    const run_record again = run_workload(target.make, failing->what, target.who);
    if (again.found) return describe_failure(target, failing->what, again, check);
  }
  const failing_workload& once = *told.first;
  unsigned failed = 0;
  for (unsigned i = 1; i < most_runs; ++i) failed += run_workload(target.make, once.what, target.who).found.has_value();
  const std::string runs = std::to_string(most_runs) + " runs";
  check.lines = once.lines;
  check.lines.push_back(once.found.kind + ": " + once.found.rule);
  check.summary.found = failure{.kind = "not-deterministic",
                                .message = "failed once and " +
                                           (failed == 0 ? "did not fail again in " + runs
                                                        : "again in " + std::to_string(failed) + " of " + runs) +
                                           ": " + once.found.kind + ": " + once.found.rule,
                                .threads = target.who.threads,
                                .operations = once.lines.size(),
                                .schedule = joined(once.lines),
                                .replay = replay_command(target, once.what)};
}

void judge_success(const fuzz_options& options, const campaign& told, sequential_check& check) {
  const std::string never = told.seen.never(told.schedules, told.forgets, told.knows_keys);
  check.summary.complete = told.passed == options.cases && never.empty();
  check.summary.outcome = check.summary.complete ? verdict::pass : verdict::incomplete;
  if (!never.empty()) check.summary.scope += "; never happened: " + never;
}

}  // namespace

sequential_check check_sequential(const fuzz_target& target, const fuzz_options& options) {
  const stopwatch watch;
  campaign told;
  const rc::detail::TestResult outcome = run_cases(target, options, told);
  sequential_check check;
  check.summary = blank_result(target, "fuzz");
  check.summary.executions = told.passed;
  check.summary.steps = told.operations;
  check.summary.scope = std::to_string(told.passed) + " of " + std::to_string(options.cases) +
                        " sequential workloads of up to " + std::to_string(options.max_length) + " commands" +
                        in_turn(target.who) + ", seed " + std::to_string(options.seed) + ": " +
                        std::to_string(told.operations) + " operations, of these " + told.seen.show();
  check.seen = told.seen;
  if (outcome.is<rc::detail::SuccessResult>()) {
    judge_success(options, told, check);
  } else if (outcome.is<rc::detail::FailureResult>()) {
    judge_failure(target, told, outcome.get<rc::detail::FailureResult>().description, check);
  } else if (outcome.is<rc::detail::GaveUpResult>()) {
    check.summary.outcome = verdict::incomplete;
    check.summary.scope += "; gave up: " + outcome.get<rc::detail::GaveUpResult>().description;
  } else {
    check.summary.outcome = verdict::error;
    check.summary.found = harness_failure(outcome.get<rc::detail::Error>().description);
  }
  check.summary.seconds = watch.seconds();
  return check;
}

sequential_check replay_sequential(const fuzz_target& target, const workload& w,
                                   const std::function<void(const std::vector<performed>&)>& before) {
  const stopwatch watch;
  const run_record record = run_workload(target.make, w, target.who, before);
  sequential_check check;
  check.summary = blank_result(target, "reproduce");
  check.summary.executions = 1;
  check.summary.steps = record.history.size();
  check.summary.scope = "one workload of " + std::to_string(record.history.size()) + " operations" +
                        in_turn(target.who) + ", and no other";
  check.seen = record.seen;
  if (record.found) {
    describe_failure(target, w, record, check);
  } else {
    check.summary.complete = true;
    check.summary.outcome = verdict::pass;
  }
  check.summary.seconds = watch.seconds();
  return check;
}

}  // namespace triecheck::checks
