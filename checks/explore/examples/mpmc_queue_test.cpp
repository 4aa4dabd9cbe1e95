// A bounded queue of many producers and consumers (D. Vyukov): each cell has a number that says whose turn it is.
#include <array>
#include <optional>
#include <string>

#include "checks/explore/gtest.h"

namespace triecheck::explore {
namespace {

template <sync_layer Sync, memory_order Publish>
class mpmc_queue {
 public:
  mpmc_queue() {
    for (std::uint32_t i = 0; i < cells; ++i) cells_[i].turn.store(i, memory_order::relaxed);
  }
  bool push(std::uint32_t value) {
    for (std::uint32_t at = tail_.load(memory_order::relaxed);;) {
      cell& c = cells_[at % cells];
      const auto ahead = static_cast<std::int32_t>(c.turn.load(memory_order::acquire) - at);
      if (ahead < 0) return false;
      if (ahead > 0)
        at = tail_.load(memory_order::relaxed);
      else if (tail_.compare_exchange_strong(at, at + 1, memory_order::relaxed, memory_order::relaxed)) {
        c.value.set(value);
        c.turn.store(at + 1, Publish);
        return true;
      }
    }
  }
  std::optional<std::uint32_t> pop() {
    for (std::uint32_t at = head_.load(memory_order::relaxed);;) {
      cell& c = cells_[at % cells];
      const auto ahead = static_cast<std::int32_t>(c.turn.load(memory_order::acquire) - (at + 1));
      if (ahead < 0) return std::nullopt;
      if (ahead > 0)
        at = head_.load(memory_order::relaxed);
      else if (head_.compare_exchange_strong(at, at + 1, memory_order::relaxed, memory_order::relaxed)) {
        const std::uint32_t value = c.value.get();
        c.turn.store(at + cells, memory_order::release);
        return value;
      }
    }
  }

 private:
  static constexpr std::uint32_t cells = 2;
  struct cell {
    typename Sync::template atomic<std::uint32_t> turn;
    typename Sync::template var<std::uint32_t> value;
  };
  std::array<cell, cells> cells_;
  typename Sync::template atomic<std::uint32_t> head_{0}, tail_{0};
};

// Concurrently with others a push or a pop may find a cell whose owner is not done: then it answers "full" or "empty",
// which is no order of whole calls. What it promises is less: every value comes out once, and those of one producer in
// their order.
template <memory_order Publish>
report producers_and_a_consumer() {
  struct board : mpmc_queue<relacy_sync, Publish> {
    std::string out;
  };
  check<board> c("mpmc_queue");
  c.thread([](board& q) { expect(q.push(1), "there is room"); });
  c.thread([](board& q) { expect(q.push(2), "there is room"); });
  c.thread([](board& q) {
    if (const auto v = q.pop()) q.out += std::to_string(*v);
  });
  c.at_the_end([](board& q) {
    while (const auto v = q.pop()) q.out += std::to_string(*v);
    expect(q.out == "12" || q.out == "21", "every value comes out once");
  });
  return c.run();
}

TEST(mpmc_queue, hands_every_value_out_once) { EXPECT_TRUE(passes(producers_and_a_consumer<memory_order::release>())); }
TEST(mpmc_queue, that_publishes_relaxed_has_a_data_race) {
  EXPECT_EQ(producers_and_a_consumer<memory_order::relaxed>().kind, "data-race");
}

}  // namespace
}  // namespace triecheck::explore
