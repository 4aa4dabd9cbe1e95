#include "checks/report/shard.h"

#include <charconv>
#include <cstdint>
#include <fstream>
#include <string_view>

namespace triecheck::checks {
namespace {

constexpr std::uint64_t most_shards = 1'000'000;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::uint64_t required(const char* variable, const std::function<const char*(const char*)>& environment) {
  const char* text = environment(variable);
  const auto value = number(text == nullptr ? "" : text);
  if (!value) {
    throw shard_error(
        std::string(variable) +
        (text == nullptr ? " is not set, and has to be" : " must be a whole number, not '" + std::string(text) + "'") +
        " (--shard none ignores the environment)");
  }
  return *value;
}

std::optional<std::uint64_t> optional(const char* variable,
                                      const std::function<const char*(const char*)>& environment) {
  return environment(variable) == nullptr ? std::nullopt : std::optional(required(variable, environment));
}

chosen_shard checked(std::uint64_t index, std::uint64_t count, const std::string& source) {
  if (count == 0 || count > most_shards) throw shard_error(source + ": the number of shards must be from 1 to 1000000");
  if (index >= count) {
    throw shard_error(source + ": there is no shard " + std::to_string(index) + " of " + std::to_string(count) +
                      ", counted from 0");
  }
  return {.part = {.index = index, .count = count}, .source = source};
}

// Some runners count the tasks of an array from a number other than 0, or in steps.
std::uint64_t place_in_array(const std::function<const char*(const char*)>& environment) {
  const std::uint64_t id = required("SLURM_ARRAY_TASK_ID", environment);
  const std::uint64_t least = optional("SLURM_ARRAY_TASK_MIN", environment).value_or(0);
  const std::uint64_t step = optional("SLURM_ARRAY_TASK_STEP", environment).value_or(1);
  if (id < least || step == 0) throw shard_error("SLURM_ARRAY_TASK_ID is below SLURM_ARRAY_TASK_MIN, or the step is 0");
  return (id - least) / step;
}

}  // namespace

std::optional<chosen_shard> choose_shard(const std::string& flag,
                                         const std::function<const char*(const char*)>& environment) {
  if (flag == "none") return std::nullopt;
  if (!flag.empty()) {
    const std::size_t slash = flag.find('/');
    const std::string index = flag.substr(0, slash);
    const auto count = number(slash == std::string::npos ? "" : std::string_view(flag).substr(slash + 1));
    const auto given = index == "auto" ? required("JOB_COMPLETION_INDEX", environment) : number(index);
    if (!count || !given || (index != "auto" && *given > *count)) {
      throw shard_error("--shard: expected I/N with I from 0 to N, auto/N or none, not '" + flag + "'");
    }
    return checked(index != "auto" && *given == *count && *count != 0 ? 0 : *given, *count, "--shard");
  }
  for (const std::string prefix : {"GTEST", "TEST"}) {
    const std::string total = prefix + "_TOTAL_SHARDS";
    if (environment(total.c_str()) == nullptr) continue;
    // Bazel's protocol: a test that understands sharding touches this file.
    if (const char* status = environment("TEST_SHARD_STATUS_FILE"); prefix == "TEST" && status != nullptr)
      std::ofstream(status).flush();
    return checked(required((prefix + "_SHARD_INDEX").c_str(), environment), required(total.c_str(), environment),
                   total);
  }
  if (environment("SLURM_ARRAY_TASK_COUNT") != nullptr) {
    return checked(place_in_array(environment), required("SLURM_ARRAY_TASK_COUNT", environment),
                   "SLURM_ARRAY_TASK_COUNT");
  }
  return std::nullopt;
}

}  // namespace triecheck::checks
