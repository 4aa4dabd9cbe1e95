// One line about how far a run is, made to fit a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace triecheck::checks {

/// A piece of the line. Where the line is too long, pieces of a higher rank are left out first; rank 0 stays. Of the
/// pieces of rank 0 the longest, a name, is shortened in its middle.
struct progress_part {
  std::string text;
  unsigned rank = 0;
};

/// How many columns of a terminal `text` takes, as UTF-8; a byte that is not UTF-8 counts as one.
std::size_t columns_of(std::string_view text);

/// All parts on one line.
std::string in_full(const std::vector<progress_part>& parts);

/// The parts on one line of at most `columns`; control characters are replaced, so that it stays one line.
std::string fitted(std::vector<progress_part> parts, std::size_t columns);

}  // namespace triecheck::checks
