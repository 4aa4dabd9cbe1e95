// The operations of a cache, as a server calls them. Compiled three times: without the text of cache/monitoring, with
// it and no observer, and with metrics. off_costs_nothing_test compares what the three compile to.
#include <cstddef>
#include <span>

#include "cache/lockfree.h"
#include "cache/sync/std.h"

#if MONITORING != 0
#include "cache/monitoring/monitored.h"
#endif

using namespace triecheck;

#if MONITORING == 0
using observed_or_not = lockfree_cache<std_sync>;
#elif MONITORING == 1
using observed_or_not = observed<lockfree_cache<std_sync>, no_observer>;
#else
using observed_or_not = observed<lockfree_cache<std_sync>, operation_metrics<std_sync>>;
#endif

extern "C" {

void call_lookup(observed_or_not& c, observed_or_not::lease_type& l, const token* t, std::size_t n) {
  l = c.lookup(std::span(t, n));
}
status call_allocate(observed_or_not& c, observed_or_not::lease_type& l, const token* t, std::size_t n) {
  return c.allocate(l, std::span(t, n));
}
status call_publish(observed_or_not& c, observed_or_not::lease_type& l, std::size_t n) { return c.publish(l, n); }
status call_release(observed_or_not& c, observed_or_not::lease_type& l) { return c.release(l); }
void call_fork(observed_or_not& c, observed_or_not::lease_type& l, observed_or_not::lease_type& to) {
  to = c.fork(l).forked;
}
std::size_t call_evict(observed_or_not& c, std::size_t n) { return c.evict(n); }
void end_lease(observed_or_not::lease_type& l) { l = {}; }

}  // extern "C"
