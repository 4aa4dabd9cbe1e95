// Judges the log of a real run: which lease held which page (holds.h) over all of it, linearizability window by window
// (window.h).
//
// Where a window has no order from the state that the log shows before it, and that state is certain, it is a
// violation. Where it is not certain, the window is judged with those before it, as far as needed, at most to
// the beginning of the log, where the cache was empty; it is undecided where that is too much, or where the log
// has lost its beginning. So nothing that the log does not show gives a false alarm.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "checks/log/log_file.h"
#include "checks/log/window.h"
#include "checks/report/verdict.h"
#include "model/state.h"

namespace triecheck::checks {

struct log_check_options {
  std::size_t window_operations = 32;               ///< a window has at least so many, where the log has not ended
  std::size_t most_operations = 2000;               ///< that are judged together
  std::size_t limit_states = 20'000;                ///< of the search of one window
  model::refusals rule = model::refusals::crowded;  ///< what refusals are held to
};

/// Something that cannot be.
struct log_finding {
  std::string kind;            ///< "page-ownership" or "linearizability"
  std::string message;         ///< one line
  std::size_t window = 0;      ///< in which it shows, counted from 1
  std::size_t line = 0;        ///< of the file: the operation that shows it; of a window its first
  std::size_t first_line = 0;  ///< of page-ownership: the operation that it contradicts; else 0
};

/// What is undecided, and why.
struct undecided_window {
  std::size_t window;
  std::string why;  ///< a clause
};

struct log_check {
  verdict outcome = verdict::incomplete;
  std::size_t operations = 0;  ///< that were judged
  std::size_t ignored = 0;     ///< from before or after the time for which the log is complete
  std::size_t windows = 0;
  std::size_t judged = 0;  ///< of these, those that were reached
  std::vector<log_finding> findings;
  std::vector<undecided_window> undecided;
  std::vector<std::string> limits;  ///< what the log as a whole does not show, a clause each
};

/// `tell(done, windows)` is called now and then. Stops where an interrupt comes: then fewer windows are judged
/// than there are.
log_check check_log(const logged_run& run, const log_check_options& options,
                    const std::function<void(std::size_t, std::size_t)>& tell = {});

}  // namespace triecheck::checks
