// A lease of another cache, in everything that takes a lease: each call has to answer `invalid_argument`, and to change
// nothing.
//
// Threads: any, for different leases.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "checks/subject/observation.h"

namespace triecheck::checks {

/// Opens a lease of `home` on `tokens` and tries it with `cache`. What went wrong; nothing where all went as it should.
template <class Cache>
std::optional<std::string> foreign_use(Cache& home, Cache& cache, const std::vector<model::token>& tokens) {
  auto l = home.lookup(tokens);
  if (to_model_status(home.allocate(l, tokens)) != model::status::ok)
    return "a lease could not be opened in another cache";
  const auto before = home.stats();
  const std::vector<model::page> pages = to_page_numbers(l.pages());
  const auto wrong = [&](const char* what, auto answer) -> std::optional<std::string> {
    const std::string call = std::string(what) + " with a lease of another cache ";
    if (to_model_status(answer) != model::status::invalid_argument)
      return call + "was answered with " + model::show(to_model_status(answer));
    const bool is_same = l.is_open() && l.token_count() == tokens.size() && to_page_numbers(l.pages()) == pages &&
                         l.cached_pages().empty();
    if (!is_same || !(home.stats() == before)) return call + "changed it, or its cache";
    return std::nullopt;
  };
  if (auto w = wrong("allocate", cache.allocate(l, tokens))) return w;
  if (auto w = wrong("publish", cache.publish(l, tokens.size()))) return w;
  if (auto w = wrong("fork", cache.fork(l).result)) return w;
  if constexpr (schedules<Cache>) {
    if (auto w = wrong("shrink", cache.shrink(l, 0))) return w;
  }
  return wrong("release", cache.release(l));
}

}  // namespace triecheck::checks
