#include "checks/explore/check.h"

#include <cstdlib>
#include <ostream>
#include <stdexcept>

#include "checks/explore/replay_program.h"
#include "checks/explore/search/exploration.h"
#include "checks/explore/session.h"

namespace triecheck::explore {
namespace {

std::string from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

[[noreturn]] void refuse(const char* name, const std::string& text, const char* expected) {
  throw std::invalid_argument(std::string(name) + ": expected " + expected + ", not '" + text + "'");
}

check_options overridden(check_options o) {
  if (const std::string text = from_environment("TRIECHECK_BUDGET"); !text.empty()) {
    char* end = nullptr;
    const double seconds = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || seconds < 0 || std::string(end) != "s")
      refuse("TRIECHECK_BUDGET", text, "seconds, as 60s");
    o.budget = std::chrono::duration<double>(seconds);
  }
  if (const std::string text = from_environment("TRIECHECK_PREEMPTIONS"); !text.empty()) {
    if (text.size() > 3 || text.find_first_not_of("0123456789") != std::string::npos) {
      refuse("TRIECHECK_PREEMPTIONS", text, "a number below 1000");
    }
    o.strategy = "bounded";
    o.preemptions = static_cast<unsigned>(std::stoul(text));
  }
  return o;
}

// "NAME@SCHEDULE", of this check.
std::optional<schedule> asked_for(const std::string& name) {
  const std::string token = from_environment("TRIECHECK_REPLAY");
  if (!token.starts_with(name + '@')) return std::nullopt;
  std::string why;
  const auto choices = parse_schedule(token.substr(name.size() + 1), why);
  if (!choices) refuse("TRIECHECK_REPLAY", token, ("NAME@SCHEDULE (" + why + ")").c_str());
  return choices;
}

std::string scope_of(const check_options& o) {
  const strategy_row& strategy = known_strategy(o.strategy);
  std::string scope = o.strategy;
  if (strategy.counts_preemptions) scope += " <= " + std::to_string(o.preemptions) + " preemptions";
  return scope + ", " + std::to_string(o.stale_depth) + " older values per load";
}

void read(report& r, const findings& f) {
  const judgement j = verdict_of(f);
  r.outcome = j.outcome;
  r.kind = j.kind;
  r.message = j.message;
  r.scope += j.scope;
  r.executions = f.executions;
  r.seconds = f.seconds;
  r.preemptions = f.preemptions;
}

report replay(const std::string& name, const program_factory& make, const check_options& o, const schedule& choices) {
  report r{.name = name, .scope = "one execution"};
  const replayed again = replay_program(make, choices, o);
  read(r, again);
  r.interleaving = again.story;
  r.token = name + '@' + show(choices);
  r.passed = r.outcome == checks::verdict::pass;
  return r;
}

}  // namespace

report run_check(const std::string& name, const program_factory& make, const check_options& asked) {
  const check_options o = overridden(asked);
  if (const auto choices = asked_for(name)) return replay(name, make, o, *choices);
  report r{.name = name, .scope = scope_of(o)};
  const findings f = exploration(make, o, digest(name)).run({});
  read(r, f);
  const strategy_row& strategy = known_strategy(o.strategy);
  r.complete = f.complete && strategy.covers_everything && r.outcome == checks::verdict::pass;
  r.passed = r.outcome == checks::verdict::pass ||
             (r.outcome == checks::verdict::incomplete && o.incomplete_passes && r.kind.empty());
  const schedule& path = f.broken ? f.broken->so_far : f.path;
  if (r.kind.empty() || path.empty()) return r;
  r.token = name + '@' + show(path);
  if (!f.found) return r;
  const report again = replay(name, make, o, path);
  r.interleaving = again.interleaving;
  if (again.kind == r.kind) {
    r.message = again.message;
  } else {
    r.outcome = checks::verdict::error;
    r.message = "a violation (" + r.kind + ": " + r.message + ") does not show again on its schedule";
    r.kind = "nondeterminism";
  }
  return r;
}

std::ostream& operator<<(std::ostream& out, const report& r) {
  out << r.interleaving << to_string(r.outcome) << "  " << r.name << ": " << r.scope << ", " << r.executions
      << (r.executions == 1 ? " execution" : " executions");
  if (r.complete) out << ", all there are";
  if (!r.kind.empty()) out << "\n" << r.kind << ": " << r.message;
  return out;
}

void expect(bool condition, const char* what, location where) { require_condition(condition, what, where); }

harness_heap::harness_heap() : context_(rl::context_holder<>::instance_) { rl::context_holder<>::instance_ = nullptr; }

harness_heap::~harness_heap() { rl::context_holder<>::instance_ = static_cast<rl::context*>(context_); }

call_phase running_phase() {
  switch (session::current().running_phase()) {
    case session::phase::setup:
      return call_phase::setup;
    case session::phase::threads:
      return call_phase::threads;
    case session::phase::finish:
      break;
  }
  return call_phase::end;
}

unsigned running_thread() { return session::current().thread(); }

void begin_call(const std::function<std::string()>& title) {
  session& s = session::current();
  if (s.recording()) s.title(title());
  s.begin_operation();
}

checks::interval end_call(const std::function<std::string()>& title) {
  session& s = session::current();
  const checks::interval when = s.end_operation();
  if (s.recording()) s.title("  " + title());
  return when;
}

void fail_check(const char* kind, const std::string& message) { session::current().fail(kind, message); }

}  // namespace triecheck::explore
