// One operation on one object of the layer, from its pending_operation to the line of the interleaving. For the .cpp
// files of this folder alone.
#pragma once

#include "checks/explore/relacy/object.h"
#include "checks/explore/session.h"

namespace triecheck::explore {

class step {
 public:
  step(const tracked& object, const location& where) : object_(object), where_(where) {}

  void announce(const pending_operation& next) const {
    check();
    session::current().announce(next, where_);
  }

  /// A scheduling point, for what Relacy does not schedule itself.
  void wait_for_turn() const {
    rl::ctx().sched();
    check();
  }

  void check() const { object_.check(where_); }

  void performed(const effect& e) const { session::current().performed(object_.id(), e); }

  /// `text` is given the object's name, where somebody reads the interleaving.
  template <class Text>
  void describe(Text text) const {
    session::current().describe(where_, [&](const interleaving& names) { return text(names.name(object_.id())); });
  }

 private:
  const tracked& object_;
  const location& where_;
};

}  // namespace triecheck::explore
