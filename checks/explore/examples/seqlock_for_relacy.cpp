// The check of seqlock_test.cpp, written for the packaged Relacy: what the same question costs there.
#include <relacy/relacy.hpp>

#include <cstdlib>
#include <iostream>

template <bool Fenced>
struct reads_beside_two_writes : rl::test_suite<reads_beside_two_writes<Fenced>, 2> {
  rl::atomic<unsigned> sequence, first, second;

  void before() { sequence($) = 0, first($) = 0, second($) = 0; }

  void write(unsigned value) {
    const unsigned s = sequence($).load(rl::mo_relaxed);
    sequence($).store(s + 1, rl::mo_relaxed);
    if (Fenced) rl::atomic_thread_fence(rl::mo_release, $);
    first($).store(value, rl::mo_relaxed);
    second($).store(value, rl::mo_relaxed);
    sequence($).store(s + 2, rl::mo_release);
  }

  void thread(unsigned index) {
    if (index == 0) {
      write(1);
      write(2);
      return;
    }
    const unsigned s = sequence($).load(rl::mo_acquire);
    const unsigned a = first($).load(rl::mo_relaxed);
    const unsigned b = second($).load(rl::mo_relaxed);
    rl::atomic_thread_fence(rl::mo_acquire, $);
    if (s % 2 == 0 && sequence($).load(rl::mo_relaxed) == s) RL_ASSERT(a == b);
  }
};

int main(int count, char** words) {
  rl::test_params p;
  p.search_type = rl::sched_full;
  p.iteration_count = 100'000'000;
  const bool broken = count > 1 && std::string(words[1]) == "broken";
  const bool passed =
      broken ? rl::simulate<reads_beside_two_writes<false>>(p) : rl::simulate<reads_beside_two_writes<true>>(p);
  return passed ? 0 : 1;
}
