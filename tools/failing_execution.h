// How a command line names a failing execution: a failure file, a result of `explore --json`, or a replay token.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "checks/verify/explore.h"
#include "tools/scenario_argument.h"

namespace triecheck::tools {

struct failing_execution {
  named_scenario scenario;
  explore::replay_token token;                   ///< of a known cache and fault
  std::optional<checks::stored_failure> stored;  ///< of a failure file
};

/// Of a failure file the scenario is the one in it; a token's is looked for below `directory`. Throws usage_error for
/// what names no execution, scenario_error for a file that cannot be read as a scenario. Says on stderr, in one line,
/// when a failure file comes from another version.
failing_execution find_execution(const std::string& file_or_token, const std::filesystem::path& directory);

}  // namespace triecheck::tools
