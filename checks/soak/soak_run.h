// One soak over one cache class: the workers, and the auditor beside them.
//
// A template over the class, so that tests run it over caches that are broken on purpose.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cache/event_hub.h"
#include "checks/bench/allocated.h"
#include "checks/monitoring/exposition.h"
#include "checks/monitoring/terminal_view.h"
#include "checks/oracles/statistics.h"
#include "checks/oracles/structure.h"
#include "checks/simulate/accounts.h"
#include "checks/simulate/run.h"
#include "checks/soak/event_mirror.h"
#include "checks/soak/fixed_load.h"
#include "checks/soak/soak.h"
#include "checks/soak/soak_worker.h"
#include "checks/threads/median.h"

namespace triecheck::checks {

template <class Cache>
class soak_run {
 public:
  /// A subscriber that joins and leaves while the cache runs.
  struct visitor {
    explicit visitor(const cache_config& c) : mirror(c.pages), hub(c) {}
    event_mirror mirror;
    bool is_member = false;
    event_hub<typename Cache::sync_type> hub;
  };

  /// The subscribers of the cache: one that receives everything and, where subscribers join, one that visits.
  struct subscribers {
    subscribers(const cache_config& c, bool join) : stays(c.pages) {
      if (join) visits.emplace(c);
    }
    event_mirror stays;
    std::optional<visitor> visits;
  };

  /// All outlive it. `told` outlives the cache, whose events it hears from now on.
  soak_run(Cache& cache, subscribers& told, const trace& t, const soak_options& options, stats_consistency together)
      : cache_(cache), options_(options), together_(together), told_(told), shared_(cache, t, options) {
    if (told_.visits) {
      cache_.subscribe(told_.visits->hub);
      told_.visits->hub.join(told_.stays);
    } else {
      cache_.subscribe(told_.stays);
    }
    for (std::size_t i = 0; i < options.threads; ++i) workers_.emplace_back(shared_, i);
    // What the auditor keeps does not grow while the cache is watched.
    result_.samples.reserve(most_samples + 2);
    result_.rests.reserve(options.rests + 1);
    fixed_loads_.reserve(1 << 16);
  }

  soak_result run() {
    start_ = last_sample_ = clock::now();
    {
      std::vector<std::jthread> running;
      for (std::size_t i = 0; i < workers_.size(); ++i) running.emplace_back([this, i] { work(i); });
      show_activity(workers_.size());
      audit_while_they_run();
    }
    if (error_) std::rethrow_exception(error_);
    result_.seconds = seconds_since_start();
    add_sample();
    finish();
    return std::move(result_);
  }

 private:
  using clock = std::chrono::steady_clock;

  static constexpr std::size_t most_samples = 3600;
  static constexpr std::chrono::milliseconds between_looks{20};

  double seconds_since_start() const { return std::chrono::duration<double>(clock::now() - start_).count(); }

  void work(std::size_t i) {
    show_activity(i);
    try {
      workers_[i].run();
    } catch (...) {
      const std::lock_guard lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
      shared_.first.stop();
    }
    shared_.gate.leave();
  }

  void audit_while_they_run() {
    const auto between_samples = std::max<clock::duration>(std::chrono::seconds(1), options_.time / most_samples);
    const auto between_rests = options_.time / static_cast<std::int64_t>(std::max<std::size_t>(options_.rests, 1));
    auto last_line = start_, next_rest = start_ + between_rests;
    while (!shared_.first.any()) {
      const auto now = clock::now();
      const bool ends = now - start_ >= options_.time;
      if (!ends && options_.ends_early && options_.ends_early()) ended_early_ = true;
      if (ends || ended_early_) break;
      if (now >= next_rest) {
        rest();
        next_rest += between_rests;
      }
      look();
      if (now - last_sample_ >= between_samples) add_sample();
      if (options_.show && now - last_line >= std::chrono::milliseconds(250)) {
        last_line = now;
        options_.show(to_line(cache_.read()));
      }
      std::this_thread::sleep_for(between_looks);
    }
    if (!shared_.first.any()) rest();
    shared_.is_over.store(true, std::memory_order_relaxed);
    cache_.wake_waiting();
  }

