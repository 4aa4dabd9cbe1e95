#include "checks/explore/spurious.h"

#include <cstring>
#include <span>

#include "checks/explore/session.h"

namespace triecheck::explore {
namespace {

// Compilers save the registers that calls preserve right below the address of the frame, where a function asks for it.
constexpr std::size_t saved_registers = 5 * sizeof(void*);

}  // namespace

std::size_t spurious_probe::size_of_stack(const std::byte* frame) {
  const char* const top = rl::ctx().threadx_->fiber_.memory + guard_bytes + stack_bytes;
  return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(top) - (frame - saved_registers));
}

void spurious_probe::enter(unsigned thread, const std::byte* frame) {
  sizes_[thread] = size_of_stack(frame);
  std::vector<std::byte>& kept = stacks_[thread];
  if (kept.size() < sizes_[thread]) {
    const outside_simulation heap;
    kept.resize(2 * sizes_[thread]);
  }
  std::memcpy(kept.data(), frame - saved_registers, sizes_[thread]);
}

void spurious_probe::start(const weak_exchange& e) {
  pending_ = true;
  exchange_ = e;
  const outside_simulation heap;
  heap_.clear();
  rl::memory_mgr::each_area(
      [this](std::span<const std::byte> area) { heap_.insert(heap_.end(), area.begin(), area.end()); });
}

bool spurious_probe::comes_back(unsigned thread, const weak_exchange& e, const std::byte* frame) {
  if (!e.same_as(exchange_) || size_of_stack(frame) != sizes_[thread]) return false;
  if (std::memcmp(stacks_[thread].data(), frame - saved_registers, sizes_[thread]) != 0) return false;
  std::size_t at = 0;
  bool same = true;
  rl::memory_mgr::each_area([&](std::span<const std::byte> area) {
    same = same && area.size() <= heap_.size() - at && std::memcmp(heap_.data() + at, area.data(), area.size()) == 0;
    at += area.size();
  });
  if (!same || at != heap_.size()) return false;
  pending_ = false;
  return true;
}

}  // namespace triecheck::explore
