// The table of misses: every variant, and a memory that does not grow with the prompt.
#include "checks/bench/misses.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace triecheck::checks {
namespace {

TEST(misses, thread_keeps_no_memory_for_what_it_did_not_find) {
  const std::vector<std::size_t> lengths = {16, 1'000'000};
  const std::vector<miss_result> results = measure_misses(lengths);
  ASSERT_EQ(results.size(), 4U * 2);
  for (const miss_result& r : results) {
    EXPECT_GT(r.ns, 0) << r.cache;
    EXPECT_LT(r.kept_bytes, std::size_t{64} << 10) << r.cache << ", " << r.tokens << " tokens";
  }
}

TEST(misses, table_has_a_line_for_each_cache_and_two_columns_for_each_length) {
  EXPECT_EQ(to_table(std::vector<miss_result>{}), "");
  const std::vector<miss_result> results = {
      {"coarse", 16, 20.25, 0}, {"coarse", 1024, 21, 64}, {"lockfree", 16, 30, 0}, {"lockfree", 1024, 31, 128}};
  const std::string table = to_table(results);
  EXPECT_NE(table.find("  tokens              16      kept      1024      kept\n"
                       "  coarse            20.2         0      21.0        64\n"
                       "  lockfree          30.0         0      31.0       128\n"),
            std::string::npos)
      << table;
  EXPECT_EQ(to_json(results)[3]["kept_bytes"], 128);
}

}  // namespace
}  // namespace triecheck::checks
