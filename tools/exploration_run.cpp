#include "tools/exploration_run.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "checks/process/interrupts.h"
#include "checks/verify/explore.h"
#include "checks/verify/known_counts.h"
#include "tools/commands.h"
#include "tools/failure_folder.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/program_name.h"
#include "tools/progress_line.h"
#include "tools/results_text.h"
#include "tools/space_workers.h"

namespace triecheck::tools {
namespace {

using seconds = std::chrono::duration<double>;

// Executions of a look, some hundredths of a second, and of a search that is short, some tenths.
constexpr std::uint64_t first_executions = 64;
constexpr std::uint64_t short_search = 4096;

// What is worth starting a process for.
constexpr seconds shortest_slice(0.05);

std::string time_left(double left) {
  char text[40];
  std::snprintf(text, sizeof text,
                left < 100    ? ", %.0f s left"
                : left < 6000 ? ", %.0f min left"
                              : ", %.1f h left",
                left < 100    ? left
                : left < 6000 ? left / 60
                              : left / 3600);
  return text;
}

std::vector<progress_part> how_far(const explore::exploration_status& s) {
  char rate[40];
  std::snprintf(rate, sizeof rate, ", %.0f/s", s.executions_per_second);
  std::vector<progress_part> parts = {{": " + std::to_string(s.executions), 0}};
  if (s.expected) {
    const checks::expected_executions e{s.expected->executions, s.expected->low, s.expected->high};
    parts.push_back({" of " + mean_in_words(e), 1});
    parts.push_back({range_in_words(e), 4});
  }
  parts.push_back({" executions", 2});
  parts.push_back({rate, 3});
  if (s.expected && s.executions_per_second > 0) {
    const double rest = std::max(0.0, s.expected->executions - static_cast<double>(s.executions));
    parts.push_back({time_left(rest / s.executions_per_second), 1});
  }
  return parts;
}

// What a person needs to understand a failure: the story, and what was violated.
void print_failure(const explore::explored& e) {
  const checks::failure& f = *e.outcome.found;
  std::cout << e.interleaving << "  " << f.kind << ": " << f.message << "\n";
  if (!f.file.empty()) std::cout << "  stored in " << f.file << "\n";
}

class exploration_run {
 public:
  exploration_run(const explore_arguments& a, exploration_plan p, checkpoint from)
      : arguments_(a),
        plan_(std::move(p)),
        checkpoint_(std::move(from)),
        file_(!a.checkpoint.empty() ? a.checkpoint : a.resume),
        failures_(a.failures),
        talk_(a.json != "-" && a.junit != "-"),
        budget_(a.budget.empty() ? std::nullopt : std::optional(parse_time("--budget", a.budget))) {
    plan_.options.jobs = static_cast<unsigned>(a.jobs);
    plan_.options.patience = patience_of(a.patience);
    checkpoint_.spaces.resize(plan_.spaces.size());
    for (std::size_t i = 0; i < plan_.spaces.size(); ++i) {
      spaces_.push_back({.number = i, .last = {}});
      if (!checkpoint_.spaces[i].result) continue;
      spaces_.back().last.outcome = *checkpoint_.spaces[i].result;
      spaces_.back().done = true;
    }
    if (!file_.empty()) {
      checkpoint_.plan = to_json(plan_);
      checkpoint_.finished = false;
      save_checkpoint(file_, checkpoint_);  // from here on there is one, whenever the process dies
    }
  }

  checks::verdict run() {
    if (arguments_.estimate) {
      for (space& s : spaces_) estimate(s);
    } else if (budget_) {
      share_budget();
    } else {
      if (begins_shortly()) look_everywhere();
      explore_the_rest();
    }
    for (space& s : spaces_) end_without_slice(s);
    return finish();
  }

 private:
  struct space {
    std::size_t number;      // in the plan
    explore::explored last;  // what the last slice found
    unsigned slices = 0;
    bool done = false;  // `last` is the result
    bool reported = false;
  };

  const named_scenario& scenario_of(const space& s) const { return plan_.scenarios[plan_.spaces[s.number].scenario]; }

  explore::explore_options options_of(const space& s) const {
    explore::explore_options o = plan_.options;
    o.cache = plan_.spaces[s.number].cache;
    return o;
  }

  // Only where nobody said how to search.
  bool begins_shortly() const {
    const explore::explore_options& o = plan_.options;
    return o.heed_bounds && explore::known_strategy(o.strategy).walks_whole_tree() && o.executions == 0 && !o.shard;
  }

