#include "checks/simulate/accounts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "checks/monitoring/exposition.h"
#include "checks/monitoring/scrape.h"
#include "checks/oracles/structure.h"

namespace triecheck::checks {
namespace {

// The smallest latency that at least `share` per mille of all do not exceed: nearest rank. Requires a sorted list.
std::uint64_t percentile(const std::vector<std::uint64_t>& sorted, std::size_t share_per_mille) {
  if (sorted.empty()) return 0;
  const std::size_t rank = (sorted.size() * share_per_mille + 999) / 1000;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

failure failed(std::string kind, std::string message) {
  failure f;
  f.kind = std::move(kind);
  f.message = std::move(message);
  return f;
}

std::string count(std::uint64_t n, const char* what) { return std::to_string(n) + " " + what; }

}  // namespace

request_tally sum(const std::vector<request_tally>& tallies) {
  request_tally total;
  for (const request_tally& t : tallies) {
    total.requests += t.requests;
    total.rejected += t.rejected;
    total.looked_up_tokens += t.looked_up_tokens;
    total.looked_up_pages += t.looked_up_pages;
    total.hit_pages += t.hit_pages;
    total.allocated_pages += t.allocated_pages;
    total.latencies_ns.insert(total.latencies_ns.end(), t.latencies_ns.begin(), t.latencies_ns.end());
  }
  return total;
}

// Sorting all latencies takes a moment after the run, and 8 bytes for each request during it; in return the percentiles
// are exact and no bucket width had to be chosen.
void fill_in(simulation& s, request_tally total, const model::statistics& stats) {
  std::sort(total.latencies_ns.begin(), total.latencies_ns.end());
  s.latency.p50_ns = percentile(total.latencies_ns, 500);
  s.latency.p99_ns = percentile(total.latencies_ns, 990);
  s.latency.p999_ns = percentile(total.latencies_ns, 999);
  s.latency.max_ns = percentile(total.latencies_ns, 1000);
  s.requests = total.requests;
  s.rejected = total.rejected;
  s.looked_up_pages = stats.looked_up_pages;
  s.hit_pages = stats.hit_pages;
  s.allocated_pages = stats.allocated_pages;
  s.evicted_pages = stats.evicted_pages;
  s.free_pages = stats.free_pages;
  s.cached_pages = stats.cached_pages;
}

std::optional<failure> audit(const request_tally& total, const model::statistics& stats, std::size_t pages) {
  struct account {
    const char* name;
    std::uint64_t in_cache;
    std::uint64_t counted;
  };
  const account accounts[] = {
      {"lookups", stats.lookups, total.requests},
      {"looked_up_pages", stats.looked_up_pages, total.looked_up_pages},
      {"hit_pages", stats.hit_pages, total.hit_pages},
      {"allocated_pages", stats.allocated_pages, total.allocated_pages},
      {"refused_full + refused_too_large", stats.refused_full + stats.refused_too_large, total.rejected},
  };
  for (const auto& [name, in_cache, counted] : accounts) {
    if (in_cache == counted) continue;
    return failed("statistics", std::string(name) + " is " + std::to_string(in_cache) +
                                    " in the statistics of the cache, but " + std::to_string(counted) +
                                    " were counted");
  }
  if (stats.open_leases != 0) {
    return failed("statistics",
                  count(stats.open_leases, "leases are open in the statistics of the cache, but all were released"));
  }
  if (stats.private_pages != 0 || stats.free_pages + stats.cached_pages != pages) {
    return failed("conservation", "of " + count(pages, "pages, ") + count(stats.free_pages, "are free, ") +
                                      count(stats.cached_pages, "cached and ") +
                                      count(stats.private_pages, "private, though every lease was released"));
  }
  return std::nullopt;
}

call_tally calls_of(const request_tally& total) {
  const std::uint64_t served = total.requests - total.rejected;
  return {.allocated = served, .published = served, .released = total.requests, .all = 3 * total.requests + served};
}

std::optional<failure> audit_metrics(const request_tally& total, const call_tally& calls,
                                     const model::statistics& truth, std::size_t page_tokens, const cache_reading& r) {
  metric_families families;
  add_families(cache_metrics, r, families);
  const std::optional<scrape> seen = scrape::read(to_text(families));
  if (!seen) return failed("metrics", "the text of the metrics cannot be read");

  namespace names = metric_names;
  struct account {
    const char* name;
    std::map<std::string, std::string> labels;
    std::uint64_t counted;
  };
  const auto outcome = [](const char* operation, const char* result) {
    return std::map<std::string, std::string>{{"operation", operation}, {"outcome", result}};
  };
  const account accounts[] = {
      {names::operations, outcome("lookup", "ok"), total.requests},
      {names::operations, outcome("allocate", "ok"), calls.allocated},
      {names::operations, outcome("allocate", "cache_full"), truth.refused_full - calls.refused_forks},
      {names::operations, outcome("fork", "cache_full"), calls.refused_forks},
      {names::operations, outcome("allocate", "request_too_large"), truth.refused_too_large},
      {names::operations, outcome("publish", "ok"), calls.published},
      {names::operations, outcome("release", "ok"), calls.released},
      {names::operations, {}, calls.all},
      {names::looked_up_pages, {}, truth.looked_up_pages},
      {names::hit_pages, {}, truth.hit_pages},
      {names::looked_up_tokens, {}, total.looked_up_tokens},
      {names::hit_tokens, {}, truth.hit_pages * page_tokens},
      {names::allocated_pages, {}, truth.allocated_pages},
      {names::published_pages, {}, truth.published_pages},
      {names::duplicate_pages, {}, truth.duplicate_pages},
      {names::evicted_pages, {{"reason", "room"}}, truth.evicted_pages},
      {names::evicted_pages, {}, truth.evicted_pages},
      {names::refusals, {{"reason", "cache_full"}}, truth.refused_full},
      {names::refusals, {{"reason", "request_too_large"}}, truth.refused_too_large},
      {names::pages, {{"state", "free"}}, truth.free_pages},
      {names::pages, {{"state", "private"}}, truth.private_pages},
      {names::pages, {{"state", "cached"}}, truth.cached_pages},
      {names::open_leases, {}, truth.open_leases},
  };
  for (const auto& [name, labels, counted] : accounts) {
    const double shown = seen->sum(name, labels);
    if (shown == static_cast<double>(counted)) continue;
    std::string which;
    for (const auto& [label, value] : labels) which += (which.empty() ? "{" : ", ") + label + "=" + value;
    return failed("metrics", std::string(name) + which + (which.empty() ? "" : "}") + " is " + std::to_string(shown) +
                                 ", but " + std::to_string(counted) + " were counted");
  }
  return std::nullopt;
}

std::optional<failure> audit_structure(const structure& s) {
  std::optional<std::string> wrong = check_structure(s);
  if (!wrong) wrong = check_pins(s, {});
  if (wrong) return failed("structure", "after the last request: " + *wrong);
  return std::nullopt;
}

std::optional<failure> audit_shutdown(const std::vector<std::string>& lost, const model::statistics& stats,
                                      std::size_t pages) {
  if (!lost.empty()) {
    constexpr std::size_t shown = 3;
    std::string which;
    for (std::size_t i = 0; i < std::min(lost.size(), shown); ++i) which += (i == 0 ? "" : "; ") + lost[i];
    if (lost.size() > shown) which += "; ...";
    return failed("pages-lost", "shutdown lost " + count(lost.size(), "of ") + count(pages, "pages: ") + which);
  }
  if (stats.free_pages != pages) {
    return failed("conservation", "after shutdown, " + count(stats.free_pages, "of ") + count(pages, "pages are free"));
  }
  return std::nullopt;
}

}  // namespace triecheck::checks
