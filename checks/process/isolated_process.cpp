#include "checks/process/isolated_process.h"

#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "checks/process/guard_areas.h"

namespace triecheck::checks {
namespace {

// Of a child process. Null elsewhere. Its handlers get no argument of ours.
progress* watched = nullptr;
pid_t watched_process = 0;

thread_local activity unwatched;
thread_local activity* mine = &unwatched;
thread_local std::uint32_t my_index = 0;

constexpr int ended_by_handler = 3;

// Async-signal-safe. The first text stays.
void note_end(const char* what) {
  if (watched->fatal[0] != '\0') return;
  if (mine != &unwatched) watched->running.store(my_index, std::memory_order_relaxed);
  strncpy(watched->fatal, what, sizeof watched->fatal - 1);
}

void on_fatal_signal(int number, siginfo_t* info, void*) {
  const char* what = "crash: the cache received a fatal signal";
  const auto* address = static_cast<const char*>(info->si_addr);
  if (number == SIGABRT) what = "crash: the cache aborted";
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
  note_end(what);
  _exit(ended_by_handler);
}

// std::abort follows, whose handler finds the text.
[[noreturn]] void on_terminate() {
  std::array<char, sizeof(progress::fatal)> text{};
  const char* what = nullptr;
  if (const std::exception_ptr e = std::current_exception()) {
    try {
      std::rethrow_exception(e);
    } catch (const std::exception& known) {
      what = known.what();
      snprintf(text.data(), text.size(), "exception: std::terminate was called, for nobody caught the exception: %s",
               what);
    } catch (...) {
      snprintf(text.data(), text.size(),
               "exception: std::terminate was called, for nobody caught an exception that is no std::exception");
    }
  } else {
    snprintf(text.data(), text.size(), "crash: the cache called std::terminate");
  }
  note_end(text.data());
  std::abort();
}

void note_exit(const char* function, int status) {
  std::array<char, 80> text{};
  snprintf(text.data(), text.size(), "exit: the cache called %s(%d)", function, status);
  note_end(text.data());
}

bool is_watched_process() { return watched != nullptr && getpid() == watched_process; }

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
  std::set_terminate(on_terminate);
  at_quick_exit([] {
    if (!is_watched_process()) return;
    note_end("exit: the cache called quick_exit");
    _exit(ended_by_handler);
  });
}

bool write_all(int file, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(file, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

void run_child(const isolated_body& body, progress& shared, int out, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(4);  // it died before
  for (const int ends_the_parent : {SIGINT, SIGTERM})
    signal(ends_the_parent, SIG_IGN);  // it may have something to say first
  signal(SIGPIPE, SIG_DFL);
  dup2(STDERR_FILENO, STDOUT_FILENO);  // what the cache prints is no part of a result
  watched = &shared;
  watched_process = getpid();
  show_activity(0);
  install_handlers();
  const auto send = [out](char kind, const std::string& line) {
    if (!is_watched_process()) _exit(ended_by_handler);  // a copy of it that the cache made
    if (!write_all(out, kind + line + '\n')) {
      note_end("pipe: the cache closed the way back to the process that watches it");
      _exit(4);
    }
  };
  try {
    send(is_answer, body(shared, [&](const std::string& message) { send(is_message, message); }));
  } catch (const program_error& e) {
    note_end((e.kind + ": " + e.message).c_str());
    _exit(ended_by_handler);
  } catch (const std::exception& e) {
    note_end(("harness: " + std::string(e.what())).c_str());
    _exit(ended_by_handler);
  }
  _exit(0);
}

void activity::begin(const char* what, std::uint64_t lease) noexcept {
  subject.store(lease, std::memory_order_relaxed);
  operation.store(operation.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  kind.store(what, std::memory_order_relaxed);
  steps.store(steps.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void activity::end() noexcept { kind.store(nullptr, std::memory_order_relaxed); }

void activity::begin_unit(std::uint64_t number) noexcept {
  unit.store(number, std::memory_order_relaxed);
  units.store(units.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  operation.store(0, std::memory_order_relaxed);
  end();
  steps.store(steps.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void progress::set_note(const std::string& text) noexcept {
  const std::size_t bytes = text.size() <= longest_note ? text.size() : 0;
  note_length.store(0, std::memory_order_relaxed);
  memcpy(note, text.data(), bytes);
  note_length.store(static_cast<std::uint32_t>(bytes), std::memory_order_relaxed);
}

activity& my_activity() noexcept { return *mine; }

void show_activity(std::size_t index) noexcept {
  my_index = static_cast<std::uint32_t>(index % progress::most_activities);
  mine = watched == nullptr ? &unwatched : &watched->activities[my_index];
}

}  // namespace triecheck::checks

// In place of the C library's: a handler of atexit would come after the destructors of what the cache made since, and
// those run on memory of a simulation that is not there any more.
extern "C" [[noreturn]] void exit(int status) noexcept {
  using namespace triecheck::checks;
  if (is_watched_process()) {
    note_exit("exit", status);
    _exit(ended_by_handler);
  }
  using function = void (*)(int);
  const auto really = reinterpret_cast<function>(dlsym(RTLD_NEXT, "exit"));
  if (really != nullptr) really(status);
  _exit(status);
}
