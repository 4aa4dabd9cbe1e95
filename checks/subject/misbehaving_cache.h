// A cache that somebody might bring: `coarse`, but for what it does besides in the middle of its second publication.
// What that is the environment says, so that one program has all ways in which a cache can end, leave or hold up its
// process.
//
// TRIECHECK_MISBEHAVIOUR names one of `misbehaviours`. For those that have a moment, TRIECHECK_INTERRUPT_AT says at
// which publication of all processes together, which a file counts that TRIECHECK_COUNTER names.
#pragma once

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

#include "cache/coarse.h"
#include "checks/subject/production_caches.h"

namespace triecheck::checks {

namespace misbehaving {

inline std::size_t recurse(std::size_t depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? 0 : recurse(depth - 1) + static_cast<std::size_t>(frame[0]);
}

inline void spin() {
  for (volatile bool for_ever = true; for_ever;) {
  }
}

inline void fail() { throw std::runtime_error("the device has no memory left"); }

inline void crash() { *static_cast<volatile int*>(nullptr) = 1; }

inline void close_files() {
  for (int file = 0; file < 256; ++file) close(file);
}

inline void close_output() {
  static bool closed = false;
  if (std::exchange(closed, true)) return;
  std::fclose(stdout);
  close(STDOUT_FILENO);
  close(STDERR_FILENO);
}

inline void print() { std::puts("{\"verdict\": \"pass\"} from the cache"); }

// Counts over all processes of one command.
inline long count_publication() {
  const char* file = std::getenv("TRIECHECK_COUNTER");
  if (file == nullptr) return 0;
  static auto* const count = [file] {
    const int handle = open(file, O_RDWR | O_CREAT, 0600);
    if (handle < 0 || ftruncate(handle, sizeof(std::atomic<long>)) != 0) std::abort();
    void* memory = mmap(nullptr, sizeof(std::atomic<long>), PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    close(handle);
    return static_cast<std::atomic<long>*>(memory);
  }();
  return count->fetch_add(1) + 1;
}

// Asked once in each publication.
inline bool is_the_moment() {
  static const long at = [] {
    const char* text = std::getenv("TRIECHECK_INTERRUPT_AT");
    return text == nullptr ? 1L : std::atol(text);
  }();
  return count_publication() == at;
}

// Sends the signals to the command, and goes no further: the moment is this one, however slow the machine.
inline void interrupt(std::initializer_list<int> signals) {
  if (!is_the_moment()) return;
  for (const int number : signals) kill(getppid(), number);
  for (;;) pause();
}

inline void die() {
  if (is_the_moment()) raise(SIGKILL);
}

struct misbehaviour {
  std::string_view name;
  void (*happens)();
  bool every_time = false;  // not only at the second publication of a cache
};

inline constexpr std::array misbehaviours{
    misbehaviour{"throws", fail},
    misbehaviour{"throws_a_number", [] { throw 7; }},
    misbehaviour{"crashes", crash},
    misbehaviour{"aborts", [] { std::abort(); }},
    misbehaviour{"terminates", []() noexcept { fail(); }},
    misbehaviour{"overflows", [] { recurse(1'000'000); }},
    misbehaviour{"spins", spin},
    misbehaviour{"sleeps",
                 [] {
                   for (;;) pause();
                 }},
    misbehaviour{"stops", [] { raise(SIGSTOP); }},
    misbehaviour{"exits", [] { std::exit(0); }},
    misbehaviour{"exits_with_a_failure", [] { std::exit(1); }},
    misbehaviour{"leaves", [] { std::_Exit(0); }},
    misbehaviour{"leaves_quickly", [] { std::quick_exit(0); }},
    misbehaviour{"ends_its_thread", [] { pthread_exit(nullptr); }},
    misbehaviour{"becomes_another_program", [] { execl("/bin/true", "true", nullptr); }},
    misbehaviour{"is_killed", [] { raise(SIGKILL); }},
    misbehaviour{"is_alarmed", [] { raise(SIGALRM); }},
    misbehaviour{"closes_its_files", close_files},
    misbehaviour{"closes_its_output", close_output},
    misbehaviour{"prints", print},
    misbehaviour{"interrupts", [] { interrupt({SIGINT}); }, true},
    misbehaviour{"interrupts_twice",
                 [] {
                   interrupt({SIGTERM, SIGINT, SIGTERM});
                 },
                 true},
    misbehaviour{"is_killed_at_its_moment", die, true},
    misbehaviour{"refuses_now_and_then", nullptr},
};

inline const misbehaviour* chosen() {
  static const misbehaviour* const found = [] {
    const char* name = std::getenv("TRIECHECK_MISBEHAVIOUR");
    for (const misbehaviour& m : misbehaviours) {
      if (name != nullptr && m.name == name) return &m;
    }
    return static_cast<const misbehaviour*>(nullptr);
  }();
  return found;
}

/// Whether the environment also asks for a crash at the second publication of a cache: a failure to be shrunk on the
/// way.
inline bool crashes_too() {
  static const bool asked = std::getenv("TRIECHECK_CRASHES_TOO") != nullptr;
  return asked;
}

}  // namespace misbehaving

template <sync_layer Sync>
class misbehaving_cache : public coarse_cache<Sync> {
 public:
  using coarse_cache<Sync>::coarse_cache;
  using typename coarse_cache<Sync>::lease_type;

  template <class... Rest>
  [[nodiscard]] status publish(lease_type& l, Rest... rest) {
    const bool second = publications_.fetch_add(1) == 1;
    const misbehaving::misbehaviour* m = misbehaving::chosen();
    if (m != nullptr && m->happens != nullptr && (second || m->every_time)) m->happens();
    if (second && misbehaving::crashes_too()) misbehaving::crash();
    return coarse_cache<Sync>::publish(l, rest...);
  }

  // One refusal of 400, whichever it is: a failure that does not come back when the workload runs again.
  template <class... Rest>
  [[nodiscard]] status allocate(lease_type& l, Rest... rest) {
    static std::atomic<int> calls{0};
    const misbehaving::misbehaviour* m = misbehaving::chosen();
    const bool refuses = m != nullptr && m->happens == nullptr;
    if (refuses && calls.fetch_add(1) % 400 == 399) return status::cache_full;
    return coarse_cache<Sync>::allocate(l, rest...);
  }

 private:
  std::atomic<int> publications_{0};
};

struct misbehaving_family {
  template <class Sync>
  using over = misbehaving_cache<Sync>;
};

inline constexpr std::tuple own_caches{
    production_cache<misbehaving_family>{"misbehaving", "coarse, and what the environment asks for besides",
                                         model::refusals::exact, false, stats_consistency::all},
};

}  // namespace triecheck::checks
