// How the user called this program, so that the commands it prints run as they are pasted, from the same folder.
#pragma once

#include <string>

#include "checks/report/verdict.h"

namespace triecheck::tools {

/// `command`, which begins with the word "triecheck", with the word in its place by which this process was called: the
/// path as it was typed, or the bare name where the shell finds it; the full path where that word leads elsewhere.
/// Other text is left as it is.
std::string as_typed(const std::string& command);

/// The result, or the report, with each command that replays a failure in it as typed. What identifies a run,
/// `report::command`, stays as it is, so that the shards of different machines still fit together.
checks::result as_typed(checks::result r);
checks::report as_typed(checks::report r);

}  // namespace triecheck::tools
