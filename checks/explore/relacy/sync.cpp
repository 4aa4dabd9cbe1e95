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

void label_object(object_id object, const char* name, std::size_t index) {
  session::current().label(object, name, index);
}

std::size_t own_thread_index() {
  const session& s = session::current();
  constexpr std::size_t count = relacy_sync::thread_indices::count;
  if (!s.in_threads()) return count - 1;
  return s.thread() < s.threads_with_indices() ? s.thread() : count;
}

}  // namespace triecheck::explore
