// What can be explored: the variants over the exploring layer, and the seeded faults.
#pragma once

#include <string>
#include <vector>

#include "checks/subject/subject.h"

namespace triecheck::explore {

/// The factory of `variant` over the exploring layer, or null.
checks::subject_factory explored_variant(const std::string& variant);

/// A defect put back into a copy of the shipped text, to show that a check catches it.
struct fault {
  std::string name;
  std::string variant;      ///< which variant's text it was put into
  std::string description;  ///< one sentence: what is wrong
  std::string breaks;       ///< the invariants, and the numbers in the catalogue of known defects
  std::string expected;     ///< the kind of violation that the oracle reports
  std::string scenario;     ///< a scenario that shows it; empty where a sequential workload does
  checks::subject_factory make;
  checks::subject_factory
      make_sequential;            ///< over the production layer, where a sequential workload shows it; or null
  model::eviction_policy policy;  ///< under which it shows
};

/// The faults of this build, by name.
const std::vector<fault>& faults();

/// The names of those that this build leaves out (TRIECHECK_FAULTS in checks/faults/faults.cmake).
const std::vector<std::string>& faults_not_built();

/// The fault called `name`, or null. Beside those of `faults` these are the defects of the historical cache
/// (checks/historical).
const fault* find_fault(const std::string& name);

}  // namespace triecheck::explore
