// How far a run is, on one line of stderr that each call overwrites; nothing where stderr is no terminal.
#pragma once

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <string>

namespace triecheck::tools {

class progress_line {
 public:
  progress_line() = default;
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  ~progress_line() { clear(); }

  /// Whether enough time has passed since the last line for another one to be read.
  bool due() const {
    return terminal_ && std::chrono::steady_clock::now() - last_ >= std::chrono::milliseconds(200);
  }

  void show(const std::string& text) {
    if (!terminal_) return;
    last_ = std::chrono::steady_clock::now();
    shown_ = true;
    std::cerr << "\r\033[K" << text << std::flush;
  }

  void clear() {
    if (shown_) std::cerr << "\r\033[K" << std::flush;
    shown_ = false;
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  bool shown_ = false;
};

}  // namespace triecheck::tools
