// One worker of a soak. It names the concrete cache, so that no call of the cache is virtual.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cache/sync/std.h"
#include "checks/bench/histogram.h"
#include "checks/process/isolation.h"
#include "checks/simulate/accounts.h"
#include "checks/simulate/first_failure.h"
#include "checks/simulate/page_contents.h"
#include "checks/soak/rest_gate.h"
#include "checks/soak/sequence.h"
#include "checks/soak/soak.h"
#include "checks/subject/observation.h"
#include "checks/trace/trace.h"

namespace triecheck::checks {

/// What all workers of a soak share.
template <class Cache>
struct soak_shared {
  soak_shared(Cache& c, const trace& t, const soak_options& o)
      : cache(c), requests(t), options(o), contents(o.pages), gate(o.threads), batch(batch_of(t, o)) {}

  Cache& cache;
  const trace& requests;
  const soak_options& options;
  page_contents contents;
  first_failure first;
  rest_gate gate;
  const std::size_t batch;             // of each worker, at most
  std::atomic<std::uint64_t> next{0};  // request; from the last row of the trace on to the first
  std::atomic<bool> is_over{false};

 private:
  // What the pool has room for, and one more for each worker: then it is full now and then.
  static std::size_t batch_of(const trace& t, const soak_options& o) {
    std::uint64_t pages = 0;
    for (const trace_row& row : t.rows)
      pages += scaled_length_tokens(row.input_length, t.block_tokens) / o.page_tokens + 1;
    const std::uint64_t usual = pages / t.rows.size() + 1;
    return static_cast<std::size_t>(o.pages / (usual * o.threads)) + 1;
  }
};

/// What one worker measured since it was last taken.
///
/// Threads: the worker adds, the auditor takes.
class soak_measurements {
 public:
  void add(std::uint64_t admission_ns, std::size_t looked_up, std::size_t hits) {
    const std::lock_guard lock(mutex_);
    taken_.admissions.add(admission_ns);
    taken_.looked_up_pages += looked_up;
    taken_.hit_pages += hits;
  }

  struct numbers {
    latency_histogram admissions;  // nanoseconds
    std::uint64_t looked_up_pages = 0;
    std::uint64_t hit_pages = 0;

    void add(const numbers& other) {
      admissions.add(other.admissions);
      looked_up_pages += other.looked_up_pages;
      hit_pages += other.hit_pages;
    }
  };

  /// Adds them to `to`, and begins anew.
  void move_to(numbers& to) {
    const std::lock_guard lock(mutex_);
    to.add(taken_);
    taken_ = {};
  }

 private:
  std::mutex mutex_;
  numbers taken_;  // guarded by mutex_
};

/// Worker `number` of a soak. Threads: each object by one, `measurements` by the auditor, too.
template <class Cache>
class soak_worker {
 public:
  soak_worker(soak_shared<Cache>& shared, std::size_t number)
      : shared_(shared),
        cache_(shared.cache),
        page_tokens_(shared.options.page_tokens),
        random_(static_cast<std::uint32_t>(shared.options.seed * 1'000'003 + number)) {}

  /// Returns when the soak is over or a failure was found, with every lease released.
  void run() {
    shown_ = &my_activity();
    for (std::size_t round = 1; goes_on(); ++round) {
      if (shared_.gate.is_asked()) {
        let_all_go();
        shared_.gate.come();
      }
      admit();
      grow();
      // The model computes the next tokens of every beam, which takes far longer than all this: other threads
      // run meanwhile.
      if (round % 4 == 0 && shared_.options.threads > 1) std::this_thread::yield();
    }
    let_all_go();
  }

  soak_measurements& measurements() noexcept { return measurements_; }

  // When the worker has ended, or is at rest.
  const soak_counts& counts() const noexcept { return counts_; }
  const request_tally& tally() const noexcept { return tally_; }
  const call_tally& calls() const noexcept { return calls_; }

 private:
  using lease_type = typename Cache::lease_type;

  struct beam {
    lease_type lease;
    sequence text;
  };
  struct running_request {
    std::uint64_t number;
    std::size_t tokens_left;
    std::size_t cancelled_at;  // with so many left; beyond all where it is not
    std::vector<beam> beams;
  };
  enum class step : std::uint8_t { goes_on, finished, cancelled, preempted };
  enum class admission : std::uint8_t { admitted, refused, too_large };

  static constexpr std::size_t most_output_tokens = 64;

  bool goes_on() const { return !shared_.is_over.load(std::memory_order_relaxed) && !shared_.first.any(); }
  bool one_in(std::uint32_t n) { return random_() % n == 0; }
  const trace_row& row_of(std::uint64_t number) const { return shared_.requests.rows[row_index(number)]; }
  std::size_t row_index(std::uint64_t number) const {
    return static_cast<std::size_t>(number % shared_.requests.rows.size());
  }

  void begin(const char* what) {
    shown_->begin(what);
    ++calls_.all;
  }

