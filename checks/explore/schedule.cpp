#include "checks/explore/schedule.h"

#include <charconv>
#include <limits>

#include "checks/explore/pending_operation.h"

namespace triecheck::explore {

std::string show(const schedule& s) {
  std::string text;
  for (std::size_t i = 0; i < s.size();) {
    if (!text.empty()) text += '.';
    text += std::to_string(s[i].thread);
    std::size_t run = 1;
    if (s[i].age != 0) {
      text += 's' + std::to_string(s[i].age);
    } else if (s[i].spurious) {
      text += 'w';
    } else if (s[i].alone != 0) {
      text += '!' + std::to_string(s[i].alone);
    } else {
      while (i + run < s.size() && s[i + run] == s[i]) ++run;
      if (run > 1) text += 'x' + std::to_string(run);
    }
    i += run;
  }
  return text;
}

std::optional<schedule> parse_schedule(const std::string& text, std::string& why) {
  constexpr std::size_t longest = 1'000'000;
  schedule s;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&](std::size_t limit) -> std::optional<std::size_t> {
    std::size_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || value > limit) return std::nullopt;
    at = next;
    return value;
  };
  const auto refuse = [&](const char* expected) {
    why = "schedule, character " + std::to_string(at - text.data() + 1) + ": expected " + expected;
    return std::nullopt;
  };
  while (at != end) {
    if (!s.empty() && *at++ != '.') return --at, refuse("'.' between two choices");
    const auto thread = number(max_threads - 1);
    if (!thread) return refuse("a thread, 0 to 7");
    choice c{.thread = static_cast<std::uint8_t>(*thread)};
    std::size_t run = 1;
    if (at != end && *at == 'x') {
      ++at;
      const auto count = number(longest);
      if (!count || *count == 0) return refuse("a count of operations");
      run = *count;
    } else if (at != end && *at == 's') {
      ++at;
      const auto age = number(oldest_age);
      if (!age || *age == 0) return refuse("an age, 1 to 3");
      c.age = static_cast<std::uint8_t>(*age);
    } else if (at != end && *at == 'w') {
      ++at;
      c.spurious = true;
    } else if (at != end && *at == '!') {
      ++at;
      const auto steps = number(std::numeric_limits<std::uint16_t>::max());
      if (!steps || *steps == 0) return refuse("a number of steps, 1 to 65535");
      c.alone = static_cast<std::uint16_t>(*steps);
    }
    if (s.size() + run > longest) return refuse("fewer choices");
    s.insert(s.end(), run, c);
  }
  return s;
}

}  // namespace triecheck::explore
