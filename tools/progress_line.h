// How far a run is, on stderr. On a terminal: one line that each call overwrites and that is never longer than the
// terminal. Elsewhere: a new line now and then, so that a log shows that the run is alive.
//
// TRIECHECK_PROGRESS is the number of seconds between two lines where stderr is not a terminal: 15 without it, 0 for
// none.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "checks/report/progress_text.h"

namespace triecheck::tools {

using checks::progress_part;

class progress_line {
 public:
  progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  ~progress_line() { clear(); }

  /// Whether enough time has passed since the last line for another one to be read.
  bool due() const;

  /// As often as it is `due`: a line that is not is left out.
  void show(const std::vector<progress_part>& parts);
  void show(const std::string& text) { show(std::vector<progress_part>{{text, 0}}); }

  /// Before anything else is written to the terminal.
  void clear();

 private:
  using clock = std::chrono::steady_clock;

  const bool terminal_;
  const std::optional<std::chrono::duration<double>> interval_;  // none: says nothing
  clock::time_point last_ = clock::now();
  bool shown_ = false;
};

}  // namespace triecheck::tools
