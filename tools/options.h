// Options that several subcommands share, with the same texts, limits and errors everywhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "checks/shell_word.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace triecheck::checks {
struct variant;
}

namespace triecheck::tools {

/// Adds an option that takes a whole number in decimal notation, from `least` to `most`; `value` holds the default. Any
/// other text is one line that names the option and the range.
CLI::Option* add_number(CLI::App& app, const std::string& flags, std::uint64_t& value, const std::string& meaning,
                        std::uint64_t least, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

/// "90s", "1.5m", "200ms", "2h"; throws usage_error that names the option.
std::chrono::duration<double> parse_time(const std::string& option, const std::string& text);

/// The variant called `name`; throws usage_error that names the known ones.
const checks::variant& known_variant(const std::string& name);

/// `given`, or where it is empty ./scenarios if that is a directory, otherwise the directory of the source tree that this
/// program was built from.
std::filesystem::path scenario_directory(const std::string& given);

using checks::shell_word;

}  // namespace triecheck::tools
