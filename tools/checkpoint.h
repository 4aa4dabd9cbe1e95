// A long exploration on disk, so that another process can go on after a kill: what was asked, what is finished, and where
// the running exploration stands. Self-contained: it holds the scenarios themselves.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/verdict.h"

namespace triecheck::tools {

struct checkpoint {
  bool finished = false;
  nlohmann::json plan;                    ///< what was asked, in the words of the subcommand
  std::vector<checks::result> results;    ///< of the explorations that are finished, in order
  nlohmann::json current;                 ///< the state of the one that runs; null before its first
};

/// Replaces `file` as a whole: whenever the process dies, the file holds this checkpoint or the one before. Throws
/// usage_error.
void save_checkpoint(const std::string& file, const checkpoint& c);

/// Tells this program from other builds of it, of the same version too.
std::string this_build();

/// Whether a new run may keep its checkpoint in `file`. Throws usage_error for a file that is something else, and for the
/// checkpoint of a run that is not finished.
void check_new_checkpoint(const std::string& file);

/// Throws usage_error for what is no checkpoint, and for one of another build of this program: other code has another
/// space.
checkpoint load_checkpoint(const std::string& file);

}  // namespace triecheck::tools
