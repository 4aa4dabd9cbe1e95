#include "checks/verify/registry.h"

#include <algorithm>

#include "checks/explore/relacy/sync.h"
#include "checks/historical/explored.h"
#include "checks/historical/variant.h"
#include "checks/subject/production_caches.h"
#include "checks/subject/variant_subject.h"

namespace triecheck::explore {
namespace {

template <class Listed>
void match(const Listed& listed, const std::string& variant, checks::subject_factory& found) {
  if (variant == listed.name) found = &checks::make_variant_subject<typename Listed::family, relacy_sync>;
}

}  // namespace

checks::subject_factory explored_variant(const std::string& variant) {
  checks::subject_factory found = variant == historical::cache_name ? historical::explored() : nullptr;
  std::apply([&](const auto&... listed) { (match(listed, variant, found), ...); }, checks::production_caches);
  return found;
}

const fault* find_fault(const std::string& name) {
  for (const std::vector<fault>* all : {&faults(), &historical::defects()}) {
    const auto found = std::find_if(all->begin(), all->end(), [&](const fault& f) { return f.name == name; });
    if (found != all->end()) return &*found;
  }
  return nullptr;
}

}  // namespace triecheck::explore
