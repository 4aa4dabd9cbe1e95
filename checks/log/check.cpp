#include "checks/log/check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "checks/log/holds.h"
#include "checks/log/run_state.h"
#include "checks/process/interrupts.h"
#include "model/linearizability.h"

namespace triecheck::checks {
namespace {

enum class judgement { accepted, rejected, unknown };

struct judged_history {
  judgement verdict = judgement::unknown;
  window_history history;
  std::string reason;
  bool is_built = true;  // what the log shows at the beginning is a state of a cache
};

class judge {
 public:
  judge(const logged_run& run, const log_check_options& options)
      : run_(run),
        options_(options),
        events_(complete_events(run)),
        windows_(windows_of(run, events_, options.window_operations)) {}

  log_check run(const std::function<void(std::size_t, std::size_t)>& tell) {
    out_.operations = events_.size();
    out_.ignored = run_.events.size() - events_.size();
    out_.windows = windows_.size();
    state_limits();
    find_held_twice();
    run_state now(run_, is_complete());
    for (std::size_t w = 0; w < windows_.size() && !interrupted(); ++w) {
      if (tell) tell(w, windows_.size());
      judge_window(w, now);
      follow(now, windows_[w]);
      ++out_.judged;
    }
    std::stable_sort(out_.findings.begin(), out_.findings.end(),
                     [](const log_finding& a, const log_finding& b) { return a.window < b.window; });
    const bool certain =
        out_.undecided.empty() && out_.limits.empty() && out_.judged == out_.windows && out_.operations != 0;
    out_.outcome = !out_.findings.empty() ? verdict::fail : certain ? verdict::pass : verdict::incomplete;
    return std::move(out_);
  }

 private:
  bool is_complete() const { return run_.lost.empty(); }

  void state_limits() {
    if (run_.events.empty()) out_.limits.push_back("the log has no operation");
    std::uint64_t lost = 0;
    for (const auto& [thread, count] : run_.lost) lost += count;
    if (lost != 0)
      out_.limits.push_back(std::to_string(lost) + " operations were lost before " +
                            std::to_string(run_.complete_from_ns()) + " ns: what the cache held then is not known");
    if (run_.unlogged != 0)
      out_.limits.push_back(std::to_string(run_.unlogged) +
                            " operations are not in the log: threads without an index, or without memory");
  }

  void find_held_twice() {
    for (held_twice& h : checks::find_held_twice(run_, events_)) {
      // A release that is not in the log could explain it.
      if (run_.unlogged != 0) {
        out_.undecided.push_back(
            {window_of(h.second), h.message + ", unless an operation that is not in the log gave it up"});
        continue;
      }
      out_.findings.push_back({"page-ownership", std::move(h.message), window_of(h.second), run_.events[h.second].line,
                               run_.events[h.first].line});
    }
  }

  std::size_t window_of(std::size_t event) const {
    const std::size_t at =
        static_cast<std::size_t>(std::lower_bound(events_.begin(), events_.end(), event) - events_.begin());
    const auto found = std::find_if(windows_.begin(), windows_.end(), [&](const log_window& w) { return at < w.end; });
    return static_cast<std::size_t>(found - windows_.begin()) + 1;
  }

  void follow(run_state& s, const log_window& w) {
    std::vector<std::size_t> order(events_.begin() + static_cast<std::ptrdiff_t>(w.begin),
                                   events_.begin() + static_cast<std::ptrdiff_t>(w.end));
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return run_.events[a].end_ns < run_.events[b].end_ns; });
    for (const std::size_t i : order) s.apply(run_.events[i], paths_);
  }

