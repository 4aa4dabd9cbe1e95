// Which part of every space a run explores: from the command line, or from the environment of a runner that splits a
// job.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "checks/report/verdict.h"

namespace triecheck::checks {

/// A shard that is misspelt, or half of whose variables are missing: one line.
class shard_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct chosen_shard {
  share part;
  std::string source;  ///< the flag or the variable that said so
};

/// `flag` is what --shard was given: "I/N", "auto/N" (the index is JOB_COMPLETION_INDEX), "none", or empty: then the
/// first of GTEST_SHARD_INDEX / GTEST_TOTAL_SHARDS, TEST_SHARD_INDEX / TEST_TOTAL_SHARDS, SLURM_ARRAY_TASK_ID / _COUNT
/// that is set decides. N/N is 0/N, so shards may be numbered from 0 or from 1. Nothing for the whole. `environment`
/// answers null for a variable that is not set. Throws shard_error.
std::optional<chosen_shard> choose_shard(const std::string& flag,
                                         const std::function<const char*(const char*)>& environment);

}  // namespace triecheck::checks
