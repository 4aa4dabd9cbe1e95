// A structure that we did not write: moodycamel::ReaderWriterQueue, as Debian packages it (libreaderwriterqueue-dev),
// unchanged.
//
// It has its atomics and fences from one of its headers, so two names that refer to the layer's are enough; and two for
// the heap, as the addresses that it stores have to be those of the explored heap.
#include <atomicops.h>

#include <cstdlib>

#include "checks/explore/gtest.h"

namespace std {
inline void* explored_malloc(size_t bytes) { return ::operator new(bytes); }
inline void explored_free(void* memory) { ::operator delete(memory); }
}  // namespace std

namespace moodycamel {

using triecheck::explore::relacy_sync;
inline bool fences_work = true;  // the seeded mistake: they do nothing

template <class T>
class explored_atomic {
 public:
  explored_atomic() : value_(T{}) {}
  explored_atomic(T value) : value_(value) {}
  explored_atomic(const explored_atomic& other) : value_(other.load()) {}
  explored_atomic& operator=(T value) { return value_.store(value, triecheck::memory_order::relaxed), *this; }
  explored_atomic& operator=(const explored_atomic& other) { return *this = other.load(); }
  operator T() const { return load(); }
  T load() const { return value_.load(triecheck::memory_order::relaxed); }

 private:
  relacy_sync::atomic<T> value_;
};

inline void explored_fence(memory_order order) {
  using enum triecheck::memory_order;
  if (fences_work)
    relacy_sync::fence(order == memory_order_acquire ? acquire : order == memory_order_release ? release : seq_cst);
}

}  // namespace moodycamel

#define MOODYCAMEL_CACHE_LINE_SIZE 1024  // an atomic that is explored is larger than a line
#define weak_atomic explored_atomic
#define fence explored_fence
#define malloc explored_malloc
#define free explored_free
#include <readerwriterqueue.h>
#undef free
#undef malloc
#undef fence
#undef weak_atomic

namespace triecheck::explore {
namespace {

/// An element whose accesses race where the queue lets them.
struct element {
  relacy_sync::var<std::uint32_t> value{0};
  element() = default;
  element(std::uint32_t v) : value(v) {}
  element(const element& other) : value(other.value.get()) {}
  element& operator=(const element& other) { return value.set(other.value.get()), *this; }
};

report a_producer_beside_a_consumer(bool fences_work) {
  moodycamel::fences_work = fences_work;
  struct board {
    moodycamel::ReaderWriterQueue<element> queue{1};
    std::uint32_t expected = 1;
    void take() {
      element e;
      if (queue.try_dequeue(e)) expect(e.value.get() == expected++, "elements come out in their order");
    }
  };
  check<board> c("packaged_queue");
  c.thread([](board& b) { b.queue.enqueue(element(1)), b.queue.enqueue(element(2)); });
  c.thread([](board& b) { b.take(), b.take(); });
  c.at_the_end([](board& b) {
    b.take(), b.take();
    expect(b.expected == 3, "every element comes out once");
  });
  return c.run();
}

TEST(packaged_queue, keeps_the_order_of_its_elements) { EXPECT_TRUE(passes(a_producer_beside_a_consumer(true))); }
TEST(packaged_queue, without_its_fences_has_a_data_race) {
  EXPECT_EQ(a_producer_beside_a_consumer(false).kind, "data-race");
}

}  // namespace
}  // namespace triecheck::explore
