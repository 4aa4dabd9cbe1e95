// A part of a server. Compiled once for each compiler, visibility and place; -DNAME=... names the function that it
// exports.
#include "checks/stress/libraries/library.h"

#include <span>
#include <vector>

#include "cache/coarse.h"
#include "cache/lockfree.h"
#include "cache/nodelock.h"
#include "cache/rwlock.h"
#include "cache/sync/std.h"

namespace triecheck::checks {
namespace {

// Calls `f` with a null pointer to the cache's type.
template <class F>
auto with_variant(std::size_t variant, F f) {
  switch (variant) {
    case 0:
      return f(static_cast<coarse_cache<std_sync>*>(nullptr));
    case 1:
      return f(static_cast<rwlock_cache<std_sync>*>(nullptr));
    case 2:
      return f(static_cast<nodelock_cache<std_sync>*>(nullptr));
    default:
      return f(static_cast<lockfree_cache<std_sync>*>(nullptr));
  }
}

void* make(std::size_t variant) {
  return with_variant(variant,
                      []<class Cache>(Cache*) -> void* { return new Cache({.pages = 64, .tokens_per_page = 2}); });
}

void destroy(std::size_t variant, void* cache) {
  with_variant(variant, [&]<class Cache>(Cache*) { delete static_cast<Cache*>(cache); });
}

template <class Cache>
std::size_t serve(Cache& cache, unsigned seed, std::size_t requests) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < requests; ++i) {
    seed = seed * 1664525 + 1013904223;
    const std::vector<token> tokens{1, seed >> 28, seed >> 26 & 3, 7, 9, 4};
    auto lease = cache.lookup(tokens);
    if (cache.allocate(lease, std::span(tokens).subspan(lease.token_count())) != status::ok) ++wrong;
    for (const page_id page : lease.pages()) wrong += index_of(page) >= cache.config().pages;
    if (cache.publish(lease, tokens.size()) != status::ok) ++wrong;
    if (lease.pages().size() != 3 || lease.cached_token_count() != tokens.size()) ++wrong;
  }
  return wrong;
}

std::size_t work(std::size_t variant, void* cache, unsigned seed, std::size_t requests) {
  return with_variant(variant, [&]<class Cache>(Cache*) { return serve(*static_cast<Cache*>(cache), seed, requests); });
}

template <class Cache>
const char* problem_in(Cache& cache, std::size_t requests) {
  const cache_stats s = cache.stats();
  if (s.lookups != requests) return "lookups were not counted, or twice";
  if (s.open_leases != 0) return "leases are open";
  if (s.looked_up_pages != 3 * requests) return "pages that were looked up were not counted, or twice";
  return cache.shutdown().result == status::ok ? nullptr : "pages are lost";
}

const char* problem(std::size_t variant, void* cache, std::size_t requests) {
  return with_variant(variant, [&]<class Cache>(Cache*) { return problem_in(*static_cast<Cache*>(cache), requests); });
}

void* make_indices() { return new std_sync::thread_indices; }
void destroy_indices(void* indices) { delete static_cast<std_sync::thread_indices*>(indices); }
std::size_t own_index(const void* indices) { return static_cast<const std_sync::thread_indices*>(indices)->own(); }

}  // namespace
}  // namespace triecheck::checks

#define TEXT_OF_(name) #name
#define TEXT_OF(name) TEXT_OF_(name)

extern "C" [[gnu::visibility("default")]] const triecheck::checks::library* NAME() {
  using namespace triecheck::checks;
  static const library mine{TEXT_OF(NAME), make, destroy, work, problem, make_indices, destroy_indices, own_index};
  return &mine;
}
