// Litmus programs by name, with what is known of them: the tests hold every search against these figures, and
// `triecheck bench-search` measures the searches on the same programs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/litmus/litmus.h"

namespace triecheck::litmus {

using outcomes = std::set<std::string>;

/// What is known of a litmus program, and the program itself.
struct known_program {
  std::string name;
  std::function<std::unique_ptr<observed_program>()> make;
  unsigned threads = 0;
  std::uint64_t executions = 0;              ///< of exhaustive; 0 where it ends at a violation
  std::optional<std::uint64_t> unreduced;    ///< without the reduction, where a test can wait for it
  std::optional<std::uint64_t> relacy_full;  ///< of Relacy's full search, where a test can wait for it
  outcomes ends;                             ///< all of them; none where nobody describes them
  std::string violation;                     ///< its kind; empty: the program is correct
  outcomes missed_by_relacy;                 ///< of `ends`, what Relacy's full search does not see
  bool spins = false;  ///< a thread waits in a loop: Relacy's own searches have no end, or call it a livelock
};

/// All of them: first the correct ones by number of threads, then those with a violation.
const std::vector<known_program>& catalogue();

/// The program called `name`, or null.
const known_program* find_program(const std::string& name);

// The parts of the catalogue.
std::vector<known_program> programs_of_atomics();
std::vector<known_program> programs_of_mutexes();
std::vector<known_program> programs_that_wait();
std::vector<known_program> programs_that_spin();
std::vector<known_program> programs_of_structures();

/// A program of the catalogue without its figures. The number of threads is that of the bodies.
template <class S>
known_program describe(std::string name, std::vector<typename program_over<S>::body> threads,
                       std::function<std::string(S&)> end = {}) {
  known_program p{.name = std::move(name)};
  p.threads = static_cast<unsigned>(threads.size());
  p.make = [threads, end] { return std::make_unique<program_over<S>>(threads, end); };
  return p;
}

}  // namespace triecheck::litmus
