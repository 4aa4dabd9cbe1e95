#include "tools/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace triecheck::tools {
namespace {

using seconds = std::chrono::duration<double>;

std::optional<seconds> interval_of(bool terminal) {
  if (terminal) return seconds(0.2);
  constexpr seconds usual(15);
  const char* const given = std::getenv("TRIECHECK_PROGRESS");
  if (given == nullptr) return usual;
  const std::string_view text = given;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !(number >= 0)) return usual;
  return number == 0 ? std::nullopt : std::optional(seconds(number));
}

// Asked for each line: the user may have changed the size of the window.
std::size_t columns_of_terminal() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

progress_line::progress_line() : terminal_(isatty(STDERR_FILENO) != 0), interval_(interval_of(terminal_)) {}

bool progress_line::due() const { return interval_ && clock::now() - last_ >= *interval_; }

void progress_line::show(const std::vector<progress_part>& parts) {
  if (!due()) return;
  last_ = clock::now();
  if (!terminal_) {
    std::cerr << checks::in_full(parts) << std::endl;
    return;
  }
  shown_ = true;
  // The last column stays empty: some terminals go on to the next line as soon as it is written.
  std::cerr << "\r\033[K" << checks::fitted(parts, columns_of_terminal() - 1) << std::flush;
}

void progress_line::clear() {
  if (shown_) std::cerr << "\r\033[K" << std::flush;
  shown_ = false;
}

}  // namespace triecheck::tools
