#include "checks/explore/explore.h"

#include <algorithm>
#include <memory>

#include <nlohmann/json.hpp>

#include "checks/explore/registry.h"
#include "checks/explore/scenario_program.h"

namespace triecheck::explore {

using checks::result;
using checks::verdict;
using nlohmann::json;

const std::vector<strategy_name>& strategy_names() {
  static const std::vector<strategy_name> all = {
      {"exhaustive", "every execution up to the order of independent operations: source-DPOR with sleep sets"},
      {"bounded", "every execution with at most --preemptions preemptions, fewest first"},
      {"pct", "probabilistic concurrency testing: priorities that change at --depth - 1 random operations"},
      {"random", "--executions schedules from --seed, each as likely as any other"},
      {"relacy-full", "Relacy's own full search, for comparison"},
      {"relacy-bound", "Relacy's own search with at most --preemptions context switches, for comparison"},
      {"relacy-random", "Relacy's own random search, for comparison"},
  };
  return all;
}

std::string show(const replay_token& token) {
  return token.scenario + '@' + token.cache + (token.fault.empty() ? "" : '+' + token.fault) + '@' + show(token.choices);
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

namespace {

search search_of(const std::string& strategy) {
  if (strategy == "relacy-full") return search::relacy_full;
  if (strategy == "relacy-bound") return search::relacy_bound;
  if (strategy == "relacy-random") return search::relacy_random;
  return search::guided;
}

/// Whether a run to the end covers the whole space; the other strategies sample it, or leave out what is over a bound.
bool explores_everything(const std::string& strategy) {
  return strategy == "exhaustive" || strategy == "relacy-full" || strategy == "replay";
}

bool is_random(const std::string& strategy) {
  return strategy == "random" || strategy == "pct" || strategy == "relacy-random";
}

std::unique_ptr<strategy> make_strategy(const explore_options& o, std::uint64_t executions) {
  if (o.strategy == "random") return make_random(o.seed, 0, executions);
  if (o.strategy == "pct") return make_pct(o.seed, 0, executions, o.depth);
  if (o.strategy == "bounded") return make_bounded(o.preemptions);
  return make_exhaustive(o.reduction);
}

checks::subject_factory factory(const std::string& cache, const std::string& fault) {
  if (fault.empty()) return explored_variant(cache);
  const auto* found = find_fault(fault);
  return found == nullptr ? nullptr : found->make;
}

/// What the child process tells the parent.
json to_json(const run_outcome& o, std::size_t undecided, const std::string& story) {
  json j = {{"complete", o.complete}, {"executions", o.executions}, {"redundant", o.redundant}, {"stopped", o.stopped},
            {"steps", o.steps},       {"undecided", undecided},     {"path", show(o.path)},
            {"error", o.error},       {"error_kind", o.error_kind}, {"preemptions", o.preemptions},
            {"story", story}};
  if (o.found) j["violation"] = {{"kind", o.found->kind}, {"message", o.found->message}};
  return j;
}

std::string scope_of(const explore_options& o) {
  if (o.strategy == "relacy-full" || o.strategy == "relacy-bound") return "Relacy's own search and its memory model, 1 older value per load";
  const unsigned depth = o.strategy == "relacy-random" ? 2 : o.stale_depth;
  std::string scope = "Relacy's memory model (no load buffering), " + std::to_string(depth) + " older value" +
                      (depth == 1 ? "" : "s") + " per load, one spurious failure per thread";
  if (o.strategy == "pct") scope += ", depth " + std::to_string(o.depth);
  if (is_random(o.strategy)) scope += ", seed " + std::to_string(o.seed);
  return scope;
}

class clock {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// The parent's view of a finished child: fills everything but what depends on the scenario's expectation.
void read_answer(result& r, const isolated_run& child, replay_token token, const checks::scenario& s, std::string* story) {
  const auto fill = [&](std::string kind, std::string message, std::size_t preemptions) {
    std::string word = show(token);
    for (std::size_t at = 0; (at = word.find('\'', at)) != std::string::npos; at += 4) word.replace(at, 1, "'\\''");
    r.found = checks::failure{.kind = std::move(kind), .message = std::move(message), .threads = s.threads.size(),
                              .operations = count_operations(s), .preemptions = preemptions,
                              .schedule = show(token.choices), .replay = "triecheck replay '" + word + "'"};
  };
  if (child.answer.empty()) {
    r.outcome = verdict::error;
    r.executions = child.executions;
    token.choices = child.so_far;
    fill(child.error_kind, child.error, 0);
    return;
  }
  const json j = json::parse(child.answer);
  const bool finished = j["complete"];
  r.complete = finished && explores_everything(r.strategy);
  r.executions = j["executions"];
  r.redundant = j["redundant"];
  r.steps = j["steps"];
  if (story != nullptr) *story = j["story"];
  std::string why;
  token.choices = parse_schedule(j["path"].get<std::string>(), why).value_or(schedule{});
  const std::size_t undecided = j["undecided"];
  if (j.contains("violation")) {
    r.outcome = verdict::fail;
    fill(j["violation"]["kind"], j["violation"]["message"], j["preemptions"]);
  } else if (!j["error"].get<std::string>().empty()) {
    r.outcome = verdict::error;
    fill(j["error_kind"], j["error"], j["preemptions"]);
  } else if (undecided != 0) {
    r.outcome = verdict::incomplete;
    r.complete = false;
    r.scope += "; the linearizability of " + std::to_string(undecided) + " histories is undecided";
  } else {
    r.outcome = finished && r.steps != 0 ? verdict::pass : verdict::incomplete;
    if (const std::string by = j["stopped"]; !by.empty()) r.scope += "; stopped by " + by;
    if (finished && r.steps == 0) r.scope += "; nothing was scheduled: the cache does not use the sync layer";
  }
}

// The scenario says what must come out: an expected failure is a pass, its absence a fail.
void apply_expectation(result& r, const checks::scenario& s) {
  if (!s.expect_failure) return;
  const bool wanted = r.outcome == verdict::fail && (s.expect_kind.empty() || r.found->kind == s.expect_kind);
  if (wanted) {
    r.outcome = verdict::pass;
    r.scope += "; failed as expected: " + r.found->kind;
    r.found.reset();
  } else if (r.outcome == verdict::pass) {
    r.outcome = verdict::fail;
    r.found = checks::failure{.kind = "no-failure", .message = "the scenario expects a failure, and there is none",
                              .threads = s.threads.size(), .operations = count_operations(s)};
  } else if (r.outcome == verdict::fail) {
    r.found->message += " (the scenario expects " + s.expect_kind + ")";
  }
}

// Replays the violation that was found, for its story and for the names of objects.
void confirm(explored& out, const checks::scenario& s, replay_token token, const explore_options& options) {
  result& r = out.outcome;
  std::string why;
  token.choices = parse_schedule(r.found->schedule, why).value_or(schedule{});
  const explored again = replay_scenario(s, token, false, options);
  out.interleaving = again.interleaving;
  if (again.outcome.outcome == verdict::fail && again.outcome.found->kind == r.found->kind) {
    r.found->message = again.outcome.found->message;
    return;
  }
  r.outcome = verdict::error;
  r.found->message = "a violation (" + r.found->kind + ": " + r.found->message + ") does not show again on its schedule: " +
                     (again.outcome.found ? again.outcome.found->message : "the replay ends without one");
  r.found->kind = "nondeterminism";
}

}  // namespace

explored explore_scenario(const checks::scenario& s, const std::string& place, const explore_options& options,
                          const std::function<void(const progress&)>& tick) {
  explored out;
  result& r = out.outcome;
  r = {.scenario = s.name, .cache = options.cache, .strategy = options.strategy};
  if (options.strategy == "relacy-bound" || options.strategy == "bounded") r.preemptions = options.preemptions;
  r.scope = scope_of(options);
  const std::uint64_t executions = options.executions == 0 && is_random(options.strategy) ? 10'000 : options.executions;
  const clock started;
  const auto body = [&](progress& shared) {
    scenario_program program(s, options.make != nullptr ? options.make : factory(options.cache, options.fault));
    const auto chooser = make_strategy(options, executions);
    const run_outcome o = run(program, *chooser,
                              {.by = search_of(options.strategy),
                               .bounds = {.stale_depth = options.stale_depth},
                               .context_bound = options.preemptions,
                               .executions = executions,
                               .first_iteration = options.seed,
                               .out_of_time = [&] { return options.budget && started.seconds() > options.budget->count(); }},
                              shared);
    return to_json(o, program.undecided(), {}).dump(-1, ' ', false, json::error_handler_t::replace);
  };
  const isolated_run child = run_isolated(body, options.patience, tick);
  r.seconds = started.seconds();
  replay_token token{.scenario = place, .cache = options.cache, .fault = options.fault, .choices = {}};
  read_answer(r, child, token, s, nullptr);
  if (r.outcome == verdict::fail) confirm(out, s, token, options);
  apply_expectation(r, s);
  return out;
}

explored replay_scenario(const checks::scenario& s, const replay_token& token, bool all, const explore_options& options) {
  explored out;
  out.outcome = {.scenario = s.name, .cache = token.cache, .strategy = "replay"};
  out.outcome.scope = "one execution";
  const clock started;
  const auto body = [&](progress& shared) {
    scenario_program program(s, options.make != nullptr ? options.make : factory(token.cache, token.fault));
    interleaving record;
    // A schedule says how old each loaded value is, so the depth is the largest there is.
    const run_outcome o = run(program, *make_replay(token.choices), {.bounds = {.stale_depth = 2}}, shared, &record);
    return to_json(o, program.undecided(), record.table(program.threads(), all)).dump(-1, ' ', false, json::error_handler_t::replace);
  };
  const isolated_run child = run_isolated(body, options.patience);
  out.outcome.seconds = started.seconds();
  read_answer(out.outcome, child, token, s, &out.interleaving);
  return out;
}

}  // namespace triecheck::explore
