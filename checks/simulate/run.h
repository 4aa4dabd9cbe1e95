// One simulation over one cache class: the threads, then the accounts.
//
// A template over the class, so that tests run it over caches that are broken on purpose.
#pragma once

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "checks/monitoring/exposition.h"
#include "checks/monitoring/metadata_bytes.h"
#include "checks/monitoring/terminal_view.h"
#include "checks/process/isolation.h"
#include "checks/simulate/accounts.h"
#include "checks/simulate/exact_replay.h"
#include "checks/simulate/noting_watch.h"
#include "checks/simulate/request_thread.h"
#include "checks/simulate/verifying_watch.h"
#include "checks/threads/together.h"

namespace triecheck::checks {

/// All rows, watched; sets `seconds`. Every lease is released when it returns, those that a failure left open too.
template <class Cache, class Watch>
request_tally run_rows(Cache& cache, const trace& t, const simulation_options& options, Watch& watch,
                       first_failure& first, double& seconds) {
  std::deque<request_thread<Cache, Watch>> threads;  // a deque, because they neither copy nor move
  for (std::size_t i = 0; i < options.threads; ++i) threads.emplace_back(cache, t, options, i, watch, first);
  seconds = run_together(options.threads, [&](std::size_t i, auto) {
    show_activity(i);
    try {
      threads[i].run();
    } catch (...) {
      first.stop();
      throw;
    }
  });
  std::vector<request_tally> tallies;
  for (const auto& thread : threads) tallies.push_back(thread.tally());
  return sum(tallies);
}

template <class Cache>
concept is_monitored = requires(Cache& cache) {
  { cache.read() } -> std::same_as<cache_reading>;
};

/// A cache; a monitored one knows what memory it has.
template <class Cache>
std::unique_ptr<Cache> make_cache(const cache_config& config) {
  const auto make = [&] { return std::make_unique<Cache>(config); };
  if constexpr (is_monitored<Cache>) {
    return measured_metadata<typename Cache::sync_type>(make, [](Cache& c) -> Cache& { return c; });
  } else {
    return make();
  }
}

/// Shows a line about a monitored cache, four times a second, while it lives; of another cache nothing.
template <class Cache>
class shown_metrics {
 public:
  /// `show` may be empty. Both outlive it.
  shown_metrics(Cache& cache, const std::function<void(const std::string&)>& show) {
    if constexpr (is_monitored<Cache>) {
      if (!show) return;
      showing_ = std::jthread([&cache, &show](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any wakes;
        std::unique_lock lock(mutex);
        while (!stop.stop_requested()) {
          wakes.wait_for(lock, stop, std::chrono::milliseconds(250), [] { return false; });
          show(to_line(cache.read()));
        }
      });
    }
  }

 private:
  std::jthread showing_;
};

/// The first `options.requests` rows and their accounts. With `options.compare_exact`, `order` is the watch.
template <class Cache>
simulation run_and_audit(const trace& t, const simulation_options& options, noting_watch& order) {
  const auto made = make_cache<Cache>({.pages = options.pages, .tokens_per_page = options.page_tokens});
  Cache& cache = *made;
  first_failure first;
  simulation s;
  request_tally total;
  std::optional<model::statistics> truth;  // of the model
  [[maybe_unused]] const shown_metrics<Cache> live(cache, options.show);
  if (options.verify) {
    const model::config c{options.pages, options.page_tokens, options.policy};
    model_companion companion(c, first, schedules<Cache>);
    verifying_watch<Cache> watch(cache, c, options.threads == 1 ? &companion : nullptr, first);
    total = run_rows(cache, t, options, watch, first, s.seconds);
    watch.compare_structure(options.requests - 1);
    if (options.threads == 1) truth = companion.statistics();
  } else if (options.compare_exact) {
    if constexpr (!is_monitored<Cache>) total = run_rows(cache, t, options, order, first, s.seconds);
  } else {
    no_watch watch;
    total = run_rows(cache, t, options, watch, first, s.seconds);
  }
  const model::statistics stats = to_model_statistics(cache.stats());
  fill_in(s, total, stats);
  s.found = first.take();
  s.failed_row = first.row();
  if (!s.found) s.found = audit(total, stats, options.pages);
  if (!s.found && options.verify) s.found = audit_structure(to_structure(cache.snapshot()));
  if constexpr (is_monitored<Cache>) {
    const cache_reading r = cache.read();
    s.metrics = to_json(cache_metrics, r);
    s.metrics_screen = to_screen(r);
    if (!s.found) s.found = audit_metrics(total, calls_of(total), truth.value_or(stats), options.page_tokens, r);
  }
  std::vector<std::string> lost;
  for (const auto& page : cache.shutdown().lost) lost.push_back(show_lost_page(page));
  if (!s.found) s.found = audit_shutdown(lost, to_model_statistics(cache.stats()), options.pages);
  s.outcome = s.found ? verdict::fail : verdict::pass;
  return s;
}

/// Runs the first `options.requests` rows, or all; `options.cache` is not looked at. Requires rows and threads.
template <class Cache>
simulation run(const trace& t, simulation_options options) {
  if (options.requests == 0 || options.requests > t.rows.size()) options.requests = t.rows.size();
  noting_watch order(options.compare_exact ? options.requests : 0);
  simulation s = run_and_audit<Cache>(t, options, order);
  // The cache that ran is gone by now: there is memory for one at a time.
  if (options.compare_exact && !s.found) s.exact = replay_exactly(t, options, order.in_order());
  return s;
}

}  // namespace triecheck::checks
