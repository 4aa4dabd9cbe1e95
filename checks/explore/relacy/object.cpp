#include "checks/explore/relacy/object.h"

#include "checks/explore/session.h"

namespace triecheck::explore {

tracked::tracked() : id_(session::current().new_object(this)) {}

void tracked::retire() const {
  session& s = session::current();
  if (!s.in_threads()) return;
  check({});
  s.announce({.kind = access::store, .object = id_, .destroys = true}, {});
  rl::ctx().sched();
  check({});
  s.performed();
  s.describe({}, [&](const interleaving& names) { return "destroy " + names.name(id_); });
}

void tracked::check(const location& where) const {
  const std::uint32_t canary = *const_cast<const volatile std::uint32_t*>(&canary_);
  if (canary != alive) session::current().fail_without_object(this, canary == dead, where);
}

}  // namespace triecheck::explore
