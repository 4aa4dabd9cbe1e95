// How leases go through the steps of a scenario, and what it takes that they still do when steps are gone.
//
// Threads: plain functions of values.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/scenario/scenario.h"

namespace triecheck::checks {

using steps = std::vector<step>;

/// All sections, in the order of the file.
std::vector<const steps*> sections(const scenario& s);
std::vector<steps*> sections(scenario& s);

bool opens_lease(const step& s);

/// The lease that has to be open for the step; empty where there is none.
const std::string& needed_by(const step& s);

/// Which leases are open behind the step.
void follow(std::set<std::string>& open, const step& s);

/// What the steps of a section did to a lease so far.
struct lease_note {
  std::size_t tokens = 0;  ///< that it holds at most
  bool unwritten = false;  ///< whether it has pages that nobody wrote
};
using lease_notes = std::map<std::string, lease_note>;
void follow(lease_notes& leases, const step& s);

/// Without what works on a lease that is not open any more.
steps without_orphans(const steps& section);

/// From the step `first` on the lease `from` is called `to`.
void rename_lease(steps& section, std::size_t first, const std::string& from, const std::string& to);

/// The thread `gone` is no more; its steps are those of `now`, if of any.
void renumber_cancels(scenario& s, std::size_t gone, std::optional<std::size_t> now);

/// A lease that nobody gives is not taken, one that nobody takes is not given, and one that stays in its section is
/// moved.
scenario with_hand_overs_that_meet(scenario s);

/// No lease is published up to more tokens than it holds.
scenario with_computed_tokens_held(scenario s);

}  // namespace triecheck::checks
