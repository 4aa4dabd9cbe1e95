// The API of completions, as OpenAI has it, in JSON: what a client may ask for, and what it gets.
//
// Text is a string of code points below 256, each of which is a token: the tokenizer of a model
// that has learned nothing. Answers are greedy. Of `n` choices, choice i begins with the i-th most
// likely token.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cache/types.h"
#include "checks/server/request.h"

namespace triecheck::server {

inline constexpr const char* model_name = "triecheck-integers";

/// A request that cannot be understood or served; the text says in one line what is wrong.
struct bad_request : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The job that the body asks for; throws bad_request. `most_tokens`: prompt and answer of the
/// longest request.
completion_job parse_completion(const std::string& body, std::size_t most_tokens, std::size_t most_choices);

/// The tokens as text, in UTF-8.
std::string text_of(std::span<const token> tokens);

/// The whole answer; `choices` by number.
nlohmann::json completion_answer(const std::string& id, const completion_job& job,
                                 const std::vector<std::vector<token>>& choices);

/// One server-sent event with one token.
std::string completion_event(const std::string& id, const produced_token& t);

/// {"error": {...}} as OpenAI has it.
nlohmann::json error_answer(const std::string& type, const std::string& message);

}  // namespace triecheck::server
