#include "checks/bench/machine.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include <benchmark/benchmark.h>

#include "cache/sync/std.h"
#include "cache/types.h"
#include "checks/bench/apart.h"
#include "checks/bench/random_order.h"
#include "checks/bench/spinning.h"
#include "checks/threads/median.h"

namespace triecheck::checks {
namespace {

// ---- Google Benchmark, asked for numbers instead of its table

class collecting_reporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration && run.iterations != 0) {
        // The library divides the time of one thread by the iterations of all.
        const double ns = run.real_accumulated_time * 1e9 / static_cast<double>(run.iterations);
        ns_[run.run_name.function_name].push_back(ns * static_cast<double>(run.threads));
      }
    }
  }
  double median_ns(const std::string& name) const { return median(ns_.at(name)); }

 private:
  std::unordered_map<std::string, std::vector<double>> ns_;
};

class micro_suite {
 public:
  micro_suite(double seconds, const bench_listener& listener) : seconds_(seconds), listener_(listener) {}

  void add(const std::string& name, int threads, std::function<void(benchmark::State&)> body) {
    const auto announced = [this, name, body = std::move(body)](benchmark::State& state) {
      if (state.thread_index() == 0) listener_.begin_pass(name);
      body(state);
    };
    benchmark::RegisterBenchmark(name.c_str(), announced)
        ->UseRealTime()
        ->Threads(threads)
        ->MinTime(seconds_)
        ->Repetitions(3);
  }

  /// Measures all that was added; the answers are asked for by name afterwards.
  const collecting_reporter& run() {
    int argc = 1;
    std::string program = "triecheck-bench";
    char* argv[] = {program.data(), nullptr};
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks(&reporter_);
    benchmark::ClearRegisteredBenchmarks();
    return reporter_;
  }

 private:
  double seconds_;
  const bench_listener& listener_;
  collecting_reporter reporter_;
};

// ---- What is measured

template <class Lock, class M>
auto lock_and_unlock(std::shared_ptr<apart<M>> mutex) {
  return [mutex](benchmark::State& state) {
    for (auto _ : state) {
      Lock lock(mutex->value);
      benchmark::ClobberMemory();
    }
  };
}

// One cycle through `lines` lines of 64 bytes, each of which says where the next one is.
struct alignas(64) line {
  std::size_t next;
};
std::vector<line> random_cycle(std::size_t lines) {
  const std::vector<std::size_t> order = random_order(lines);
  std::vector<line> cycle(lines);
  for (std::size_t i = 0; i < lines; ++i) cycle[order[i]].next = order[(i + 1) % lines];
  return cycle;
}

void add_dependent_loads(micro_suite& suite, std::size_t lines) {
  suite.add("dependent load/" + std::to_string(lines), 1, [lines](benchmark::State& state) {
    const std::vector<line> cycle = random_cycle(lines);
    std::size_t at = 0;
    for (auto _ : state) at = cycle[at].next;
    benchmark::DoNotOptimize(at);
  });
}

// A prime stride, in place of a random order.
std::size_t request_after(std::size_t request, const load& l) { return (request + 7919) % l.requests(); }

// The pages of all requests once, and for each request where its pages are: comparing them is the least that a lookup
// which compares tokens can do. An iteration is a page.
void add_walk(micro_suite& suite, const load& l) {
  suite.add("walk of " + l.name, 1, [&l](benchmark::State& state) {
    std::unordered_map<token, std::size_t> places;
    std::vector<token> stored;
    std::vector<std::vector<std::size_t>> requests;
    for (std::size_t i = 0; i < l.requests(); ++i) {
      const auto tokens = l.request(i);
      auto& pages = requests.emplace_back();
      for (std::size_t at = 0; at + l.page_tokens <= tokens.size(); at += l.page_tokens) {
        const auto [place, is_new] = places.try_emplace(tokens[at], stored.size());
        const auto page = tokens.subspan(at, l.page_tokens);
        if (is_new) stored.insert(stored.end(), page.begin(), page.end());
        pages.push_back(place->second);
      }
    }
    std::size_t request = 0, page = 0, unequal = 0;
    for (auto _ : state) {
      while (page == requests[request].size()) {
        request = request_after(request, l);
        page = 0;
      }
      const token* from = l.tokens.data() + l.starts[request] + page * l.page_tokens;
      unequal += std::memcmp(from, stored.data() + requests[request][page++], l.page_tokens * sizeof(token)) != 0;
    }
    benchmark::DoNotOptimize(unequal);
  });
}

void add_limits(micro_suite& suite) {
  for (const int threads : {1, 2}) {
    const std::string suffix = "/" + std::to_string(threads);
    const auto counter = std::make_shared<apart<std::atomic<std::uint64_t>>>();
    suite.add("fetch_add" + suffix, threads, [counter](benchmark::State& state) {
      for (auto _ : state) counter->value.fetch_add(1, std::memory_order_acq_rel);
    });
    const auto mutex = std::make_shared<apart<std::mutex>>();
    suite.add("mutex" + suffix, threads, lock_and_unlock<std::lock_guard<std::mutex>>(mutex));
    const auto shared = std::make_shared<apart<std::shared_mutex>>();
    suite.add("shared_mutex, exclusive" + suffix, threads, lock_and_unlock<std::lock_guard<std::shared_mutex>>(shared));
    suite.add("shared_mutex, shared" + suffix, threads, lock_and_unlock<std::shared_lock<std::shared_mutex>>(shared));
  }
}

}  // namespace

machine_results measure_machine(const std::vector<load>& loads, const std::vector<std::size_t>& lines, double seconds,
                                const bench_listener& listener) {
  micro_suite suite(seconds, listener);
  add_limits(suite);
  for (const std::size_t n : lines) add_dependent_loads(suite, n);
  for (const load& l : loads) add_walk(suite, l);
  const collecting_reporter& measured = suite.run();

  machine_results r;
  const auto limit = [&](const std::string& name, std::size_t threads) {
    r.limits.push_back({name, threads, measured.median_ns(name + "/" + std::to_string(threads))});
  };
  for (const char* name : {"fetch_add", "mutex", "shared_mutex, exclusive", "shared_mutex, shared"}) {
    limit(name, 1);
    limit(name, 2);
  }
  std::vector<spin_sample> spinning;
  for (int i = 0; i < 9; ++i) spinning.push_back(spin(2));
  r.limits.push_back({"a line back and forth", 2, line_ns(spinning)});
  r.spin_scale = spin_scale(spinning);
  for (const std::size_t n : lines) {
    r.dependent_loads.push_back({n, measured.median_ns("dependent load/" + std::to_string(n))});
  }
  for (const load& l : loads) r.walks.push_back({l.name, measured.median_ns("walk of " + l.name)});
  return r;
}

}  // namespace triecheck::checks