  // A red run is red early: most violations are among the executions with the fewest preemptions. Before any space is
  // searched at length:
  //  1. Of each the first executions with at most one preemption are run.
  //  2. All are searched shortly. Most end within that.
  //  3. Of the others the executions with at most one preemption are run, for a second.
  // A search at length begins anew: what was run before it is not counted.
  void look_everywhere() {
    std::vector<search> first, second, third;
    for (space& s : spaces_) {
      const bool has_schedule = scenario_of(s).program.failure.has_value();  // which the search runs first
      if (!has_schedule) first.push_back({&s, few_preemptions_of(s, first_executions, std::nullopt)});
      second.push_back({&s, options_of(s)});
      second.back().options.executions = short_search;
      third.push_back({&s, few_preemptions_of(s, 0, seconds(1))});
    }
    for (const auto& looks : {first, second, third}) look(looks);
  }

  explore::explore_options few_preemptions_of(const space& s, std::uint64_t executions,
                                              std::optional<seconds> budget) const {
    explore::explore_options o = options_of(s);
    o.strategy = "bounded";
    o.heed_bounds = false;
    o.preemptions = 1;
    o.executions = executions;
    o.budget = budget;
    return o;
  }

  // How a space is searched.
  struct search {
    space* of;
    explore::explore_options options;
  };

  void look(const std::vector<search>& looks) {
    std::vector<search> left;
    for (const search& l : looks) {
      const bool began = !checkpoint_.spaces[l.of->number].state.is_null();  // in an earlier process
      if (!l.of->done && !began) left.push_back(l);
    }
    if (arguments_.jobs > 1 && left.size() > 1) {
      search_at_once(left, [&](const search& l, explore::explored e) { looked(l, std::move(e)); });
      return;
    }
    for (const search& l : left) {
      if (checks::interrupted()) return;
      const named_scenario& scenario = scenario_of(*l.of);
      const auto tick = [&](const explore::exploration_status& now) { show_progress(*l.of, now); };
      try {
        looked(l, explore::explore_scenario(scenario.program, scenario.place, l.options, tick));
      } catch (const checks::interruption&) {
        return;
      }
    }
  }

  // What ends in a look is the result; that nothing was found within a bound is none.
  void looked(const search& l, explore::explored e) {
    const checks::result& r = e.outcome;
    const bool found = r.failed_as_expected || (r.found && !r.found->schedule.empty());
    if (checks::interrupted()) ++l.of->slices;  // what it came to is the result
    const bool is_bounded = explore::known_strategy(l.options.strategy).counts_preemptions;
    if (!found && !checks::interrupted() && (r.outcome == checks::verdict::incomplete || is_bounded)) return;
    l.of->last = std::move(e);
    end(*l.of);
  }

  // Each space whole in a process, as long as there are as many spaces as processes; what is stored on the way is
  // stored by this one.
  void explore_the_rest() {
    std::vector<search> left;
    for (space& s : spaces_) {
      if (!s.done) left.push_back({&s, options_of(s)});
    }
    if (arguments_.jobs > 1 && left.size() >= arguments_.jobs && file_.empty() && !plan_.options.shard) {
      search_at_once(left, [&](const search& l, explore::explored e) {
        ++l.of->slices;
        l.of->last = std::move(e);
        end(*l.of);
      });
      return;
    }
    for (const search& l : left) explore(*l.of, std::nullopt);
  }

  // In as many processes as there are jobs; `ended` hears of each. After an interrupt those that ran are incomplete.
  template <class Ended>
  void search_at_once(const std::vector<search>& all, Ended ended) {
    std::map<std::size_t, explore::exploration_status> running;  // by place in `all`
    const auto explore_one = [&](std::size_t i, const space_tick& tick) {
      const named_scenario& scenario = scenario_of(*all[i].of);
      explore::explore_options o = all[i].options;
      o.jobs = 1;
      return explore::explore_scenario(scenario.program, scenario.place, o, tick);
    };
    const space_listener listener = {.tick =
                                         [&](std::size_t i, const explore::exploration_status& now) {
                                           running[i] = now;
                                           show_progress(*all[i].of, now);
                                         },
                                     .ended =
                                         [&](std::size_t i, explore::explored e) {
                                           running.erase(i);
                                           ended(all[i], std::move(e));
                                         }};
    try {
      explore_at_once(all.size(), static_cast<std::size_t>(arguments_.jobs), explore_one, listener);
    } catch (const checks::interruption&) {
      for (const auto& [i, so_far] : running) {
        ++all[i].of->slices;
        all[i].of->last = interrupted_result(*all[i].of, so_far);
      }
      line_.clear();
    }
  }

  seconds remaining() const { return *budget_ - (std::chrono::steady_clock::now() - started_); }

