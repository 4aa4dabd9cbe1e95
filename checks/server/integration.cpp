#include "checks/server/integration.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

#include "checks/process/interrupts.h"
#include "checks/server/client.h"
#include "checks/server/server_process.h"
#include "checks/server/workload.h"
#include "checks/soak/fixed_load.h"

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
std::vector<measured> ask(const std::vector<planned_request>& plan, int port, std::size_t concurrency) {
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
    const bool is_right = got.is_complete ? text == expected[i]
                                          : text.size() <= expected[i].size() &&
                                                std::equal(text.begin(), text.end(), expected[i].begin());
    if (!is_right) {
      return "choice " + std::to_string(i) + " is " + show(text) + ", a run without a cache says " + show(expected[i]);
    }
  }
  return "";
}

double percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

void judge(const std::vector<planned_request>& plan, const std::vector<measured>& answers, right_answers& right,
           cell_result& result) {
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
    if (++result.mismatches <= shown_lines) result.wrong.push_back("request " + std::to_string(i) + ": " + wrong);
  }
  result.p50_ms = percentile(latencies, 0.50);
  result.p99_ms = percentile(latencies, 0.99);
}

// Counters of a server since its start.
struct server_counts {
  double prompt_tokens = 0;
  double hit_tokens = 0;
  std::size_t preemptions = 0;
  std::uint64_t cached_pages = 0;
};

// What the server says of its cache when the clients are gone.
server_counts take_audit(int port, std::vector<std::string>& wrong_lines) {
  client c("127.0.0.1", port);
  const nlohmann::json audit = c.get("/debug/audit");
  const nlohmann::json seen = c.get("/debug/cache");
  if (!audit.is_object() || !seen.is_object()) {
    wrong_lines.push_back("the server does not answer /debug/audit or /debug/cache");
    return {};
  }
  const auto& wrong = audit["wrong"];
  for (std::size_t i = 0; i < std::min(wrong.size(), shown_lines); ++i) {
    wrong_lines.push_back("audit: " + wrong[i].get<std::string>());
  }
  if (wrong.size() > shown_lines) {
    wrong_lines.push_back("audit: " + std::to_string(wrong.size() - shown_lines) + " lines more");
  }
  const auto& engine = seen["engine"];
  return {.prompt_tokens = engine["prompt_tokens"],
          .hit_tokens = engine["hit_tokens"],
          .preemptions = engine["preemptions"],
          .cached_pages = seen["pages"]["cached"]};
}

double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }

std::size_t pages_for(const cell_options& o, const std::vector<planned_request>& plan, const right_answers& right) {
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

std::size_t requests_of(const cell_options& o) { return std::max(o.requests, 2 * o.concurrency); }

std::vector<std::string> arguments_of(const cell_options& o, std::size_t pages) {
  std::vector<std::string> arguments{"--cache",       o.cache,
                                     "--port",        "0",
                                     "--pages",       std::to_string(pages),
                                     "--page-tokens", std::to_string(o.page_tokens),
                                     "--threads",     std::to_string(o.threads),
                                     "--queue",       "256",  // cancelled ones count until the server has noticed
                                     "--seed",        std::to_string(weights)};
  if (!o.fault.empty()) arguments.insert(arguments.end(), {"--fault", o.fault});
  if (o.defects == "last")
    arguments.emplace_back("--last-revision");
  else if (!o.defects.empty())
    arguments.insert(arguments.end(), {"--defects", o.defects});
  if (o.delay != 0) {
    arguments.insert(arguments.end(), {"--delay", std::to_string(o.delay), "--delay-seed", std::to_string(o.seed)});
  }
  return arguments;
}

void expect_good_end(const server_process::ended& e, std::vector<std::string>& wrong) {
  if (e.status == 0) return;
  wrong.push_back("the server ended with status " + std::to_string(e.status) + ": " +
                  e.output.substr(0, e.output.find('\n')));
}

// The numbers of a soak, from its rounds.
class soak_book {
 public:
  explicit soak_book(server_soak& s) : soak_(s) {}

  double seconds() const { return std::chrono::duration<double>(clock::now() - start_).count(); }

  void add(const cell_options& round, const cell_result& r, const std::vector<measured>& answers,
           const server_counts& now, std::size_t server_bytes) {
    checks::soak_result& s = soak_.result;
    s.counts.requests += r.requests;
    s.counts.cancelled += r.cancelled;
    s.counts.finished += r.requests - r.cancelled;
    s.counts.preempted = now.preemptions;
    soak_.tokens += r.tokens;
    soak_.mismatches += r.mismatches;
    s.hit_rate = share(now.hit_tokens, now.prompt_tokens);
    s.rests.push_back({.second = seconds(), .allocated_bytes = server_bytes, .cached_pages = now.cached_pages});
    if (!r.wrong.empty() && soak_.wrong.empty()) {
      soak_.wrong = r.wrong;
      soak_.wrong_round = round;
    }
    for (const measured& m : answers) latencies_.push_back(m.ms);
    fixed_loads_.push_back(checks::fixed_load_per_second());
    if (seconds() - last_sample_ >= 1) add_sample(now);
  }

  // Medians of the samples; the largest of all latencies.
  void finish() {
    checks::soak_result& s = soak_.result;
    s.seconds = seconds();
    std::vector<double> p50, p99;
    for (const checks::soak_sample& sample : s.samples) {
      p50.push_back(sample.p50_us);
      p99.push_back(sample.p99_us);
    }
    s.p50_us = percentile(p50, 0.5);
    s.p99_us = percentile(p99, 0.5);
    s.max_us = 1000 * longest_ms_;
  }

 private:
  void add_sample(const server_counts& now) {
    const double span = seconds() - last_sample_;
    longest_ms_ = std::max(longest_ms_, percentile(latencies_, 1));
    soak_.result.samples.push_back(
        {.second = seconds(),
         .requests_per_second = static_cast<double>(latencies_.size()) / span,
         .p50_us = 1000 * percentile(latencies_, 0.50),
         .p99_us = 1000 * percentile(latencies_, 0.99),
         .hit_rate = share(now.hit_tokens - before_.hit_tokens, now.prompt_tokens - before_.prompt_tokens),
         .fixed_load = percentile(fixed_loads_, 0.5)});
    before_ = now;
    last_sample_ = seconds();
    latencies_.clear();
    fixed_loads_.clear();
  }

  server_soak& soak_;
  const clock::time_point start_ = clock::now();
  server_counts before_;
  std::vector<double> latencies_;  // of whole requests in milliseconds, since the last sample, as what follows
  std::vector<double> fixed_loads_;
  double last_sample_ = 0;
  double longest_ms_ = 0;
};

}  // namespace

