#include "checks/report/utf8.h"

namespace triecheck::checks {

decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {replacement_character, 1};
  char32_t character = first & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {replacement_character, 1};
    character = (character << 6) | (byte(i) & 0x3fU);
  }
  const bool overlong = (bytes == 3 && character < 0x800) || (bytes == 4 && character < 0x10000);
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  if (overlong || surrogate || character > 0x10ffff) return {replacement_character, 1};
  return {character, bytes};
}

std::string valid_utf8(std::string_view text) {
  constexpr std::string_view replacement_utf8 = "\xef\xbf\xbd";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const decoded d = decode(text);
    // A genuine U+FFFD has three bytes; one byte that decodes to it was not UTF-8.
    if (d.character == replacement_character)
      out += replacement_utf8;
    else
      out += text.substr(0, d.bytes);
    text.remove_prefix(d.bytes);
  }
  return out;
}

}  // namespace triecheck::checks
