#include "tools/options.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <CLI/CLI.hpp>

#include "checks/variants.h"
#include "tools/commands.h"

#ifndef TRIECHECK_SCENARIOS_DIR
#define TRIECHECK_SCENARIOS_DIR "scenarios"
#endif

namespace triecheck::tools {

// The library's own conversion to integers follows C's notation, where 010 is eight; people who write --pages 010 mean
// ten, and get an answer that says which numbers are possible where they wrote none.
CLI::Option* add_number(CLI::App& app, const std::string& flags, std::uint64_t& value, const std::string& meaning,
                        std::uint64_t least, std::uint64_t most) {
  const bool bounded = most != std::numeric_limits<std::uint64_t>::max();
  const std::string range = bounded     ? "a whole number from " + std::to_string(least) + " to " + std::to_string(most)
                            : least > 0 ? "a whole number of at least " + std::to_string(least)
                                        : "a whole number";
  const auto read = [&value, flags, range, least, most](const std::string& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most) {
      throw CLI::ValidationError(flags, "must be " + range + ", not '" + text + "'");
    }
    value = number;
  };
  return app.add_option_function<std::string>(flags, read, meaning)->type_name("N")->default_str(std::to_string(value));
}

std::chrono::duration<double> parse_time(const std::string& option, const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const double seconds = unit == "ms" ? 0.001 : unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (error != std::errc{} || seconds == 0 || !(number >= 0 && number <= 1e9)) {
    throw usage_error(option + ": expected a time such as 60s, 200ms, 1.5m or 2h, not '" + text + "'");
  }
  return std::chrono::duration<double>(number * seconds);
}

const checks::variant& known_variant(const std::string& name) {
  if (const checks::variant* found = checks::find_variant(name)) return *found;
  std::string names;
  for (const checks::variant& v : checks::variants()) names += (names.empty() ? "" : ", ") + v.name;
  throw usage_error("there is no cache called '" + name + "'; the known ones are: " + names);
}

std::filesystem::path scenario_directory(const std::string& given) {
  if (!given.empty()) return given;
  std::error_code ignored;
  if (std::filesystem::is_directory("scenarios", ignored)) return "scenarios";
  return TRIECHECK_SCENARIOS_DIR;
}

}  // namespace triecheck::tools
