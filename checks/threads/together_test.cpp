// Threads that begin together.
#include "checks/threads/together.h"

#include <atomic>
#include <cstddef>
#include <stdexcept>

#include <gtest/gtest.h>

namespace triecheck::checks {
namespace {

TEST(together, every_phase_begins_when_all_have_ended_the_one_before) {
  constexpr std::size_t threads = 3;
  std::atomic<std::size_t> first{0}, second{0}, bodies{0};
  run_together(
      threads,
      [&](std::size_t, auto) {
        EXPECT_EQ(second.load(), threads);
        ++bodies;
      },
      [&](std::size_t) { ++first; },
      [&](std::size_t) {
        EXPECT_EQ(first.load(), threads);
        ++second;
      });
  EXPECT_EQ(bodies.load(), threads);
}

TEST(together, one_that_throws_while_it_prepares_keeps_none_of_the_others_waiting) {
  std::atomic<std::size_t> bodies{0};
  const auto run = [&] {
    run_together(
        3, [&](std::size_t, auto) { ++bodies; },
        [](std::size_t t) {
          if (t == 1) throw std::runtime_error("no room");
        });
  };
  EXPECT_THROW(run(), std::runtime_error);
  EXPECT_EQ(bodies.load(), 2U);
}

}  // namespace
}  // namespace triecheck::checks
