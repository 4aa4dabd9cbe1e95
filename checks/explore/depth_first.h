// What the strategies that walk the tree of executions depth first share.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

namespace triecheck::explore {

constexpr std::uint32_t bit(unsigned thread) { return 1U << thread; }
constexpr unsigned lowest(std::uint32_t set) { return static_cast<unsigned>(std::countr_zero(set)); }

/// The choices inside one operation, in order: alternatives below the choice of the thread.
class inner_choices {
 public:
  /// The operation runs again, from its first choice.
  void rewind() { at_ = 0; }

  /// The next choice: as in the last execution, and alternative 0 where that one had none.
  bool choose() {
    if (at_ == taken_.size()) taken_.push_back(false);
    return taken_[at_++];
  }

  /// Whether the operation made as many choices as in the execution before.
  bool repeated() const { return at_ == taken_.size(); }

  /// Moves on to the next combination; false when all were tried.
  bool advance() {
    while (!taken_.empty()) {
      if (!taken_.back()) {
        taken_.back() = true;
        return true;
      }
      taken_.pop_back();
    }
    return false;
  }

  const std::vector<bool>& taken() const { return taken_; }

 private:
  std::vector<bool> taken_;
  std::size_t at_ = 0;
};

/// What such a strategy says when a prefix does not repeat; `operation` counts from 1.
inline std::string not_deterministic_at(std::size_t operation) {
  return "the program is not deterministic: operation " + std::to_string(operation) +
         " of the execution differs from an earlier execution with the same choices";
}

}  // namespace triecheck::explore
