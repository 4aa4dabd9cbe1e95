// An atomic word of the layer that explores, apart from the type of its values.
//
// Each operation is announced (kind, object, terms of an exchange) before the scheduler is asked. What it sees and what
// others see of it is the memory model's to say (memory_model.h).
#pragma once

#include <cstdint>
#include <string>

#include "cache/sync/sync.h"
#include "checks/explore/relacy/object.h"

namespace triecheck::explore {

class modelled_word;

/// Up to 64 bits, told as an unsigned number. Every operation is a scheduling point, but for the failing retry of a
/// weak exchange (spurious.h).
class atomic_object {
 public:
  atomic_object();
  ~atomic_object();
  atomic_object(const atomic_object&) = delete;
  atomic_object& operator=(const atomic_object&) = delete;

  std::uint64_t load(memory_order order, const location& where) const;
  void store(std::uint64_t value, memory_order order, const location& where);

  enum class change : std::uint8_t { exchange, fetch_add, fetch_sub, fetch_and, fetch_or };
  /// The answer is the value before. Of the new one the bits in `width` are kept.
  std::uint64_t modify(change c, std::uint64_t operand, std::uint64_t width, memory_order order, const location& where);
  /// A fetch_add whose answer nobody needs: relaxed ones commute.
  void add(std::uint64_t operand, std::uint64_t width, memory_order order, const location& where);

  // Not inlined: its frame is where the caller's state ends, see spurious.h.
  [[gnu::noinline]] bool compare_exchange_weak(std::uint64_t& expected, std::uint64_t desired, memory_order success,
                                               memory_order failure, const location& where);
  bool compare_exchange_strong(std::uint64_t& expected, std::uint64_t desired, memory_order success,
                               memory_order failure, const location& where);

  object_id id() const { return tracked_.id(); }

 private:
  modelled_word& word() const { return word_.as<modelled_word>(); }
  bool compare_exchange(const std::byte* frame, std::uint64_t& expected, std::uint64_t desired, memory_order success,
                        memory_order failure, const location& where);

  tracked tracked_;
  mutable room<352> word_;
};

/// Of the layer: a fence, which is a scheduling point where it is sequentially consistent.
void run_fence(memory_order order, const location& where);

}  // namespace triecheck::explore
