// The historical cache over the exploring layer, once for every switch.
#include "checks/historical/explored.h"

#include <memory>
#include <utility>

#include "checks/explore/relacy/sync.h"
#include "checks/historical/historical_cache.h"
#include "checks/historical/list.h"
#include "checks/historical/variant.h"
#include "checks/subject/cache_subject.h"

namespace triecheck::historical {
namespace {

// The switch of the caches that are made next. The adapter hands a cache its sizes and nothing
// else, and to compile it for every switch would take a minute; a process explores one cache at a
// time.
defect_set next_defects;

class defective_cache : public historical_cache<explore::relacy_sync> {
 public:
  explicit defective_cache(cache_config config) : historical_cache(config, next_defects) {}
};

template <unsigned Number>
std::unique_ptr<checks::subject> make(const checks::subject_config& c, std::size_t leases) {
  next_defects = {defect(Number)};
  return checks::make_subject<defective_cache>(c, leases);
}

template <unsigned Number>
explore::fault as_fault() {
  const listed_defect& listed = list[Number - 1];
  return {.name = defect_name(Number),
          .variant = cache_name,
          .description = listed.description,
          .breaks = "defect " + std::to_string(Number),
          .expected = listed.kind,
          .scenario = listed.scenario,
          .make = &make<Number>,
          .make_sequential = nullptr,
          .policy = model::eviction_policy::recency};
}

template <unsigned... Index>
std::vector<explore::fault> all(std::integer_sequence<unsigned, Index...>) {
  return {as_fault<Index + 1>()...};
}

}  // namespace

std::string defect_name(unsigned number) {
  return std::string("defect_") + (number < 10 ? "0" : "") + std::to_string(number);
}

const std::vector<explore::fault>& defects() {
  static const std::vector<explore::fault> faults = all(std::make_integer_sequence<unsigned, defect_count>());
  return faults;
}

checks::subject_factory explored() { return &checks::make_subject<historical_cache<explore::relacy_sync>>; }

}  // namespace triecheck::historical
