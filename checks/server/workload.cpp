#include "checks/server/workload.h"

#include <algorithm>
#include <random>
#include <set>

namespace triecheck::server {
namespace {

constexpr std::size_t longest_prompt = 40;
constexpr std::size_t most_new_tokens = 16;
constexpr std::size_t common_beginnings = 3;

// std::uniform_int_distribution gives other numbers under another standard library.
std::size_t below(std::mt19937_64& random, std::size_t limit) { return random() % limit; }

void append_random(std::vector<token>& tokens, std::size_t count, std::mt19937_64& random) {
  for (std::size_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<token>(below(random, transformer::vocabulary)));
  }
}

std::vector<token> some_prompt(const std::vector<std::vector<token>>& beginnings,
                               const std::vector<planned_request>& before, std::mt19937_64& random) {
  const std::size_t kind = below(random, 8);
  if (kind == 0 && !before.empty()) return before[below(random, before.size())].job.prompt;
  std::vector<token> prompt;
  if (kind < 6) prompt = beginnings[below(random, beginnings.size())];
  append_random(prompt, 1 + below(random, longest_prompt - prompt.size()), random);
  return prompt;
}

}  // namespace

std::vector<planned_request> plan_requests(std::size_t count, std::uint64_t seed, bool is_plain) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<token>> beginnings(common_beginnings);
  for (auto& beginning : beginnings) append_random(beginning, 12 + below(random, 17), random);
  std::vector<planned_request> plan;
  for (std::size_t i = 0; i < count; ++i) {
    planned_request r;
    r.job.prompt = some_prompt(beginnings, plan, random);
    r.job.max_tokens = 1 + below(random, most_new_tokens);
    if (below(random, 5) == 0) r.job.choices = 2 + below(random, 3);
    r.job.streams = below(random, 2) == 0;
    if (below(random, 6) == 0) {
      r.job.streams = true;
      r.closes_after = 1 + below(random, r.job.max_tokens);
    }
    if (is_plain) {
      r.job.choices = 1;
      r.closes_after.reset();
    }
    plan.push_back(std::move(r));
  }
  return plan;
}

std::size_t pages_of_longest(std::size_t page_tokens) {
  return (longest_prompt + most_new_tokens - 1 + page_tokens - 1) / page_tokens;
}

std::size_t distinct_pages(const std::vector<planned_request>& plan, std::size_t page_tokens,
                           const transformer& model) {
  std::set<std::vector<token>> prefixes;
  for (const planned_request& r : plan) {
    for (std::size_t choice = 0; choice < r.job.choices; ++choice) {
      std::vector<token> all = r.job.prompt;
      const std::vector<token> more = model.continuation(r.job.prompt, r.job.max_tokens, choice);
      all.insert(all.end(), more.begin(), more.end() - 1);
      for (std::size_t end = page_tokens; end <= all.size(); end += page_tokens) {
        prefixes.emplace(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(end));
      }
    }
  }
  return prefixes.size();
}

std::vector<std::vector<token>> right_answers::to(const completion_job& job) {
  std::vector<std::vector<token>> answers;
  for (std::size_t choice = 0; choice < job.choices; ++choice) {
    std::vector<token> key = job.prompt;
    key.push_back(static_cast<token>(job.max_tokens));
    key.push_back(static_cast<token>(choice));
    const auto [at, is_new] = known_.try_emplace(std::move(key));
    if (is_new) at->second = model_.continuation(job.prompt, job.max_tokens, choice);
    answers.push_back(at->second);
  }
  return answers;
}

}  // namespace triecheck::server
