// The suite over all production variants: a new variant is held to every test of the cache by its line in the registry.
//
// Which free page an operation takes is not specified, so no test expects a number of a page that it was not given.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "cache/types.h"
#include "checks/production_caches.h"

namespace triecheck::unit {

using tokens = std::vector<token>;
using pages = std::vector<page_id>;

template <class Tuple>
struct types_of;
template <class... P>
struct types_of<const std::tuple<P...>> {
  using type = testing::Types<P...>;
};

struct name_of_variant {
  template <class P>
  static std::string GetName(int) {
    return std::get<P>(checks::production_caches).name;
  }
};

// A cache of four pages of two tokens, and the steps that a request takes.
template <class P>
class variant : public testing::Test {
 protected:
  using cache_type = typename P::cache_type;
  using lease_type = typename cache_type::lease_type;

  lease_type allocated(const tokens& t) {
    lease_type l = cache.lookup(t);
    EXPECT_EQ(cache.allocate(l, rest(t, l)), status::ok);
    return l;
  }
  lease_type published(const tokens& t) {
    lease_type l = allocated(t);
    EXPECT_EQ(cache.publish(l), status::ok);
    return l;
  }
  // Serves a whole request; returns the pages that it published or found.
  pages request(const tokens& t) {
    const lease_type l = published(t);
    return pages_of(l.cached_pages());
  }

  static std::span<const token> rest(const tokens& t, const lease_type& l) {
    return std::span<const token>(t).subspan(l.token_count());
  }
  static pages pages_of(std::span<const page_id> p) { return {p.begin(), p.end()}; }
  pages eviction_order() const { return cache.snapshot().eviction_order; }
  page_state state(page_id p) const { return cache.snapshot().pages[index_of(p)].state; }

  cache_type cache{{.pages = 4, .tokens_per_page = 2}};
};

using all_variants = types_of<decltype(checks::production_caches)>::type;

}  // namespace triecheck::unit