  // Takes requests until the batch is full or one is refused.
  void admit() {
    while (running_.size() < shared_.batch && goes_on() && !shared_.gate.is_asked()) {
      std::uint64_t number = 0;
      if (again_.empty()) {
        number = shared_.next.fetch_add(1, std::memory_order_relaxed);
      } else {
        number = again_.back();
        again_.pop_back();
      }
      if (try_to_start(number) != admission::refused) continue;
      // A worker that has nothing else to do waits half of the time, else it asks again. While it waits it holds
      // nothing.
      if (running_.empty() && one_in(2) && start_in_turn(number)) continue;
      again_.push_back(number);
      return;
    }
  }

  // `tried` becomes the lease of the attempt.
  admission try_to_start(std::uint64_t number, lease_id* tried = nullptr) {
    const trace_row& row = row_of(number);
    shown_->begin_unit(row_index(number) + 1);
    expand(row, shared_.requests.block_tokens, prompt_);
    beam first;
    first.text = sequence(page_tokens_, row.space);
    first.text.append(prompt_);
    if (one_in(16)) match(row.space);

    const std::uint64_t before_lookup = std_sync::now_ns();
    begin("lookup");
    first.lease = look_up(cache_, prompt_, row.space);
    const std::uint64_t after_lookup = std_sync::now_ns();
    if (tried != nullptr) *tried = first.lease.id();
    const std::size_t looked_up = prompt_.size() / page_tokens_, hits = first.lease.pages().size();
    ++tally_.requests;
    tally_.looked_up_tokens += prompt_.size();
    tally_.looked_up_pages += looked_up;
    tally_.hit_pages += hits;
    read(number, first, "after lookup");

    const auto rest = std::span<const token>(prompt_).subspan(first.lease.token_count());
    const std::uint64_t before_allocation = std_sync::now_ns();
    status s = status::cache_full;
    if (one_in(8)) s = allocate(first.lease, rest, page_source::free_only);
    if (s == status::cache_full) s = allocate(first.lease, rest, page_source::free_and_evicted);
    const std::uint64_t after_allocation = std_sync::now_ns();
    if (s != status::ok) {
      if (s != status::cache_full && s != status::request_too_large) unexpected(number, "allocate", s);
      release(number, first);
      return s == status::cache_full ? admission::refused : admission::too_large;
    }
    write(first, hits);
    const std::uint64_t before_publication = std_sync::now_ns();
    publish(number, first);
    const std::uint64_t after_publication = std_sync::now_ns();
    measurements_.add(
        after_lookup - before_lookup + after_allocation - before_allocation + after_publication - before_publication,
        looked_up, hits);
    start(number, std::move(first));
    return admission::admitted;
  }

  // Holds no pages meanwhile, so that others need not wait for it. False where it was woken for a rest or the end.
  bool start_in_turn(std::uint64_t number) {
    auto place = cache_.queue_for_pages();
    lease_id tried = no_lease;
    do {
      ++counts_.waits;
      begin("wait");
      if (!place.wait(tried)) return false;
    } while (try_to_start(number, &tried) == admission::refused);
    return true;
  }

  void match(std::uint64_t space) {
    begin("match");
    const auto found = cache_.match(std::span<const token>(prompt_), key_space(space));
    if (found.tokens != found.pages * page_tokens_ || found.tokens > prompt_.size())
      shared_.first.report(0, "unexpected-status", "match found more than was asked for");
  }

  status allocate(lease_type& l, std::span<const token> tokens, page_source source) {
    begin("allocate");
    const std::size_t before = l.pages().size();
    const status s = cache_.allocate(l, tokens, 0, source);
    tally_.allocated_pages += l.pages().size() - before;
    if (s == status::ok) {
      ++calls_.allocated;
    } else {
      ++counts_.refused;
      ++tally_.rejected;
    }
    return s;
  }

  void publish(std::uint64_t number, beam& b) {
    begin("publish");
    const status s = cache_.publish(b.lease, b.lease.token_count());
    ++calls_.published;
    if (s != status::ok) unexpected(number, "publish", s);
  }

  void release(std::uint64_t number, beam& b) {
    read(number, b, "before release");
    begin("release");
    const status s = cache_.release(b.lease);
    ++calls_.released;
    if (s != status::ok) unexpected(number, "release", s);
    shown_->end();
  }

  // A beam that finds no pages is left out, as a server under load does.
  void start(std::uint64_t number, beam first) {
    ++counts_.requests;
    running_request& r = running_.emplace_back();
    r.number = number;
    r.tokens_left = std::clamp<std::size_t>(row_of(number).output_length, 1, most_output_tokens);
    r.cancelled_at = one_in(8) ? random_() % r.tokens_left : r.tokens_left + 1;
    r.beams.push_back(std::move(first));
    const std::size_t beams = one_in(8) ? 2 + random_() % 3 : 1;
    while (r.beams.size() < beams && fork(r)) {
    }
  }

