#include "checks/process/isolation.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "checks/process/interrupts.h"
#include "checks/process/isolated_process.h"

namespace triecheck::checks {
namespace {

class shared_progress {
 public:
  shared_progress() {
    void* memory =
        mmap(nullptr, sizeof(progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared memory for another process");
    // Default, not value initialisation: what nobody writes to is never touched, and costs nothing.
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

std::string name_of_signal(int number) {
  const char* text = strsignal(number);
  return "signal " + std::to_string(number) + (text == nullptr ? "" : std::string(" (") + text + ")");
}

// What the way in which a process ended says, where it left no word.
std::string describe_end(int status, bool answered) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    if (number == SIGKILL)
      return "killed: the process that ran the cache was killed, perhaps for the memory that it took";
    const bool fatal =
        number == SIGSEGV || number == SIGBUS || number == SIGABRT || number == SIGFPE || number == SIGILL;
    return (fatal ? "crash" : "signal") + std::string(": the process that ran the cache was ended by ") +
           name_of_signal(number);
  }
  const std::string number = std::to_string(WEXITSTATUS(status));
  if (answered)
    return "exit: the process that ran the cache ended with status " + number +
           " after its work, as a sanitizer does that found something";
  return "exit: the cache left its process with status " + number + ", past exit, as _Exit does";
}

// Never longer than the memory that the child shares, whatever it wrote there.
std::string text_of(const char* text, std::size_t size) { return {text, strnlen(text, size)}; }

place_in_run where_was(const progress& p) {
  const std::size_t thread = p.running % progress::most_activities;
  const activity& a = p.activities[thread];
  const char* kind = a.kind;
  return {.thread = thread,
          .unit = a.unit,
          .operation = a.operation,
          .subject = a.subject,
          .kind = kind == nullptr ? "" : kind};
}

/// A child process, as its parent sees it.
class child_process {
 public:
  explicit child_process(const isolated_body& body) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for another process");
    fflush(nullptr);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) {
      close(ends[0]);
      close(ends[1]);
      throw std::runtime_error("no other process can be started");
    }
    if (pid_ == 0) {
      close(ends[0]);
      run_child(body, *shared_, ends[1], parent);
    }
    close(ends[1]);
    in_ = ends[0];
  }
  ~child_process() {
    close_input();
    if (!running_) return;
    kill(pid_, SIGKILL);
    wait(0);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  bool running() const { return running_; }
  int input() const { return in_; }  // negative: the child closed its end
  const progress& shown() const { return *shared_; }
  void ask_to_end() { shared_->is_asked_to_end.store(true, std::memory_order_relaxed); }

  /// Takes what has arrived; messages go to `heard`.
  void receive(const std::function<void(const std::string&)>& heard) {
    char buffer[1 << 16];
    const ssize_t n = read(in_, buffer, sizeof buffer);
    if (n < 0) return;
    if (n == 0) {
      close_input();
      wait(WNOHANG);
      return;
    }
    pending_.append(buffer, static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (pending_[begin] == is_answer)
        answer_ = pending_.substr(begin + 1, end - begin - 1);
      else
        heard(pending_.substr(begin + 1, end - begin - 1));
    }
    pending_.erase(0, begin);
  }

  /// Of a child that no longer writes: whether it has ended. It may have closed the pipe and gone on.
  void look_whether_it_ended() {
    if (running_ && in_ < 0) wait(WNOHANG);
  }

  /// Kills a child that made no step for `patience`. Between two looks a second counts at most: in a longer one the
  /// machine stalled, and the child with it.
  void watch(std::chrono::milliseconds patience) {
    const auto now = std::chrono::steady_clock::now();
    waited_ +=
        std::min<std::chrono::steady_clock::duration>(now - std::exchange(last_look_, now), std::chrono::seconds(1));
    if (const std::uint64_t beat = steps_of(*shared_); beat != last_beat_) {
      last_beat_ = beat;
      waited_ = {};
    } else if (waited_ > patience) {
      hung_ = true;
      kill(pid_, SIGKILL);
      close_input();
      wait(0);
    }
  }

  /// Requires that the child no longer runs.
  isolated_run result(std::chrono::milliseconds patience) const {
    isolated_run run;
    run.executions = shared_->executions;
    run.units = units_of(*shared_);
    if (WIFEXITED(status_) && WEXITSTATUS(status_) == 0 && !hung_ && !answer_.empty()) {
      run.answer = answer_;
      return run;
    }
    run.so_far.assign(shared_->path, shared_->path + std::min<std::size_t>(shared_->length, progress::longest_path));
    run.preemptions = shared_->preemptions;
    run.where = where_was(*shared_);
    run.note.assign(shared_->note, std::min<std::size_t>(shared_->note_length, progress::longest_note));
    std::string text = text_of(shared_->fatal, sizeof shared_->fatal);
    if (hung_) text = "hang: the cache made no step for " + in_seconds(patience);
    if (text.empty()) text = describe_end(status_, !answer_.empty());
    const std::size_t colon = std::min(text.find(": "), text.size());
    run.error_kind = text.substr(0, colon);
    run.error = text.substr(std::min(colon + 2, text.size()));
    return run;
  }

 private:
  static std::string in_seconds(std::chrono::milliseconds time) {
    return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s" : std::to_string(time.count()) + " ms";
  }

  void close_input() {
    if (in_ >= 0) close(in_);
    in_ = -1;
  }

  void wait(int options) {
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(pid_, &status, options)) < 0 && errno == EINTR) {
    }
    if (ended != pid_) return;
    status_ = status;
    running_ = false;
  }

