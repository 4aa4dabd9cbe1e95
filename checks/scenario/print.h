// A scenario as the text of a scenario file: for scenarios that a program made.
#pragma once

#include <string>

#include "checks/scenario/scenario.h"

namespace triecheck::checks {

/// A step in the words of the step language, from its fields; `text` is not used.
std::string print_step(const step& s);

/// The text of a scenario file that means `s`, without comments and without a [failure]. Whether every lease is opened
/// before it is used, and whatever else a reader checks, shows when the text is parsed.
std::string print_scenario(const scenario& s);

}  // namespace triecheck::checks
