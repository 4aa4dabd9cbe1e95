// An initialisation that one of many callers does, while the others wait for it.
#include "checks/explore/gtest.h"

namespace triecheck::explore {
namespace {

template <sync_layer Sync, bool Claims>
class single_flight {
 public:
  template <class Make>
  std::uint32_t get(Make make) {
    std::uint32_t state = state_.load(memory_order::acquire);
    if (state == empty && claim(state)) {
      value_.set(make());
      state_.store(full, memory_order::release);
      return value_.get();
    }
    while (state_.load(memory_order::acquire) != full) Sync::yield();
    return value_.get();
  }

 private:
  static constexpr std::uint32_t empty = 0, busy = 1, full = 2;

  bool claim(std::uint32_t& seen) {
    if (Claims) return state_.compare_exchange_strong(seen, busy, memory_order::acquire, memory_order::acquire);
    state_.store(busy, memory_order::relaxed);  // two callers may have seen that nobody is at it
    return true;
  }

  typename Sync::template atomic<std::uint32_t> state_{empty};
  typename Sync::template var<std::uint32_t> value_;
};

template <bool Claims>
report three_callers() {
  struct board {
    single_flight<relacy_sync, Claims> once;
    relacy_sync::atomic<std::uint32_t> made{0};
    void call() {
      expect(once.get([this] { return made.fetch_add(1, memory_order::relaxed) + 7; }) == 7, "all get the one value");
    }
  };
  check<board> c("single_flight");
  for (int i = 0; i < 3; ++i) c.thread([](board& b) { b.call(); });
  return c.run();
}

TEST(single_flight, makes_the_value_once) { EXPECT_TRUE(passes(three_callers<true>())); }
TEST(single_flight, that_does_not_claim_makes_it_twice) { EXPECT_FALSE(three_callers<false>().passed); }

}  // namespace
}  // namespace triecheck::explore
