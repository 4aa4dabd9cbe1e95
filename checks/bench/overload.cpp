#include "checks/bench/overload.h"

#include <algorithm>
#include <array>
#include <random>
#include <tuple>
#include <type_traits>

#include "checks/bench/formatted.h"
#include "checks/bench/overload_course.h"
#include "checks/subject/production_caches.h"
#include "checks/threads/median.h"

namespace triecheck::checks {
namespace {

constexpr std::size_t least_passes = 5;
constexpr std::size_t pages_for_an_open_request = 8;  // about half of what one needs

// The passes of one variant with one number of threads.
class overload_account {
 public:
  void add(const overload_pass& p, const overload_pass& first) {
    spent_ += p.seconds;
    seconds_.push_back(p.seconds);
    over_first_.push_back(p.seconds / first.seconds);
    processor_seconds_.push_back(p.processor_seconds);
    processor_over_first_.push_back(p.processor_seconds / std::max(first.processor_seconds, 1e-6));
    attempts_.push_back(static_cast<double>(p.attempts));
    refused_.push_back(static_cast<double>(p.refused));
    preempted_.push_back(static_cast<double>(p.preempted));
    allocate_.add(p.allocate);
  }

  bool is_enough(double seconds) const {
    return seconds <= 0 ? !seconds_.empty() : seconds_.size() >= least_passes && spent_ >= seconds;
  }

  overload_result result() const {
    overload_result r;
    r.passes = seconds_.size();
    r.seconds = median(seconds_);
    r.over_first = median(over_first_);
    r.processor_seconds = median(processor_seconds_);
    r.processor_over_first = median(processor_over_first_);
    r.worst_over_median = *std::max_element(seconds_.begin(), seconds_.end()) / r.seconds;
    r.attempts = median(attempts_);
    r.refused = median(refused_);
    r.preempted = median(preempted_);
    r.p50_ns = allocate_.percentile(500);
    r.p99_ns = allocate_.percentile(990);
    r.p999_ns = allocate_.percentile(999);
    return r;
  }

 private:
  double spent_ = 0;
  std::vector<double> seconds_;
  std::vector<double> over_first_;
  std::vector<double> processor_seconds_;
  std::vector<double> processor_over_first_;
  std::vector<double> attempts_;
  std::vector<double> refused_;
  std::vector<double> preempted_;
  latency_histogram allocate_;
};

// A round is a pass of each, so that every ratio has both its ends close together in time.
std::vector<overload_result> measure_cell(const overload_load& l, std::size_t threads, double seconds,
                                          const std::vector<overload_contestant>& contestants,
                                          const bench_listener& listener) {
  std::vector<overload_account> accounts(contestants.size());
  const auto is_enough = [&](const overload_account& a) { return a.is_enough(seconds); };
  while (!std::all_of(accounts.begin(), accounts.end(), is_enough)) {
    overload_pass first;
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      const overload_contestant& c = contestants[i];
      listener.begin_pass(c.name + ", a refused request " + to_string(c.then));
      const overload_pass pass = c.run(l, threads, c.then);
      if (i == 0) first = pass;
      accounts[i].add(pass, first);
    }
  }
  std::vector<overload_result> results;
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    overload_result& r = results.emplace_back(accounts[i].result());
    r.cache = contestants[i].name;
    r.then = contestants[i].then;
    r.threads = threads;
    r.p99_over_first =
        static_cast<double>(r.p99_ns) / static_cast<double>(std::max<std::uint64_t>(results.front().p99_ns, 1));
  }
  return results;
}

}  // namespace

const char* to_string(when_refused w) { return w == when_refused::waits ? "waits" : "asks again"; }

