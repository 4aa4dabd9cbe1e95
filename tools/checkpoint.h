// A long exploration on disk, so that another process can go on after a kill: what was asked, what is finished, and how
// far the explorations are that are not. Self-contained: it holds the scenarios themselves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/report/verdict.h"

namespace triecheck::tools {

struct checkpoint {
  /// One exploration of the plan.
  struct space {
    std::optional<checks::result> result;  ///< once it is finished
    nlohmann::json state;                  ///< where it goes on; null where it starts from the beginning
  };
  bool finished = false;
  nlohmann::json plan;        ///< what was asked, in the words of the subcommand
  std::vector<space> spaces;  ///< in the order of the plan
};

/// Replaces `file` as a whole: whenever the process dies, the file holds this checkpoint or the one before. Throws
/// usage_error.
void save_checkpoint(const std::string& file, const checkpoint& c);

/// Tells this program from other builds of it, of the same version too.
std::string this_build();

/// Whether a new run may keep its checkpoint in `file`. Throws usage_error for a file that is something else, and for
/// the checkpoint of a run that is not finished.
void check_new_checkpoint(const std::string& file);

/// Throws usage_error for what is no checkpoint, and for one of another build of this program: other code has another
/// space.
checkpoint load_checkpoint(const std::string& file);

}  // namespace triecheck::tools
