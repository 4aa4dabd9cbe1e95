#include "checks/simulate/simulate.h"

#include "checks/simulate/dispatch.h"
#include "checks/subject/policies.h"

namespace triecheck::checks {
namespace {

template <class Family, class Policy>
using bare = typename cache_with<Family, std_sync, Policy>::type;

}  // namespace

simulation simulate(const trace& t, const simulation_options& options) {
  return options.metrics ? simulate_monitored(t, options) : simulate_as<bare>(t, options);
}

std::optional<double> of_exact(const simulation& s) {
  if (!s.exact || s.exact->hit_pages == 0) return std::nullopt;
  return static_cast<double>(s.hit_pages) / static_cast<double>(s.exact->hit_pages);
}

nlohmann::ordered_json to_json(const trace& t, const simulation_options& options, const simulation& s) {
  nlohmann::ordered_json json = {
      {"verdict", to_string(s.outcome)},
      {"cache", options.cache},
      {"policy", name_of(options.policy)},
      {"pages", options.pages},
      {"page_tokens", options.page_tokens},
      {"block_tokens", t.block_tokens},
      {"in_flight", options.in_flight},
      {"verified", options.verify},
      {"requests", s.requests},
      {"rejected", s.rejected},
      {"looked_up_pages", s.looked_up_pages},
      {"hit_pages", s.hit_pages},
      {"allocated_pages", s.allocated_pages},
      {"evicted_pages", s.evicted_pages},
      {"free_pages", s.free_pages},
      {"cached_pages", s.cached_pages},
      {"threads", options.threads},
      {"seconds", s.seconds},
      {"requests_per_second", s.seconds > 0 ? static_cast<double>(s.requests) / s.seconds : 0.0},
      {"latency_ns",
       {{"p50", s.latency.p50_ns}, {"p99", s.latency.p99_ns}, {"p999", s.latency.p999_ns}, {"max", s.latency.max_ns}}},
      {"exact_hit_pages", nullptr},
      {"exact_rejected", nullptr},
      {"of_exact", nullptr},
      {"failure", nullptr},
  };
  if (s.exact) {
    json["exact_hit_pages"] = s.exact->hit_pages;
    json["exact_rejected"] = s.exact->rejected;
  }
  if (!s.metrics.is_null()) json["metrics"] = s.metrics;
  if (const std::optional<double> share = of_exact(s)) json["of_exact"] = *share;
  if (s.found) json["failure"] = {{"kind", s.found->kind}, {"message", s.found->message}, {"replay", s.found->replay}};
  return json;
}

}  // namespace triecheck::checks
