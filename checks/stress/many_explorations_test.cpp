// Many short explorations in one process: memory, processes, descriptors and files stay as they were.
//
// TRIECHECK_EXPLORATIONS says how many: some hundred in the default run, 100,000 in the campaign.
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "checks/verify/explore.h"

namespace triecheck::explore {
namespace {

struct footprint {
  std::size_t resident_pages = 0;
  std::ptrdiff_t descriptors = 0;
  std::ptrdiff_t files = 0;  // in the current directory
  std::size_t mappings = 0;
};

footprint now() {
  footprint f;
  std::size_t whole = 0;
  std::ifstream("/proc/self/statm") >> whole >> f.resident_pages;
  const auto entries = [](const char* path) {
    return std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator());
  };
  f.descriptors = entries("/proc/self/fd");
  f.files = entries(".");
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) ++f.mappings;
  return f;
}

TEST(TRIECHECK_SUITE, leave_nothing_behind) {
  const auto passes = checks::parse_scenario(
      "[cache]\npages = 1\ntokens_per_page = 1\n[[thread]]\nrun = [\"a = lookup 1\", \"release a\"]\n[[thread]]\nrun = "
      "[\"b = lookup 1\", \"release b\"]\n",
      "passes.toml");
  explore_options faulty;
  faulty.fault = "release_without_the_mutex";
  footprint early;
  for (std::size_t i = 0; i < TRIECHECK_EXPLORATIONS; ++i) {
    // Every tenth one fails, is replayed, and tells its story.
    const bool fails = i % 10 == 9;
    const checks::result r = explore_scenario(passes, "passes", fails ? faulty : explore_options{}).outcome;
    ASSERT_EQ(r.outcome, fails ? checks::verdict::fail : checks::verdict::pass) << i;
    if (i == TRIECHECK_EXPLORATIONS / 10) early = now();
  }
  const footprint late = now();
  EXPECT_LE(late.resident_pages, early.resident_pages + 64) << "a page is 4 KiB";
  EXPECT_EQ(late.descriptors, early.descriptors);
  EXPECT_EQ(late.files, early.files);
  EXPECT_LE(late.mappings, early.mappings + 2);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD) << "a process is left";
}

}  // namespace
}  // namespace triecheck::explore
