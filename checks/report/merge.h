// The shards of one run as one report.
#pragma once

#include <stdexcept>
#include <vector>

#include "checks/report/verdict.h"

namespace triecheck::checks {

/// Reports that are not the shards of one run: one line that says which and why, by their place in the argument.
class merge_error : public std::runtime_error {
 public:
  merge_error(std::size_t which, const std::string& what) : std::runtime_error(what), report(which) {}
  const std::size_t report;
};

/// The report that one run over everything would have written: counts add up, the worst verdict counts, a failure is
/// that of the fewest preemptions. What a missing shard leaves open is incomplete; shards of different programs, told
/// by the digests of their spaces, are an error. Throws merge_error; requires at least one report.
report merge(const std::vector<report>& shards);

}  // namespace triecheck::checks
