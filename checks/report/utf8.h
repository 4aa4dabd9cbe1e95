// Text that may hold anything, made fit for formats that demand UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace triecheck::checks {

inline constexpr char32_t replacement_character = 0xfffd;

/// One character off the front of a text: its number and how many bytes it took.
struct decoded {
  char32_t character;
  std::size_t bytes;
};

/// A byte that starts no well-formed character becomes U+FFFD, so that one bad byte costs one character and not the
/// rest of the text. Requires that `text` is not empty.
decoded decode(std::string_view text);

/// `text` with U+FFFD in the place of every byte that is no UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace triecheck::checks
