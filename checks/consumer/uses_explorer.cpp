// A structure of somebody else, explored with the installed package: a counter, and its twin that loses increments.
#include <triecheck/cache/sync/std.h>
#include <triecheck/checks/explore/check.h>

#include <cstdio>
#include <iostream>

namespace {

// What ships: nothing but the sync layer.
template <triecheck::sync_layer Sync>
class counter {
 public:
  void increment() { value_.add(1, triecheck::memory_order::relaxed); }
  // The seeded defect: the read and the write are two steps.
  void increment_in_two_steps() {
    value_.store(value_.load(triecheck::memory_order::relaxed) + 1, triecheck::memory_order::relaxed);
  }
  unsigned value() const { return value_.load(triecheck::memory_order::relaxed); }

 private:
  typename Sync::template atomic<unsigned> value_{0};
};

template <class Increment>
triecheck::explore::report explored(const char* name, Increment increment) {
  triecheck::explore::check<counter<triecheck::explore::relacy_sync>> c(name);
  for (int thread = 0; thread < 3; ++thread) c.thread(increment);
  c.at_the_end([](auto& n) { triecheck::explore::expect(n.value() == 3, "every increment counts"); });
  return c.run();
}

}  // namespace

int main() {
  counter<triecheck::std_sync> shipped;
  shipped.increment();

  const auto right = explored("counter", [](auto& n) { n.increment(); });
  const auto wrong = explored("counter-in-two-steps", [](auto& n) { n.increment_in_two_steps(); });
  std::cout << right << "\n" << wrong << "\n";
  const bool found = wrong.kind == "invariant" && !wrong.token.empty() &&
                     wrong.interleaving.find("uses_explorer.cpp") != std::string::npos;
  if (shipped.value() == 1 && right.passed && right.complete && !wrong.passed && found) return 0;
  std::fputs("the installed explorer did not tell the two counters apart\n", stderr);
  return 1;
}
