// Words of a command line, for the commands that reports hand to people.
#pragma once

#include <string>

namespace triecheck::checks {

/// `text` so that a shell reads it as one word: as it is where that is safe, in single quotes otherwise.
std::string shell_word(const std::string& text);

}  // namespace triecheck::checks
