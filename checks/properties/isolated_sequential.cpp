#include "checks/properties/isolated_sequential.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "checks/process/interrupts.h"
#include "checks/process/isolation.h"

namespace triecheck::checks {
namespace {

using nlohmann::json;

std::string dump(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

json to_json(const sequential_check& c) {
  json seen = json::array();
  for (std::size_t i = 0; i < occurrences; ++i) seen.push_back(c.seen.of(static_cast<occurrence>(i)));
  return {{"summary", to_json(c.summary)}, {"seen", seen}, {"lines", c.lines}};
}

sequential_check read_check(const json& j) {
  sequential_check c;
  c.summary = read_result(j.at("summary"));
  for (std::size_t i = 0; i < occurrences; ++i) c.seen.add(static_cast<occurrence>(i), j.at("seen").at(i));
  c.lines = j.at("lines");
  return c;
}

json to_json(const failing_workload& f) {
  return {{"what", to_token(f.what)}, {"kind", f.found.kind}, {"rule", f.found.rule}, {"lines", f.lines}};
}

failing_workload read_failing(const json& j) {
  return {.what = from_token(j.at("what").get<std::string>()).value_or(workload{{1, 1}, {}}),
          .found = {j.at("kind"), j.at("rule")},
          .lines = j.at("lines")};
}

/// One workload in a separate process: its answer, or how the process ended and the operations until then.
struct isolated_workload {
  isolated_run run;
  std::vector<std::string> performed_lines;  // of operations that returned
  std::string last;                          // of the one that did not

  bool died() const { return run.answer.empty(); }
};

isolated_workload run_in_child(const fuzz_target& target, const workload& w, std::chrono::milliseconds patience) {
  isolated_workload seen;
  const auto body = [&](progress&, const message_sender& send) {
    my_activity().begin_unit(1);
    const auto before = [&](const std::vector<performed>& history) {
      json message = {{"next", model::show(history.back().op)}};
      if (history.size() > 1) message["done"] = show(history[history.size() - 2]);
      send(dump(message));
    };
    return dump(to_json(replay_sequential(target, w, before)));
  };
  isolation_listener listener;
  listener.heard = [&](std::size_t, const std::string& message) {
    const json j = json::parse(message);
    if (j.contains("done")) seen.performed_lines.push_back(j["done"]);
    seen.last = j.at("next");
  };
  seen.run = run_isolated({body}, patience, listener).front();
  return seen;
}

// Leaves out what the same end of the process does not need: halves, then ever smaller pieces.
workload made_smaller(const fuzz_target& target, workload w, const std::string& kind) {
  constexpr unsigned most_runs = 400;
  constexpr std::chrono::milliseconds patience{1000};
  if (kind == "hang") return w;  // every attempt would cost the whole patience
  unsigned runs = 0;
  for (std::size_t piece = std::max<std::size_t>(1, w.commands.size() / 2);; piece /= 2) {
    for (std::size_t at = 0; at < w.commands.size() && runs < most_runs; ++runs) {
      workload candidate = w;
      const auto from = candidate.commands.begin() + static_cast<std::ptrdiff_t>(at);
      candidate.commands.erase(from, from + static_cast<std::ptrdiff_t>(std::min(piece, w.commands.size() - at)));
      const isolated_workload tried = run_in_child(target, candidate, patience);
      if (tried.died() && tried.run.error_kind == kind)
        w = std::move(candidate);
      else
        at += piece;
    }
    if (piece <= 1) return w;
  }
}

// Fills in how the process of a workload ended.
void describe_end(const fuzz_target& target, const workload& w, const isolated_workload& seen,
                  sequential_check& check) {
  check.lines = seen.performed_lines;
  if (!seen.last.empty()) check.lines.push_back(seen.last + " -> " + seen.run.error);
  std::string schedule;
  for (const std::string& line : check.lines) schedule += (schedule.empty() ? "" : "; ") + line;
  failure f{
      .kind = seen.run.error_kind,
      .message = seen.run.error +
                 (seen.last.empty() ? "" : ", in operation " + std::to_string(check.lines.size()) + ": " + seen.last),
      .threads = target.who.threads,
      .operations = check.lines.size(),
      .schedule = schedule,
      .replay = replay_command(target, w)};
  check.lines.push_back(f.kind + ": " + seen.run.error);
  check.summary.outcome = verdict::error;
  check.summary.complete = false;
  check.summary.found = std::move(f);
}

// Of a process that ended: what it was doing is run again, made smaller and shown.
void describe_dead_campaign(const fuzz_target& target, const isolated_run& child,
                            const std::optional<failing_workload>& failing, std::chrono::milliseconds patience,
                            sequential_check& check) {
  const std::string end = child.error + in_words(child.where, "case");
  check.summary.outcome = verdict::error;
  check.summary.found = failure{.kind = child.error_kind, .message = end, .threads = target.who.threads};
  if (failing) {
    // One workload violated a rule before another one ended the process.
    check.lines = failing->lines;
    check.lines.push_back(failing->found.kind + ": " + failing->found.rule);
    check.summary.found->operations = failing->lines.size();
    check.summary.found->message += ", while a failure was made smaller: " + check.lines.back();
    check.summary.found->replay = replay_command(target, failing->what);
    return;
  }
  const std::optional<workload> w = child.note.empty() ? std::nullopt : from_token(child.note);
  if (!w) return;
  check.summary.found->replay = replay_command(target, *w);
  const unsigned most_runs = child.error_kind == "hang" ? 1 : 3;
  for (unsigned i = 0; i < most_runs; ++i) {
    if (!run_in_child(target, *w, patience).died()) continue;
    const workload small = made_smaller(target, *w, child.error_kind);
    if (const isolated_workload seen = run_in_child(target, small, patience); seen.died()) {
      describe_end(target, small, seen, check);
      check.summary.found->message = end + "; made smaller: " + check.summary.found->message;
      return;
    }
  }
  check.summary.found->message += "; it did not happen again in " + std::to_string(most_runs) +
                                  (most_runs == 1 ? " run" : " runs") + " of this workload";
}

void describe_interrupt(const fuzz_target& target, const std::optional<failing_workload>& failing,
                        sequential_check& check) {
  check.summary.complete = false;
  check.summary.outcome = verdict::incomplete;
  check.summary.scope += "; interrupted";
  if (!failing) return;
  check.lines = failing->lines;
  check.lines.push_back(failing->found.kind + ": " + failing->found.rule);
  check.summary.outcome = failing->found.kind == "exception" ? verdict::error : verdict::fail;
  check.summary.scope += " while the failure was made smaller";
  check.summary.found = failure{.kind = failing->found.kind,
                                .message = failing->found.rule,
                                .threads = target.who.threads,
                                .operations = failing->lines.size(),
                                .replay = replay_command(target, failing->what)};
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

sequential_check check_sequential_isolated(const fuzz_target& target, const fuzz_options& options,
                                           const isolation_terms& terms) {
  const auto begin = std::chrono::steady_clock::now();
  const auto body = [&](progress& shared, const message_sender& send) {
    fuzz_options o = options;
    o.on_case = [&](std::size_t done) { shared.executions = done; };
    o.on_workload = [&](std::uint64_t number, const workload& w) {
      shared.set_note(to_token(w));
      my_activity().begin_unit(number);
    };
    o.on_failure = [&](const failing_workload& f) { send(dump(to_json(f))); };
    return dump(to_json(check_sequential(target, o)));
  };
  std::optional<failing_workload> smallest;
  std::uint64_t done = 0;
  isolation_listener listener;
  listener.heard = [&](std::size_t, const std::string& message) { smallest = read_failing(json::parse(message)); };
  listener.tick = [&](const std::vector<const progress*>& shown) {
    done = shown.front()->executions;
    if (terms.tick) terms.tick(done);
  };
  sequential_check check;
  check.summary = blank_result(target, "fuzz");
  const auto count = [&](std::uint64_t cases) {
    check.summary.executions = cases;
    check.summary.scope = std::to_string(cases) + " of " + std::to_string(options.cases) +
                          " sequential workloads of up to " + std::to_string(options.max_length) + " commands, seed " +
                          std::to_string(options.seed);
  };
  try {
    const isolated_run child = run_isolated({body}, terms.patience, listener).front();
    if (!child.answer.empty()) return read_check(json::parse(child.answer));
    count(child.executions);
    describe_dead_campaign(target, child, smallest, terms.patience, check);
  } catch (const interruption&) {
    // What ended a process stays what is reported, however much of it could be looked at.
    if (check.summary.scope.empty()) count(done);
    if (!check.summary.found) describe_interrupt(target, smallest, check);
  }
  check.summary.seconds = seconds_since(begin);
  return check;
}

sequential_check replay_sequential_isolated(const fuzz_target& target, const workload& w,
                                            const isolation_terms& terms) {
  sequential_check check;
  check.summary = blank_result(target, "reproduce");
  check.summary.scope = "one workload, and no other";
  try {
    const isolated_workload seen = run_in_child(target, w, terms.patience);
    if (!seen.died()) return read_check(json::parse(seen.run.answer));
    describe_end(target, w, seen, check);
  } catch (const interruption&) {
    describe_interrupt(target, {}, check);
  }
  return check;
}

}  // namespace triecheck::checks
