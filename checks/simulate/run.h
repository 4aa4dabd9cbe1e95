// One simulation over one cache class: the threads, then the accounts.
//
// A template over the class, so that tests run it over caches that are broken on purpose.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

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

/// The first `options.requests` rows and their accounts. With `options.compare_exact`, `order` is the watch.
template <class Cache>
simulation run_and_audit(const trace& t, const simulation_options& options, noting_watch& order) {
  Cache cache({.pages = options.pages, .tokens_per_page = options.page_tokens});
  first_failure first;
  simulation s;
  request_tally total;
  if (options.verify) {
    const model::config c{options.pages, options.page_tokens, options.policy};
    model_companion companion(c, first);
    verifying_watch<Cache> watch(cache, c, options.threads == 1 ? &companion : nullptr, first);
    total = run_rows(cache, t, options, watch, first, s.seconds);
    watch.compare_structure(options.requests - 1);
  } else if (options.compare_exact) {
    total = run_rows(cache, t, options, order, first, s.seconds);
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
