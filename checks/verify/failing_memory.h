// Requests for memory that fail, by choice: the n-th that a thread makes inside one operation of the cache.
//
// Threads: those of the program under test; each fails by itself.
#pragma once

#include <array>
#include <cstddef>

#include "checks/explore/session.h"
#include "checks/subject/subject.h"

namespace triecheck::explore {

class failing_memory final : public checks::memory_watch {
 public:
  failing_memory() {
    rl::refuses_memory = &refuses;
    forget();
  }
  ~failing_memory() override { rl::refuses_memory = nullptr; }

  /// What an execution that ended in a violation left behind.
  void forget() {
    left_ = {};
    armed_ = 0;
  }

  /// The next operation of this thread has its `number`th request refused; 0: none.
  void fail(std::size_t number) { chosen_[session::current().thread()] = number; }

  void begin() override { arm(chosen_[session::current().thread()]); }
  void end() override { arm(0); }

 private:
  static void arm(std::size_t number) {
    std::size_t& left = left_[session::current().thread()];
    armed_ += (number != 0) - (left != 0);
    left = number;
  }

  static bool refuses() {
    if (armed_ == 0) return false;  // also where no thread runs at all
    std::size_t& left = left_[session::current().thread()];
    if (left == 0 || --left != 0) return false;
    --armed_;
    // Relacy is inside its own allocation now, and will not come back to note that it left.
    rl::ctx().*inside::counter() -= 1;
    return true;
  }

  struct inside : rl::context {
    static int rl::context::*counter() { return &inside::disable_alloc_; }
  };

  using numbers = std::array<std::size_t, max_threads + 1>;
  static inline numbers left_{};
  static inline int armed_ = 0;  // threads with requests left
  numbers chosen_{};
};

}  // namespace triecheck::explore