overload_load make_overload(std::size_t pages, std::size_t requests) {
  overload_load l;
  l.pages = pages;
  l.open = std::max<std::size_t>(pages / pages_for_an_open_request, 1);
  std::mt19937 random(7);  // its numbers are the same with every library, those of a distribution are not
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  std::array<std::vector<token>, 8> systems;
  for (std::vector<token>& s : systems) {
    s.resize(300);
    for (token& t : s) t = below(32'000);
  }
  std::vector<token> prompt;
  for (std::size_t i = 0; i < requests; ++i) {
    prompt = systems[below(8)];
    prompt.resize(prompt.size() + 20 + below(400));
    for (std::size_t at = systems[0].size(); at < prompt.size(); ++at) prompt[at] = below(32'000);
    l.prompts.add(prompt);
    overload_load::request& r = l.requests.emplace_back();
    r.output_tokens = 20 + below(60);
    r.beams = below(10) == 0 ? 4 : 1;
    r.is_cancelled = below(8) == 0;
  }
  return l;
}

const std::vector<overload_contestant>& overload_contestants() {
  static const std::vector<overload_contestant> all = [] {
    std::vector<overload_contestant> c;
    for (const when_refused then : {when_refused::asks_again, when_refused::waits}) {
      std::apply(
          [&](const auto&... p) {
            (c.push_back({p.name, then, &run_overload<typename std::decay_t<decltype(p)>::cache_type>}), ...);
          },
          production_caches);
    }
    return c;
  }();
  return all;
}

std::vector<overload_result> measure_overload(const overload_load& l, std::span<const std::size_t> threads,
                                              double seconds, const std::vector<overload_contestant>& contestants,
                                              const bench_listener& listener) {
  std::vector<overload_result> results;
  for (const std::size_t n : threads) {
    listener.begin_cell("overload, " + std::to_string(l.pages) + " pages, threads: " + std::to_string(n));
    for (overload_result& r : measure_cell(l, n, seconds, contestants, listener)) results.push_back(std::move(r));
  }
  return results;
}

std::string to_table(const overload_report& report) {
  if (report.results.empty()) return {};
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) * 1e-3; };
  std::string table = formatted(
      "overload: %zu requests, at most %zu of them open (one in each thread at least), a full pool of %zu pages\n",
      report.requests, report.open, report.pages);
  table +=
      "a refused request with nothing open asks again or waits; latencies of allocate for a prompt, refused or not; "
      "ratios are medians over rounds in which the caches take turns\n";
  const std::string over = "/" + report.results.front().cache;
  table += formatted("  %-12s%-11s%8s%7s%9s%9s%9s%9s%9s%9s%9s%10s%12s%10s%9s%10s\n", "cache", "refused", "threads",
                     "passes", "ms", over.c_str(), "worst", "cpu ms", over.c_str(), "p50 us", "p99 us", over.c_str(),
                     "p99.9 us", "attempts", "refused", "preempted");
  for (const overload_result& r : report.results) {
    table += formatted("  %-12s%-11s%8zu%7zu%9.1f%9.2f%9.2f%9.1f%9.2f%9.2f%9.2f%10.2f%12.2f%10.0f%9.0f%10.0f\n",
                       r.cache.c_str(), to_string(r.then), r.threads, r.passes, 1e3 * r.seconds, r.over_first,
                       r.worst_over_median, 1e3 * r.processor_seconds, r.processor_over_first, us(r.p50_ns),
                       us(r.p99_ns), r.p99_over_first, us(r.p999_ns), r.attempts, r.refused, r.preempted);
  }
  return table + "\n";
}

nlohmann::ordered_json to_json(const overload_report& report) {
  nlohmann::ordered_json json = {{"requests", report.requests}, {"pages", report.pages}, {"open", report.open}};
  for (const overload_result& r : report.results) {
    json["results"].push_back(
        {{"cache", r.cache},
         {"when_refused", to_string(r.then)},
         {"threads", r.threads},
         {"passes", r.passes},
         {"seconds", r.seconds},
         {"processor_seconds", r.processor_seconds},
         {"worst_over_median", r.worst_over_median},
         {"ratio",
          {{"seconds", r.over_first}, {"processor_seconds", r.processor_over_first}, {"p99", r.p99_over_first}}},
         {"attempts", r.attempts},
         {"refused", r.refused},
         {"preempted", r.preempted},
         {"allocate_ns", {{"p50", r.p50_ns}, {"p99", r.p99_ns}, {"p999", r.p999_ns}}}});
  }
  return json;
}

}  // namespace triecheck::checks
