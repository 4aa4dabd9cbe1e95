// The oracles that judge an explored scenario: one list, and the code that calls all of it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "checks/oracles/conservation.h"
#include "checks/oracles/events.h"
#include "checks/oracles/lease_ids.h"
#include "checks/oracles/linearizability.h"
#include "checks/oracles/oracle.h"
#include "checks/oracles/page_ownership.h"
#include "checks/oracles/structure.h"

namespace triecheck::checks {

/// What an oracle found.
struct objection {
  const char* kind;
  std::string message;
};

/// Each oracle has a distinct type, so that the compiler sees what a call does: most do nothing.
template <class... Oracle>
class oracle_list {
 public:
  explicit oracle_list(const oracle_setting& s) : all_(Oracle(s)...) {}

  static constexpr std::array<const char*, sizeof...(Oracle)> kinds = {Oracle::kind...};

  template <class One>
  One& get() {
    return std::get<One>(all_);
  }
  template <class One>
  const One& get() const {
    return std::get<One>(all_);
  }

  /// Calls `tell` with each.
  template <class Tell>
  void each(Tell tell) {
    (tell(get<Oracle>()), ...);
  }

  /// Calls `ask`, which answers a finding, with one after the other until one finds something.
  template <class Ask>
  std::optional<objection> first(Ask ask) {
    std::optional<objection> found;
    const auto finds = [&](const char* kind, std::optional<std::string> wrong) {
      if (wrong) found = objection{kind, *std::move(wrong)};
      return wrong.has_value();
    };
    static_cast<void>((finds(Oracle::kind, ask(get<Oracle>())) || ...));
    return found;
  }

 private:
  std::tuple<Oracle...> all_;
};

/// In the order in which they are asked: where several find something, the first one is reported.
using scenario_oracles =
    oracle_list<page_ownership, sound_structure, pins, conservation, event_book, lease_ids, linearizability>;

}  // namespace triecheck::checks
