// A window of a log as a scenario: its requests as threads, and an [init] that builds what they found.
//
// A thread of the scenario is a request (a lease, and its forks), not a thread of the server, which steps many
// requests. Requests that did not overlap share a thread; beyond four, those that overlap least do, their
// operations in the order of the log. Blocks of tokens become small numbers: equal blocks stay equal, so what
// shared a prefix still does; a page holds one token, or two where some page was filled in part. The pool has
// the pages that the window touches. The log does not say when pages are written and read: they are written
// before they are published, and read before a release.
//
// Where the window shows that two leases hold a page, the scenario begins with the window in which the first of
// them got it, and has the requests that had to do with the page.
//
// Threads: plain functions of values.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "checks/log/log_file.h"
#include "checks/scenario/scenario.h"

namespace triecheck::checks {

/// Why no scenario can be made; one line.
class cut_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct cut_scenario {
  scenario program;
  std::string text;            ///< of the file
  std::size_t first_line = 0;  ///< of the log, as what follows: the operations that it has
  std::size_t last_line = 0;
  std::size_t operations = 0;
  std::vector<std::string> left_out;  ///< a clause each
};

/// Window `number`, counted from 1 as check_log does with the same `window_operations`. Throws cut_error.
cut_scenario cut_window(const logged_run& run, std::size_t number, std::size_t window_operations);

}  // namespace triecheck::checks
