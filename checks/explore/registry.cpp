#include "checks/explore/registry.h"

#include <algorithm>

#include "cache/coarse.h"
#include "checks/cache_subject.h"
#include "checks/explore/relacy_sync.h"

namespace triecheck::explore {

checks::subject_factory explored_variant(const std::string& variant) {
  if (variant == "coarse") return &checks::make_subject<coarse_cache<relacy_sync>>;
  return nullptr;
}

const fault* find_fault(const std::string& name) {
  const auto found = std::find_if(faults().begin(), faults().end(), [&](const fault& f) { return f.name == name; });
  return found == faults().end() ? nullptr : &*found;
}

}  // namespace triecheck::explore
