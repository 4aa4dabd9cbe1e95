// Oracles over a snapshot, taken when no operation runs. Each returns what is wrong in one sentence, or nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/subject/subject.h"

namespace triecheck::checks {

/// Structure (I3, I6, I7). Proves that the nodes form one trie: every parent is a node, every chain ends at the root, no
/// two siblings carry the same block, every block fills a page; that the index leads to every node exactly once; and
/// that the eviction order holds exactly the unpinned nodes, children before their parents.
std::optional<std::string> check_structure(const structure& s);

/// Pins (I4). Proves that every node has as many pins as there are open leases with it in their chain; `chains` are the
/// published prefixes of the open leases.
std::optional<std::string> check_pins(const structure& s, const std::vector<std::vector<model::page>>& chains);

/// The tokens from the root to the end of a cached page. Requires a structure that `check_structure` accepts.
std::vector<model::token> path_of(const structure& s, model::page page);

/// Adds one operation to `counted`, from its outcome alone; `before` is the outcome of the lease's operation before.
void tally(model::statistics& counted, const model::operation& op, const model::outcome& observed,
           const model::outcome& before, std::size_t tokens_per_page);

/// Conservation (I5, I10). Proves that free, private and cached pages add up to the pool and that every counter is what
/// the outcomes of the history add up to.
std::optional<std::string> check_conservation(const structure& s, const model::statistics& reported,
                                              const model::statistics& counted);

}  // namespace triecheck::checks
