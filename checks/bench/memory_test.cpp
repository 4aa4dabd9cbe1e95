// The table of memory: every variant, and numbers that a cache can have.
#include "checks/bench/memory.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace triecheck::checks {
namespace {

TEST(memory, every_variant_has_at_least_its_tokens_and_pages_add_up) {
  const std::vector<std::size_t> sizes = {1024, 4096};
  const std::vector<memory_result> results = measure_memory(sizes);
  if (results.empty()) GTEST_SKIP() << "this allocator does not count";
  ASSERT_EQ(results.size(), 4U * 2);
  for (std::size_t i = 0; i < results.size(); i += 2) {
    const memory_result& small = results[i];
    const memory_result& large = results[i + 1];
    EXPECT_EQ(small.cache, large.cache);
    EXPECT_GE(small.bytes_per_page(), memory_page_tokens * sizeof(std::uint32_t)) << small.cache;
    EXPECT_GT(large.bytes, 2 * small.bytes) << small.cache << ": most of it is what each page needs";
    EXPECT_LT(large.bytes_per_page(), 1000) << large.cache;
  }
}

TEST(memory, table_has_a_line_for_each_cache_and_a_column_for_each_size) {
  EXPECT_EQ(to_table(std::vector<memory_result>{}), "");
  const std::vector<memory_result> results = {
      {"coarse", 10, 1440}, {"coarse", 20, 2900}, {"lockfree", 10, 2000}, {"lockfree", 20, 3000}};
  const std::string table = to_table(results);
  EXPECT_NE(table.find("  pages               10        20\n"
                       "  coarse           144.0     145.0\n"
                       "  lockfree         200.0     150.0\n"),
            std::string::npos)
      << table;
  EXPECT_EQ(to_json(results)[3]["bytes_per_page"], 150.0);
}

}  // namespace
}  // namespace triecheck::checks