  void report(const char* kind, const std::string& message) {
    shared_.first.report_of_run(
        kind, "after " + std::to_string(static_cast<std::uint64_t>(seconds_since_start() * 1000)) + " ms: " + message);
  }

  // Beside the workers.
  void look() {
    ++result_.looks;
    if (told_.visits) visit_or_leave(*told_.visits);
    if (const auto wrong = check_statistics(to_model_statistics(cache_.stats()), options_.pages, together_))
      report("statistics", *wrong);
    const auto a = cache_.available();
    const model::availability available{.free_pages = a.free_pages,
                                        .evictable_pages = a.evictable_pages,
                                        .pinned_pages = a.pinned_pages,
                                        .private_pages = a.private_pages};
    if (const auto wrong = check_available(available, options_.pages, together_)) report("statistics", *wrong);
    if (fixed_loads_.size() < fixed_loads_.capacity()) fixed_loads_.push_back(fixed_load_per_second());
  }

  void visit_or_leave(visitor& v) {
    if (!v.is_member) {
      v.mirror.clear();
      v.hub.join(v.mirror);
    } else {
      v.hub.leave(v.mirror);
      if (const auto wrong = v.mirror.violation()) report("events", "a subscriber that joined: " + *wrong);
    }
    v.is_member = !v.is_member;
  }

  // When no operation runs.
  std::optional<std::string> wrong_events(const structure& s) const {
    if (auto wrong = told_.stays.differs_from(s)) return wrong;
    const std::optional<visitor>& v = told_.visits;
    const auto wrong = v && v->is_member ? v->mirror.differs_from(s) : std::nullopt;
    return wrong ? std::optional("of a subscriber that joined: " + *wrong) : std::nullopt;
  }

  void rest() {
    my_activity().begin("audit");
    shared_.gate.ask();
    cache_.wake_waiting();
    shared_.gate.rest([&] { audit_at_rest(); });
  }

  // Requires that every lease was released, and that no operation runs.
  void audit_at_rest() {
    my_activity().begin("audit");
    result_.rests.push_back({.second = seconds_since_start(),
                             .allocated_bytes = allocated_bytes(),
                             .cached_pages = cache_.stats().cached_pages});
    if (shared_.first.any()) return;
    const structure s = to_structure(cache_.snapshot());
    std::optional<failure> found = audit(tally(), to_model_statistics(cache_.stats()), options_.pages);
    if (!found) found = audit_structure(s);
    if (found) return report(found->kind.c_str(), found->message);
    if (const auto wrong = wrong_events(s)) return report("events", *wrong);
    if (const auto wrong = wrong_contents(s)) return report("page-contents", *wrong);
  }

  // Every cached page against the tokens from the root to its end. O(pages + tokens in them).
  std::optional<std::string> wrong_contents(const structure& s) const {
    std::vector<std::optional<std::uint64_t>> expected(s.pages.size());
    std::vector<model::page> chain;
    for (std::size_t i = 0; i < s.pages.size(); ++i) {
      if (s.pages[i].state != model::page_state::cached) continue;
      for (std::optional<model::page> page = static_cast<model::page>(i); page && !expected[*page];
           page = s.pages[*page].parent)
        chain.push_back(*page);
      for (; !chain.empty(); chain.pop_back()) {
        const model::page page = chain.back();
        const model::page_view& view = s.pages[page];
        expected[page] = next_digest(view.parent ? *expected[*view.parent] : first_digest(view.space), view.block);
        if (shared_.contents.read(page) != *expected[page])
          return "page " + std::to_string(page) + " is cached and does not hold its prefix";
      }
    }
    return std::nullopt;
  }

