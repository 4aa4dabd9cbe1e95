// Options that the commands about operation logs share.
#pragma once

#include <cstdint>

#include "tools/options.h"

namespace triecheck::tools {

inline constexpr std::uint64_t default_window_operations = 32;

/// Both commands have to cut a log alike: a window is named by its number.
inline void add_window_operations(CLI::App& app, std::uint64_t& value) {
  add_number(app, "--operations", value,
             "Operations of a window, at least: it ends at the next moment at which none runs", 1, 1'000'000);
}

}  // namespace triecheck::tools
