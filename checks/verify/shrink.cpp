#include "checks/verify/shrink.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <tuple>

#include <nlohmann/json.hpp>

#include "checks/process/interrupts.h"
#include "checks/report/shell_word.h"
#include "checks/scenario/print.h"
#include "checks/verify/registry.h"
#include "checks/verify/scenario_program.h"

namespace triecheck::explore {

using nlohmann::json;

failure_reason reason_of(const std::string& kind, const std::string& message) {
  std::size_t end = 1;
  while (end < message.size() && std::isdigit(static_cast<unsigned char>(message[end])) != 0) ++end;
  const bool named = end > 1 && message.front() == 'I' && message.compare(end, 2, ": ") == 0;
  return {kind, named ? message.substr(0, end) : ""};
}

namespace {

using seconds = std::chrono::duration<double>;

/// What one search has to find, and for how long it may look.
struct search_terms {
  failure_reason reason;
  unsigned preemptions = 0;      ///< at most
  std::uint64_t executions = 0;  ///< at most
  bool shortest = false;         ///< goes on behind the first failure that fits
  unsigned stale_depth = 1;
  unsigned runaway_steps = limits().runaway_steps;
  unsigned solo_steps = explore_options().solo_steps;  ///< of a demand that a thread ends alone
  std::function<bool()> out_of_time;
};

struct failing_path {
  schedule choices;
  std::size_t preemptions = 0;
  auto rank() const { return std::tuple(preemptions, choices.size()); }
};

struct search_answer {
  std::optional<failing_path> best;
  std::uint64_t executions = 0;
  bool complete = false;
};

// Runs in the child process. A run ends at a violation; the strategy is moved on by hand, and another run follows.
json search_in_child(scenario_program& program, const search_terms& terms, progress& shared) {
  const std::unique_ptr<strategy> chooser =
      strategy_for(terms.reason.kind)
          .make({.solo_steps = terms.solo_steps}, {.bound = {.fewest = 0, .most = terms.preemptions}});
  std::optional<failing_path> best;
  std::uint64_t spent = 0;
  bool complete = false;
  while (spent < terms.executions && !terms.out_of_time()) {
    const run_outcome o = run(program, *chooser,
                              {.bounds = {.stale_depth = terms.stale_depth, .runaway_steps = terms.runaway_steps},
                               .executions = terms.executions - spent,
                               .out_of_time = [&](const run_tally&) { return terms.out_of_time(); }},
                              shared);
    complete = o.complete;
    spent += std::max<std::uint64_t>(o.executions, 1);
    const bool violated = o.found.has_value();
    if (!violated && o.error_kind.empty()) break;
    if (!chooser->broken().empty()) break;
    const failure_reason reason =
        violated ? reason_of(o.found->kind, o.found->message) : reason_of(o.error_kind, o.error);
    if (reason == terms.reason) {
      const failing_path path{o.path, o.preemptions};
      if (!best || path.rank() < best->rank()) best = path;
      if (!terms.shortest) break;
    }
    if (!chooser->end()) {
      complete = chooser->complete();
      break;
    }
  }
  json j = {{"executions", spent}, {"complete", complete}};
  if (best) j["best"] = {{"path", show(best->choices)}, {"preemptions", best->preemptions}};
  return j;
}

class shrinking {
 public:
  shrinking(const checks::scenario& s, const replay_token& token, std::string place, const shrink_options& options,
            const std::function<void(const shrunk&)>& tick)
      : token_(token), place_(std::move(place)), options_(options), tick_(tick), make_(options.make) {
    if (make_ == nullptr && token.fault.empty()) make_ = explored_variant(token.cache);
    if (make_ == nullptr) make_ = find_fault(token.fault)->make;
    // The simplest text there is says which scenarios fail by themselves, unless it is the one that fails.
    if (make_ != explored_variant(reference_cache)) reference_ = explored_variant(reference_cache);
    best_.program = s;
    for (const choice& c : token.choices) stale_depth_ = std::max<unsigned>(stale_depth_, c.age);
  }

  std::optional<shrunk> run(std::string& why) {
    const explored first = replay(best_.program, token_.choices);
    if (!first.outcome.found || first.outcome.found->kind == "nondeterminism") {
      why = first.outcome.found ? first.outcome.found->message : "no rule is violated on this schedule";
      return std::nullopt;
    }
    reason_ = reason_of(first.outcome.found->kind, first.outcome.found->message);
    most_preemptions_ = static_cast<unsigned>(first.outcome.found->preemptions);
    keep(best_.program, {token_.choices, first.outcome.found->preemptions});
    best_.before = best_.after;
    best_.found = *first.outcome.found;
    best_.interleaving = first.interleaving;
    try {
      asks_reference_ = reference_ != nullptr && !fails_under_reference(best_.program);
      if (tick_) tick_(best_);
      reduce_scenario();
      shorten_schedule();
      return confirm(why);
    } catch (const checks::interruption&) {
      return interrupted();
    }
  }

 private:
  // What a hang may still cost.
  std::chrono::milliseconds left() const {
    const auto spent =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started_);
    const auto budget = std::chrono::duration_cast<std::chrono::milliseconds>(options_.budget);
    return std::max(budget - spent, std::chrono::milliseconds(200));
  }
  bool out_of_time() const { return std::chrono::steady_clock::now() - started_ > options_.budget; }

