// The loop that is measured: one thread's share of a trace. It names the concrete cache, so that no call of the cache
// is virtual, and takes what watches it as a template parameter, so that a run without --verify or
// --compare-exact pays for no watching.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "checks/process/isolation.h"
#include "checks/simulate/first_failure.h"
#include "checks/simulate/simulate.h"
#include "checks/subject/observation.h"
#include "checks/trace/trace.h"
#include "model/operation.h"

namespace triecheck::checks {

/// A request between lookup and release. `digests` belongs to the watch: one for each page of the request.
template <class Cache>
struct open_request {
  typename Cache::lease_type lease;
  std::size_t row = 0;
  model::retention keep;  // what it asks for at its release
  std::vector<std::uint64_t> digests;
};

/// What the request of `row`, of `tokens` tokens, asks for at its release when it hit so many pages.
inline model::retention keep_of(const simulation_options& options, std::size_t row, std::size_t hit_pages,
                                std::size_t tokens) {
  const hit_retention& asked = options.keep_hits;
  if (hit_pages == 0 || 2 * hit_pages < tokens / options.page_tokens) return {};
  return {asked.priority, asked.requests == hit_retention::all ? model::retention::for_ever : row + asked.requests};
}

/// What one thread counted by itself, to be held against the statistics of the cache.
struct request_tally {
  std::uint64_t requests = 0;
  std::uint64_t rejected = 0;
  std::uint64_t looked_up_tokens = 0;
  std::uint64_t looked_up_pages = 0;
  std::uint64_t hit_pages = 0;
  std::uint64_t allocated_pages = 0;
  std::vector<std::uint64_t> latencies_ns;
};

/// Watches nothing.
struct no_watch {
  void time_is(std::size_t) {}
  template <class Request>
  void looked_up(Request&, std::span<const std::uint32_t>) {}
  template <class Request>
  void allocated(Request&, std::span<const std::uint32_t>, model::status) {}
  template <class Request>
  void before_publish(const Request&) {}
  template <class Request>
  void published(const Request&) {}
  template <class Request>
  void released(const Request&) {}
  void finished(std::size_t) {}
};

/// Thread `number` of a simulation. Threads: each object by one.
template <class Cache, class Watch>
class request_thread {
 public:
  request_thread(Cache& cache, const trace& t, const simulation_options& options, std::size_t number, Watch& watch,
                 first_failure& first)
      : cache_(cache), trace_(t), options_(options), number_(number), watch_(watch), first_(first) {
    open_.resize(std::min(options.in_flight, options.requests));
    tally_.latencies_ns.reserve(options.requests / options.threads + 1);
  }

  /// Serves the rows of this thread. `in_flight` requests stay open at most: as soon as that many are, the oldest is
  /// published and released, before the next starts. The latency of a row is the time from its lookup until then: with
  /// one in flight its own lookup, allocation, publication and release; with more, the same amount of work, the second
  /// half of it for an older request. Expanding the row's tokens takes the place of the tokenizer and is not part of
  /// it, but it is part of the time of the run.
  void run() {
    shown_ = &my_activity();
    for (std::size_t row = number_; row < options_.requests && !first_.any(); row += options_.threads) {
      shown_->begin_unit(row + 1);
      expand(trace_.rows[row], trace_.block_tokens, tokens_);
      const auto begin = std::chrono::steady_clock::now();
      start(row);
      if (open_count_ == open_.size()) finish_oldest();
      const auto end = std::chrono::steady_clock::now();
      tally_.latencies_ns.push_back(
          static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin).count()));
      watch_.finished(row);
    }
    while (open_count_ != 0 && !first_.any()) finish_oldest();
  }

  const request_tally& tally() const { return tally_; }

 private:
  using request = open_request<Cache>;

  void start(std::size_t row) {
    const std::span<const std::uint32_t> tokens(tokens_);
    request& r = open_[(oldest_ + open_count_) % open_.size()];
    r.row = row;
    set_time_of(cache_, row);
    watch_.time_is(row);
    shown_->begin("lookup");
    r.lease = look_up(cache_, tokens, trace_.rows[row].space);
    const std::size_t hits = r.lease.pages().size();
    r.keep = keep_of(options_, row, hits, tokens.size());
    ++tally_.requests;
    tally_.looked_up_tokens += tokens.size();
    tally_.looked_up_pages += tokens.size() / options_.page_tokens;
    tally_.hit_pages += hits;
    watch_.looked_up(r, tokens);

    const auto rest = tokens.subspan(std::min(r.lease.token_count(), tokens.size()));
    shown_->begin("allocate");
    const model::status s = to_model_status(cache_.allocate(r.lease, rest));
    watch_.allocated(r, rest, s);
    if (s == model::status::ok) {
      tally_.allocated_pages += r.lease.pages().size() - hits;
      ++open_count_;
      return;
    }
    ++tally_.rejected;
    if (s == model::status::lease_closed)
      first_.report(row, "unexpected-status", "allocate took an open lease for a closed one");
    release(r);
  }

  void finish_oldest() {
    request& r = open_[oldest_];
    watch_.before_publish(r);
    shown_->begin("publish");
    const model::status s = to_model_status(cache_.publish(r.lease, r.lease.token_count()));
    if (s != model::status::ok) first_.report(r.row, "unexpected-status", "publish answered " + model::show(s));
    watch_.published(r);
    release(r);
    oldest_ = (oldest_ + 1) % open_.size();
    --open_count_;
  }

  void release(request& r) {
    shown_->begin("release");
    const model::status s = to_model_status(release_with(cache_, r.lease, r.keep));
    if (s != model::status::ok) first_.report(r.row, "unexpected-status", "release answered " + model::show(s));
    shown_->end();
    watch_.released(r);
  }

  Cache& cache_;
  const trace& trace_;
  const simulation_options& options_;
  const std::size_t number_;
  Watch& watch_;
  first_failure& first_;
  activity* shown_ = nullptr;          // of the thread that runs
  std::vector<std::uint32_t> tokens_;  // of the row being started
  std::vector<request> open_;          // a ring of in_flight places
  std::size_t oldest_ = 0;
  std::size_t open_count_ = 0;
  request_tally tally_;
};

}  // namespace triecheck::checks
