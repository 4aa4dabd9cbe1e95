// Which spurious failures of weak exchanges need a separate branch: those after which the thread does anything but try
// again.
//
// A weak exchange that could succeed first fails, without anybody seeing it: nothing else runs, and the memory model
// does not hear of it. Then the thread goes on until it reaches the layer again.
//  1. It makes the same exchange, of the same values, from the same call, and its stack, its registers and the heap of
//     the program are what they were, byte by byte: it is in the state that it was in. Whatever it could do now it
//     could do without the failure. The exchange goes on as if it had never failed, and no branch is needed.
//  2. Anything else: the failure has a consequence. It becomes a step of the execution, and the success is a branch.
// In the second case nothing is lost by the delay: between the failure and the layer's next call no other thread can
// see anything. What is compared may differ where it does not matter (a dead slot of the stack); then a branch is run
// that was not needed.
//
// Memory that is compared: the thread's stack, the registers that calls preserve, and what the program allocated. A
// thread that counts its failures anywhere else (a static variable) would go unseen; the cache has no such place.
//
// Threads: those of the program under test are numbers here. Cost: O(depth of the stack) per weak exchange, O(heap) per
// probe; there is one probe per new step of a search.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checks/explore/interleaving.h"
#include "checks/explore/memory_model.h"
#include "checks/explore/pending_operation.h"

namespace triecheck::explore {

/// A weak exchange that a thread is about to make.
struct weak_exchange {
  modelled_word* word = nullptr;
  object_id object = 0;
  std::uint64_t expected = 0;
  std::uint64_t desired = 0;
  rl::memory_order failure = rl::mo_relaxed;
  location where;

  bool same_as(const weak_exchange& other) const {
    return word == other.word && expected == other.expected && desired == other.desired &&
           where.file == other.where.file && where.line == other.where.line;
  }
};

class spurious_probe {
 public:
#if defined(__x86_64__)
  static constexpr bool possible = true;
#else
  static constexpr bool possible = false;  // where a frame keeps the registers of its caller is known for x86-64 only
#endif

  /// The thread enters a weak exchange; `frame` is that of the function that the exchange calls first.
  void enter(unsigned thread, const std::byte* frame);

  /// The exchange that was entered last fails, to see what comes of it.
  void start(const weak_exchange& e);

  bool pending() const { return pending_; }
  const weak_exchange& exchange() const { return exchange_; }

  /// Of the thread whose probe is pending: whether this is the same exchange in the same state. Ends the probe if so.
  bool comes_back(unsigned thread, const weak_exchange& e, const std::byte* frame);

  void end() { pending_ = false; }

 private:
  static std::size_t size_of_stack(const std::byte* frame);

  bool pending_ = false;
  weak_exchange exchange_;
  std::array<std::vector<std::byte>, max_threads> stacks_;  // by thread: when it entered its last weak exchange
  std::array<std::size_t, max_threads> sizes_{};
  std::vector<std::byte> heap_;
};

}  // namespace triecheck::explore
