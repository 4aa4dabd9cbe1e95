// Whole numbers of a JSON file: what does not fit is an error, and no other number. (The library's own conversion
// casts.)
//
// Threads: plain functions.
#pragma once

#include <concepts>
#include <limits>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

namespace triecheck::checks {

/// Requires that `j` is what is called `name`. Throws std::runtime_error where it is no whole number that a T holds.
template <std::unsigned_integral T>
T whole_number(const nlohmann::json& j, const std::string& name) {
  constexpr auto most = std::numeric_limits<T>::max();
  if (j.is_number_unsigned() && j.get<std::uint64_t>() <= most) return static_cast<T>(j.get<std::uint64_t>());
  throw std::runtime_error(name + " must be a whole number from 0 to " + std::to_string(most) + ", not " +
                           j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

/// The number `key` of an object. Throws also where there is none.
template <std::unsigned_integral T>
T whole_number_at(const nlohmann::json& j, const char* key) {
  return whole_number<T>(j.at(key), key);
}

}  // namespace triecheck::checks
