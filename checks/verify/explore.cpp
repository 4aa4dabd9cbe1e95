#include "checks/verify/explore.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "checks/explore/replay_program.h"
#include "checks/process/interrupts.h"
#include "checks/report/shell_word.h"
#include "checks/subject/variants.h"
#include "checks/verify/registry.h"
#include "checks/verify/scenario_program.h"
#include "checks/verify/scenario_script.h"

namespace triecheck::explore {

using checks::result;
using checks::verdict;

std::string show(const replay_token& token) {
  return token.scenario + '@' + token.cache + (token.fault.empty() ? "" : '+' + token.fault) + '@' +
         show(token.choices);
}

std::optional<replay_token> parse_token(const std::string& text, std::string& why) {
  const std::size_t last = text.rfind('@');
  const std::size_t middle = last == std::string::npos || last == 0 ? std::string::npos : text.rfind('@', last - 1);
  if (middle == std::string::npos) {
    why = "a replay token is SCENARIO@CACHE@SCHEDULE or SCENARIO@CACHE+FAULT@SCHEDULE";
    return std::nullopt;
  }
  replay_token token{.scenario = text.substr(0, middle), .cache = text.substr(middle + 1, last - middle - 1)};
  if (const std::size_t plus = token.cache.find('+'); plus != std::string::npos) {
    token.fault = token.cache.substr(plus + 1);
    token.cache.resize(plus);
  }
  const auto choices = parse_schedule(text.substr(last + 1), why);
  if (!choices) return std::nullopt;
  token.choices = *choices;
  return token;
}

model::refusals rule_of(const std::string& cache) {
  const checks::variant* v = checks::find_variant(cache);
  return v == nullptr ? model::refusals::exact : v->refusals;
}

model::refusals rule_of(const explore_options& o) { return o.refusals ? *o.refusals : rule_of(o.cache); }

checks::stats_consistency together_of(const std::string& cache) {
  const checks::variant* v = checks::find_variant(cache);
  return v == nullptr ? checks::stats_consistency::each : v->statistics;
}

namespace {

checks::subject_factory factory(const std::string& cache, const std::string& fault) {
  if (fault.empty()) return explored_variant(cache);
  const auto* found = find_fault(fault);
  return found == nullptr ? nullptr : found->make;
}

std::string text_of(spurious_failures s) {
  switch (s) {
    case spurious_failures::none:
      return "no spurious failure";
    case spurious_failures::one:
      return "one spurious failure";
    default:
      return "one spurious failure per thread";
  }
}

std::string scope_of(const explore_options& o) {
  const strategy_row& strategy = known_strategy(o.strategy);
  const bool relacy = strategy.by != search::guided;
  const unsigned depth = relacy ? strategy.relacy_stale_depth : o.stale_depth;
  std::string scope = std::string(relacy ? "Relacy's own search, " : "") + "stores in the order of execution, " +
                      std::to_string(depth) + " older value" + (depth == 1 ? "" : "s") + " per load, " +
                      text_of(relacy ? spurious_failures::each_thread : o.spurious);
  if (strategy.takes("--depth")) scope += ", depth " + std::to_string(o.depth);
  if (strategy.draws_at_random) scope += ", seed " + std::to_string(o.seed);
  if (rule_of(o) == model::refusals::crowded) scope += ", refusals: crowded";
  return scope;
}

// What the variant does not allow concurrently with other calls is not run there, and the scope says so.
std::string left_out(const checks::scenario& s, const explore_options& o) {
  if (may_look_beside_others(together_of(o.cache))) return "";
  for (const std::vector<checks::step>& thread : s.threads) {
    for (const checks::step& one : thread) {
      const bool looks = one.kind == checks::step_kind::snapshot || one.kind == checks::step_kind::shutdown;
      if (looks)
        return ", snapshot and shutdown left out of the threads: this variant does not allow them beside other calls";
    }
  }
  return "";
}

// Why the variant has to block, where somebody asks whether it does; nothing where it must not. Where the scenario
// waits for pages every variant blocks: while a thread waits, giving pages back takes the mutex of the queue.
std::optional<std::string> must_block(const explore_options& o, const checks::scenario& s) {
  const checks::variant* v = checks::find_variant(o.cache);
  if (!known_strategy(o.strategy).obstruction_freedom || v == nullptr) return std::nullopt;
  if (!v->nonblocking) return v->name + " is recorded as blocking";
  if (checks::waits_for_pages(s)) return "the scenario waits for pages";
  if (checks::has_subscribers(s)) return "the hub of subscribers blocks";
  return std::nullopt;
}

/// What is explored: within the bound of preemptions that the scenario sets for this cache. What must block is explored
/// until it does, which no bound is needed for; what must not, from the states that one preemption leads to, as each of
/// them costs as much as some hundred executions.
explore_options heeding_bounds(explore_options o, const checks::scenario& s) {
  o.runaway_steps = runaway_steps_of(s);
  if (o.solo_steps == explore_options().solo_steps) o.solo_steps = solo_steps_of(s);
  if (must_block(o, s)) {
    o.stops_within.reset();
    return o;
  }
  const auto bound = s.bounds.find(o.cache);
  if (!o.heed_bounds) return o;
  const strategy_row& strategy = known_strategy(o.strategy);
  if (strategy.obstruction_freedom) o.stops_within = bound == s.bounds.end() ? 1 : std::min(1U, bound->second);
  if (!strategy.walks_whole_tree() || bound == s.bounds.end()) return o;
  o.strategy = "bounded";
  o.preemptions = bound->second;
  return o;
}

program_factory programs_of(const checks::scenario& s, const explore_options& o) {
  const checks::subject_factory make = o.make != nullptr ? o.make : factory(o.cache, o.fault);
  return [&s, make, rule = rule_of(o), together = together_of(o.cache)] {
    return std::make_unique<scenario_program>(s, make, rule, together);
  };
}

/// Fills everything but what depends on the scenario's expectation.
void read_findings(result& r, const findings& f, replay_token token, const checks::scenario& s,
                   bool covers_everything) {
  const judgement j = verdict_of(f);
  r.outcome = j.outcome;
  r.scope += j.scope;
  r.complete = f.complete && f.undecided == 0 && covers_everything && !r.preemptions;
  r.executions = f.broken ? std::max(f.executions, f.broken->executions) : f.executions;
  r.redundant = f.redundant;
  r.steps = f.steps;
  if (j.kind.empty()) return;
  token.choices = f.broken ? f.broken->so_far : f.path;
  const std::string word = show(token);
  r.found = checks::failure{.kind = j.kind,
                            .message = j.message,
                            .threads = s.threads.size(),
                            .operations = count_operations(s),
                            .preemptions = f.broken ? f.broken->preemptions : f.preemptions,
                            .schedule = show(token.choices),
                            .token = word,
                            .replay = "triecheck replay " + checks::shell_word(word)};
  if (j.kind == "killed") r.found->schedule = r.found->token = r.found->replay = {};  // the program did nothing
}

/// A failure that must come out, and what says so.
struct expectation {
  std::string kind;      // empty: any
  std::string recorded;  // of what it is recorded; empty where the scenario says it
};

std::optional<expectation> expectation_of(const checks::scenario& s, const explore_options& o) {
  if (s.expect_failure) return expectation{s.expect_kind, ""};
  if (const auto why = must_block(o, s)) return expectation{obstruction_violation, *why};
  return std::nullopt;
}

// An expected failure is a pass, its absence a fail. A shard alone cannot tell that there is none.
void apply_expectation(result& r, const checks::scenario& s, const explore_options& o, bool one_of_many) {
  const std::optional<expectation> expected = expectation_of(s, o);
  if (!expected) return;
  r.expects_failure = true;
  const std::string& recorded = expected->recorded;
  const bool wanted = r.outcome == verdict::fail && (expected->kind.empty() || r.found->kind == expected->kind);
  if (wanted) {
    r.outcome = verdict::pass;
    r.scope += recorded.empty() ? "; failed as expected: " + r.found->kind
                                : "; failed as it must (" + recorded + "): " + r.found->kind;
    r.expected_failure = std::exchange(r.found, std::nullopt);
    r.failed_as_expected = true;
  } else if (r.outcome == verdict::pass && one_of_many) {
    r.scope += "; the expected failure is in another shard, or missing";
  } else if (r.outcome == verdict::pass) {
    r.outcome = verdict::fail;
    r.found =
        checks::failure{.kind = "no-failure",
                        .message = recorded.empty() ? "the scenario expects a failure" +
                                                          (expected->kind.empty() ? "" : " (" + expected->kind + ")") +
                                                          ", and there is none"
                                                    : recorded + ", and no thread is in the way of another",
                        .threads = s.threads.size(),
                        .operations = count_operations(s)};
  } else if (r.outcome == verdict::fail) {
    r.found->message += recorded.empty() ? " (the scenario expects " + expected->kind + ")" : " (" + recorded + ")";
  }
}

replay_options for_replay(const explore_options& o) {
  return {.make = o.make, .refusals = o.refusals, .patience = o.patience};
}

// Replays the violation that was found, for its story and for the names of objects.
void confirm(explored& out, const checks::scenario& s, replay_token token, const explore_options& options) {
  result& r = out.outcome;
  std::string why;
  token.choices = parse_schedule(r.found->schedule, why).value_or(schedule{});
  explored again;
  try {
    again = replay_scenario(s, token, false, for_replay(options));
  } catch (const checks::interruption&) {
    r.found->message += " (an interrupt came before it was run again)";
    return;
  }
  out.interleaving = again.interleaving;
  if (again.outcome.outcome == verdict::fail && again.outcome.found->kind == r.found->kind) {
    r.found->message = again.outcome.found->message;
    return;
  }
  r.outcome = verdict::error;
  r.found->message = "a violation (" + r.found->kind + ": " + r.found->message +
                     ") does not show again on its schedule: " +
                     (again.outcome.found ? again.outcome.found->message : "the replay ends without one");
  r.found->kind = "nondeterminism";
}

// What failed once runs first: the schedule that the scenario stores, against the text that is explored now. Nothing
// where there is none for this cache, where it fits no more, or where no rule is violated on it.
std::optional<explored> stored_execution(const checks::scenario& s, const std::string& place,
                                         const explore_options& options) {
  if (!s.failure || s.failure->cache != options.cache) return std::nullopt;
  // To a strategy that does not ask that a thread ends alone a lock is no failure.
  const bool asked_for = known_strategy(options.strategy).obstruction_freedom;
  if ((s.failure->kind == obstruction_violation) != asked_for) return std::nullopt;
  std::string why;
  const auto choices = parse_schedule(s.failure->schedule, why);
  if (!choices) return std::nullopt;
  explored again = replay_scenario(s, {place, options.cache, options.fault, *choices}, false, for_replay(options));
  if (!again.outcome.found || again.outcome.found->kind == "nondeterminism") return std::nullopt;
  again.outcome.strategy = options.strategy;
  return again;
}

}  // namespace

explored explore_scenario(const checks::scenario& s, const std::string& place, const explore_options& asked,
                          const std::function<void(const exploration_status&)>& tick) {
  const explore_options options = heeding_bounds(asked, s);
  explored out;
  result& r = out.outcome;
  r = {.scenario = s.name, .cache = options.cache, .strategy = options.strategy};
  const strategy_row& strategy = known_strategy(options.strategy);
  if (strategy.counts_preemptions) r.preemptions = options.preemptions;
  if (strategy.obstruction_freedom && options.stops_within) r.preemptions = options.stops_within;
  r.scope = scope_of(options) + left_out(s, options);
  if (auto again = stored_execution(s, place, options)) {
    again->outcome.preemptions = r.preemptions;
    again->outcome.scope = r.scope + "; on the schedule that the scenario stores";
    apply_expectation(again->outcome, s, options, false);
    return *again;
  }
  explore_options o = options;
  if (o.executions == 0 && strategy.draws_at_random) o.executions = 10'000;
  exploration space(programs_of(s, o), o, digest(s.source_text));
  if (o.resume != nullptr) space.restore(*o.resume);
  const findings f = space.run(tick);
  r.seconds = f.seconds;
  if (o.shard) r.space = std::to_string(f.space);
  if (f.expected) r.expected = {f.expected->executions, f.expected->low, f.expected->high};
  const replay_token token{.scenario = place, .cache = options.cache, .fault = options.fault, .choices = {}};
  read_findings(r, f, token, s, strategy.covers_everything);
  if (o.shard) r.complete = false;  // its part is
  r.covers_everything = o.shard && strategy.covers_everything;
  // Where no step is known, no order of operations is.
  const bool nothing_found = r.outcome == verdict::pass || (r.found && r.found->kind == "linearizability");
  if (nothing_found && r.steps == 0 && !o.shard) {
    r.found.reset();
    r.outcome = verdict::incomplete;
    r.complete = false;
    r.scope += "; nothing was scheduled: the cache does not use the sync layer";
  }
  if (r.outcome == verdict::fail) confirm(out, s, token, options);
  out.out_of_budget = r.outcome == verdict::incomplete && f.stopped == stopped_by_budget;
  apply_expectation(r, s, o, o.shard.has_value());
  return out;
}

std::optional<estimate> estimate_scenario(const checks::scenario& s, const explore_options& asked,
                                          std::chrono::duration<double> time) {
  explore_options o = heeding_bounds(asked, s);
  if (!known_strategy(o.strategy).walks_whole_tree()) return std::nullopt;
  o.budget = time;
  if (!o.shard) o.shard = checks::share{};  // one of one: in pieces from the beginning
  exploration space(programs_of(s, o), o, digest(s.source_text));
  const findings f = space.run({});
  if (f.found || f.broken || !f.error.empty()) return std::nullopt;
  const auto all = static_cast<double>(f.executions);
  return f.complete ? estimate{.executions = all, .low = all, .high = all} : f.expected;
}

explored replay_scenario(const checks::scenario& s, const replay_token& token, bool all,
                         const replay_options& options) {
  explored out;
  out.outcome = {.scenario = s.name, .cache = token.cache, .strategy = "replay"};
  out.outcome.scope = "one execution";
  explore_options o;
  o.cache = token.cache;
  o.fault = token.fault;
  o.make = options.make;
  o.refusals = options.refusals;
  o.patience = options.patience;
  o.runaway_steps = runaway_steps_of(s);
  const replayed f = replay_program(programs_of(s, o), token.choices, o, all);
  out.interleaving = f.story;
  out.outcome.seconds = f.seconds;
  read_findings(out.outcome, f, token, s, true);
  return out;
}

}  // namespace triecheck::explore
