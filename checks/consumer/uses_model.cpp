// The same request through the installed model.
#include <triecheck/model/linearizability.h>
#include <triecheck/model/operation.h>
#include <triecheck/model/state.h>

#include <cstdio>

int main() {
  using namespace triecheck::model;
  state s(config{.pages = 4, .tokens_per_page = 2});
  operation lookup;
  lookup.kind = operation_kind::lookup;
  lookup.subject = 1;
  lookup.tokens = {1, 2};
  outcome nothing_cached;

  const auto violated = s.step(lookup, nothing_cached);
  if (!violated && s.stats().lookups == 1 && s.stats().open_leases == 1) return 0;
  std::fprintf(stderr, "the installed model refused a lookup: %s\n", violated ? violated->c_str() : "wrong counters");
  return 1;
}
