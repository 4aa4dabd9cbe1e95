#include "checks/explore/registry.h"

#include <algorithm>

#include "checks/explore/relacy/sync.h"
#include "checks/production_caches.h"
#include "checks/variant_subject.h"

namespace triecheck::explore {
namespace {

template <class Listed>
void match(const Listed& listed, const std::string& variant, checks::subject_factory& found) {
  if (variant == listed.name) found = &checks::make_variant_subject<typename Listed::family, relacy_sync>;
}

}  // namespace

checks::subject_factory explored_variant(const std::string& variant) {
  checks::subject_factory found = nullptr;
  std::apply([&](const auto&... listed) { (match(listed, variant, found), ...); }, checks::production_caches);
  return found;
}

const fault* find_fault(const std::string& name) {
  const auto found = std::find_if(faults().begin(), faults().end(), [&](const fault& f) { return f.name == name; });
  return found == faults().end() ? nullptr : &*found;
}

}  // namespace triecheck::explore