  search_answer search(const checks::scenario& s, const search_terms& terms, checks::subject_factory make) {
    const auto body = [&](progress& shared) {
      scenario_program program(s, make, rule_of(token_.cache), together_of(token_.cache));
      return search_in_child(program, terms, shared).dump();
    };
    // A candidate that hangs is given up soon; the result is judged with all patience.
    const isolated_run child =
        run_isolated(body, std::min({options_.patience, std::chrono::milliseconds(3000), left()}));
    search_answer answer;
    if (child.answer.empty()) {
      answer.executions = child.executions;
      if (reason_of(child.error_kind, child.error) == terms.reason) answer.best = {child.so_far, child.preemptions};
    } else {
      const json j = json::parse(child.answer);
      answer.executions = j["executions"];
      answer.complete = j["complete"];
      std::string why;
      if (j.contains("best")) {
        answer.best = {parse_schedule(j["best"]["path"].get<std::string>(), why).value_or(schedule{}),
                       j["best"]["preemptions"]};
      }
    }
    best_.executions += answer.executions;
    return answer;
  }

  void keep(const checks::scenario& s, const failing_path& path) {
    best_.program = s;
    path_ = path;
    best_.after = {.size = checks::size_of(s),
                   .operations = count_operations(s),
                   .preemptions = path.preemptions,
                   .steps = path.choices.size()};
  }

  bool fails_under_reference(const checks::scenario& s) {
    return search(s, terms(options_.executions, most_preemptions_, false), reference_).best.has_value();
  }

  // Whether a smaller scenario fails though the first one did not, and its cache is right.
  bool fails_by_itself(const checks::scenario& s) {
    if (asks_reference_) return fails_under_reference(s);
    const bool same_pool = s.pages == best_.before.size.pages && s.tokens_per_page == best_.before.size.tokens_per_page;
    return reference_ == nullptr && reason_.kind == "refusal" && !same_pool;
  }

  void reduce_scenario() {
    while (true) {
      bool smaller = false;
      for (const checks::scenario& candidate : checks::reductions(best_.program)) {
        if (out_of_time()) {
          best_.stopped = "the budget ended before every smaller scenario was tried";
          return;
        }
        if (!tried_.insert(checks::print_scenario(candidate)).second) continue;
        ++best_.candidates;
        const search_answer answer = search(candidate, terms(options_.executions, most_preemptions_, false), make_);
        if (tick_) tick_(best_);
        if (!answer.best || fails_by_itself(candidate)) continue;
        keep(candidate, *answer.best);
        smaller = true;
        break;
      }
      if (!smaller) break;
    }
    best_.smallest = true;
  }

  void shorten_schedule() {
    if (out_of_time()) {
      if (best_.stopped.empty()) best_.stopped = "the budget ended before every schedule was tried";
      return;
    }
    const search_answer answer = search(
        best_.program, terms(options_.schedule_executions, static_cast<unsigned>(path_.preemptions), true), make_);
    if (answer.best && answer.best->rank() < path_.rank()) keep(best_.program, *answer.best);
    best_.shortest = answer.complete;
    if (answer.complete || !best_.stopped.empty()) return;
    best_.stopped =
        out_of_time() ? "the budget ended before every schedule was tried"
        : answer.executions >= options_.schedule_executions
            ? "the search for a shorter schedule ended after " + std::to_string(answer.executions) + " executions"
            : "the failure ends the process, so its first schedule was kept";
  }

  // The best so far, which nothing has confirmed but the process that found it.
  shrunk interrupted() {
    best_.stopped = "an interrupt";
    best_.smallest = best_.shortest = false;
    best_.found.schedule = show(path_.choices);
    best_.found.threads = best_.after.size.threads;
    best_.found.operations = best_.after.operations;
    best_.found.preemptions = path_.preemptions;
    best_.found.token = show({place_, token_.cache, token_.fault, path_.choices});
    best_.found.replay = "triecheck replay " + checks::shell_word(best_.found.token);
    return best_;
  }

  std::optional<shrunk> confirm(std::string& why) {
    const explored again = replay(best_.program, path_.choices);
    const bool same =
        again.outcome.found && reason_of(again.outcome.found->kind, again.outcome.found->message) == reason_;
    if (!same) {
      why = "the smaller failure does not show again: the program is not deterministic";
      return std::nullopt;
    }
    best_.confirmed = true;
    best_.found = *again.outcome.found;
    best_.interleaving = again.interleaving;
    return best_;
  }

  search_terms terms(std::uint64_t executions, unsigned preemptions, bool shortest) const {
    return {.reason = reason_,
            .preemptions = preemptions,
            .executions = executions,
            .shortest = shortest,
            .stale_depth = stale_depth_,
            .runaway_steps = runaway_steps_of(best_.program),
            .solo_steps = solo_steps(),
            .out_of_time = [this] { return out_of_time(); }};
  }

  unsigned solo_steps() const {
    const bool asked = !token_.choices.empty() && token_.choices.back().alone != 0;
    return asked ? token_.choices.back().alone : solo_steps_of(best_.program);
  }

  explored replay(const checks::scenario& s, const schedule& choices) const {
    replay_token token = token_;
    token.scenario = place_;
    token.choices = choices;
    return replay_scenario(s, token, false, {.make = options_.make, .patience = options_.patience});
  }

  const replay_token token_;
  const std::string place_;
  const shrink_options options_;
  const std::function<void(const shrunk&)>& tick_;
  static constexpr const char* reference_cache = "coarse";
  checks::subject_factory make_;
  checks::subject_factory reference_ = nullptr;
  bool asks_reference_ = false;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();

  failure_reason reason_;
  unsigned most_preemptions_ = 0;
  unsigned stale_depth_ = 1;  // as deep as the failing execution looks back, and one store at least: deeper costs time
  std::set<std::string> tried_;
  failing_path path_;
  shrunk best_;
};

}  // namespace

std::optional<shrunk> shrink(const checks::scenario& s, const replay_token& token, const std::string& place,
                             const shrink_options& options, std::string& why,
                             const std::function<void(const shrunk&)>& tick) {
  return shrinking(s, token, place, options, tick).run(why);
}

}  // namespace triecheck::explore
