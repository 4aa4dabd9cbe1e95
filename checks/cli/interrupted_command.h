// Runs the program, and sends it signals on the way.
//
// TRIECHECK_BINARY as in command_line.h.
#pragma once

#include "checks/cli/command_line.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace triecheck::checks {

class interrupted_command : public command_line {
 protected:
  struct started {
    pid_t process;
    int output;
  };

  // In a separate process group. With `pending`, a signal has arrived before the program begins.
  started start(const std::string& arguments, bool pending) const {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    EXPECT_GE(child, 0);
    if (child == 0) {
      setpgid(0, 0);
      if (pending) {
        sigset_t both;
        sigemptyset(&both);
        sigaddset(&both, SIGINT);
        sigaddset(&both, SIGTERM);
        sigprocmask(SIG_BLOCK, &both, nullptr);
        raise(SIGINT);
        raise(SIGTERM);
      }
      const int errors = open((directory_ / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      if (chdir(directory_.c_str()) != 0 || dup2(ends[1], STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0)
        _exit(9);
      execl("/bin/sh", "sh", "-c", ("exec '" TRIECHECK_BINARY "' " + arguments).c_str(), nullptr);
      _exit(9);
    }
    close(ends[1]);
    return {child, ends[0]};
  }

  // Sends both signals after `lines` of output; never, without.
  ended finish(const started& s, std::optional<int> lines = {}) const {
    ended e;
    char c = 0;
    for (ssize_t n; (n = read(s.output, &c, 1)) != 0;) {
      if (n < 0) continue;
      e.out += c;
      if (lines && std::count(e.out.begin(), e.out.end(), '\n') == *lines && c == '\n') {
        kill(s.process, SIGINT);
        kill(s.process, SIGTERM);
      }
    }
    close(s.output);
    int raw = 0;
    waitpid(s.process, &raw, 0);
    e.status = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1;
    e.err = contents(directory_ / "err");
    EXPECT_TRUE(is_gone(s.process)) << "a process is left";
    return e;
  }

 private:
  // Whether no process of the group is left. One that was killed is there until the system has taken note of its end.
  static bool is_gone(pid_t group) {
    for (int i = 0; i < 10'000; ++i) {
      if (kill(-group, 0) != 0 && errno == ESRCH) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
};

}  // namespace triecheck::checks
