#include "tools/options.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include <CLI/CLI.hpp>

#include "checks/report/suggestion.h"
#include "checks/simulate/simulate.h"
#include "checks/subject/policies.h"
#include "checks/subject/variants.h"
#include "checks/trace/generate.h"
#include "tools/commands.h"

#ifndef TRIECHECK_SCENARIOS_DIR
#define TRIECHECK_SCENARIOS_DIR "scenarios"
#endif
#ifndef TRIECHECK_INSTALLED_SCENARIOS
#define TRIECHECK_INSTALLED_SCENARIOS "../share/triecheck/scenarios"
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

void add_patience(CLI::App& app, std::string& value) {
  app.add_option("--patience", value, "Without a step of the cache for this time, it hangs, which is an error")
      ->type_name("TIME")
      ->capture_default_str();
}

std::chrono::milliseconds patience_of(const std::string& text) {
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(parse_time("--patience", text));
  if (patience < std::chrono::milliseconds(100))
    throw usage_error("--patience: must be at least 100ms, not '" + text + "'");
  return patience;
}

std::vector<std::size_t> parse_list(const std::string& option, const std::string& text, std::uint64_t most) {
  std::vector<std::size_t> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, number);
    if (error != std::errc{} || stop != text.data() + end || number == 0 || number > most) {
      throw usage_error(option + ": must be whole numbers from 1 to " + std::to_string(most) +
                        " with commas between them, not '" + text + "'");
    }
    numbers.push_back(number);
    at = end + 1;
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

checks::hit_retention keep_hits_of(const std::string& text, const std::string& policy) {
  checks::hit_retention keep;
  if (text.empty()) return keep;
  if (policy != "priority" && policy != "all") throw usage_error("--keep-hits goes with --policy priority alone");
  const char* const end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, keep.priority);
  if (error == std::errc{} && at != end && *at == ':') {
    const auto requests = std::from_chars(at + 1, end, keep.requests);
    at = requests.ptr;
    error = requests.ec;
  }
  if (error != std::errc{} || at != end || keep.priority > 100) {
    throw usage_error(
        "--keep-hits: expected a priority from 0 to 100, and after a colon for how many requests, such as 50 or "
        "50:2000, not '" +
        text + "'");
  }
  return keep;
}

usage_error memory_error(std::uint64_t pages, std::uint64_t page_tokens) {
  return usage_error("there is not enough memory for " + std::to_string(pages) + " pages of " +
                     std::to_string(page_tokens) + " tokens");
}

void check_memory(std::uint64_t pages, std::uint64_t page_tokens) {
  const double needed_bytes = static_cast<double>(pages) * (4.0 * static_cast<double>(page_tokens) + 64);
  const double machine_bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (needed_bytes > machine_bytes) throw memory_error(pages, page_tokens);
}

usage_error unknown_name(const std::string& kind, const std::string& name, const std::vector<std::string_view>& known) {
  std::string all;
  for (const std::string_view one : known) all += (all.empty() ? "" : ", ") + std::string(one);
  return usage_error("there is no " + kind + " called '" + name + "'" + checks::did_you_mean(name, known) +
                     "; the known ones are: " + all);
}

std::string near_option(const CLI::App& app, const std::string& words) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return checks::did_you_mean(words.substr(0, words.find_first_of("= ")), {names.begin(), names.end()});
}

const checks::variant& known_variant(const std::string& name) {
  if (const checks::variant* found = checks::find_variant(name)) return *found;
  throw unknown_name("cache", name, checks::names_of(checks::variants()));
}

void take_aliases(CLI::Option& policy) {
  policy.transform([](const std::string& text) {
    const checks::policy* found = checks::find_policy(text);
    return found == nullptr ? text : found->name;
  });
}

const checks::policy& known_policy(const std::string& name, const checks::variant& v) {
  const checks::policy* found = checks::find_policy(name);
  if (found == nullptr) throw unknown_name("policy", name, checks::names_of(checks::policies()));
  const std::string& only = checks::policies().front().name;
  if (!v.takes_policies && name != only) {
    throw usage_error("the cache '" + v.name + "' knows the policy " + only + " alone, not '" + name + "'");
  }
  return *found;
}

const checks::trace_shape& known_shape(const std::string& name) {
  if (const checks::trace_shape* found = checks::find_shape(name)) return *found;
  std::vector<std::string_view> names;
  for (const checks::trace_shape& s : checks::trace_shapes()) names.push_back(s.name);
  throw unknown_name("shape", name, names);
}

std::filesystem::path scenario_directory(const std::string& given) {
  if (!given.empty()) return given;
  std::error_code ignored;
  if (std::filesystem::is_directory("scenarios", ignored)) return "scenarios";
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const std::filesystem::path installed = (program.parent_path() / TRIECHECK_INSTALLED_SCENARIOS).lexically_normal();
  if (!program.empty() && std::filesystem::is_directory(installed, ignored)) return installed;
  return TRIECHECK_SCENARIOS_DIR;
}

}  // namespace triecheck::tools
