#include "checks/server/integration.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

#include "checks/server/client.h"
#include "checks/server/server_process.h"
#include "checks/server/workload.h"

namespace triecheck::server {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::size_t shown_lines = 3;
constexpr std::uint64_t weights = 1;

struct measured {
  client_answer answer;
  double ms = 0;
};

// All requests of the plan, by `concurrency` clients, each of which takes the next one when it has
// its answer. Where one is cut off nobody asks any more: a server that hangs would hold up all.
std::vector<measured> ask(const std::vector<planned_request>& plan, int port,
                          std::size_t concurrency) {
  std::vector<measured> answers(plan.size());
  for (measured& m : answers) m.answer.trouble = "not asked, as another answer was cut off";
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < concurrency; ++i) {
    clients.emplace_back([&] {
      client c("127.0.0.1", port);
      for (std::size_t at; (at = next.fetch_add(1)) < plan.size();) {
        const auto began = clock::now();
        answers[at].answer = c.complete(plan[at]);
        answers[at].ms = std::chrono::duration<double, std::milli>(clock::now() - began).count();
        if (answers[at].answer.is_cut_off) next.store(plan.size());
      }
    });
  }
  for (std::thread& c : clients) c.join();
  return answers;
}

std::string show(const std::vector<token>& tokens) {
  std::ostringstream text;
  text << "[";
  for (std::size_t i = 0; i < tokens.size(); ++i) text << (i == 0 ? "" : " ") << tokens[i];
  text << "]";
  return text.str();
}

// What is wrong with an answer; empty when it is right. A client that closes has a beginning of it.
std::string compare(const planned_request& asked, const client_answer& got, right_answers& right) {
  if (!got.trouble.empty()) return "status " + std::to_string(got.status) + ", " + got.trouble;
  if (!got.is_complete && !asked.closes_after) return "the answer ends too early";
  const auto expected = right.to(asked.job);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& text = got.choices[i];
    const bool is_right = got.is_complete
                              ? text == expected[i]
                              : text.size() <= expected[i].size() &&
                                    std::equal(text.begin(), text.end(), expected[i].begin());
    if (!is_right) {
      return "choice " + std::to_string(i) + " is " + show(text) + ", a run without a cache says " +
             show(expected[i]);
    }
  }
  return "";
}

double percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1,
                         static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

void judge(const std::vector<planned_request>& plan, const std::vector<measured>& answers,
           right_answers& right, cell_result& result) {
  std::vector<double> latencies;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const client_answer& got = answers[i].answer;
    for (const auto& text : got.choices) result.tokens += text.size();
    if (plan[i].closes_after && !got.is_complete) {
      ++result.cancelled;
    } else {
      latencies.push_back(answers[i].ms);
    }
    const std::string wrong = compare(plan[i], got, right);
    if (wrong.empty()) continue;
    if (++result.mismatches <= shown_lines)
      result.wrong.push_back("request " + std::to_string(i) + ": " + wrong);
  }
  result.p50_ms = percentile(latencies, 0.50);
  result.p99_ms = percentile(latencies, 0.99);
}

// What the server says of its cache when the clients are gone.
void take_audit(int port, cell_result& result) {
  client c("127.0.0.1", port);
  const nlohmann::json audit = c.get("/debug/audit");
  const nlohmann::json seen = c.get("/debug/cache");
  if (!audit.is_object() || !seen.is_object()) {
    result.wrong.push_back("the server does not answer /debug/audit or /debug/cache");
    return;
  }
  const auto& wrong = audit["wrong"];
  for (std::size_t i = 0; i < std::min(wrong.size(), shown_lines); ++i) {
    result.wrong.push_back("audit: " + wrong[i].get<std::string>());
  }
  if (wrong.size() > shown_lines) {
    result.wrong.push_back("audit: " + std::to_string(wrong.size() - shown_lines) + " lines more");
  }
  const auto& engine = seen["engine"];
  const double prompt_tokens = engine["prompt_tokens"];
  if (prompt_tokens != 0) result.hit_rate = engine["hit_tokens"].get<double>() / prompt_tokens;
  result.preemptions = engine["preemptions"];
}

std::size_t pages_for(const cell_options& o, const std::vector<planned_request>& plan,
                      const right_answers& right) {
  if (o.pages != 0) return o.pages;
  const std::size_t one = pages_of_longest(o.page_tokens);
  const std::size_t distinct = distinct_pages(plan, o.page_tokens, right.model());
  switch (o.pool) {
    case pool_size::all:
      break;
    case pool_size::half:
      return std::max(one, distinct / 2);
    case pool_size::one:
      return one;
  }
  // Every page once for good, and once more for each request on its way, which may compute what
  // another one computes.
  return distinct + 4 * one * std::min(plan.size(), o.concurrency);
}

}  // namespace

cell_result run_cell(const cell_options& o) {
  const auto plan = plan_requests(std::max(o.requests, 2 * o.concurrency), o.seed, o.is_plain);
  right_answers right(weights);
  cell_result result;
  result.requests = plan.size();
  result.pages = pages_for(o, plan, right);
  std::vector<std::string> arguments{
      "--cache",       o.cache,
      "--port",        "0",
      "--pages",       std::to_string(result.pages),
      "--page-tokens", std::to_string(o.page_tokens),
      "--threads",     std::to_string(o.threads),
      "--queue",       "256",  // cancelled ones count until the server has noticed
      "--seed",        std::to_string(weights)};
  if (!o.fault.empty()) arguments.insert(arguments.end(), {"--fault", o.fault});
  if (o.defects == "last") arguments.emplace_back("--last-revision");
  else if (!o.defects.empty()) arguments.insert(arguments.end(), {"--defects", o.defects});
  if (o.delay != 0) {
    arguments.insert(arguments.end(), {"--delay", std::to_string(o.delay), "--delay-seed", std::to_string(o.seed)});
  }
  server_process server(o.server, arguments);
  client("127.0.0.1", server.port()).get("/health");  // from now on it serves
  const auto began = clock::now();
  const std::vector<measured> answers = ask(plan, server.port(), o.concurrency);
  const double seconds = std::chrono::duration<double>(clock::now() - began).count();
  judge(plan, answers, right, result);
  result.tokens_per_second = static_cast<double>(result.tokens) / seconds;
  take_audit(server.port(), result);
  const server_process::ended e = server.end();
  if (e.status != 0) {
    result.wrong.push_back("the server ended with status " + std::to_string(e.status) + ": " +
                           e.output.substr(0, e.output.find('\n')));
  }
  return result;
}

std::string name_of(pool_size pool) {
  return pool == pool_size::all ? "all" : pool == pool_size::half ? "half" : "one";
}

}  // namespace triecheck::server
