#include "checks/log/cut.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "checks/log/holds.h"
#include "checks/log/run_state.h"
#include "checks/log/scenario_author.h"
#include "checks/log/window.h"
#include "checks/scenario/print.h"

namespace triecheck::checks {
namespace {

using model::operation_kind;

// Which events of the log a window is cut with, and from which place on.
struct chosen_part {
  window_request wanted;
  std::size_t begin = 0;
};

bool has_lease(const logged_event& e) {
  return e.op.kind != operation_kind::evict && e.op.kind != operation_kind::clear;
}

bool names_page(const logged_event& e, model::page p) {
  return std::find(e.observed.pages.begin(), e.observed.pages.end(), p) != e.observed.pages.end();
}

// The leases that the contradiction is about, and those that had the page between.
std::set<model::lease> concerned(const logged_run& run, const held_twice& h) {
  std::set<model::lease> leases;
  for (std::size_t i = std::min(h.first, h.second); i <= std::max(h.first, h.second); ++i) {
    const logged_event& e = run.events[i];
    if (!has_lease(e) || (i != h.first && i != h.second && !names_page(e, h.page))) continue;
    leases.insert(e.op.subject);
    if (e.op.kind == operation_kind::fork) leases.insert(e.op.forked);
  }
  return leases;
}

chosen_part choose(const logged_run& run, const std::vector<std::size_t>& events,
                   const std::vector<log_window>& windows, std::size_t number) {
  const log_window& window = windows[number - 1];
  chosen_part part;
  part.wanted.is_judged = false;
  part.begin = window.begin;
  const auto place_of = [&](std::size_t event) {
    return static_cast<std::size_t>(std::lower_bound(events.begin(), events.end(), event) - events.begin());
  };
  const std::vector<held_twice> found = run.unlogged != 0 ? std::vector<held_twice>{} : find_held_twice(run, events);
  const auto shown = std::find_if(found.begin(), found.end(), [&](const held_twice& h) {
    return place_of(h.second) >= window.begin && place_of(h.second) < window.end;
  });
  if (shown == found.end()) {
    part.wanted.events.assign(events.begin() + static_cast<std::ptrdiff_t>(window.begin),
                              events.begin() + static_cast<std::ptrdiff_t>(window.end));
    return part;
  }
  const std::size_t earliest = std::min(place_of(shown->first), place_of(shown->second));
  const auto first =
      std::find_if(windows.begin(), windows.end(), [&](const log_window& w) { return earliest < w.end; });
  part.begin = first->begin;
  const std::set<model::lease> leases = concerned(run, *shown);
  for (std::size_t at = part.begin; at < window.end; ++at) {
    const logged_event& e = run.events[events[at]];
    const bool is_theirs = has_lease(e) && leases.contains(e.op.subject);
    if (is_theirs)
      part.wanted.events.push_back(events[at]);
    else if (has_lease(e))
      part.wanted.dropped.insert(e.op.subject);
  }
  return part;
}

}  // namespace

cut_scenario cut_window(const logged_run& run, std::size_t number, std::size_t window_operations) {
  const std::vector<std::size_t> events = complete_events(run);
  const std::vector<log_window> windows = windows_of(run, events, window_operations);
  if (number == 0 || number > windows.size()) {
    throw cut_error("there is no window " + std::to_string(number) + " (the log has " + std::to_string(windows.size()) +
                    ")");
  }
  const chosen_part part = choose(run, events, windows, number);
  path_table paths;
  const run_state start = state_before(run, events, part.begin, paths);
  const window_history h = history_of(run, start, part.wanted, paths);

  cut_scenario cut;
  cut.program = scenario_of(run, h);
  cut.first_line = SIZE_MAX;
  for (const std::size_t i : part.wanted.events) {
    cut.first_line = std::min(cut.first_line, run.events[i].line);
    cut.last_line = std::max(cut.last_line, run.events[i].line);
  }
  cut.operations = h.events.size();
  cut.left_out = h.left_out;
  cut.program.title =
      "Window " + std::to_string(number) + " of an operation log: " + std::to_string(cut.operations) + " operations";
  cut.text = print_scenario(cut.program);
  return cut;
}

}  // namespace triecheck::checks
