// The simulation over monitored caches. A separate source: it compiles every cache once more.
#include "cache/monitoring/monitored.h"
#include "cache/sync/contended.h"
#include "checks/simulate/dispatch.h"

namespace triecheck::checks {
namespace {

template <class Family, class Policy>
using monitored = monitored_cache<typename cache_with<Family, contended_sync<std_sync>, Policy>::type>;

}  // namespace

simulation simulate_monitored(const trace& t, const simulation_options& options) {
  return simulate_as<monitored>(t, options);
}

}  // namespace triecheck::checks
