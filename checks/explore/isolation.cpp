#include "checks/explore/isolation.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
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

// What a child writes: lines, each behind one of these.
constexpr char is_message = 'm';
constexpr char is_answer = 'a';

[[noreturn]] void run_child(const isolated_body& body, progress& shared, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int ends_the_parent : {SIGINT, SIGTERM}) signal(ends_the_parent, SIG_IGN);  // it may have something to say first
  watched = &shared;
  install_handlers();
  const auto send = [out](char kind, const std::string& line) {
    if (!write_all(out, kind + line + '\n')) _exit(4);
  };
  try {
    send(is_answer, body(shared, [&](const std::string& message) { send(is_message, message); }));
  } catch (const std::exception& e) {
    snprintf(shared.fatal, sizeof shared.fatal, "harness: %s", e.what());
    _exit(3);
  }
  _exit(0);
}

/// A child process, as its parent sees it.
class child_process {
 public:
  explicit child_process(const isolated_body& body) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for an exploration");
    fflush(nullptr);
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("no process for an exploration");
    if (pid_ == 0) {
      close(ends[0]);
      run_child(body, *shared_, ends[1]);
    }
    close(ends[1]);
    in_ = ends[0];
  }
  ~child_process() {
    if (in_ < 0) return;
    kill(pid_, SIGKILL);
    reap();
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  bool running() const { return in_ >= 0; }
  int input() const { return in_; }
  const progress& shown() const { return *shared_; }

  /// Takes what has arrived; messages go to `heard`.
  void receive(const std::function<void(const std::string&)>& heard) {
    char buffer[4096];
    const ssize_t n = read(in_, buffer, sizeof buffer);
    if (n > 0) pending_.append(buffer, static_cast<std::size_t>(n));
    if (n == 0) status_ = reap();
    for (std::size_t end; (end = pending_.find('\n')) != std::string::npos; pending_.erase(0, end + 1)) {
      if (pending_.front() == is_answer) answer_ = pending_.substr(1, end - 1);
      else heard(pending_.substr(1, end - 1));
    }
  }

  /// Kills a child that made no step for `patience`.
  void watch(std::chrono::milliseconds patience) {
    const auto now = std::chrono::steady_clock::now();
    if (const std::uint64_t beat = shared_->heartbeat; beat != last_beat_) {
      last_beat_ = beat;
      last_seen_ = now;
    } else if (now - last_seen_ > patience) {
      hung_ = true;
      kill(pid_, SIGKILL);
      status_ = reap();
    }
  }

  /// Requires that the child no longer runs.
  isolated_run result(std::chrono::milliseconds patience) const {
    isolated_run run;
    run.executions = shared_->executions;
    if (WIFEXITED(status_) && WEXITSTATUS(status_) == 0 && !hung_ && !answer_.empty()) {
      run.answer = answer_;
      return run;
    }
    run.so_far.assign(shared_->path, shared_->path + shared_->length);
    run.preemptions = shared_->preemptions;
    std::string text = shared_->fatal;
    if (hung_) text = "hang: the program made no step for " + std::to_string(patience.count() / 1000) + " s";
    if (text.empty() && WIFSIGNALED(status_)) {
      text = "killed: the exploring process was killed by signal " + std::to_string(WTERMSIG(status_)) + ", from outside";
    }
    if (text.empty()) text = "crash: the exploring process ended without an answer";
    const std::size_t colon = text.find(": ");
    run.error_kind = text.substr(0, colon);
    run.error = text.substr(colon + 2);
    return run;
  }

 private:
  int reap() {
    close(in_);
    in_ = -1;
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

  shared_progress shared_;
  pid_t pid_ = -1;
  int in_ = -1;
  int status_ = 0;
  bool hung_ = false;
  std::string pending_;  // the beginning of a message
  std::string answer_;
  std::chrono::steady_clock::time_point last_seen_ = std::chrono::steady_clock::now();
  std::uint64_t last_beat_ = 0;
};

// Waits up to a tenth of a second for a message of any child, and takes what is there; false when none came.
bool receive_from(std::vector<std::unique_ptr<child_process>>& children, const isolation_listener& listener) {
  std::vector<pollfd> ready;
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (!children[i]->running()) continue;
    ready.push_back({.fd = children[i]->input(), .events = POLLIN, .revents = 0});
    index.push_back(i);
  }
  if (poll(ready.data(), ready.size(), 100) <= 0) return false;
  for (std::size_t k = 0; k < ready.size(); ++k) {
    if (ready[k].revents == 0) continue;
    children[index[k]]->receive([&](const std::string& message) {
      if (listener.heard) listener.heard(index[k], message);
    });
  }
  return true;
}

}  // namespace

std::vector<isolated_run> run_isolated(const std::vector<isolated_body>& bodies, std::chrono::milliseconds patience,
                                       const isolation_listener& listener) {
  std::vector<std::unique_ptr<child_process>> children;
  for (const isolated_body& body : bodies) children.push_back(std::make_unique<child_process>(body));
  const auto one_runs = [&] {
    return std::any_of(children.begin(), children.end(), [](const auto& c) { return c->running(); });
  };
  auto last_tick = std::chrono::steady_clock::now();
  while (one_runs()) {
    receive_from(children, listener);
    const auto now = std::chrono::steady_clock::now();
    if (now - last_tick < std::chrono::milliseconds(100)) continue;
    last_tick = now;
    std::vector<const progress*> shown;
    for (const auto& c : children) {
      shown.push_back(&c->shown());
      if (c->running()) c->watch(patience);
    }
    if (listener.tick) listener.tick(shown);
  }
  std::vector<isolated_run> runs;
  for (const auto& c : children) runs.push_back(c->result(patience));
  return runs;
}

isolated_run run_isolated(const std::function<std::string(progress&)>& body, std::chrono::milliseconds patience,
                          const std::function<void(const progress&)>& tick) {
  isolation_listener listener;
  if (tick) listener.tick = [&](const std::vector<const progress*>& shown) { tick(*shown.front()); };
  return run_isolated({[&](progress& shared, const message_sender&) { return body(shared); }}, patience, listener).front();
}

}  // namespace triecheck::explore
