#include "checks/server/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace triecheck::server {

server_process::server_process(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(std::strerror(errno));
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed leaves no server
    setpgid(0, 0);
    if (getppid() != parent || dup2(ends[1], STDOUT_FILENO) < 0) _exit(127);
    execv(words.front(), words.data());
    _exit(127);
  }
  close(ends[1]);
  output_ = ends[0];
  if (process_ < 0) throw std::runtime_error(std::strerror(errno));
  const std::string line = read_line();
  const std::size_t colon = line.rfind(':');
  if (!line.starts_with("listening on ") || colon == std::string::npos) {
    discard();
    throw std::runtime_error(program + " does not say where it listens: \"" + line + "\"");
  }
  port_ = std::stoi(line.substr(colon + 1));
}

server_process::~server_process() { discard(); }

std::size_t server_process::resident_bytes() const {
  std::ifstream statm("/proc/" + std::to_string(process_) + "/statm");
  std::size_t mapped = 0, resident = 0;
  statm >> mapped >> resident;
  return statm ? resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void server_process::discard() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  close(output_);
}

server_process::ended server_process::end() {
  kill(process_, SIGTERM);
  ended e{0, {}};
  pollfd output{output_, POLLIN, 0};
  if (poll(&output, 1, 30'000) == 0) kill(process_, SIGKILL);
  for (std::string line; !(line = read_line()).empty();) e.output += line + "\n";
  int raw = 0;
  while (waitpid(process_, &raw, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  e.status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return e;
}

// Without its end; empty where there is none.
std::string server_process::read_line() {
  std::string line;
  char c = 0;
  for (ssize_t n; (n = read(output_, &c, 1)) != 0;) {
    if (n < 0 && errno != EINTR) break;
    if (n < 0) continue;
    if (c == '\n') break;
    line += c;
  }
  return line;
}

}  // namespace triecheck::server