  bool fork(running_request& r) {
    begin("fork");
    const beam& from = r.beams.front();
    auto f = cache_.fork(from.lease);
    if (f.result != status::ok) {
      if (f.result != status::cache_full) unexpected(r.number, "fork", f.result);
      ++counts_.refused;
      ++tally_.rejected;
      ++calls_.refused_forks;
      return false;
    }
    ++counts_.forks;
    tally_.allocated_pages += f.forked.private_pages().size();
    for (const auto& copy : f.copies)
      shared_.contents.write(index_of(copy.to), shared_.contents.read(index_of(copy.from)));
    r.beams.push_back({std::move(f.forked), from.text});
    return true;
  }

  void grow() {
    for (std::size_t i = 0; i < running_.size();) {
      const step s = decode(running_[i]);
      if (s == step::goes_on) {
        ++i;
        continue;
      }
      let_go(running_[i]);
      if (s == step::preempted) again_.push_back(running_[i].number);
      counts_.finished += s == step::finished;
      counts_.cancelled += s == step::cancelled;
      counts_.preempted += s == step::preempted;
      std::swap(running_[i], running_.back());
      running_.pop_back();
    }
  }

  step decode(running_request& r) {
    for (beam& b : r.beams) {
      // Now and then some tokens are a guess, of which the model takes the first alone.
      std::uint32_t next[4];
      const std::size_t guessed = one_in(16) ? 4 : 1;
      for (std::size_t i = 0; i < guessed; ++i) next[i] = static_cast<token>(random_() % 32'000);
      const std::span<const token> tokens(next, guessed);
      const status s = allocate(b.lease, tokens, page_source::free_and_evicted);
      if (s != status::ok) {
        if (s != status::cache_full && s != status::request_too_large) unexpected(r.number, "allocate", s);
        return s == status::request_too_large ? step::finished : step::preempted;
      }
      const std::size_t first = b.text.tokens().size() / page_tokens_;
      b.text.append(tokens);
      if (guessed != 1) shrink(r.number, b, b.text.tokens().size() - guessed + 1);
      write(b, first);
      if (b.text.tokens().size() % page_tokens_ == 0) publish(r.number, b);
    }
    if (--r.tokens_left == 0) return step::finished;
    return r.tokens_left == r.cancelled_at ? step::cancelled : step::goes_on;
  }

  void shrink(std::uint64_t number, beam& b, std::size_t tokens) {
    begin("shrink");
    ++counts_.shrinks;
    const status s = cache_.shrink(b.lease, tokens);
    if (s != status::ok) unexpected(number, "shrink", s);
    b.text.shrink(tokens);
  }

  void let_go(running_request& r) {
    for (beam& b : r.beams) release(r.number, b);
  }

  // Requests that are cut off by a rest or the end are admitted again, or never.
  void let_all_go() {
    for (running_request& r : running_) {
      let_go(r);
      if (again_.size() < shared_.batch) again_.push_back(r.number);
    }
    running_.clear();
  }

  // Computes the private pages of a beam from page `first` on.
  void write(const beam& b, std::size_t first) {
    const auto pages = b.lease.pages();
    const std::size_t written = (b.text.tokens().size() + page_tokens_ - 1) / page_tokens_;
    for (std::size_t i = std::max(first, b.lease.cached_pages().size()); i < written && i < pages.size(); ++i)
      shared_.contents.write(index_of(pages[i]), b.text.digest_of(i));
  }

  void read(std::uint64_t number, const beam& b, const char* when) {
    const auto pages = b.lease.pages();
    const std::size_t cached = b.lease.cached_pages().size();
    for (std::size_t i = 0; i < pages.size(); ++i) {
      if (shared_.contents.read(index_of(pages[i])) == b.text.digest_of(i)) continue;
      shared_.first.report(row_index(number), "page-contents",
                           "page " + std::to_string(index_of(pages[i])) + " (place " + std::to_string(i) +
                               " of the lease, " + (i < cached ? "cached" : "private") +
                               ") does not hold this request's prefix " + when);
      return;
    }
  }

  void unexpected(std::uint64_t number, const char* operation, status s) {
    shared_.first.report(row_index(number), "unexpected-status",
                         std::string(operation) + " answered " + model::show(to_model_status(s)));
  }

  soak_shared<Cache>& shared_;
  Cache& cache_;
  const std::size_t page_tokens_;
  std::mt19937 random_;
  activity* shown_ = nullptr;          // of the thread that runs
  std::vector<std::uint32_t> prompt_;  // of the request that is started
  std::vector<running_request> running_;
  std::vector<std::uint64_t> again_;  // requests that are to be admitted once more
  soak_measurements measurements_;
  soak_counts counts_;
  request_tally tally_;  // `requests` are lookups here, `rejected` refused calls
  call_tally calls_;
};

}  // namespace triecheck::checks
