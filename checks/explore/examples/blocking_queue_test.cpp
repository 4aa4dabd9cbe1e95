// A queue under a mutex whose pop waits on a condition variable. One condition for both ends and notify_one loses a
// wake-up.
#include <deque>
#include <string>

#include "checks/explore/gtest.h"

namespace triecheck::explore {
namespace {

template <sync_layer Sync, bool WakesAll>
class blocking_queue {
 public:
  void push(std::uint32_t value) {
    const guard lock(mutex_);
    while (is_full_.get()) changed_.wait(mutex_);
    value_.set(value), is_full_.set(true);
    wake();
  }
  std::uint32_t pop() {
    const guard lock(mutex_);
    while (!is_full_.get()) changed_.wait(mutex_);
    is_full_.set(false);
    wake();
    return value_.get();
  }

 private:
  using guard = typename Sync::template exclusive_guard<typename Sync::mutex>;
  void wake() { WakesAll ? changed_.notify_all() : changed_.notify_one(); }

  typename Sync::mutex mutex_;
  typename Sync::condition_variable changed_;  // full or empty: both ends wait for it
  typename Sync::template var<bool> is_full_{false};
  typename Sync::template var<std::uint32_t> value_;
};

struct queue_specification {
  struct operation {
    bool is_push;
    std::uint32_t value;
  };
  using result = std::uint32_t;  // of a pop
  using state = std::deque<std::uint32_t>;
  static bool step(state& s, const operation& o, const result& r) {
    if (o.is_push) return s.push_back(o.value), true;
    if (s.empty() || s.front() != r) return false;
    return s.pop_front(), true;
  }
  static std::size_t hash(const state& s) { return s.empty() ? 0 : s.size() * 31 + s.front(); }
  static std::string show(const operation& o, const result* r) {
    if (o.is_push) return "push " + std::to_string(o.value);
    return r == nullptr ? "pop" : "pop = " + std::to_string(*r);
  }
};

template <bool WakesAll>
report two_producers_and_two_consumers() {
  struct board : calls<queue_specification> {
    blocking_queue<relacy_sync, WakesAll> q;
    void push(std::uint32_t v) {
      call({true, v}, [&] { return q.push(v), 0U; });
    }
    void pop() {
      call({false, 0}, [&] { return q.pop(); });
    }
  };
  check<board> c("blocking_queue");
  for (std::uint32_t v : {1U, 2U}) c.thread([v](board& b) { b.push(v); });
  for (int i = 0; i < 2; ++i) c.thread([](board& b) { b.pop(); });
  return c.run();
}

TEST(blocking_queue, hands_values_over) { EXPECT_TRUE(passes(two_producers_and_two_consumers<true>())); }
TEST(blocking_queue, that_wakes_one_loses_a_wake_up) {
  EXPECT_EQ(two_producers_and_two_consumers<false>().kind, "deadlock");
}

}  // namespace
}  // namespace triecheck::explore