  shared_progress shared_;
  pid_t pid_ = -1;
  int in_ = -1;
  bool running_ = true;
  int status_ = 0;
  bool hung_ = false;
  std::string pending_;  // the beginning of a message
  std::string answer_;
  std::chrono::steady_clock::time_point last_look_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration waited_{};  // since its last step
  std::uint64_t last_beat_ = 0;
};

// Waits up to a tenth of a second for a message of any child, and takes what is there.
void receive_from(std::vector<std::unique_ptr<child_process>>& children, const isolation_listener& listener) {
  std::vector<pollfd> ready;
  std::vector<std::size_t> index;
  bool silent = false;
  for (std::size_t i = 0; i < children.size(); ++i) {
    children[i]->look_whether_it_ended();
    if (!children[i]->running()) continue;
    silent = silent || children[i]->input() < 0;
    if (children[i]->input() < 0) continue;
    ready.push_back({.fd = children[i]->input(), .events = POLLIN, .revents = 0});
    index.push_back(i);
  }
  if (ready.empty() && !silent) return;  // none runs any more
  if (poll(ready.data(), ready.size(), silent ? 1 : 100) <= 0) return;
  for (std::size_t k = 0; k < ready.size(); ++k) {
    if (ready[k].revents == 0) continue;
    children[index[k]]->receive([&](const std::string& message) {
      if (listener.heard) listener.heard(index[k], message);
    });
  }
}

}  // namespace

std::string in_words(const place_in_run& p, const std::string& unit) {
  if (p.unit == 0) return "";
  const std::string whole = unit + " " + std::to_string(p.unit);
  if (p.operation == 0) return " in " + whole;
  const std::string operation = "operation " + std::to_string(p.operation) + " of " + whole;
  if (p.kind.empty()) return " after " + operation;
  const bool of_a_lease = p.subject != activity::no_lease;
  return " during " + operation + ": " + p.kind + (of_a_lease ? " #" + std::to_string(p.subject) : "");
}

std::string shown_note(const progress& p) {
  const std::size_t length = std::min<std::size_t>(p.note_length.load(std::memory_order_relaxed), 256);
  const std::string line = text_of(p.note, length);
  return line.substr(0, line.find('\n'));
}

std::uint64_t steps_of(const progress& p) noexcept {
  std::uint64_t sum = p.heartbeat;
  for (const activity& a : p.activities) sum += a.steps.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t units_of(const progress& p) noexcept {
  std::uint64_t sum = 0;
  for (const activity& a : p.activities) sum += a.units.load(std::memory_order_relaxed);
  return sum;
}

std::vector<isolated_run> run_isolated(const std::vector<isolated_body>& bodies, std::chrono::milliseconds patience,
                                       const isolation_listener& listener) {
  std::vector<std::unique_ptr<child_process>> children;
  for (const isolated_body& body : bodies) {
    stop_if_interrupted();
    children.push_back(std::make_unique<child_process>(body));
  }
  const auto one_runs = [&] {
    return std::any_of(children.begin(), children.end(), [](const auto& c) { return c->running(); });
  };
  auto last_tick = std::chrono::steady_clock::now();
  std::optional<std::chrono::steady_clock::time_point> asked;  // when an interrupt was seen
  while (one_runs()) {
    receive_from(children, listener);
    const auto now = std::chrono::steady_clock::now();
    if (interrupted()) {
      for (const auto& c : children) c->ask_to_end();
      if (!asked) asked = now;
      if (now - *asked >= listener.grace) throw interruption();
    }
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
  return run_isolated({[&](progress& shared, const message_sender&) { return body(shared); }}, patience, listener)
      .front();
}

}  // namespace triecheck::checks
