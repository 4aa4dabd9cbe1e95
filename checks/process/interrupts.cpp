#include "checks/process/interrupts.h"

#include <csignal>

namespace triecheck::checks {
namespace {

volatile std::sig_atomic_t arrived = 0;

constexpr int heeded[] = {SIGINT, SIGTERM};

}  // namespace

void heed_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { arrived = 1; };
  action.sa_flags = SA_RESTART;  // files are read and written to the end
  for (const int number : heeded) sigaction(number, &action, nullptr);
  // The parent process may have blocked them until now.
  sigset_t mine;
  sigemptyset(&mine);
  for (const int number : heeded) sigaddset(&mine, number);
  sigprocmask(SIG_UNBLOCK, &mine, nullptr);
}

void end_at_interrupts() {
  for (const int number : heeded) signal(number, SIG_DFL);
  stop_if_interrupted();
}

bool interrupted() noexcept { return arrived != 0; }

}  // namespace triecheck::checks
