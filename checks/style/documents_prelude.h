// What the pieces of code in the documents find: a cache, and the request that a server has at hand. documents_test
// puts it before each that is no program by itself.
#pragma once

#include <triecheck/cache/coarse.h>
#include <triecheck/cache/event_hub.h>
#include <triecheck/cache/events.h>
#include <triecheck/cache/lockfree.h>
#include <triecheck/cache/sync/std.h>

#include <cassert>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace triecheck;

struct silent_subscriber final : cache_events {
  void stored(const stored_page&) noexcept override {}
  void removed(page_id) noexcept override {}
  void cleared(std::size_t) noexcept override {}
};
inline silent_subscriber first_router;
inline lockfree_cache<std_sync> cache({.pages = 64, .tokens_per_page = 4});
inline const std::vector<token> prompt = {1, 2, 3, 4, 5, 6, 7, 8, 9};
inline const std::size_t n = prompt.size();
inline std::size_t computed_tokens = n;
