// Exceptions that come out of a cache in a separate process (isolation.h), and what is made of them there and outside.
//
// Threads: pure functions.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "checks/process/isolation.h"

namespace triecheck::checks {

/// Runs `body`; whatever it throws is an error of the cache.
template <class Body>
auto errors_are_of_the_cache(Body body) {
  try {
    return body();
  } catch (const std::exception& e) {
    throw program_error{"exception", std::string("an exception came out of the cache: ") + e.what()};
  } catch (...) {
    throw program_error{"exception", "an exception that is no std::exception came out of the cache"};
  }
}

/// What `body` returns, as an answer in one line. That a cache was not made for its configuration, or for lack of
/// memory, is an answer, too.
template <class Body>
std::string answer_or_refusal(Body body) {
  const nlohmann::json answer = errors_are_of_the_cache([&]() -> nlohmann::json {
    try {
      return body();
    } catch (const std::invalid_argument& e) {
      return {{"cannot", e.what()}};
    } catch (const std::bad_alloc&) {
      return {{"no_memory", true}};
    }
  });
  return answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The answer again; throws the std::invalid_argument or std::bad_alloc that it was instead.
inline nlohmann::json read_answer_or_throw(const std::string& line) {
  nlohmann::json answer = nlohmann::json::parse(line);
  if (answer.contains("cannot")) throw std::invalid_argument(answer["cannot"].get<std::string>());
  if (answer.contains("no_memory")) throw std::bad_alloc();
  return answer;
}

}  // namespace triecheck::checks