  void add_sample() {
    soak_measurements::numbers now;
    for (auto& w : workers_) w.measurements().move_to(now);
    const auto at = clock::now();
    const double seconds = std::chrono::duration<double>(at - last_sample_).count();
    last_sample_ = at;
    if (result_.samples.size() < result_.samples.capacity() && seconds >= 0.1) {
      result_.samples.push_back({.second = seconds_since_start(),
                                 .requests_per_second = static_cast<double>(now.admissions.count()) / seconds,
                                 .p50_us = in_us(now.admissions.percentile(500)),
                                 .p99_us = in_us(now.admissions.percentile(990)),
                                 .hit_rate = share(now.hit_pages, now.looked_up_pages),
                                 .fixed_load = fixed_loads_.empty() ? 0 : median(fixed_loads_)});
    }
    fixed_loads_.clear();
    all_.add(now);
  }

  request_tally tally() const {
    std::vector<request_tally> tallies;
    for (const auto& w : workers_) tallies.push_back(w.tally());
    return sum(tallies);
  }

  // When the workers have ended.
  void finish() {
    call_tally calls;
    for (const auto& w : workers_) {
      for (const auto& [name, value] : named_soak_counts) result_.counts.*value += w.counts().*value;
      calls.allocated += w.calls().allocated;
      calls.published += w.calls().published;
      calls.released += w.calls().released;
      calls.refused_forks += w.calls().refused_forks;
      calls.all += w.calls().all;
    }
    result_.hit_rate = share(all_.hit_pages, all_.looked_up_pages);
    result_.p50_us = in_us(all_.admissions.percentile(500));
    result_.p99_us = in_us(all_.admissions.percentile(990));
    result_.p999_us = in_us(all_.admissions.percentile(999));
    result_.max_us = in_us(all_.admissions.percentile(1000));
    const request_tally total = tally();
    const model::statistics stats = to_model_statistics(cache_.stats());
    const cache_reading reading = cache_.read();
    result_.evicted_pages = stats.evicted_pages;
    result_.metrics = checks::to_json(cache_metrics, reading);
    result_.metrics_screen = to_screen(reading);
    std::optional<failure>& found = result_.found;
    found = shared_.first.take();
    if (!found) found = audit(total, stats, options_.pages);
    if (!found) found = audit_metrics(total, calls, stats, options_.page_tokens, reading);
    constexpr std::size_t kept_by_the_allocator = 1 << 20;  // for each thread
    if (!found) found = memory_growth(result_.rests, 1, kept_by_the_allocator);
    std::vector<std::string> lost;
    for (const auto& page : cache_.shutdown().lost) lost.push_back(show_lost_page(page));
    if (!found) found = audit_shutdown(lost, to_model_statistics(cache_.stats()), options_.pages);
    if (!found) {
      if (const auto wrong = wrong_events(to_structure(cache_.snapshot())))
        found = failure{.kind = "events", .message = "after shutdown: " + *wrong};
    }
    result_.outcome = found ? verdict::fail : ended_early_ ? verdict::incomplete : verdict::pass;
  }

  static double in_us(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }
  static double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }

  Cache& cache_;
  const soak_options& options_;
  const stats_consistency together_;
  subscribers& told_;
  soak_shared<Cache> shared_;
  std::deque<soak_worker<Cache>> workers_;  // a deque, because they neither copy nor move
  soak_result result_;
  soak_measurements::numbers all_;
  std::vector<double> fixed_loads_;  // since the last sample
  clock::time_point start_, last_sample_;
  bool ended_early_ = false;
  std::mutex error_mutex_;
  std::exception_ptr error_;  // guarded by error_mutex_
};

/// `options.cache` is not looked at. `together`: what the cache promises of its statistics.
template <class Cache>
soak_result soak_over(const trace& t, const soak_options& options, stats_consistency together) {
  // All threads allocate from one arena, the only one of which allocated_bytes knows.
  mallopt(M_ARENA_MAX, 1);
  const cache_config config = {.pages = options.pages, .tokens_per_page = options.page_tokens};
  typename soak_run<Cache>::subscribers told(config, options.subscribers_join);
  const auto cache = make_cache<Cache>(config);
  return soak_run<Cache>(*cache, told, t, options, together).run();
}

}  // namespace triecheck::checks
