// A reader-writer lock of one word: the number of readers, and a bit for the writer.
#include "checks/explore/gtest.h"

namespace triecheck::explore {
namespace {

template <sync_layer Sync, bool Rechecks>
class reader_writer_lock {
 public:
  void lock() {
    std::uint32_t free = 0;
    while (!word_.compare_exchange_weak(free, writer, memory_order::acquire, memory_order::relaxed)) {
      free = 0;
      Sync::yield();
    }
  }
  void unlock() { word_.fetch_sub(writer, memory_order::release); }
  void lock_shared() {
    // A reader counts itself in, and out again where a writer was there.
    while ((word_.fetch_add(1, memory_order::acquire) & writer) != 0) {
      if (!Rechecks) return;  // taken for a reader that came first
      word_.fetch_sub(1, memory_order::relaxed);
      while ((word_.load(memory_order::relaxed) & writer) != 0) Sync::yield();
    }
  }
  void unlock_shared() { word_.fetch_sub(1, memory_order::release); }

 private:
  static constexpr std::uint32_t writer = 1U << 31;
  typename Sync::template atomic<std::uint32_t> word_{0};
};

template <bool Rechecks>
report a_writer_beside_readers() {
  struct board {
    reader_writer_lock<relacy_sync, Rechecks> lock;
    relacy_sync::var<std::uint32_t> value{0};
    void read() { lock.lock_shared(), static_cast<void>(value.get()), lock.unlock_shared(); }
  };
  check<board> c("reader_writer_lock");
  c.thread([](board& b) { b.lock.lock(), b.value.set(1), b.lock.unlock(); });
  for (int i = 0; i < 2; ++i) c.thread([](board& b) { b.read(); });
  return c.run();
}

TEST(reader_writer_lock, keeps_readers_and_the_writer_apart) { EXPECT_TRUE(passes(a_writer_beside_readers<true>())); }
TEST(reader_writer_lock, that_does_not_recheck_lets_a_reader_in) {
  EXPECT_EQ(a_writer_beside_readers<false>().kind, "data-race");
}

}  // namespace
}  // namespace triecheck::explore
