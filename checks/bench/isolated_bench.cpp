#include "checks/bench/isolated_bench.h"

#include <atomic>
#include <exception>
#include <string_view>

#include "checks/bench/report.h"
#include "checks/process/cache_errors.h"
#include "checks/process/interrupts.h"
#include "checks/process/isolation.h"

namespace triecheck::checks {
namespace {

using json = nlohmann::ordered_json;

// Messages of the child: what it measures next, or else all that it has.
constexpr std::string_view next = "next ";

std::string rendered(const std::vector<load>& loads, const bench_results& results) {
  const json j = {
      {"table", to_table(loads, results)}, {"json", to_json(loads, results)}, {"charts", to_charts(loads, results)}};
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

void read_rendered(const std::string& text, bench_report& report) {
  const json j = json::parse(text);
  report.table = j.at("table");
  if (j.at("json").is_object()) report.json = j.at("json");  // null where nothing was measured
  for (const json& chart : j.at("charts")) report.charts.emplace_back(chart.at(0), chart.at(1));
}

std::string run_in_child(const std::vector<load>& loads, const bench_body& measure, progress& shared,
                         const message_sender& send) {
  bench_results results;
  std::string cell;
  const auto begin = [&shared](const std::string& what) {
    shared.set_note(what);
    shared.heartbeat.fetch_add(1, std::memory_order_relaxed);
  };
  bench_listener listener;
  listener.cell = [&](const std::string& what) {
    cell = what;
    send(rendered(loads, results));
    send(std::string(next) + what);
    begin(what);
  };
  listener.pass = [&](const std::string& name) { begin(cell + ", " + name); };
  errors_are_of_the_cache([&] { measure(results, listener); });
  return rendered(loads, results);
}

}  // namespace

bench_report run_bench_isolated(const std::vector<load>& loads, const bench_body& measure,
                                std::chrono::milliseconds patience,
                                const std::function<void(const std::string&)>& on_cell) {
  bench_report report;
  std::string last;  // read at the end alone: what the child measures meanwhile is not disturbed
  const isolated_body body = [&](progress& shared, const message_sender& send) {
    return run_in_child(loads, measure, shared, send);
  };
  isolation_listener listener;
  listener.heard = [&](std::size_t, const std::string& message) {
    if (!message.starts_with(next)) {
      last = message;
    } else if (on_cell) {
      on_cell(message.substr(next.size()));
    }
  };
  try {
    const isolated_run child = run_isolated({body}, patience, listener).front();
    if (!child.answer.empty()) {
      last = child.answer;
    } else {
      report.outcome = verdict::error;
      report.found = failure{.kind = child.error_kind, .message = child.error};
      if (!child.note.empty()) report.found->message += " while this was measured: " + child.note;
    }
  } catch (const interruption&) {
    report.outcome = verdict::incomplete;
  }
  if (!last.empty()) read_rendered(last, report);
  return report;
}

}  // namespace triecheck::checks
