// A sequence lock of one writer: readers retry where a write was under way. Without the fence behind the odd step a
// torn read passes.
#include "checks/explore/gtest.h"

namespace triecheck::explore {
namespace {

template <sync_layer Sync, bool Fenced>
class seqlock {
 public:
  void write(std::uint32_t value) {
    const std::uint32_t s = sequence_.load(memory_order::relaxed);
    sequence_.store(s + 1, memory_order::relaxed);
    if (Fenced) Sync::fence(memory_order::release);
    first_.store(value, memory_order::relaxed);
    second_.store(value, memory_order::relaxed);
    sequence_.store(s + 2, memory_order::release);
  }
  /// False where a write came in between: the caller tries again.
  bool read(std::uint32_t& first, std::uint32_t& second) const {
    const std::uint32_t before = sequence_.load(memory_order::acquire);
    first = first_.load(memory_order::relaxed);
    second = second_.load(memory_order::relaxed);
    Sync::fence(memory_order::acquire);
    return before % 2 == 0 && sequence_.load(memory_order::relaxed) == before;
  }

 private:
  typename Sync::template atomic<std::uint32_t> sequence_{0}, first_{0}, second_{0};
};

template <bool Fenced>
report reads_beside_two_writes() {
  using lock = seqlock<relacy_sync, Fenced>;
  check<lock> c("seqlock");
  c.thread([](lock& l) { l.write(1), l.write(2); });
  c.thread([](lock& l) {
    std::uint32_t first = 0, second = 0;
    if (l.read(first, second)) expect(first == second, "what is read was written together");
  });
  return c.run();
}

TEST(seqlock, is_never_torn) { EXPECT_TRUE(passes(reads_beside_two_writes<true>())); }
TEST(seqlock, without_the_fence_is_torn) { EXPECT_EQ(reads_beside_two_writes<false>().kind, "invariant"); }

}  // namespace
}  // namespace triecheck::explore
