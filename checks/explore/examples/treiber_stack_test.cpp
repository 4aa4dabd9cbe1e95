// A Treiber stack whose nodes come back: without a tag at the head a pop takes a node that was popped and pushed
// meanwhile (ABA).
#include <array>
#include <optional>
#include <string>

#include "checks/explore/gtest.h"

namespace triecheck::explore {
namespace {

template <sync_layer Sync, bool Tagged>
class stack {
 public:
  void push(std::uint32_t node) {
    std::uint64_t head = head_.load(memory_order::relaxed);
    do next_[node].store(node_of(head), memory_order::relaxed);
    while (!head_.compare_exchange_weak(head, with(node, head), memory_order::release, memory_order::relaxed));
  }
  std::optional<std::uint32_t> pop() {
    std::uint64_t head = head_.load(memory_order::acquire);
    while (node_of(head) != none) {
      const std::uint32_t next = next_[node_of(head)].load(memory_order::relaxed);
      if (head_.compare_exchange_weak(head, with(next, head), memory_order::acquire, memory_order::acquire))
        return node_of(head);
    }
    return std::nullopt;
  }

 private:
  static constexpr std::uint32_t none = 3;
  static std::uint32_t node_of(std::uint64_t head) { return static_cast<std::uint32_t>(head); }
  static std::uint64_t with(std::uint32_t node, std::uint64_t old) {
    return Tagged ? ((old >> 32) + 1) << 32 | node : node;
  }
  typename Sync::template atomic<std::uint64_t> head_{none};
  std::array<typename Sync::template atomic<std::uint32_t>, 3> next_;
};

struct stack_specification {
  struct operation {
    bool is_push;
    std::uint32_t node;
  };
  using result = std::optional<std::uint32_t>;
  using state = std::string;  // the nodes as digits, the top last
  static bool step(state& s, const operation& o, const result& r) {
    if (o.is_push) return s += static_cast<char>('0' + o.node), true;
    if (!r || s.empty()) return !r && s.empty();
    const bool is_top = s.back() == static_cast<char>('0' + *r);
    return s.pop_back(), is_top;
  }
  static std::size_t hash(const state& s) { return std::hash<std::string>()(s); }
  static std::string show(const operation& o, const result* r) {
    if (o.is_push) return "push " + std::to_string(o.node);
    return r == nullptr ? "pop" : *r ? "pop = " + std::to_string(**r) : "pop = nothing";
  }
};

template <bool Tagged>
report pops_beside_a_node_that_comes_back() {
  struct board : calls<stack_specification> {
    stack<relacy_sync, Tagged> s;
    board() { push(0), push(1); }
    void push(std::uint32_t n) {
      call({true, n}, [&] { return s.push(n), std::nullopt; });
    }
    std::optional<std::uint32_t> pop() {
      return call({false, 0}, [&] { return s.pop(); });
    }
  };
  check<board> c("treiber_stack");
  c.thread([](auto& s) { s.pop(); });
  c.thread([](auto& s) {
    const auto top = s.pop(), below = s.pop();
    if (top && below) s.push(*top);
  });
  c.at_the_end([](auto& s) { s.pop(), s.pop(); });
  return c.run();
}

TEST(treiber_stack, is_linearizable) { EXPECT_TRUE(passes(pops_beside_a_node_that_comes_back<true>())); }
TEST(treiber_stack, without_a_tag_hands_a_node_out_twice) {
  EXPECT_EQ(pops_beside_a_node_that_comes_back<false>().kind, "linearizability");
}

}  // namespace
}  // namespace triecheck::explore
