#include "checks/bench/synchronisation.h"

#include <numeric>
#include <span>
#include <tuple>

#include "checks/subject/production_caches.h"

namespace triecheck::checks {
namespace {

using layer = measured_sync<std_sync>;

constexpr std::size_t tokens_per_page = 16;

template <class Call>
sync_counts counted(Call call) {
  const sync_counts before = layer::measured_here();
  call();
  return layer::measured_here() - before;
}

template <class Cache>
void measure(const char* name, std::size_t pages, std::vector<synchronisation_result>& results) {
  Cache cache({.pages = 2 * pages, .tokens_per_page = tokens_per_page});
  std::vector<token> prompt(pages * tokens_per_page);
  std::iota(prompt.begin(), prompt.end(), token{0});
  typename Cache::lease_type l =
      cache.lookup(prompt);  // once before: what only the first request of a thread does is not counted
  static_cast<void>(cache.allocate(l, prompt));
  static_cast<void>(cache.publish(l, prompt.size()));
  static_cast<void>(cache.release(l));
  static_cast<void>(cache.evict(pages));
  const auto note = [&](const char* call, auto body) { results.push_back({name, call, pages, counted(body)}); };
  note("lookup that finds nothing", [&] { l = cache.lookup(prompt); });
  note("allocate", [&] { static_cast<void>(cache.allocate(l, prompt)); });
  note("publish", [&] { static_cast<void>(cache.publish(l, prompt.size())); });
  note("first release", [&] { static_cast<void>(cache.release(l)); });
  note("lookup that finds all", [&] { l = cache.lookup(prompt); });
  note("release", [&] { static_cast<void>(cache.release(l)); });
  note("evict", [&] { static_cast<void>(cache.evict(pages)); });
}

}  // namespace

std::vector<synchronisation_result> measure_synchronisation(const bench_listener& listener) {
  std::vector<synchronisation_result> results;
  std::apply(
      [&](const auto&... p) {
        const auto all = [&](const auto& variant) {
          using cache = typename std::decay_t<decltype(variant)>::template over<layer>;
          listener.begin_pass(variant.name);
          for (const std::size_t pages : {std::size_t{1}, std::size_t{8}, std::size_t{64}})
            measure<cache>(variant.name, pages, results);
        };
        (all(p), ...);
      },
      production_caches);
  return results;
}

}  // namespace triecheck::checks
