// Smaller versions of a scenario: what `triecheck shrink` tries.
//
// Knows nothing of failures: which of the smaller scenarios still fails is asked elsewhere. Nothing is renamed, so a
// person recognises in the smallest scenario what the first one said.
#pragma once

#include <compare>
#include <cstddef>
#include <vector>

#include "checks/scenario/scenario.h"

namespace triecheck::checks {

/// How large a scenario is: the first number that differs decides. A chain of ever smaller scenarios ends.
struct scenario_size {
  std::size_t threads = 0;
  std::size_t operations = 0;  ///< of the cache, with the releases at the end of a section that nobody wrote
  std::size_t pages = 0;
  std::size_t tokens = 0;  ///< in all steps, and those up to which a lease is published
  std::size_t tokens_per_page = 0;
  std::size_t elsewhere = 0;         ///< steps in another namespace than 0
  std::size_t clauses = 0;           ///< what follows operands: slots, wishes, requests for memory that fail
  std::size_t steps = 0;             ///< as written: a request is one
  std::size_t concurrent_steps = 0;  ///< of them in threads, not in [init] or [final]
  friend auto operator<=>(const scenario_size&, const scenario_size&) = default;
};
scenario_size size_of(const scenario& s);

/// Whether some lease is read, or published up to a number of tokens, though pages that it got were not written before,
/// or up to more tokens than it holds: such a scenario fails by itself, whatever the cache does.
bool misuses_a_lease(const scenario& s);

/// Scenarios that are one change away from `s` and smaller, each valid and different from the others; what saves most
/// comes first. The changes:
///  - a thread is dropped, runs before or after the others, or is joined to another
///  - a step is dropped with all that needs its lease
///  - a request is split into its steps and loses one
///  - the first or last steps of a thread that share no lease with the rest move to [init] or [final]
///  - there are fewer pages; prefixes are shorter; pages hold fewer tokens; all are in one namespace
///  - what follows a step's operands goes
/// What one section gives and no other takes any more stays where it is. Dropping, splitting and shortening come with
/// fewer pages, too: what fills a pool shrinks with it. None misuses a lease, unless `s` does.
std::vector<scenario> reductions(const scenario& s);

}  // namespace triecheck::checks
