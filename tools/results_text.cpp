#include "tools/results_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <vector>

#include "tools/catalogue.h"
#include "tools/program_name.h"

namespace triecheck::tools {
namespace {

std::string whole(double number) {
  char text[40];
  std::snprintf(text, sizeof text, number < 1e9 ? "%.0f" : "%.2g", number);
  return text;
}

// Nothing but its name where this build does not know it.
listed_strategy strategy_of(const checks::result& r) {
  const std::vector<listed_strategy> all = list_strategies();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const listed_strategy& s) { return s.name == r.strategy; });
  return found == all.end() ? listed_strategy{.name = r.strategy, .description = {}} : *found;
}

std::string covered(const checks::result& r) {
  if (r.complete) return "complete, ";
  if (r.failed_as_expected) return "up to the expected failure, ";
  if (r.outcome != checks::verdict::pass) return "not complete, ";
  if (!r.space.empty()) return "its part, ";
  return r.preemptions ? "all within the bound, " : "sampled, ";
}

}  // namespace

std::string mean_in_words(const checks::expected_executions& e) { return "about " + whole(e.mean); }

std::string range_in_words(const checks::expected_executions& e) {
  return e.high > e.low ? " (" + whole(e.low) + " to " + whole(e.high) + ")" : "";
}

std::string in_words(const checks::result& r) {
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.2f s", r.seconds);
  std::string text = checks::to_string(r.outcome) + "  " + r.scenario + "  " + r.cache + ", " + r.strategy;
  if (r.preemptions) text += " <= " + std::to_string(*r.preemptions) + " preemptions";
  text += ": " + covered(r) + std::to_string(r.executions) + (r.executions == 1 ? " execution" : " executions");
  if (r.expected) text += " of " + mean_in_words(*r.expected) + range_in_words(*r.expected);
  const listed_strategy strategy = strategy_of(r);
  const char* const not_counted = strategy.measures_first ? " measuring)" : " redundant)";
  if (r.redundant != 0) text += " (and " + std::to_string(r.redundant) + not_counted;
  text += std::string(", ") + seconds + "; " + r.scope;
  // That a cache must fail is no assertion of the scenario's author: the reader wants to see it.
  if (strategy.obstruction_freedom && r.expected_failure) text += ", shown by: " + as_typed(r.expected_failure->replay);
  return text;
}

void print_summary(const checks::report& r) {
  std::size_t passed = 0;
  for (const auto& one : r.results) passed += one.outcome == checks::verdict::pass;
  std::cout << checks::to_string(r.outcome()) << ": " << passed << " of " << r.results.size() << " passed\n";
  for (const auto& one : r.results) {
    if (one.found && !one.found->replay.empty()) std::cout << one.found->replay << "\n";
  }
}

}  // namespace triecheck::tools
