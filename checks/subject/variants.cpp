#include "checks/subject/variants.h"

#include <algorithm>

#include "checks/historical/variant.h"
#include "checks/subject/cache_subject.h"
#include "checks/subject/production_caches.h"
#include "checks/subject/variant_subject.h"

namespace triecheck::checks {
namespace {

template <class Listed>
variant to_variant(const Listed& p) {
  using family = typename Listed::family;
  return {p.name,
          p.description,
          &make_variant_subject<family, std_sync>,
          takes_policies<family>,
          p.refusals,
          p.nonblocking,
          p.statistics,
          tells_events<typename Listed::cache_type>,
          schedules<typename Listed::cache_type>,
          forgets<typename Listed::cache_type>,
          knows_keys<typename Listed::cache_type>,
          p.order_by_thread};
}

}  // namespace

const std::vector<variant>& variants() {
  static const std::vector<variant> all =
      std::apply([](const auto&... p) { return std::vector<variant>{to_variant(p)...}; }, production_caches);
  return all;
}

const variant& default_variant(bool with_policies) {
  const variant& best = *find_variant(default_cache);
  if (!with_policies || best.takes_policies) return best;
  return *std::find_if(variants().begin(), variants().end(), [](const variant& v) { return v.takes_policies; });
}

const variant* find_variant(const std::string& name) {
  const auto found =
      std::find_if(variants().begin(), variants().end(), [&](const variant& v) { return v.name == name; });
  if (found != variants().end()) return &*found;
  const variant& historical = historical::as_variant();
  return historical.name == name ? &historical : nullptr;
}

}  // namespace triecheck::checks
