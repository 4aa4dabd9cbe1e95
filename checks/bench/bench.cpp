#include "checks/bench/bench.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

#include "checks/threads/median.h"

namespace triecheck::checks {
namespace {

constexpr std::size_t least_passes = 5;

// What one contestant's passes through a cell add up to.
class cell_account {
 public:
  void add(const bench_pass& p) {
    seconds_ += p.seconds;
    per_second_.push_back(static_cast<double>(p.requests) / p.seconds);
    if (p.spinning) spinning_.push_back(*p.spinning);
    if (p.pages != 0) per_page_.push_back(static_cast<double>(p.timed_ns) / static_cast<double>(p.pages));
    pages_ += p.pages;
    hit_pages_ += p.hit_pages;
    requests_ += p.requests;
    rejected_ += p.rejected;
    latencies_.add(p.latencies);
  }
  bool is_enough(double seconds) const {
    return seconds <= 0 ? !per_second_.empty() : per_second_.size() >= least_passes && seconds_ >= seconds;
  }
  void fill_in(bench_result& r) const {
    r.passes = per_second_.size();
    r.requests_per_second = median(per_second_);
    const auto [least, most] = std::minmax_element(per_second_.begin(), per_second_.end());
    r.spread = (*most - *least) / r.requests_per_second;
    r.spin_scale = spin_scale(spinning_);
    r.spin_tail = spin_tail(spinning_);
    r.line_ns = line_ns(spinning_);
    r.ns_per_page = per_page_.empty() ? 0 : median(per_page_);
    r.hit_share = pages_ == 0 ? 0 : static_cast<double>(hit_pages_) / static_cast<double>(pages_);
    r.rejected_share = requests_ == 0 ? 0 : static_cast<double>(rejected_) / static_cast<double>(requests_);
    const latency_histogram all = latencies_.all();
    r.p50_ns = all.percentile(500);
    r.p99_ns = all.percentile(990);
    r.p999_ns = all.percentile(999);
    r.p999_over_usual = latencies_.percentile_over_usual(999);
  }

 private:
  double seconds_ = 0;
  std::vector<double> per_second_;
  std::vector<spin_sample> spinning_;
  std::vector<double> per_page_;
  std::uint64_t pages_ = 0;
  std::uint64_t hit_pages_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t rejected_ = 0;
  sized_latencies latencies_;
};

class bench_run {
 public:
  bench_run(const bench_options& options, bench_results& results) : options_(options), results_(results) {}

  void over_threads(const load& l) {
    const std::size_t most_threads = *std::max_element(options_.threads.begin(), options_.threads.end());
    for (const bench_mode mode : {bench_mode::full_cycle, bench_mode::warm_lookup, bench_mode::cold_lookup}) {
      const std::size_t pages = mode == bench_mode::full_cycle ? cycle_pages(l, most_threads) : resident_pages(l);
      options_.listener.begin_cell(l.name + ", " + to_string(mode) + ": preparing");
      const caches all = prepare(l, mode, pages);
      for (const std::size_t threads : options_.threads) measure(l, mode, pages, threads, all, false);
    }
  }

  void over_pages(const load& l) {
    for (const std::size_t pages : options_.pages) {
      if (pages < least_pages(l, 1)) continue;
      measure(l, bench_mode::full_cycle, pages, 1, prepare(l, bench_mode::full_cycle, pages), true);
    }
  }

  static std::size_t least_pages(const load& l, std::size_t threads) {
    return std::max(l.longest_pages, 2 * in_flight * threads * (l.pages / l.requests() + 1));
  }

 private:
  struct runner {
    const contestant* is;
    std::unique_ptr<prepared_cache> cache;
  };
  using caches = std::vector<runner>;

  caches prepare(const load& l, bench_mode mode, std::size_t pages) const {
    caches all;
    const auto add = [&](const contestant& c) {
      options_.listener.begin_pass(c.name);
      all.push_back({&c, c.prepare(l, mode, pages)});
    };
    for (const contestant& c : contestants()) add(c);
    if (mode == bench_mode::cold_lookup) add(walk_hop_by_hop());
    return all;
  }

  std::size_t cycle_pages(const load& l, std::size_t threads) const {
    return options_.cycle_pages == 0 ? scarce_pages(l, threads)
                                     : std::max(options_.cycle_pages, least_pages(l, threads));
  }

  // In which everything is cached.
  static std::size_t resident_pages(const load& l) { return std::bit_ceil(l.distinct_pages + l.longest_pages); }

  void measure(const load& l, bench_mode mode, std::size_t pages, std::size_t threads, const caches& all, bool sweep) {
    options_.listener.begin_cell(l.name + ", " + to_string(mode) + ", " + std::to_string(pages) +
                                 " pages, threads: " + std::to_string(threads));
    std::vector<cell_account> accounts(all.size());
    for (bool again = true; again;) {
      again = false;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (accounts[i].is_enough(options_.seconds)) continue;
        options_.listener.begin_pass(all[i].is->name);
        accounts[i].add(all[i].cache->run(threads));
        again = true;
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      bench_result r{.load = l.name,
                     .mode = mode,
                     .cache = all[i].is->name,
                     .baseline = all[i].is->baseline,
                     .sweep = sweep,
                     .pages = pages,
                     .threads = threads};
      accounts[i].fill_in(r);
      results_.cells.push_back(std::move(r));
    }
  }

  const bench_options& options_;
  bench_results& results_;
};

}  // namespace

std::size_t scarce_pages(const load& l, std::size_t threads) {
  return std::max(std::bit_floor(std::max<std::size_t>(l.distinct_pages, 4)) / 2,
                  std::bit_ceil(bench_run::least_pages(l, threads)));
}

void run_bench(const std::vector<load>& loads, const bench_options& options, bench_results& results) {
  options.listener.begin_cell("synchronisation");
  results.synchronisation = measure_synchronisation(options.listener);
  options.listener.begin_cell("the limits of the machine");
  constexpr double least_seconds = 0.01;  // a single pass, as of the caches, would be a few instructions here
  results.machine =
      measure_machine(loads, options.pages, std::max(options.seconds / 5, least_seconds), options.listener);
  bench_run run(options, results);
  for (const load& l : loads) {
    run.over_threads(l);
    run.over_pages(l);
  }
}

}  // namespace triecheck::checks
