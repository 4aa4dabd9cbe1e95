// What the clients of the integration test ask for, drawn from a seed, and the right answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "checks/server/request.h"
#include "checks/server/transformer.h"

namespace triecheck::server {

struct planned_request {
  completion_job job;
  /// the client closes the connection when it has so many tokens
  std::optional<std::size_t> closes_after;
};

/// Conversations with a common beginning, prompts that are asked once, and prompts that were asked before. One request
/// of five has several choices, one of six is cancelled in mid-stream, half of the others stream. A plain plan has the
/// same prompts, but one choice each, and nobody cancels.
std::vector<planned_request> plan_requests(std::size_t count, std::uint64_t seed, bool is_plain = false);

/// How many pages the longest request of any plan needs.
std::size_t pages_of_longest(std::size_t page_tokens);

/// How many different pages a cache without limit would publish for all that is in the plan.
std::size_t distinct_pages(const std::vector<planned_request>& plan, std::size_t page_tokens, const transformer& model);

/// The answers of a sequential run without a cache. Each is computed once.
class right_answers {
 public:
  explicit right_answers(std::uint64_t seed) : model_(seed) {}

  /// By choice.
  std::vector<std::vector<token>> to(const completion_job& job);

  const transformer& model() const { return model_; }

 private:
  const transformer model_;
  std::map<std::vector<token>, std::vector<token>> known_;  // by prompt, max_tokens and choice
};

}  // namespace triecheck::server
