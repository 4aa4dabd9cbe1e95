#include "checks/soak/soak.h"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "cache/monitoring/monitored.h"
#include "cache/sync/contended.h"
#include "checks/soak/soak_run.h"
#include "checks/subject/production_caches.h"

namespace triecheck::checks {
namespace {

/// What a worker and an auditor need beside the operations of every cache.
template <class Cache>
concept can_be_soaked = schedules<Cache> && requires(Cache& cache, cache_events& s) {
  cache.subscribe(s);
  cache.queue_for_pages();
};

}  // namespace

soak_result soak(const trace& t, const soak_options& options) {
  soak_result result;
  const auto run_if_named = [&](const auto& p) {
    if (options.cache != p.name) return false;
    using family = typename std::remove_cvref_t<decltype(p)>::family;
    using cache_type = typename family::template over<contended_sync<std_sync>>;
    if constexpr (can_be_soaked<cache_type>) {
      result = soak_over<monitored_cache<cache_type>>(t, options, p.statistics);
    } else {
      throw std::invalid_argument("the cache " + options.cache +
                                  " has no events, no queue for pages, or not what a scheduler asks for");
    }
    return true;
  };
  const bool known = std::apply([&](const auto&... p) { return (run_if_named(p) || ...); }, production_caches);
  if (!known) throw std::invalid_argument("there is no variant called " + options.cache);
  return result;
}

std::optional<failure> memory_growth(const std::vector<soak_rest>& rests, std::size_t first, std::size_t noise) {
  if (rests.size() < first + 2) return std::nullopt;
  const std::size_t before = rests[first].allocated_bytes, last = rests.back().allocated_bytes;
  if (last <= before + before / 50 + noise) return std::nullopt;
  return failure{.kind = "memory-growth",
                 .message = "the last rest has " + std::to_string(last - before) + " bytes more than rest " +
                            std::to_string(first + 1) + ", which had " + std::to_string(before)};
}

std::optional<soak_trend> trend_of(const soak_result& s) {
  const std::size_t third = s.samples.size() / 3;
  if (third == 0) return std::nullopt;
  const auto over = [&](double soak_sample::*value) {
    double first = 0, last = 0;
    for (std::size_t i = 0; i < third; ++i) {
      first += s.samples[i].*value;
      last += s.samples[s.samples.size() - third + i].*value;
    }
    return first == 0 ? 0 : last / first;
  };
  return soak_trend{over(&soak_sample::requests_per_second), over(&soak_sample::fixed_load)};
}

}  // namespace triecheck::checks
