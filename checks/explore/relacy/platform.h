// The fibers that Relacy's threads run on, given to Relacy in place of Relacy's own platform header.
//
// Relacy's own stacks are 64 KiB of malloc without a guard page and are never freed. These are 1 MiB of mapped memory
// above a guard page, unmapped with the fiber, so that a stack overflow is a fault at a known address and a long run
// does not grow. Everything else in this header is what Relacy expects of its platform.
#pragma once

#define RL_PLATFORM_HPP

#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstddef>
#include <stdexcept>

#include "checks/process/guard_areas.h"

namespace triecheck::explore {

inline constexpr std::size_t stack_bytes = 1U << 20;
using checks::guard_area;
using checks::guard_areas;
using checks::guard_bytes;

}  // namespace triecheck::explore

struct fiber_t {
  ucontext_t start;
  jmp_buf state;
  char* memory;
};

struct fiber_start {
  void (*run)(void*);
  void* argument;
  jmp_buf* state;
  ucontext_t* creator;
};

inline void fiber_entry(unsigned high, unsigned low) {
  auto* given = reinterpret_cast<fiber_start*>(static_cast<std::size_t>(high) << 32 | low);
  void (*volatile run)(void*) = given->run;
  void* volatile argument = given->argument;
  if (_setjmp(*given->state) == 0) {
    ucontext_t here;
    swapcontext(&here, given->creator);
  }
  run(argument);
}

inline unsigned get_tick_count() { return 0; }
inline void set_low_thread_prio() {}
inline void create_main_fiber(fiber_t& fiber) { fiber.memory = nullptr; }
inline void delete_main_fiber(fiber_t&) {}

inline void create_fiber(fiber_t& fiber, void (*run)(void*), void* argument) {
  using namespace triecheck::explore;
  const std::size_t bytes = guard_bytes + stack_bytes;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, guard_bytes, PROT_NONE) != 0) {
    throw std::runtime_error("no memory for the stack of a fiber");
  }
  fiber.memory = static_cast<char*>(memory);
  for (guard_area& area : guard_areas) {
    if (area.begin != nullptr) continue;
    area.begin = fiber.memory;
    break;
  }
  getcontext(&fiber.start);
  fiber.start.uc_stack.ss_sp = fiber.memory + guard_bytes;
  fiber.start.uc_stack.ss_size = stack_bytes;
  fiber.start.uc_link = nullptr;
  ucontext_t creator;
  fiber_start given = {run, argument, &fiber.state, &creator};
  const auto address = reinterpret_cast<std::size_t>(&given);
  makecontext(&fiber.start, reinterpret_cast<void (*)()>(fiber_entry), 2, static_cast<unsigned>(address >> 32),
              static_cast<unsigned>(address));
  swapcontext(&creator, &fiber.start);
}

inline void delete_fiber(fiber_t& fiber) {
  using namespace triecheck::explore;
  for (guard_area& area : guard_areas) {
    if (area.begin == fiber.memory) area.begin = nullptr;
  }
  munmap(fiber.memory, guard_bytes + stack_bytes);
}

inline void switch_to_fiber(fiber_t& fiber, fiber_t& previous) {
  if (_setjmp(previous.state) == 0) _longjmp(fiber.state, 1);
}

#define RL_INLINE inline
#define RL_NOINLINE
#define RL_STRINGIZE_I(text) #text
#define RL_STRINGIZE(text) RL_STRINGIZE_I(text)
#define RL_STDCALL
#define RL_THROW_SPEC(ex) noexcept(false)
#define RL_RESTRICT
