// Options that several subcommands share, with the same texts, limits and errors everywhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "checks/report/shell_word.h"
#include "model/eviction.h"
#include "tools/commands.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace triecheck::checks {
struct hit_retention;
struct policy;
struct trace_shape;
struct variant;
}  // namespace triecheck::checks

namespace triecheck::tools {

/// Adds an option that takes a whole number in decimal notation, from `least` to `most`; `value` holds the default. Any
/// other text is one line that names the option and the range.
CLI::Option* add_number(CLI::App& app, const std::string& flags, std::uint64_t& value, const std::string& meaning,
                        std::uint64_t least, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

/// "4096,1024": whole numbers from 1 to `most`, sorted, each once; throws usage_error that names the option.
std::vector<std::size_t> parse_list(const std::string& option, const std::string& text, std::uint64_t most);

/// Of --keep-hits "50" or "50:2000", a priority and for how many requests it lives; none where `text` is empty. Throws
/// usage_error for another text, and for a policy that would ignore it.
checks::hit_retention keep_hits_of(const std::string& text, const std::string& policy);

/// Refuses pages that the machine cannot hold before they are touched: memory is promised before it is there.
void check_memory(std::uint64_t pages, std::uint64_t page_tokens);

/// What `check_memory` throws, for callers that learn it later.
usage_error memory_error(std::uint64_t pages, std::uint64_t page_tokens);

/// "90s", "1.5m", "200ms", "2h"; throws usage_error that names the option.
std::chrono::duration<double> parse_time(const std::string& option, const std::string& text);

/// Adds --patience, whose default is `value`, a time.
void add_patience(CLI::App& app, std::string& value);

/// The time of --patience; throws usage_error for one that is no time, or below 100 ms.
std::chrono::milliseconds patience_of(const std::string& text);

/// What to throw for a name that is none of the few `known` ones: names all, and the nearest where one is near.
usage_error unknown_name(const std::string& kind, const std::string& name, const std::vector<std::string_view>& known);

/// " (did you mean '--cache'?)" for the option that begins `words`, "--cahce=coarse"; empty where none of `app` is
/// near.
std::string near_option(const CLI::App& app, const std::string& words);

/// The variant called `name`; throws usage_error that names the known ones.
const checks::variant& known_variant(const std::string& name);

/// The option `policy` takes an alias, too, and then has the name. Other text stays, for `known_policy` to refuse.
void take_aliases(CLI::Option& policy);

/// The eviction policy called `name`; throws usage_error that names the known ones, or where the variant takes no
/// policy.
const checks::policy& known_policy(const std::string& name, const checks::variant& v);

/// The shape of a generated trace called `name`; throws usage_error that names the known ones.
const checks::trace_shape& known_shape(const std::string& name);

/// `given`, or where it is empty ./scenarios if that is a directory, otherwise the directory that was installed with
/// this program, otherwise that of the source tree that it was built from.
std::filesystem::path scenario_directory(const std::string& given);

using checks::shell_word;

}  // namespace triecheck::tools
