#include "checks/server/completion.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <limits>
#include <string_view>
#include <utility>

#include "checks/server/transformer.h"

namespace triecheck::server {
namespace {

using nlohmann::json;

// As code points; throws bad_request where one is no token.
std::vector<token> tokens_of(const std::string& text) {
  std::vector<token> tokens;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      tokens.push_back(c);
      continue;
    }
    // The parser of JSON has seen to it that this is UTF-8; two bytes from C2 or C3 are a code
    // point below 256.
    if (c > 0xc3) throw bad_request("prompt: the model knows code points below 256 only");
    tokens.push_back(static_cast<token>((c & 3U) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fU)));
  }
  return tokens;
}

std::vector<token> tokens_of(const json& prompt) {
  std::vector<token> tokens;
  if (prompt.is_string()) {
    tokens = tokens_of(prompt.get_ref<const std::string&>());
  } else if (prompt.is_array()) {
    for (const json& t : prompt) {
      if (!t.is_number_unsigned() || t.get<std::uint64_t>() >= transformer::vocabulary) {
        throw bad_request("prompt: " + t.dump(-1, ' ', true) + " is not a token; tokens are whole numbers from 0 to " +
                          std::to_string(transformer::vocabulary - 1));
      }
      tokens.push_back(t.get<token>());
    }
  } else {
    throw bad_request("prompt: a string or a list of token ids is wanted");
  }
  if (tokens.empty()) throw bad_request("prompt: at least one token is wanted");
  return tokens;
}

std::size_t number_of(const json& body, const char* field, std::size_t otherwise, std::size_t most) {
  const auto found = body.find(field);
  if (found == body.end()) return otherwise;
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() < 1 || found->get<std::uint64_t>() > most) {
    throw bad_request(std::string(field) + ": a whole number from 1 to " + std::to_string(most) + " is wanted");
  }
  return found->get<std::size_t>();
}

bool flag_of(const json& body, const char* field) {
  const auto found = body.find(field);
  if (found == body.end()) return false;
  if (!found->is_boolean()) throw bad_request(std::string(field) + ": true or false is wanted");
  return found->get<bool>();
}

void check_fields(const json& body) {
  static constexpr std::array<std::string_view, 8> known{"model",  "prompt", "max_tokens",  "n",
                                                         "stream", "seed",   "temperature", "user"};
  for (const auto& [field, value] : body.items()) {
    if (std::ranges::find(known, field) == known.end()) {
      throw bad_request("this server has no field " + json(field).dump(-1, ' ', true));
    }
  }
  if (const auto model = body.find("model"); model != body.end() && *model != model_name) {
    throw bad_request(std::string("model: this server has ") + model_name + " only");
  }
  if (const auto t = body.find("temperature"); t != body.end() && *t != 0) {
    throw bad_request("temperature: answers are greedy, so it may be 0 only");
  }
}

json head_of(const std::string& id) {
  return {{"id", id},
          {"object", "text_completion"},
          {"created", std::time(nullptr)},
          {"model", model_name},
          {"choices", json::array()}};
}

json choice_of(std::size_t index, std::span<const token> tokens, json finish_reason) {
  return {{"index", index},
          {"text", text_of(tokens)},
          {"token_ids", tokens},
          {"logprobs", nullptr},
          {"finish_reason", std::move(finish_reason)}};
}

}  // namespace

completion_job parse_completion(const std::string& text, std::size_t most_tokens, std::size_t most_choices) {
  json body;
  try {
    body = json::parse(text);
  } catch (const json::parse_error& e) {
    throw bad_request("the body is not JSON: byte " + std::to_string(e.byte) + " is unexpected");
  }
  if (!body.is_object()) throw bad_request("the body is not a JSON object");
  check_fields(body);
  if (!body.contains("prompt")) throw bad_request("prompt: it is missing");
  completion_job job;
  job.prompt = tokens_of(body["prompt"]);
  job.max_tokens = number_of(body, "max_tokens", 16, std::numeric_limits<std::uint32_t>::max());
  job.choices = number_of(body, "n", 1, most_choices);
  job.streams = flag_of(body, "stream");
  if (job.prompt.size() + job.max_tokens > most_tokens) {
    throw bad_request("prompt and max_tokens are " + std::to_string(job.prompt.size() + job.max_tokens) +
                      " tokens; the pool has room for " + std::to_string(most_tokens));
  }
  return job;
}

std::string text_of(std::span<const token> tokens) {
  std::string text;
  for (const token t : tokens) {
    if (t < 0x80) {
      text += static_cast<char>(t);
    } else {
      text += static_cast<char>(0xc0 | t >> 6);
      text += static_cast<char>(0x80 | (t & 0x3f));
    }
  }
  return text;
}

json completion_answer(const std::string& id, const completion_job& job,
                       const std::vector<std::vector<token>>& choices) {
  json answer = head_of(id);
  std::size_t produced = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    answer["choices"].push_back(choice_of(i, choices[i], "length"));
    produced += choices[i].size();
  }
  answer["usage"] = {{"prompt_tokens", job.prompt.size()},
                     {"completion_tokens", produced},
                     {"total_tokens", job.prompt.size() + produced}};
  return answer;
}

std::string completion_event(const std::string& id, const produced_token& t) {
  json event = head_of(id);
  event["choices"].push_back(choice_of(t.choice, {&t.value, 1}, t.is_last ? json("length") : json(nullptr)));
  return "data: " + event.dump() + "\n\n";
}

json error_answer(const std::string& type, const std::string& message) {
  return {{"error", {{"type", type}, {"message", message}}}};
}

}  // namespace triecheck::server
