#include <algorithm>
#include <string>
#include <utility>

#include "checks/process/cache_errors.h"
#include "checks/process/interrupts.h"
#include "checks/process/isolation.h"
#include "checks/soak/soak.h"

namespace triecheck::checks {
namespace {

using nlohmann::json;

// For the workers to let all go, and for the last audit.
constexpr std::chrono::milliseconds longest_grace{30'000};

constexpr std::pair<const char*, double soak_result::*> numbers[] = {
    {"seconds", &soak_result::seconds}, {"hit_rate", &soak_result::hit_rate}, {"p50_us", &soak_result::p50_us},
    {"p99_us", &soak_result::p99_us},   {"p999_us", &soak_result::p999_us},   {"max_us", &soak_result::max_us}};

json answer_of(const soak_result& s) {
  json j = {
      {"outcome", static_cast<int>(s.outcome)},          {"evicted_pages", s.evicted_pages}, {"looks", s.looks},
      {"metrics", {s.metrics.dump(), s.metrics_screen}}, {"samples", json::array()},         {"rests", json::array()}};
  for (const auto& [name, member] : named_soak_counts) j[name] = s.counts.*member;
  for (const auto& [name, member] : numbers) j[name] = s.*member;
  for (const soak_sample& p : s.samples)
    j["samples"].push_back({p.second, p.requests_per_second, p.p50_us, p.p99_us, p.hit_rate, p.fixed_load});
  for (const soak_rest& r : s.rests) j["rests"].push_back({r.second, r.allocated_bytes, r.cached_pages});
  if (s.found) j["found"] = {s.found->kind, s.found->message};
  return j;
}

soak_result read_answer(const json& j) {
  soak_result s;
  s.outcome = static_cast<verdict>(j.at("outcome").get<int>());
  s.evicted_pages = j.at("evicted_pages");
  s.looks = j.at("looks");
  s.metrics = nlohmann::ordered_json::parse(j.at("metrics").at(0).get<std::string>());
  s.metrics_screen = j.at("metrics").at(1);
  for (const auto& [name, member] : named_soak_counts) s.counts.*member = j.at(name);
  for (const auto& [name, member] : numbers) s.*member = j.at(name);
  for (const json& p : j.at("samples")) {
    s.samples.push_back({.second = p.at(0),
                         .requests_per_second = p.at(1),
                         .p50_us = p.at(2),
                         .p99_us = p.at(3),
                         .hit_rate = p.at(4),
                         .fixed_load = p.at(5)});
  }
  for (const json& r : j.at("rests"))
    s.rests.push_back({.second = r.at(0), .allocated_bytes = r.at(1), .cached_pages = r.at(2)});
  if (j.contains("found")) s.found = failure{.kind = j["found"].at(0), .message = j["found"].at(1)};
  return s;
}

std::string run_in_child(const trace& t, soak_options options, progress& shared) {
  options.show = [&shared](const std::string& line) { shared.set_note(line); };
  options.ends_early = [&shared] { return shared.is_asked_to_end.load(std::memory_order_relaxed); };
  return answer_or_refusal([&] { return answer_of(soak(t, options)); });
}

soak_result failed_at(const isolated_run& child, double seconds) {
  soak_result s;
  s.seconds = seconds;
  s.counts.requests = child.units;
  s.found = failure{.kind = child.error_kind, .message = child.error + in_words(child.where, "line")};
  return s;
}

}  // namespace

soak_result soak_isolated(const trace& t, const soak_options& options, std::chrono::milliseconds patience,
                          const std::function<void(double, const std::string&)>& tick) {
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [start] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::uint64_t units = 0;
  isolation_listener listener;
  listener.grace = std::min(patience, longest_grace);
  listener.tick = [&](const std::vector<const progress*>& shown) {
    units = units_of(*shown.front());
    if (tick) tick(seconds(), shown_note(*shown.front()));
  };
  const isolated_body body = [&](progress& p, const message_sender&) { return run_in_child(t, options, p); };
  try {
    const isolated_run child = run_isolated({body}, patience, listener).front();
    if (child.answer.empty()) return failed_at(child, seconds());
    return read_answer(read_answer_or_throw(child.answer));
  } catch (const interruption&) {
    soak_result s;
    s.outcome = verdict::incomplete;
    s.seconds = seconds();
    s.counts.requests = units;
    return s;
  }
}

}  // namespace triecheck::checks
