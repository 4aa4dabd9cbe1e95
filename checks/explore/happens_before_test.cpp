// The clocks that are kept step by step against the definition: two steps are ordered where `relate` orders them, or a
// chain of such pairs does.
#include "checks/explore/happens_before.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "checks/explore/pending_operation.h"

namespace triecheck::explore {
namespace {

struct step {
  unsigned thread;
  pending_operation what;
};

class drawn_steps {
 public:
  explicit drawn_steps(unsigned seed) : engine_(seed) {}

  std::vector<step> draw(std::size_t length) {
    std::vector<step> steps;
    for (std::size_t i = 0; i < length; ++i) {
      pending_operation a{.kind = static_cast<access>(number(static_cast<unsigned>(access::relock) + 1))};
      if (a.kind == access::unknown && number(4) != 0) a.kind = access::local;
      a.destroys = a.kind == access::store && number(4) == 0;
      a.seq_cst = number(3) == 0;
      // An object is an atomic or a mutex; either may be destroyed.
      const bool of_mutex = a.kind >= access::lock || (a.destroys && number(2) == 0);
      if (a.kind > access::local && a.kind != access::fence)
        a.object = (1 + number(2)) << 24 | (number(2) + (of_mutex ? 2 : 0));
      if (a.kind >= access::wait) a.condition = 3U << 24 | number(2);
      if (a.kind >= access::notify) a.notice = 1 + number(3);
      steps.push_back({number(max_threads), a});
    }
    return steps;
  }

 private:
  unsigned number(unsigned limit) { return static_cast<unsigned>(engine_() % limit); }

  std::mt19937 engine_;
};

// The clock of the last step, as the relation defines it.
clock_vector defined_clock(const std::vector<step>& steps, const std::vector<clock_vector>& clocks) {
  const step& last = steps[clocks.size()];
  clock_vector clock{};
  std::uint32_t number = 1;
  for (std::size_t i = 0; i < clocks.size(); ++i) {
    number += steps[i].thread == last.thread;
    if (steps[i].thread == last.thread || precedes(steps[i].what, last.what)) join(clock, clocks[i]);
  }
  clock[last.thread] = number;
  return clock;
}

TEST(happens_before, clocks_are_those_that_the_relation_of_operations_defines) {
  happens_before kept;
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const std::vector<step> steps = drawn_steps(seed).draw(30);
    kept.clear();
    std::vector<clock_vector> clocks;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const clock_vector wanted = defined_clock(steps, clocks);
      ASSERT_EQ(kept.step(steps[i].thread, steps[i].what), wanted) << "seed " << seed << ", step " << i;
      clocks.push_back(wanted);
    }
  }
}

}  // namespace
}  // namespace triecheck::explore