  judged_history judge_events(std::size_t begin, std::size_t end, const run_state& start) {
    judged_history j;
    const window_request wanted{
        {events_.begin() + static_cast<std::ptrdiff_t>(begin), events_.begin() + static_cast<std::ptrdiff_t>(end)}};
    j.history = history_of(run_, start, wanted, paths_);
    std::vector<model::event> all = j.history.before;
    all.insert(all.end(), j.history.events.begin(), j.history.events.end());
    const model::linearization l =
        model::check(j.history.config, all, nullptr,
                     {.limit_states = after_violation_ == 0 ? options_.limit_states : options_.limit_states / 20,
                      .tell_order = false,
                      .rule = options_.rule});
    j.verdict = l.verdict == model::linearizable::yes  ? judgement::accepted
                : l.verdict == model::linearizable::no ? judgement::rejected
                                                       : judgement::unknown;
    j.reason = with_ids(l.reason, j.history);
    // After a violation the log may show a state that no cache has: then it is not the window that no order explains.
    if (j.verdict == judgement::rejected &&
        model::check(j.history.config, j.history.before).verdict != model::linearizable::yes) {
      j.is_built = false;
    }
    return j;
  }

  // The reason names leases by "#number" and, in a large pool, pages by their numbers in the history.
  std::string with_ids(const std::string& text, const window_history& h) const {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      result += text[i];
      if (text[i] != '#') continue;
      std::size_t end = i + 1;
      while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
      if (end == i + 1) continue;
      const auto number = static_cast<std::size_t>(std::stoull(text.substr(i + 1, end - i - 1)));
      result += number < run_.lease_ids.size() ? std::to_string(run_.lease_ids[number]) : "?";
      i = end - 1;
    }
    return h.page_names.size() == run_.pages ? result : result + " (pages are numbered anew)";
  }

  void judge_window(std::size_t w, const run_state& start) {
    const log_window& window = windows_[w];
    if (window.size() > options_.most_operations) {
      out_.undecided.push_back({w + 1, "it has " + std::to_string(window.size()) +
                                           " operations, and no moment between them at which none ran"});
      return;
    }
    judged_history j = judge_events(window.begin, window.end, start);
    std::size_t first = w;
    for (std::size_t step = 1; j.verdict != judgement::accepted && j.history.chose && first > after_violation_;
         step *= 2) {
      const std::size_t earlier = std::max(first - std::min(first, step), after_violation_);
      if (window.end - windows_[earlier].begin > options_.most_operations) break;
      first = earlier;
      j = judge_events(windows_[first].begin, window.end, state_before(run_, events_, windows_[first].begin, paths_));
    }
    if (j.verdict == judgement::rejected && !j.is_built) {
      out_.undecided.push_back({w + 1, "what the log shows before it is no state of a cache"});
      return;
    }
    if (j.verdict == judgement::rejected) return reject(w, j);
    if (j.verdict == judgement::unknown) {
      out_.undecided.push_back({w + 1, "the search for an order gave up"});
    } else if (!j.history.left_out.empty()) {
      std::string why = "it does not judge ";
      for (const std::string& what : j.history.left_out)
        why += (what == j.history.left_out.front() ? "" : ", nor ") + what;
      out_.undecided.push_back({w + 1, why});
    }
  }

  void reject(std::size_t w, const judged_history& j) {
    const std::string what = "no order of the operations explains the answers: " + j.reason;
    const bool certain = is_complete() && run_.unlogged == 0 && !j.history.chose;
    if (!certain) {
      out_.undecided.push_back({w + 1, what + "; but what the cache held before is not certain"});
      return;
    }
    after_violation_ = w + 1;
    out_.findings.push_back({"linearizability", what, w + 1, run_.events[events_[windows_[w].begin]].line, 0});
  }

  const logged_run& run_;
  const log_check_options options_;
  const std::vector<std::size_t> events_;
  const std::vector<log_window> windows_;
  path_table paths_;
  std::size_t after_violation_ =
      0;  // the window behind the latest that no order explains: no order explains what includes that one
  log_check out_;
};

}  // namespace

log_check check_log(const logged_run& run, const log_check_options& options,
                    const std::function<void(std::size_t, std::size_t)>& tell) {
  return judge(run, options).run(tell);
}

}  // namespace triecheck::checks
