#include "checks/report/progress_text.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>

#include "checks/report/utf8.h"

namespace triecheck::checks {
namespace {

constexpr std::string_view ellipsis = "...";  // in any character set
constexpr std::size_t readable_name = 20;
constexpr unsigned dropped_last = 1;

// Whatever the locale of the user; where the C library lacks UTF-8, two columns are enough for any character.
std::size_t character_columns(char32_t character) {
  static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (character < 0x80) return 1;
  if (utf8 == nullptr) return 2;
  const locale_t before = uselocale(utf8);
  const int width = wcwidth(static_cast<wchar_t>(character));
  uselocale(before);
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

// The longest beginning of `text` that fits.
std::string_view beginning(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  for (std::size_t used = 0; end < text.size();) {
    const decoded d = decode(text.substr(end));
    used += character_columns(d.character);
    if (used > columns) break;
    end += d.bytes;
  }
  return text.substr(0, end);
}

std::string_view ending(std::string_view text, std::size_t columns) {
  while (columns_of(text) > columns) text.remove_prefix(decode(text).bytes);
  return text;
}

std::string shortened(const std::string& text, std::size_t columns) {
  if (columns_of(text) <= columns) return text;
  if (columns <= ellipsis.size()) return std::string(beginning(text, columns));
  const std::size_t left = columns - ellipsis.size();
  return std::string(beginning(text, left - left / 2)) + std::string(ellipsis) + std::string(ending(text, left / 2));
}

std::string without_controls(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const decoded d = decode(text);
    if (is_control(d.character))
      out += '?';
    else
      out += valid_utf8(text.substr(0, d.bytes));
    text.remove_prefix(d.bytes);
  }
  return out;
}

std::size_t line_columns(const std::vector<progress_part>& parts) {
  std::size_t sum = 0;
  for (const progress_part& p : parts) sum += columns_of(p.text);
  return sum;
}

// Leaves out what ranks at least `rank`, the highest first, until the line fits.
void leave_out(std::vector<progress_part>& parts, unsigned rank, std::size_t columns) {
  while (line_columns(parts) > columns) {
    const auto last = std::max_element(parts.rbegin(), parts.rend(),
                                       [](const progress_part& a, const progress_part& b) { return a.rank < b.rank; });
    if (last == parts.rend() || last->rank < rank) return;
    parts.erase(std::next(last).base());
  }
}

void shorten_name(std::vector<progress_part>& parts, std::size_t at_least, std::size_t columns) {
  const std::size_t whole = line_columns(parts);
  if (whole <= columns) return;
  progress_part* name = nullptr;
  for (progress_part& p : parts) {
    if (p.rank == 0 && (name == nullptr || columns_of(p.text) > columns_of(name->text))) name = &p;
  }
  if (name == nullptr) return;
  const std::size_t own = columns_of(name->text);
  const std::size_t excess = std::min(own, whole - columns);
  name->text = shortened(name->text, std::max(at_least, own - excess));
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t sum = 0;
  while (!text.empty()) {
    const decoded d = decode(text);
    sum += character_columns(d.character);
    text.remove_prefix(d.bytes);
  }
  return sum;
}

std::string in_full(const std::vector<progress_part>& parts) {
  std::string line;
  for (const progress_part& p : parts) line += without_controls(p.text);
  return line;
}

std::string fitted(std::vector<progress_part> parts, std::size_t columns) {
  for (progress_part& p : parts) p.text = without_controls(p.text);
  leave_out(parts, dropped_last + 1, columns);
  shorten_name(parts, readable_name, columns);
  leave_out(parts, dropped_last, columns);
  shorten_name(parts, ellipsis.size() + 2, columns);
  return std::string(beginning(in_full(parts), columns));
}

}  // namespace triecheck::checks
