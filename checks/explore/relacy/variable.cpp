#include "checks/explore/relacy/variable.h"

#include <string>

#include "checks/explore/session.h"

namespace triecheck::explore {
namespace {

using judged = rl::var<std::uint64_t>;

}  // namespace

plain_object::plain_object() { word_.construct<judged>(); }

// The destruction races with whatever a store would race with.
plain_object::~plain_object() {
  if (session::current().in_threads()) set(0, {});
  word_.destroy<judged>();
}

// Before Relacy judges the access, as it ends the execution if it races.
void plain_object::begin(const location& where, bool store) const {
  tracked_.check(where);
  session& s = session::current();
  s.accessing(where);
  s.set_suspect({.object = id(), .store = store, .last_store = stored_, .last_load = loaded_});
}

std::uint64_t plain_object::get(const location& where) const {
  begin(where, false);
  session& s = session::current();
  const std::uint64_t value = word_.as<judged>()(rl::debug_info()).load();
  s.saw(value);
  s.read_plain(id(), value);
  loaded_ = {where, s.thread()};
  s.describe_plain(where, [&](const interleaving& names) { return names.name(id()) + " = " + std::to_string(value); });
  return value;
}

void plain_object::set(std::uint64_t value, const location& where) {
  begin(where, true);
  session& s = session::current();
  word_.as<judged>()(rl::debug_info()).store(value);
  s.saw(value);
  s.wrote_plain(id(), value);
  stored_ = {where, s.thread()};
  s.describe_plain(where, [&](const interleaving& names) { return names.name(id()) + " := " + std::to_string(value); });
}

}  // namespace triecheck::explore
