// The historical cache over the exploring layer, once for every switch.
#include "checks/historical/explored.h"

#include <utility>

#include "checks/cache_subject.h"
#include "checks/explore/relacy/sync.h"
#include "checks/historical/historical_cache.h"
#include "checks/historical/list.h"
#include "checks/historical/variant.h"

namespace triecheck::historical {
namespace {

/// With one switch on. The cache is one class for all: what is compiled again is the adapter.
template <unsigned Number>
class defective_cache : public historical_cache<explore::relacy_sync> {
 public:
  explicit defective_cache(cache_config config) : historical_cache(config, {defect(Number)}) {}
};

template <unsigned Number>
explore::fault as_fault() {
  const listed_defect& listed = list[Number - 1];
  return {.name = defect_name(Number),
          .variant = cache_name,
          .description = listed.description,
          .breaks = "defect " + std::to_string(Number),
          .expected = listed.kind,
          .scenario = listed.scenario,
          .make = &checks::make_subject<defective_cache<Number>>,
          .make_sequential = nullptr,
          .policy = model::eviction_policy::recency};
}

template <unsigned... Index>
std::vector<explore::fault> all(std::integer_sequence<unsigned, Index...>) {
  return {as_fault<Index + 1>()...};
}

}  // namespace

std::string defect_name(unsigned number) { return std::string("defect_") + (number < 10 ? "0" : "") + std::to_string(number); }

const std::vector<explore::fault>& defects() {
  static const std::vector<explore::fault> faults = all(std::make_integer_sequence<unsigned, defect_count>());
  return faults;
}

checks::subject_factory explored() { return &checks::make_subject<historical_cache<explore::relacy_sync>>; }

}  // namespace triecheck::historical
