#include "checks/log/chrome.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include <nlohmann/json.hpp>

namespace triecheck::checks {
namespace {

using nlohmann::ordered_json;

double microseconds(std::uint64_t ns) { return static_cast<double>(ns) / 1000; }

ordered_json arguments_of(const logged_run& run, const logged_event& e) {
  ordered_json a = {{"line", e.line}};
  const bool evicts = e.op.kind == model::operation_kind::evict || e.op.kind == model::operation_kind::clear;
  if (evicts) {
    a["evicted"] = e.observed.evicted;
    return a;
  }
  a["lease"] = run.lease_ids[e.op.subject];
  if (e.op.kind == model::operation_kind::fork && e.op.forked < run.lease_ids.size())
    a["forked"] = run.lease_ids[e.op.forked];
  if (!e.op.tokens.empty()) a["tokens"] = e.op.tokens.size();
  if (e.op.kind == model::operation_kind::publish) a["computed_tokens"] = e.op.computed_tokens;
  a["result"] = model::show(e.observed.result);
  a["pages"] = e.observed.pages;
  a["cached_pages"] = e.observed.cached;
  return a;
}

}  // namespace

std::string chrome_trace(const logged_run& run, const std::vector<log_finding>& findings) {
  const std::uint64_t first = run.events.empty() ? 0 : run.events.front().begin_ns;
  ordered_json events = ordered_json::array();
  std::set<unsigned> threads;
  for (const logged_event& e : run.events) threads.insert(e.thread);
  events.push_back({{"ph", "M"}, {"name", "process_name"}, {"pid", 1}, {"args", {{"name", "cache " + run.variant}}}});
  for (const unsigned t : threads) {
    events.push_back({{"ph", "M"},
                      {"name", "thread_name"},
                      {"pid", 1},
                      {"tid", t},
                      {"args", {{"name", "thread " + std::to_string(t)}}}});
  }
  for (const logged_event& e : run.events) {
    events.push_back({{"ph", "X"},
                      {"name", e.op.shuts_down ? "shutdown" : model::name_of(e.op.kind)},
                      {"cat", "cache"},
                      {"pid", 1},
                      {"tid", e.thread},
                      {"ts", microseconds(e.begin_ns - first)},
                      {"dur", microseconds(e.end_ns - e.begin_ns)},
                      {"args", arguments_of(run, e)}});
  }
  for (const log_finding& f : findings) {
    const auto at =
        std::find_if(run.events.begin(), run.events.end(), [&](const logged_event& e) { return e.line == f.line; });
    if (at == run.events.end()) continue;
    events.push_back({{"ph", "i"},
                      {"s", "g"},
                      {"name", f.kind + ": " + f.message},
                      {"cat", "violation"},
                      {"pid", 1},
                      {"tid", at->thread},
                      {"ts", microseconds(at->end_ns - first)},
                      {"args", {{"window", f.window}}}});
  }
  const ordered_json trace = {{"displayTimeUnit", "ns"}, {"traceEvents", std::move(events)}};
  return trace.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace triecheck::checks
