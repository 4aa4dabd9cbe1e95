// The ring of the operation log, every interleaving of one writer and one reader: what is read was written together.
#include "cache/monitoring/operation_log.h"

#include <cstddef>
#include <cstdint>

#include "checks/explore/gtest.h"

namespace triecheck::explore {
namespace {

// Sixteen words: two entries without tokens and pages, so that the third overwrites the first.
constexpr std::size_t two_entries = 16;

template <sync_layer Sync>
class logged_evictions {
 public:
  void evict(std::uint64_t number) {
    const auto begun = log_.begins({.operation = cache_operation::evict, .count = number});
    log_.ended(begun, {.operation = cache_operation::evict, .count = number});
  }

  void read() const {
    const log_contents all = log_.read();
    if (all.threads.empty()) return;
    const logged_thread& t = all.threads.front();
    std::uint64_t number = t.lost;
    for (const logged_operation& o : t.operations) {
      ++number;
      expect(o.operation == cache_operation::evict, "an entry is one that was written");
      expect(o.count == o.evicted && o.count == number,
             "its words were written together, and none is missing before it");
    }
  }

 private:
  operation_log<Sync> log_{two_entries};
};

// A layer in which nothing that is stored publishes what was written before.
struct relaxed_sync : relacy_sync {
  template <class T>
  class atomic : public relacy_sync::atomic<T> {
   public:
    using relacy_sync::atomic<T>::atomic;
    void store(T value, memory_order) { relacy_sync::atomic<T>::store(value, memory_order::relaxed); }
  };
};

template <sync_layer Sync>
report reads_beside_a_writer() {
  using log = logged_evictions<Sync>;
  check<log> c("log ring", {{.strategy = "bounded", .preemptions = 2}});
  c.thread([](log& l) {
    for (std::uint64_t i = 1; i <= 3; ++i) l.evict(i);
  });
  c.thread([](log& l) { l.read(); });
  c.at_the_end([](log& l) { l.read(); });
  return c.run();
}

TEST(log_ring, what_is_read_beside_a_writer_is_whole) { EXPECT_TRUE(passes(reads_beside_a_writer<relacy_sync>())); }
TEST(log_ring, without_release_it_is_torn) {
  const report r = reads_beside_a_writer<relaxed_sync>();
  EXPECT_EQ(r.outcome, checks::verdict::fail) << r;
}

}  // namespace
}  // namespace triecheck::explore
