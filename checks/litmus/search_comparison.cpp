#include "checks/litmus/search_comparison.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "checks/verify/explore.h"

namespace triecheck::litmus {

using explore::run_options;
using explore::run_outcome;
using nlohmann::json;

namespace {

class stopwatch {
 public:
  std::chrono::duration<double> passed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

explore::explore_options ask_for(const std::string& search, const comparison_options& o) {
  explore::explore_options asked;
  asked.strategy = search == "not-reduced" ? "exhaustive" : search;
  asked.reduction = search != "not-reduced";
  asked.preemptions = o.preemptions;
  asked.depth = o.depth;
  asked.budget = o.limit;
  asked.executions = is_seeded(search) ? o.most_executions : 0;
  return asked;
}

/// Runs a program of the catalogue as `explore_scenario` runs a scenario.
run_outcome run_here(const known_program& p, const explore::explore_options& asked, explore::progress& shared) {
  const auto program = p.make();
  const explore::strategy_row& strategy = explore::known_strategy(asked.strategy);
  const explore::preemption_range bound{.fewest = 0, .most = asked.preemptions};
  const auto chooser = strategy.make(asked, {.bound = bound, .count = asked.executions});
  const stopwatch since;
  return explore::run(*program, *chooser,
                      {.by = strategy.by,
                       .bounds = {.stale_depth = asked.stale_depth},
                       .context_bound = asked.preemptions,
                       .executions = asked.executions,
                       .first_iteration = asked.seed,
                       .out_of_time = [&](const explore::run_tally&) { return since.passed() > *asked.budget; }},
                      shared);
}

measurement measure(const known_program& p, const explore::explore_options& asked) {
  const auto body = [&](explore::progress& shared) {
    const stopwatch since;
    const run_outcome o = run_here(p, asked, shared);
    return json({{"executions", o.executions + o.redundant},
                 {"seconds", since.passed().count()},
                 {"complete", o.complete},
                 {"failed", o.found ? o.found->kind : ""},
                 {"error", o.error}})
        .dump();
  };
  const explore::isolated_run child = explore::run_isolated(body, asked.patience);
  if (child.answer.empty()) return {.executions = child.executions, .message = child.error};
  const json j = json::parse(child.answer);
  measurement m{.how = measurement::end::stopped, .executions = j["executions"], .seconds = j["seconds"]};
  if (const std::string error = j["error"]; !error.empty()) {
    m.how = measurement::end::broken;
    m.message = error;
  } else if (const std::string kind = j["failed"]; !kind.empty()) {
    m.how = measurement::end::failed;
    m.message = kind;
  } else if (j["complete"]) {
    m.how = measurement::end::complete;
  }
  return m;
}

measurement measure(const checks::scenario& s, const explore::explore_options& asked) {
  const checks::result r = explore::explore_scenario(s, s.name, asked).outcome;
  measurement m{.executions = r.executions + r.redundant, .seconds = r.seconds};
  switch (r.outcome) {
    case checks::verdict::pass:
      m.how = measurement::end::complete;
      break;
    case checks::verdict::incomplete:
      m.how = measurement::end::stopped;
      break;
    case checks::verdict::fail:
      m.how = measurement::end::failed;
      break;
    case checks::verdict::error:
      m.how = measurement::end::broken;
      break;
  }
  if (r.found) m.message = m.how == measurement::end::failed ? r.found->kind : r.found->message;
  return m;
}

template <class Program>
void measure_all(compared_program& row, const Program& p, const comparison_options& o, const told& tell) {
  for (const char* search : searches) {
    if (tell) tell(search);
    row.by[search] = measure(p, ask_for(search, o));
  }
}

}  // namespace

bool is_seeded(const std::string& search) {
  return std::find(seeded_searches.begin(), seeded_searches.end(), search) != seeded_searches.end();
}

std::string to_string(measurement::end e) {
  switch (e) {
    case measurement::end::complete:
      return "complete";
    case measurement::end::failed:
      return "failed";
    case measurement::end::stopped:
      return "stopped";
    case measurement::end::broken:
      break;
  }
  return "broken";
}

std::optional<double> compared_program::reduction() const {
  const auto ours = by.find("exhaustive");
  const auto relacys = by.find("relacy-full");
  if (ours == by.end() || relacys == by.end()) return std::nullopt;
  constexpr auto complete = measurement::end::complete;
  if (ours->second.how != complete || relacys->second.how != complete) return std::nullopt;
  return static_cast<double>(relacys->second.executions) / static_cast<double>(ours->second.executions);
}

std::optional<std::uint64_t> compared_fault::median(const std::string& search) const {
  const auto found = seeded.find(search);
  if (found == seeded.end() || found->second.empty()) return std::nullopt;
  std::vector<std::uint64_t> needed;
  for (const measurement& m : found->second) {
    if (m.how == measurement::end::failed) needed.push_back(m.executions);
  }
  // A run without a failure would have needed more than any other.
  const std::size_t middle = found->second.size() / 2;
  if (middle >= needed.size()) return std::nullopt;
  std::sort(needed.begin(), needed.end());
  return needed[middle];
}

std::uint64_t compared_fault::median_at_least(const std::string& search) const {
  std::vector<std::uint64_t> executions;
  for (const measurement& m : seeded.at(search)) executions.push_back(m.executions);
  std::sort(executions.begin(), executions.end());
  return executions.empty() ? 0 : executions[executions.size() / 2];
}

compared_program compare(const known_program& p, const comparison_options& o, const told& tell) {
  compared_program row{.name = p.name, .scenario = false, .threads = p.threads, .by = {}};
  measure_all(row, p, o, tell);
  return row;
}

compared_program compare(const checks::scenario& s, const comparison_options& o, const told& tell) {
  compared_program row{.name = s.name, .scenario = true, .threads = static_cast<unsigned>(s.threads.size()), .by = {}};
  measure_all(row, s, o, tell);
  return row;
}

compared_fault compare(const explore::fault& f, const checks::scenario& s, const comparison_options& o,
                       const told& tell) {
  compared_fault row;
  row.name = f.name;
  row.scenario = f.scenario;
  row.threads = static_cast<unsigned>(s.threads.size());
  for (const char* search : unseeded_searches) {
    if (tell) tell(search);
    auto asked = ask_for(search, o);
    asked.fault = f.name;
    row.first_failure[search] = measure(s, asked);
  }
  for (const char* search : seeded_searches) {
    for (std::uint64_t i = 0; i < o.seeds; ++i) {
      if (tell) tell(search + (" " + std::to_string(i + 1)));
      auto asked = ask_for(search, o);
      asked.fault = f.name;
      // The seeds of Relacy's random search are the numbers of its executions: runs must not share any.
      const bool relacy = explore::known_strategy(search).by != explore::search::guided;
      asked.seed = relacy ? 1 + i * o.most_executions : 1 + i;
      row.seeded[search].push_back(measure(s, asked));
    }
  }
  return row;
}

mean_reduction mean_of(const std::vector<compared_program>& programs, unsigned threads) {
  mean_reduction mean;
  double sum = 0;
  for (const compared_program& p : programs) {
    const std::optional<double> r = p.reduction();
    if (!r || (threads != 0 && p.threads != threads)) continue;
    sum += std::log(*r);
    ++mean.programs;
  }
  if (mean.programs != 0) mean.geometric_mean = std::exp(sum / static_cast<double>(mean.programs));
  return mean;
}

}  // namespace triecheck::litmus