  // Rounds of slices, each of twice the time of the one before.
  void share_budget() {
    const auto spaces = static_cast<double>(std::max<std::size_t>(1, spaces_.size()));
    seconds slice = std::max(shortest_slice, *budget_ / (8.0 * spaces));
    for (;; slice *= 2) {
      std::vector<space*> left;
      for (space& s : spaces_) {
        if (!s.done) left.push_back(&s);
      }
      if (left.empty()) return;
      std::stable_sort(left.begin(), left.end(),
                       [](const space* a, const space* b) { return expected_rest(*a) < expected_rest(*b); });
      for (space* s : left) {
        const seconds rest = remaining();
        if (rest <= seconds(0) || checks::interrupted()) return;
        explore(*s, left.size() == 1 ? rest : std::min(slice, rest));
      }
    }
  }

  // In seconds, by what the slices so far saw; infinite where nobody knows.
  static double expected_rest(const space& s) {
    const checks::result& r = s.last.outcome;
    if (!r.expected || r.executions == 0) return s.slices == 0 ? 0 : std::numeric_limits<double>::infinity();
    const auto executions = static_cast<double>(r.executions);
    return std::max(0.0, r.expected->mean - executions) * r.seconds / executions;
  }

  void explore(space& s, std::optional<seconds> slice) {
    if (s.done || checks::interrupted()) return;
    const named_scenario& scenario = scenario_of(s);
    explore::explore_options o = options_of(s);
    o.budget = slice;
    const nlohmann::json before = checkpoint_.spaces[s.number].state;
    if (!before.is_null()) o.resume = &before;
    // In pieces, which a state needs, a small space may take more executions: not in its first slice. A strategy that
    // knows no pieces begins anew in each.
    const bool goes_on = explore::known_strategy(o.strategy).takes("--checkpoint");
    if (!file_.empty() || (slice && s.slices != 0 && goes_on)) {
      o.save = [&](const nlohmann::json& state) {
        checkpoint_.spaces[s.number].state = state;
        if (!file_.empty()) save_checkpoint(file_, checkpoint_);
      };
    }
    ++s.slices;
    explore::exploration_status so_far;
    try {
      const auto tick = [&](const explore::exploration_status& now) {
        so_far = now;
        show_progress(s, now);
      };
      s.last = explore::explore_scenario(scenario.program, scenario.place, o, tick);
    } catch (const checks::interruption&) {
      s.last = interrupted_result(s, so_far);
      line_.clear();
      return;
    } catch (const explore::restore_error& wrong) {
      throw usage_error(arguments_.resume + ": this checkpoint is damaged (" + wrong.what() + ")");
    }
    if (slice && s.last.out_of_budget) return;
    end(s);
  }

  void show_progress(const space& s, const explore::exploration_status& now) {
    if (!line_.due()) return;
    const std::size_t place = budget_ ? done_ : s.number + 1;
    std::vector<progress_part> parts = {
        {"[" + std::to_string(place) + "/" + std::to_string(spaces_.size()) + (budget_ ? " done] " : "] "), 0},
        {scenario_of(s).program.name, 0},
        {", " + plan_.spaces[s.number].cache, 1}};
    for (progress_part& p : how_far(now)) parts.push_back(std::move(p));
    line_.show(parts);
  }

  // `last` is the result of the space.
  void end(space& s) {
    s.done = true;
    line_.clear();
    failures_.store(scenario_of(s).program, options_of(s), s.last.outcome);
    if (s.last.outcome.found) report(s);
    report_finished();
    // What somebody killed is not finished: its state stays.
    const bool killed = s.last.outcome.found && s.last.outcome.found->kind == "killed";
    if (file_.empty() || killed || s.last.outcome.outcome == checks::verdict::incomplete) return;
    checkpoint_.spaces[s.number] = {.result = s.last.outcome, .state = nullptr};
    save_checkpoint(file_, checkpoint_);
  }

  // The budget or an interrupt ended the run before the space.
  void end_without_slice(space& s) {
    if (s.done) return;
    if (s.slices == 0) {
      s.last = checks::interrupted() ? interrupted_result(s, {}) : unfinished(s, "not begun; stopped by its budget");
    }
    end(s);
  }

  explore::explored unfinished(const space& s, const std::string& scope) const {
    const explore::explore_options o = options_of(s);
    return {.outcome = {.scenario = scenario_of(s).program.name,
                        .cache = o.cache,
                        .strategy = o.strategy,
                        .outcome = checks::verdict::incomplete,
                        .scope = scope},
            .interleaving = {}};
  }

  explore::explored interrupted_result(const space& s, const explore::exploration_status& so_far) const {
    explore::explored e = unfinished(s, "interrupted");
    e.outcome.executions = so_far.executions;
    e.outcome.seconds = so_far.seconds;
    if (const auto& x = so_far.expected) e.outcome.expected = {x->executions, x->low, x->high};
    return e;
  }

