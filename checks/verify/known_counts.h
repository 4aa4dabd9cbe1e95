// How many executions a scenario has under each cache: complete, or within the bound that the scenario sets. The file
// scenarios/executions.txt has those of the shipped ones: `NAME CACHE=NUMBER...`, a line each; # begins a comment.
//
// Threads: plain functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace triecheck::explore {

using execution_counts = std::map<std::string, std::map<std::string, std::uint64_t>>;  ///< by scenario, then by cache

/// Spaces of more executions take seconds to minutes each: the campaign explores them.
inline constexpr std::uint64_t most_at_once = 150'000;

/// Throws std::runtime_error, "FILE:LINE: what is wrong".
execution_counts read_counts(const std::filesystem::path& file);

/// Puts `counts` in place of the numbers that the file has for the same scenario and cache; makes the file where
/// there is none. Throws as `read_counts`, and where the file cannot be written; then it is as it was.
void update_counts(const std::filesystem::path& file, const execution_counts& counts);

}  // namespace triecheck::explore