cell_result run_cell(const cell_options& o) {
  const auto plan = plan_requests(requests_of(o), o.seed, o.is_plain);
  right_answers right(weights);
  cell_result result;
  result.requests = plan.size();
  result.pages = pages_for(o, plan, right);
  server_process server(o.server, arguments_of(o, result.pages));
  client("127.0.0.1", server.port()).get("/health");  // from now on it serves
  const auto began = clock::now();
  const std::vector<measured> answers = ask(plan, server.port(), o.concurrency);
  const double seconds = std::chrono::duration<double>(clock::now() - began).count();
  judge(plan, answers, right, result);
  result.tokens_per_second = static_cast<double>(result.tokens) / seconds;
  const server_counts counts = take_audit(server.port(), result.wrong);
  result.hit_rate = share(counts.hit_tokens, counts.prompt_tokens);
  result.preemptions = counts.preemptions;
  expect_good_end(server.end(), result.wrong);
  return result;
}

server_soak soak_server(const cell_options& o, std::chrono::milliseconds time) {
  server_soak soak;
  cell_options round = o;
  auto plan = plan_requests(requests_of(round), round.seed, round.is_plain);
  const std::size_t pages = pages_for(o, plan, right_answers(weights));
  soak.options = {.cache = o.cache + " behind a server",
                  .pages = pages,
                  .page_tokens = o.page_tokens,
                  .threads = o.threads,
                  .time = time,
                  .seed = o.seed};
  server_process server(o.server, arguments_of(o, pages));
  client("127.0.0.1", server.port()).get("/health");
  soak_book book(soak);
  const double limit = std::chrono::duration<double>(time).count();
  while (book.seconds() < limit && !checks::interrupted() && soak.wrong.empty()) {
    cell_result result;
    result.requests = plan.size();
    right_answers right(weights);  // of this round: what it remembers does not grow
    const std::vector<measured> answers = ask(plan, server.port(), o.concurrency);
    judge(plan, answers, right, result);
    const server_counts now = take_audit(server.port(), result.wrong);
    book.add(round, result, answers, now, server.resident_bytes());
    ++round.seed;
    plan = plan_requests(requests_of(round), round.seed, round.is_plain);
  }
  book.finish();
  expect_good_end(server.end(), soak.wrong);
  checks::soak_result& s = soak.result;
  // A server has a thread for each connection, some hundreds, and each keeps memory from its first request on: the
  // first half is left out.
  if (soak.wrong.empty()) s.found = checks::memory_growth(s.rests, s.rests.size() / 2, std::size_t{8} << 20);
  if (!soak.wrong.empty()) s.found = checks::failure{.kind = "server", .message = soak.wrong.front()};
  s.outcome = s.found                 ? checks::verdict::fail
              : checks::interrupted() ? checks::verdict::incomplete
                                      : checks::verdict::pass;
  return soak;
}

std::string name_of(pool_size pool) {
  return pool == pool_size::all ? "all" : pool == pool_size::half ? "half" : "one";
}

}  // namespace triecheck::server
