// One variant under overload: the threads of a server, as overload.h describes them.
//
// Threads: one caller; a pass starts its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "cache/sync/std.h"
#include "cache/types.h"
#include "checks/bench/course.h"
#include "checks/bench/overload.h"
#include "checks/threads/together.h"

namespace triecheck::checks {

// Requests that wait for admission, by number; all of them come before the first thread begins.
//
// Threads: any number at once.
class admission_queue {
 public:
  explicit admission_queue(std::size_t requests) {
    for (std::size_t i = 0; i < requests; ++i) waiting_.push_back(i);
  }

  void push(std::size_t request) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(request);
  }

  // Nothing where none waits. A thread that has nothing open may end then: another one that puts a request back serves
  // it.
  std::optional<std::size_t> pop() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    const std::size_t request = waiting_.front();
    waiting_.pop_front();
    return request;
  }

 private:
  std::mutex mutex_;
  std::deque<std::size_t> waiting_;
};

template <class Cache>
class overload_worker {
 public:
  overload_worker(Cache& cache, const overload_load& l, admission_queue& queue, std::size_t threads, std::size_t number,
                  when_refused then, overload_pass& pass)
      : cache_(cache),
        load_(l),
        queue_(queue),
        batch_(l.batch(threads)),
        has_company_(threads > 1),
        then_(then),
        pass_(pass),
        random_(static_cast<std::uint32_t>(number)) {}

  void serve() {
    std::size_t round = 0;
    do {
      admit();
      grow();
      // The model computes the next tokens of every beam, which takes far longer than all this: other threads run
      // meanwhile. Not at every token: where other processes have the cores, each time costs as long as they like.
      if (++round % 4 == 0 && has_company_) std::this_thread::yield();
    } while (!running_.empty() || !is_queue_empty_);
  }

 private:
  using lease_type = typename Cache::lease_type;

  struct running_request {
    std::size_t number;
    std::size_t tokens_left;
    std::vector<lease_type> beams;
  };
  enum class step : std::uint8_t { goes_on, finished, cancelled, preempted };

  // Takes requests until the batch is full, none waits, or one is refused.
  void admit() {
    is_queue_empty_ = false;
    while (running_.size() < batch_) {
      const std::optional<std::size_t> number = queue_.pop();
      if (!number) {
        is_queue_empty_ = true;
        return;
      }
      if (try_to_start(*number)) continue;
      if (then_ == when_refused::waits && running_.empty()) {
        start_in_turn(*number);
        continue;
      }
      queue_.push(*number);
      return;
    }
  }

  // Returns whether there were pages for its prompt. `tried` becomes the lease of the attempt.
  bool try_to_start(std::size_t number, lease_id* tried = nullptr) {
    const std::span<const token> prompt = load_.prompts.request(number);
    lease_type l = cache_.lookup(prompt);
    if (tried != nullptr) *tried = l.id();
    if (!allocate_prompt(l, prompt.subspan(l.token_count()))) return false;
    must(cache_.publish(l, l.token_count()));
    start(number, std::move(l));
    return true;
  }

  // Holds no pages meanwhile, so that others need not wait for it.
  void start_in_turn(std::size_t number) {
    auto place = cache_.queue_for_pages();
    lease_id tried = no_lease;
    do {
      static_cast<void>(place.wait(tried));
    } while (!try_to_start(number, &tried));
  }

  bool allocate_prompt(lease_type& l, std::span<const token> rest) {
    const std::uint64_t begin = std_sync::now_ns();
    const status s = cache_.allocate(l, rest);
    pass_.allocate.add(std_sync::now_ns() - begin);
    ++pass_.attempts;
    if (s == status::ok) return true;
    if (s != status::cache_full) must(s);
    ++pass_.refused;
    return false;
  }

  // A beam that finds no pages is left out, as a server under load does.
  void start(std::size_t number, lease_type first) {
    const overload_load::request& asked = load_.requests[number];
    running_request& r = running_.emplace_back();
    r.number = number;
    r.tokens_left = asked.output_tokens;
    r.beams.push_back(std::move(first));
    while (r.beams.size() < asked.beams) {
      auto f = cache_.fork(r.beams.front());
      if (f.result != status::ok) break;
      r.beams.push_back(std::move(f.forked));
    }
  }

  void grow() {
    for (std::size_t i = 0; i < running_.size();) {
      const step s = decode(running_[i]);
      if (s == step::goes_on) {
        ++i;
        continue;
      }
      for (lease_type& l : running_[i].beams) static_cast<void>(cache_.release(l));
      if (s == step::preempted) queue_.push(running_[i].number);
      pass_.finished += s == step::finished;
      pass_.cancelled += s == step::cancelled;
      pass_.preempted += s == step::preempted;
      std::swap(running_[i], running_.back());
      running_.pop_back();
    }
  }

  step decode(running_request& r) {
    const overload_load::request& asked = load_.requests[r.number];
    for (lease_type& l : r.beams) {
      const auto next = static_cast<token>(random_() % 32'000);
      const status s = cache_.allocate(l, std::span(&next, 1));
      if (s == status::cache_full) return step::preempted;
      must(s);
      if (l.token_count() % load_.page_tokens == 0) must(cache_.publish(l, l.token_count()));
    }
    --r.tokens_left;
    if (asked.is_cancelled && 2 * r.tokens_left < asked.output_tokens) return step::cancelled;
    return r.tokens_left == 0 ? step::finished : step::goes_on;
  }

  Cache& cache_;
  const overload_load& load_;
  admission_queue& queue_;
  const std::size_t batch_;
  const bool has_company_;  // of other threads
  const when_refused then_;
  overload_pass& pass_;
  std::mt19937 random_;  // of the tokens that are generated
  std::vector<running_request> running_;
  bool is_queue_empty_ = false;
};

template <class Cache>
overload_pass run_overload(const overload_load& l, std::size_t threads, when_refused then) {
  Cache cache({.pages = l.pages, .tokens_per_page = l.page_tokens});
  fill_with_strangers(cache, l.pages, l.page_tokens, token{1} << 20);  // no prompt and no output has such tokens
  admission_queue queue(l.requests.size());
  std::vector<overload_pass> parts(threads);
  overload_pass all;
  const std::clock_t processor_time = std::clock();
  all.seconds = run_together(threads, [&](std::size_t t, auto) {
    overload_worker<Cache>(cache, l, queue, threads, t + 1, then, parts[t]).serve();
  });
  all.processor_seconds = static_cast<double>(std::clock() - processor_time) / CLOCKS_PER_SEC;
  for (const overload_pass& part : parts) {
    all.finished += part.finished;
    all.cancelled += part.cancelled;
    all.attempts += part.attempts;
    all.refused += part.refused;
    all.preempted += part.preempted;
    all.allocate.add(part.allocate);
  }
  all.left_open = cache.stats().open_leases;
  return all;
}

}  // namespace triecheck::checks
