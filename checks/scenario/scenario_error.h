// Where something is wrong in a scenario file, and how that is said.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "checks/scenario/scenario.h"

namespace triecheck::checks::scenario_files {

/// A position in a file: lines and columns count from 1, columns in characters.
struct place {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// Throws scenario_error. The message stays one line whatever the file or its name contains.
[[noreturn]] inline void reject(const std::string& file, place at, const std::string& what) {
  std::string message = file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + what;
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = '?';
  }
  throw scenario_error(message);
}

inline std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace triecheck::checks::scenario_files
