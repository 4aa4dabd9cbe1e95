// A reference count: the thread that drops the last reference destroys the object. It has to see all that the others
// did to the object.
#include "checks/explore/gtest.h"

namespace triecheck::explore {
namespace {

template <sync_layer Sync, memory_order Drop>
class counted {
 public:
  typename Sync::template var<std::uint32_t> value{0};

  void keep() { references_.fetch_add(1, memory_order::relaxed); }
  void drop() {
    if (references_.fetch_sub(1, Drop) == 1) delete this;
  }

 private:
  typename Sync::template atomic<std::uint32_t> references_{1};
};

template <memory_order Drop>
report a_write_beside_the_last_drop() {
  using object = counted<relacy_sync, Drop>;
  struct board {
    object* shared = new object;
    board() { shared->keep(); }
  };
  check<board> c("counted_pointer");
  c.thread([](board& b) { b.shared->value.set(1), b.shared->drop(); });
  c.thread([](board& b) { b.shared->drop(); });
  return c.run();
}

TEST(counted_pointer, is_destroyed_by_the_last_owner) {
  EXPECT_TRUE(passes(a_write_beside_the_last_drop<memory_order::acq_rel>()));
}
TEST(counted_pointer, dropped_relaxed_is_destroyed_beside_a_write) {
  EXPECT_EQ(a_write_beside_the_last_drop<memory_order::relaxed>().kind, "data-race");
}

}  // namespace
}  // namespace triecheck::explore
