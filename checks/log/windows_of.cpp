// Where a log is cut, and what the cache held there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checks/log/window.h"

namespace triecheck::checks {

std::vector<std::size_t> complete_events(const logged_run& run) {
  const std::uint64_t from = run.complete_from_ns();
  // What ends too late is left out, and so is what it overlaps: the effect of the one may show in the other.
  std::uint64_t bound = run.complete_until_ns == UINT64_MAX ? UINT64_MAX : run.complete_until_ns + 1;
  for (bool changed = true; changed;) {
    changed = false;
    for (const logged_event& e : run.events) {
      if (e.end_ns < bound || e.begin_ns >= bound) continue;
      bound = e.begin_ns;
      changed = true;
    }
  }
  std::vector<std::size_t> events;
  for (std::size_t i = 0; i < run.events.size(); ++i) {
    if (run.events[i].begin_ns >= from && run.events[i].end_ns < bound) events.push_back(i);
  }
  return events;
}

std::vector<log_window> windows_of(const logged_run& run, const std::vector<std::size_t>& events, std::size_t least) {
  std::vector<log_window> windows;
  std::uint64_t latest_end = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const logged_event& e = run.events[events[i]];
    if (i - begin >= least && latest_end < e.begin_ns) {
      windows.push_back({begin, i});
      begin = i;
    }
    latest_end = std::max(latest_end, e.end_ns);
  }
  if (begin != events.size()) windows.push_back({begin, events.size()});
  return windows;
}

run_state state_before(const logged_run& run, const std::vector<std::size_t>& events, std::size_t end,
                       path_table& paths) {
  run_state s(run, run.lost.empty());
  std::vector<std::size_t> order(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(end));
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return run.events[a].end_ns < run.events[b].end_ns; });
  for (const std::size_t i : order) s.apply(run.events[i], paths);
  return s;
}

}  // namespace triecheck::checks
