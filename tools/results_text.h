// The results of an exploration in words: what `explore` prints as it goes on, and `merge` at its end.
#pragma once

#include <string>

#include "checks/report/verdict.h"

namespace triecheck::tools {

/// One line, without a line end; commands in it are as the user typed the name of the program.
std::string in_words(const checks::result& r);

/// "about 5700", and " (4900 to 6500)" where that says more.
std::string mean_in_words(const checks::expected_executions& e);
std::string range_in_words(const checks::expected_executions& e);

/// On standard output: the verdict of the whole, and a line to copy for each failure.
void print_summary(const checks::report& r);

}  // namespace triecheck::tools
