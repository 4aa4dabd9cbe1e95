// The historical cache over the production layer.
#include "cache/sync/std.h"
#include "checks/historical/historical_cache.h"
#include "checks/historical/variant.h"
#include "checks/subject/cache_subject.h"
#include "checks/subject/variant_subject.h"

namespace triecheck::historical {

struct family {
  template <class Sync>
  using over = historical_cache<Sync>;
};

const checks::variant& as_variant() {
  static const checks::variant self = {
      .name = cache_name,
      .description = "what the project began with: one mutex, and each of its 33 defects a switch (all off)",
      .make = &checks::make_variant_subject<family, std_sync>,
      .refusals = model::refusals::at_once,
      .statistics = checks::stats_consistency::all,
      .events = true};
  return self;
}

}  // namespace triecheck::historical
