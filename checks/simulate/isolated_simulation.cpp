#include "checks/simulate/isolated_simulation.h"

#include <algorithm>
#include <string>
#include <utility>

#include "checks/process/cache_errors.h"
#include "checks/process/interrupts.h"
#include "checks/process/isolation.h"

namespace triecheck::checks {
namespace {

using nlohmann::json;

constexpr std::pair<const char*, std::uint64_t simulation::*> counts[] = {
    {"requests", &simulation::requests},
    {"rejected", &simulation::rejected},
    {"looked_up_pages", &simulation::looked_up_pages},
    {"hit_pages", &simulation::hit_pages},
    {"allocated_pages", &simulation::allocated_pages},
    {"evicted_pages", &simulation::evicted_pages},
    {"free_pages", &simulation::free_pages},
    {"cached_pages", &simulation::cached_pages}};

json answer_of(const simulation& s) {
  json j = {{"passed", s.outcome == verdict::pass},
            {"seconds", s.seconds},
            {"latency", {s.latency.p50_ns, s.latency.p99_ns, s.latency.p999_ns, s.latency.max_ns}}};
  for (const auto& [name, member] : counts) j[name] = s.*member;
  if (s.found) j["found"] = {s.found->kind, s.found->message};
  if (s.failed_row) j["failed_row"] = *s.failed_row;
  if (!s.metrics.is_null()) j["metrics"] = {s.metrics.dump(), s.metrics_screen};  // as text: its rows have an order
  if (s.exact) j["exact"] = {s.exact->hit_pages, s.exact->rejected};
  return j;
}

simulation read_answer(const json& j) {
  simulation s;
  s.outcome = j.at("passed").get<bool>() ? verdict::pass : verdict::fail;
  s.seconds = j.at("seconds");
  const json& l = j.at("latency");
  s.latency = {.p50_ns = l.at(0), .p99_ns = l.at(1), .p999_ns = l.at(2), .max_ns = l.at(3)};
  for (const auto& [name, member] : counts) s.*member = j.at(name);
  if (j.contains("found")) s.found = failure{.kind = j["found"].at(0), .message = j["found"].at(1)};
  if (j.contains("failed_row")) s.failed_row = j["failed_row"].get<std::size_t>();
  if (j.contains("metrics")) {
    s.metrics = nlohmann::ordered_json::parse(j["metrics"].at(0).get<std::string>());
    s.metrics_screen = j["metrics"].at(1);
  }
  if (j.contains("exact")) s.exact = exact_replay{j["exact"].at(0), j["exact"].at(1)};
  return s;
}

std::string run_in_child(const trace& t, simulation_options options, progress& shared) {
  if (options.metrics) options.show = [&shared](const std::string& line) { shared.set_note(line); };
  return answer_or_refusal([&] { return answer_of(simulate(t, options)); });
}

simulation failed_at(const isolated_run& child) {
  simulation s;
  s.outcome = verdict::error;
  s.requests = child.units;
  const place_in_run& p = child.where;
  s.found = failure{.kind = child.error_kind, .message = child.error + in_words(p, "line")};
  if (p.unit != 0) s.failed_row = p.unit - 1;
  return s;
}

}  // namespace

simulation simulate_isolated(const trace& t, const simulation_options& options, std::chrono::milliseconds patience,
                             const std::function<void(std::uint64_t, const std::string&)>& tick) {
  std::uint64_t requests = 0;
  const auto watch = [&](const progress& shown) {
    requests = units_of(shown);
    if (tick) tick(requests, options.metrics ? shown_note(shown) : "");
  };
  try {
    const isolated_run child = run_isolated([&](progress& p) { return run_in_child(t, options, p); }, patience, watch);
    if (child.answer.empty()) return failed_at(child);
    return read_answer(read_answer_or_throw(child.answer));
  } catch (const interruption&) {
    simulation s;
    s.outcome = verdict::incomplete;
    s.requests = requests;
    return s;
  }
}

}  // namespace triecheck::checks
