// One request through the installed cache: lookup, allocate, publish, release, and the same prefix found again.
#include <triecheck/cache/coarse.h>
#include <triecheck/cache/sync/std.h>

#include <cstdio>
#include <type_traits>
#include <vector>

// The version is part of every name, so that what was compiled against another one does not link with this.
static_assert(std::is_same_v<triecheck::v0_1::token, triecheck::token>);

int main() {
  triecheck::coarse_cache<triecheck::std_sync> cache({.pages = 4, .tokens_per_page = 2});
  const std::vector<triecheck::token> tokens = {1, 2, 3, 4};

  auto first = cache.lookup(tokens);
  const bool allocated = cache.allocate(first, tokens) == triecheck::status::ok;
  const bool published = cache.publish(first, tokens.size()) == triecheck::status::ok;
  const bool released = cache.release(first) == triecheck::status::ok;

  auto second = cache.lookup(tokens);
  const bool found = second.cached_token_count() == tokens.size();
  static_cast<void>(cache.release(second));

  if (allocated && published && released && found && cache.shutdown().result == triecheck::status::ok) return 0;
  std::fputs("the installed cache did not serve a request\n", stderr);
  return 1;
}
