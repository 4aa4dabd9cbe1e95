// A schedule: the choices of one execution, as text that a person can read and a new process can follow.
//
// Grammar: item { '.' item };  item = thread [ 'x' count ] | thread ( 's' age | 'w' | '!' steps )
// "0x5.1.0s1.1w" runs thread 0 for five operations, thread 1 for one, then lets thread 0 load a value that is one store
// old, then makes a weak compare-exchange of thread 1 fail. It names operations of the cache's text, so it holds across
// processes, compilers and optimisation levels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace triecheck::explore {

/// How many stores old the oldest value is that a load may see.
inline constexpr unsigned oldest_age = 3;

/// One operation of one thread, and the choices inside it.
struct choice {
  std::uint8_t thread = 0;
  std::uint8_t age = 0;     ///< how many stores before the newest the loaded value is, or waiters before the woken one
  bool spurious = false;    ///< a weak compare-exchange failed though the value was the expected one
  std::uint16_t alone = 0;  ///< not 0: no operation, but a demand: the thread ends its operation in that many steps
  friend bool operator==(const choice&, const choice&) = default;
};

using schedule = std::vector<choice>;

std::string show(const schedule& s);

/// The schedule that `text` writes, or nothing and the reason in `why`.
std::optional<schedule> parse_schedule(const std::string& text, std::string& why);

}  // namespace triecheck::explore