  void estimate(space& s) {
    if (checks::interrupted()) return;
    std::optional<explore::estimate> expected;
    try {
      expected = explore::estimate_scenario(scenario_of(s).program, options_of(s), budget_.value_or(seconds(5)));
    } catch (const checks::interruption&) {
      return;
    }
    s.last = unfinished(
        s, expected ? "an estimate from the parts of the space that ended in its time"
                    : "no estimate: the program fails on the way, or too few parts of the space end in its time");
    if (expected) s.last.outcome.expected = {expected->executions, expected->low, expected->high};
    s.done = true;
    report_finished();
  }

  // In the order of the plan: what ended before an earlier space waits for that one. What failed does not wait.
  void report_finished() {
    const auto is_done = [](const space& s) { return s.done; };
    done_ = static_cast<std::size_t>(std::count_if(spaces_.begin(), spaces_.end(), is_done));
    for (; reported_ < spaces_.size() && spaces_[reported_].done; ++reported_) report(spaces_[reported_]);
  }

  void report(space& s) {
    if (std::exchange(s.reported, true) || !talk_) return;
    std::cout << in_words(s.last.outcome) << std::endl;
    if (s.last.outcome.found) print_failure(s.last);
  }

  checks::verdict finish() {
    report_finished();  // what an earlier process finished
    checks::report report{.command = plan_.command,
                          .results = {},
                          .shard = plan_.options.shard,
                          .build = plan_.options.shard ? this_build() : ""};
    for (const space& s : spaces_) report.results.push_back(s.last.outcome);
    const bool all = std::all_of(checkpoint_.spaces.begin(), checkpoint_.spaces.end(),
                                 [](const checkpoint::space& s) { return s.result.has_value(); });
    if (!file_.empty() && all) {
      checkpoint_.finished = true;
      save_checkpoint(file_, checkpoint_);
    }
    report = as_typed(std::move(report));
    if (talk_) {
      print_what_was_not_explored();
      print_summary(report);
    }
    if (checks::interrupted()) {
      const std::string resume = as_typed("triecheck explore --resume " + shell_word(file_));
      std::cerr << "triecheck: interrupted" << (file_.empty() ? "" : "; " + resume + " goes on") << std::endl;
    }
    if (!arguments_.counts.empty()) write_counts(report);
    if (!arguments_.junit.empty()) write_text(arguments_.junit, checks::to_junit(report, "explore"));
    if (!arguments_.json.empty()) write_json(arguments_.json, json_of(report));
    return report.outcome();
  }

  // Of what failed, as it must, the first failure ended the search: that is no number of the space.
  void write_counts(const checks::report& report) const {
    explore::execution_counts counts;
    for (const checks::result& r : report.results) {
      if (r.outcome == checks::verdict::pass && !r.expects_failure) counts[r.scenario][r.cache] = r.executions;
    }
    try {
      explore::update_counts(arguments_.counts, counts);
    } catch (const std::runtime_error& wrong) {
      throw usage_error(wrong.what());
    }
  }

  void print_what_was_not_explored() const {
    for (const std::string& text : in_words(plan_.left_out)) std::cout << text << "\n";
    if (plan_.not_asked_for.empty() || plan_.spaces.empty()) return;
    std::cout << "explored under " << plan_.spaces.front().cache << " alone; --cache all adds ";
    const std::vector<std::string>& others = plan_.not_asked_for;
    for (const std::string& cache : others) std::cout << (cache == others.front() ? "" : ", ") << cache;
    std::cout << "\n";
  }

  nlohmann::ordered_json json_of(const checks::report& report) const {
    nlohmann::ordered_json j(checks::to_json(report));
    j["left_out"] = nlohmann::ordered_json::array();
    for (const left_out_space& s : plan_.left_out) {
      j["left_out"].push_back({{"scenario", s.scenario}, {"cache", s.cache}, {"needs", s.needs}});
    }
    j["not_asked_for"] = plan_.not_asked_for;
    return j;
  }

  const explore_arguments& arguments_;
  exploration_plan plan_;
  checkpoint checkpoint_;
  const std::string file_;  // of the checkpoint; empty for none
  failure_folder failures_;
  const bool talk_;
  const std::optional<seconds> budget_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  progress_line line_;
  std::vector<space> spaces_;
  std::size_t done_ = 0;
  std::size_t reported_ = 0;
};

}  // namespace

checks::verdict run_exploration(const explore_arguments& a, exploration_plan p, checkpoint from) {
  return exploration_run(a, std::move(p), std::move(from)).run();
}

}  // namespace triecheck::tools
