// A soak as JSON and as a chart.
#include <string>
#include <utility>

#include "checks/report/chart.h"
#include "checks/soak/soak.h"

namespace triecheck::checks {

nlohmann::ordered_json to_json(const soak_options& options, const soak_result& s) {
  const soak_counts& c = s.counts;
  nlohmann::ordered_json json = {
      {"verdict", to_string(s.outcome)},
      {"cache", options.cache},
      {"pages", options.pages},
      {"page_tokens", options.page_tokens},
      {"threads", options.threads},
      {"seed", options.seed},
      {"seconds", s.seconds},
      {"requests", c.requests},
      {"requests_per_second", s.seconds > 0 ? static_cast<double>(c.requests) / s.seconds : 0.0},
      {"finished", c.finished},
      {"cancelled", c.cancelled},
      {"preempted", c.preempted},
      {"refused", c.refused},
      {"waits", c.waits},
      {"forks", c.forks},
      {"shrinks", c.shrinks},
      {"evicted_pages", s.evicted_pages},
      {"hit_rate", s.hit_rate},
      {"admission_us", {{"p50", s.p50_us}, {"p99", s.p99_us}, {"p999", s.p999_us}, {"max", s.max_us}}},
      {"looks", s.looks},
      {"trend", nullptr},
      {"rests", nlohmann::ordered_json::array()},
      {"samples", nlohmann::ordered_json::array()},
      {"failure", nullptr},
  };
  if (const auto trend = trend_of(s))
    json["trend"] = {{"throughput", trend->throughput}, {"fixed_load", trend->fixed_load}};
  for (const soak_rest& r : s.rests)
    json["rests"].push_back(
        {{"second", r.second}, {"allocated_bytes", r.allocated_bytes}, {"cached_pages", r.cached_pages}});
  for (const soak_sample& p : s.samples) {
    json["samples"].push_back({{"second", p.second},
                               {"requests_per_second", p.requests_per_second},
                               {"p50_us", p.p50_us},
                               {"p99_us", p.p99_us},
                               {"hit_rate", p.hit_rate},
                               {"fixed_load", p.fixed_load}});
  }
  if (!s.metrics.is_null()) json["metrics"] = s.metrics;
  if (s.found) json["failure"] = {{"kind", s.found->kind}, {"message", s.found->message}, {"replay", s.found->replay}};
  return json;
}

std::string to_svg(const soak_options& options, const soak_result& s) {
  const auto over_time = [&](std::string name, auto value, bool reference = false) {
    chart_series series{std::move(name), reference, {}};
    for (const soak_sample& p : s.samples) series.points.emplace_back(p.second, value(p));
    return series;
  };
  double throughput = 0, fixed_load = 0;
  for (const soak_sample& p : s.samples) {
    throughput += p.requests_per_second;
    fixed_load += p.fixed_load;
  }
  // On the scale of the throughput: the two curves can be compared.
  const double scale = fixed_load == 0 ? 0 : throughput / fixed_load;
  chart_series memory{"memory at rest", false, {}};
  for (const soak_rest& r : s.rests)
    memory.points.emplace_back(r.second, static_cast<double>(r.allocated_bytes) / (1 << 20));
  const std::string seconds = "seconds";
  return to_svg(options.cache + " soaked: " + std::to_string(options.pages) + " pages of " +
                    std::to_string(options.page_tokens) + " tokens, " + std::to_string(options.threads) +
                    (options.threads == 1 ? " thread" : " threads"),
                {{"Throughput, beside that of a fixed load of the processor",
                  seconds,
                  "requests a second",
                  {over_time("requests", [](const soak_sample& p) { return p.requests_per_second; }),
                   over_time(
                       "fixed load", [&](const soak_sample& p) { return scale * p.fixed_load; }, true)},
                  chart_axes::linear},
                 {"Latency of an admission",
                  seconds,
                  "microseconds",
                  {over_time("p50", [](const soak_sample& p) { return p.p50_us; }),
                   over_time("p99", [](const soak_sample& p) { return p.p99_us; })},
                  chart_axes::linear},
                 {"Hits",
                  seconds,
                  "pages found of those looked up",
                  {over_time("hit rate", [](const soak_sample& p) { return p.hit_rate; })},
                  chart_axes::linear},
                 {"Memory of the process at rest", seconds, "MiB", {memory}, chart_axes::linear}});
}

}  // namespace triecheck::checks
