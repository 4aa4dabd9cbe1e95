// Text for tables, as printf writes it.
//
// Threads: a pure function.
#pragma once

#include <array>
#include <cstdio>
#include <string>

namespace triecheck::checks {

/// Up to 255 characters; what is longer is cut off.
template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

}  // namespace triecheck::checks
