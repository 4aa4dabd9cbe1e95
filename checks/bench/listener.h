// Receives what the benchmark is about to measure: so it can be shown, and named where it ends the process.
//
// Threads: called by the one that measures, never inside what is timed.
#pragma once

#include <functional>
#include <string>

namespace triecheck::checks {

/// Either may be missing.
struct bench_listener {
  /// What is measured next; what was measured before is in the results.
  std::function<void(const std::string& what)> cell{};
  /// Whose pass is next in this cell: a cache, or a limit of the machine.
  std::function<void(const std::string& name)> pass{};

  void begin_cell(const std::string& what) const {
    if (cell) cell(what);
  }
  void begin_pass(const std::string& name) const {
    if (pass) pass(name);
  }
};

}  // namespace triecheck::checks
