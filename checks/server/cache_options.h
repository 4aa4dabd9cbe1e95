// The options of the server and its test that choose the cache, with the same checks and texts in both.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "checks/historical/variant.h"
#include "checks/server/any_cache.h"
#include "checks/server/wrong_cache.h"

namespace triecheck::server {

/// Adds --cache to a program that takes one of them, or several.
template <class Names>
CLI::Option* add_cache(CLI::App& app, Names& chosen, const std::string& meaning) {
  std::vector<std::string> caches = cache_names();
  caches.emplace_back(historical::cache_name);
  return app.add_option("--cache", chosen, meaning)->check(CLI::IsMember(caches));
}

inline CLI::Option* add_pages(CLI::App& app, std::size_t& pages, const std::string& meaning) {
  return app.add_option("--pages", pages, meaning)->check(CLI::Range(1U, 1U << 20));
}

/// Adds a number of 1 to `most`, whose default is `value`.
inline void add_size(CLI::App& app, const std::string& option, std::size_t& value, const std::string& meaning,
                     unsigned most) {
  app.add_option(option, value, meaning)->check(CLI::Range(1U, most))->capture_default_str();
}

inline void add_fault(CLI::App& app, std::string& fault) {
  std::vector<std::string> names;
  std::string described;
  for (const seeded_fault& f : seeded_faults()) {
    names.emplace_back(f.name);
    described += "\n" + std::string(f.name) + ": " + std::string(f.description);
  }
  app.add_option("--fault", fault, "A defect of the cache, to see what notices it:" + described)
      ->check(CLI::IsMember(names));
}

inline void add_delay(CLI::App& app, unsigned& one_in) {
  app.add_option("--delay", one_in,
                 "Of the historical cache: one of so many operations of the sync layer waits for 20 us")
      ->check(CLI::Range(1U, 1'000'000U));
}

}  // namespace triecheck::server
