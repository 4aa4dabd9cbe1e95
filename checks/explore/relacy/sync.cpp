#include "checks/explore/relacy/sync.h"

#include <string>

#include "checks/explore/session.h"

namespace triecheck::explore {

void run_yield(const location& where) {
  session::current().announce({.kind = access::local}, where);
  rl::yield(1, {});
  session::current().performed(0, {});
  session::current().describe(where, [](const interleaving&) { return std::string("yield"); });
}

void require_condition(bool condition, const char* text, const location& where) {
  if (condition) return;
  session::current().accessing(where);
  session::current().fail("invariant", std::string(text) + ", at " + show(where));
}

void label_object(object_id object, const char* name, std::size_t index) { session::current().label(object, name, index); }

std::size_t own_thread_index() {
  const session& s = session::current();
  return !s.in_threads() || s.thread() < s.threads_with_indices() ? s.thread() : relacy_sync::thread_indices::count;
}

}  // namespace triecheck::explore
