// The suite over all production variants, and over all eviction policies: a new one is held to every test of the cache
// by its line in the registry.
//
// Which free page an operation takes is not specified, so no test expects a number of a page that it was not given.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "cache/types.h"
#include "checks/subject/production_caches.h"
#include "checks/subject/production_policies.h"

// Other caches than those that ship, in a separate program: a header that defines `suite_caches` and `suite_policies`.
#ifdef TRIECHECK_SUITE_CACHES
#include TRIECHECK_SUITE_CACHES
#else
namespace triecheck::unit {
inline constexpr auto suite_caches = checks::production_caches;
inline constexpr auto suite_policies = checks::production_policies;
}  // namespace triecheck::unit
#endif

namespace triecheck::unit {

using tokens = std::vector<token>;
using pages = std::vector<page_id>;

/// The default variant with a policy; the policies are one text under every lock.
template <class Policy>
struct default_cache_with {
  using family = typename std::tuple_element_t<0, std::remove_const_t<decltype(suite_caches)>>::family;
  using cache_type = typename checks::cache_with<family, std_sync, Policy>::type;
};

template <class Variants, class Policies>
struct types_of;
template <class... Variant, class Recency, class... Policy>
struct types_of<const std::tuple<Variant...>, const std::tuple<Recency, Policy...>> {
  using with_recency = testing::Types<Variant...>;
  using all = testing::Types<Variant..., default_cache_with<Policy>...>;
};

/// What the registry says of a variant, and of the default one with a policy.
template <class P>
constexpr auto said_of(const P*) {
  return std::get<P>(suite_caches);
}
template <class Policy>
constexpr auto said_of(const default_cache_with<Policy>*) {
  return std::get<0>(suite_caches);
}

struct name_of_variant {
  template <class P>
  static std::string GetName(int) {
    return name(static_cast<const P*>(nullptr));
  }

 private:
  template <class Variant>
  static std::string name(const Variant* v) {
    return said_of(v).name;
  }
  template <class Policy>
  static std::string name(const default_cache_with<Policy>* v) {
    std::string text = std::get<Policy>(suite_policies).name;
    std::replace(text.begin(), text.end(), '-', '_');
    return said_of(v).name + ("_" + text);
  }
};

// A cache of four pages of two tokens, and the steps that a request takes.
template <class P>
class variant : public testing::Test {
 protected:
  using cache_type = typename P::cache_type;
  using lease_type = typename cache_type::lease_type;

  lease_type allocated(const tokens& t, key_space space = {}) {
    lease_type l = cache.lookup(t, space);
    EXPECT_EQ(cache.allocate(l, rest(t, l)), status::ok);
    return l;
  }
  lease_type published(const tokens& t, key_space space = {}) {
    lease_type l = allocated(t, space);
    EXPECT_EQ(cache.publish(l, l.token_count()), status::ok);
    return l;
  }
  // Serves a whole request; returns the pages that it published or found.
  pages request(const tokens& t, key_space space = {}) {
    const lease_type l = published(t, space);
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

// What holds of the order of recency alone.
template <class P>
class recency_variant : public variant<P> {};

using production_types = types_of<decltype(suite_caches), decltype(suite_policies)>;
using all_variants = production_types::all;
using all_variants_with_recency = production_types::with_recency;

}  // namespace triecheck::unit
