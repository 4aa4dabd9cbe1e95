// The heap of a simulation, without one.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "checks/explore/relacy/headers.h"

namespace triecheck::explore {
namespace {

TEST(relacy_memory, everything_must_be_freed) {
  rl::memory_mgr heap;
  EXPECT_TRUE(heap.iteration_end());
  void* a = heap.alloc(24);
  void* b = heap.alloc(1U << 20);
  EXPECT_FALSE(heap.iteration_end());
  EXPECT_TRUE(heap.free(a, true));
  EXPECT_FALSE(heap.iteration_end());
  EXPECT_TRUE(heap.free(b, false));
  EXPECT_TRUE(heap.iteration_end());
}

TEST(relacy_memory, a_block_is_freed_once) {
  rl::memory_mgr heap;
  void* a = heap.alloc(24);
  void* b = heap.alloc(24);
  EXPECT_TRUE(heap.free(a, true));
  EXPECT_FALSE(heap.free(a, true));
  EXPECT_TRUE(heap.free(b, false));
  EXPECT_FALSE(heap.free(b, false));
}

TEST(relacy_memory, what_is_no_block_is_not_freed) {
  rl::memory_mgr heap;
  EXPECT_TRUE(heap.free(nullptr, true));
  EXPECT_FALSE(heap.free(reinterpret_cast<void*>(std::uintptr_t{16}), true)) << "before the first block";
  auto* words = static_cast<std::size_t*>(heap.alloc(8 * sizeof(std::size_t)));
  for (std::size_t i = 0; i < 8; ++i) words[i] = 0;
  for (std::size_t i = 1; i < 8; ++i) EXPECT_FALSE(heap.free(words + i, true)) << i;
  EXPECT_FALSE(heap.free(reinterpret_cast<char*>(words) + 1, true));
  EXPECT_FALSE(heap.free(reinterpret_cast<void*>(std::uintptr_t{16}), true));
  EXPECT_FALSE(heap.free(&heap, true));
  EXPECT_TRUE(heap.free(words, true));
}

TEST(relacy_memory, a_freed_block_comes_back_behind_63_others_and_for_its_own_size_only) {
  rl::memory_mgr heap;
  std::vector<void*> others;
  for (std::size_t i = 0; i < 63; ++i) others.push_back(heap.alloc(8));
  void* freed = heap.alloc(100);
  EXPECT_TRUE(heap.free(freed, true));
  for (void* other : others) {
    EXPECT_NE(heap.alloc(100), freed);
    EXPECT_TRUE(heap.free(other, true));
  }
  EXPECT_NE(heap.alloc(101), freed);
  EXPECT_EQ(heap.alloc(100), freed);
}

TEST(relacy_memory, a_block_that_is_not_kept_back_comes_back_at_once) {
  rl::memory_mgr heap;
  for (const std::size_t size : {std::size_t{0}, std::size_t{40}, std::size_t{5000}}) {
    void* block = heap.alloc(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % rl::alignment, 0u);
    EXPECT_TRUE(heap.free(block, false));
    EXPECT_EQ(heap.alloc(size), block);
  }
}

TEST(relacy_memory, equal_executions_have_equal_addresses) {
  rl::memory_mgr heap;
  std::vector<void*> first;
  for (int execution = 0; execution < 3; ++execution) {
    std::vector<void*> blocks;
    for (const std::size_t size : {24U, 1U << 20, 24U, 8U, 1U << 19}) blocks.push_back(heap.alloc(size));
    for (void* block : blocks) EXPECT_TRUE(heap.free(block, true));
    blocks.push_back(heap.alloc(24));
    EXPECT_TRUE(heap.free(blocks.back(), false));
    EXPECT_TRUE(heap.iteration_end());
    if (execution == 0) first = blocks;
    EXPECT_EQ(blocks, first) << execution;
  }
}

}  // namespace
}  // namespace triecheck::explore
