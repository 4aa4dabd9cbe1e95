#include "checks/explore/isolation.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <stdexcept>

#include "checks/explore/relacy_platform.h"

namespace triecheck::explore {
namespace {

progress* watched = nullptr;  // for the signal handler, which gets no argument of ours

// Async-signal-safe: writes fixed text into shared memory and leaves.
void on_fatal_signal(int number, siginfo_t* info, void*) {
  const char* what = "crash: the program received a fatal signal";
  const auto* address = static_cast<const char*>(info->si_addr);
  if (number == SIGABRT) what = "crash: the program aborted";
  if (number == SIGFPE) what = "crash: arithmetic fault";
  if (number == SIGILL) what = "crash: illegal instruction";
  if (number == SIGSEGV || number == SIGBUS) {
    what = "crash: access to an invalid address";
    for (const guard_area& area : guard_areas) {
      if (area.begin != nullptr && address >= area.begin && address < area.begin + guard_bytes) {
        what = "stack-overflow: a thread used more than 1 MiB of stack";
      }
    }
  }
  strncpy(watched->fatal, what, sizeof watched->fatal - 1);
  _exit(3);
}

void install_handlers() {
  static char stack[64 << 10];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fatal_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) sigaction(number, &action, nullptr);
}

class shared_progress {
 public:
  shared_progress() {
    void* memory = mmap(nullptr, sizeof(progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared memory for an exploration");
    progress_ = new (memory) progress;
  }
  ~shared_progress() { munmap(progress_, sizeof(progress)); }
  shared_progress(const shared_progress&) = delete;
  shared_progress& operator=(const shared_progress&) = delete;
  progress& operator*() const { return *progress_; }
  progress* operator->() const { return progress_; }

 private:
  progress* progress_;
};

bool write_all(int file, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(file, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return true;
}

[[noreturn]] void run_child(const std::function<std::string(progress&)>& body, progress& shared, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  watched = &shared;
  install_handlers();
  try {
    if (!write_all(out, body(shared))) _exit(4);
  } catch (const std::exception& e) {
    snprintf(shared.fatal, sizeof shared.fatal, "harness: %s", e.what());
    _exit(3);
  }
  _exit(0);
}

}  // namespace

isolated_run run_isolated(const std::function<std::string(progress&)>& body, std::chrono::milliseconds patience,
                          const std::function<void(const progress&)>& tick) {
  shared_progress shared;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for an exploration");
  fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process for an exploration");
  if (child == 0) {
    close(ends[0]);
    run_child(body, *shared, ends[1]);
  }
  close(ends[1]);

  isolated_run run;
  bool hung = false;
  auto last_seen = std::chrono::steady_clock::now();
  std::uint64_t last_beat = 0;
  for (char buffer[4096];;) {
    pollfd ready{.fd = ends[0], .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 100) > 0) {
      const ssize_t n = read(ends[0], buffer, sizeof buffer);
      if (n > 0) run.answer.append(buffer, static_cast<std::size_t>(n));
      if (n == 0) break;
      continue;
    }
    if (tick) tick(*shared);
    const auto now = std::chrono::steady_clock::now();
    if (const std::uint64_t beat = shared->heartbeat; beat != last_beat) {
      last_beat = beat;
      last_seen = now;
    } else if (now - last_seen > patience) {
      hung = true;
      kill(child, SIGKILL);
      break;
    }
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  run.executions = shared->executions;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !hung && !run.answer.empty()) return run;

  run.answer.clear();
  run.so_far.assign(shared->path, shared->path + shared->length);
  run.preemptions = shared->preemptions;
  std::string text = shared->fatal;
  if (hung) text = "hang: the program made no step for " + std::to_string(patience.count() / 1000) + " s";
  if (text.empty() && WIFSIGNALED(status)) {
    text = "crash: the exploring process was killed by signal " + std::to_string(WTERMSIG(status));
  }
  if (text.empty()) text = "crash: the exploring process ended without an answer";
  const std::size_t colon = text.find(": ");
  run.error_kind = text.substr(0, colon);
  run.error = text.substr(colon + 2);
  return run;
}

}  // namespace triecheck::explore
