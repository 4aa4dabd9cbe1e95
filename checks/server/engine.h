// The engine: workers that compute many requests at once over one cache, each step with calls of
// the cache from its own thread.
//
// A request is admitted by `lookup` and `allocate`, its prompt is computed in chunks and what is
// computed is published after each, and it grows by `allocate` as it decodes. Choices of one
// request share the prompt by `fork`. Whatever ends a sequence, or makes it yield (scheduler.h),
// destroys its lease.
//
// The last token is never looked up: its logits are needed, so it is computed.
//
// Threads: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "checks/server/any_cache.h"
#include "checks/server/page_memory.h"
#include "checks/server/request.h"
#include "checks/server/scheduler.h"
#include "checks/server/transformer.h"

namespace triecheck::server {

struct engine_options {
  std::size_t pages = 256;
  std::size_t page_tokens = 4;
  std::size_t threads = 4;       ///< workers
  std::size_t batch = 16;        ///< sequences that run at once
  std::size_t queue = 64;        ///< requests that wait at most
  std::size_t chunk_tokens = 8;  ///< of a prompt in one step
  std::uint64_t seed = 1;        ///< of the weights
};

/// Since the start.
struct engine_counts {
  std::uint64_t requests = 0;
  std::uint64_t refused_requests = 0;  ///< the queue was full
  std::uint64_t prompt_tokens = 0;     ///< of requests, at their first admission
  std::uint64_t hit_tokens = 0;        ///< of these, found in the cache
  std::uint64_t produced_tokens = 0;
  std::uint64_t preemptions = 0;
  std::uint64_t refused_forks = 0;  ///< choices that computed the prompt again
  std::size_t waiting = 0;          ///< now, as what follows
  std::size_t running = 0;
};

class engine {
 public:
  static constexpr std::size_t most_choices = 16;

  /// `cache` was made with the pages of the options.
  engine(std::unique_ptr<any_cache> cache, const engine_options& options);
  /// As `stop`.
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Null where the queue is full. Requires a job that `fits`, with 1 .. most_choices choices.
  std::shared_ptr<request> submit(completion_job job);

  /// How many tokens the longest request may have, prompt and answer: the last token needs no
  /// place.
  std::size_t longest_request() const { return options_.pages * options_.page_tokens + 1; }

  /// The client went away. What waits ends at once, what runs at its next step.
  void cancel(request& r);

  /// Ends all requests as `stopped`, and the threads. Nothing is submitted any more.
  void stop();

  engine_counts counts() const;
  const engine_options& options() const { return options_; }
  any_cache& cache() { return *cache_; }
  page_memory& memory() { return memory_; }
  const transformer& model() const { return model_; }
  scheduler& schedule() { return scheduler_; }

 private:
  void work();
  void wait_for_pages();

  enum class admission { admitted, refused, over };
  struct attempt {
    admission what;
    lease_id tried = no_lease;
  };
  attempt admit(const sequence_ptr& s);

  void step(const sequence_ptr& s);
  std::optional<transformer::state> compute(sequence& s);
  bool grow(const sequence_ptr& s);
  void choose(sequence& s, const transformer::state& last);
  void branch(sequence& s, const std::vector<token>& first_tokens);
  void append(sequence& s, token t);
  void go_on(const sequence_ptr& s);
  void yield(const sequence_ptr& s);
  void end(const sequence_ptr& s, request_end how);

  const engine_options options_;
  const transformer model_;
  page_memory memory_;
  const std::unique_ptr<any_cache> cache_;
  scheduler scheduler_;

  // Each by itself, for people.
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> refused_requests_{0};
  std::atomic<std::uint64_t> prompt_tokens_{0};
  std::atomic<std::uint64_t> hit_tokens_{0};
  std::atomic<std::uint64_t> produced_tokens_{0};
  std::atomic<std::uint64_t> refused_forks_{0};

  std::once_flag stopped_;
  std::vector<std::thread> threads_;
};

}  // namespace triecheck::server
