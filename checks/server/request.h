// One request on its way: what the engine has produced of it, and whether its client still wants
// it.
//
// Threads: any. The client's thread waits, the engine's workers produce; each choice has one
// producer at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cache/types.h"

namespace triecheck::server {

/// What a client asks for.
struct completion_job {
  std::vector<token> prompt;    ///< at least one token
  std::size_t max_tokens = 16;  ///< of each choice; at least 1
  std::size_t choices = 1;      ///< choice i begins with the i-th most likely token
  bool streams = false;         ///< the client is woken for each token, otherwise at the end
};

struct produced_token {
  std::size_t choice;
  token value;
  bool is_last;  ///< of its choice
};

enum class request_end {
  none,       ///< not yet
  done,       ///< all choices are complete
  cancelled,  ///< its client went away
  stopped,    ///< the server ends
  failed,     ///< the cache refused pages that it must have
};

class request {
 public:
  explicit request(completion_job job) : job_(std::move(job)), open_choices_(job_.choices) {}

  const completion_job& job() const noexcept { return job_; }

  /// Moves what was produced since the last call to `tokens`; waits for it, for the end, or for
  /// `limit`. Returns the end, after which nothing comes.
  request_end wait(std::vector<produced_token>& tokens, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    news_.wait_for(lock, limit, [&] { return end_ != request_end::none || (job_.streams && !produced_.empty()); });
    tokens.clear();
    tokens.swap(produced_);
    return end_;
  }

  /// The client does not want it any more. The engine ends it at its next step.
  void give_up() noexcept { given_up_.store(true, std::memory_order_relaxed); }
  bool is_given_up() const noexcept { return given_up_.load(std::memory_order_relaxed); }

  void produce(produced_token t) {
    const std::lock_guard lock(mutex_);
    if (end_ != request_end::none) return;
    produced_.push_back(t);
    if (job_.streams) news_.notify_all();
  }

  /// A choice is over. The first end that is not `done` is that of the request, or `done` when the
  /// last choice is.
  void end_choice(request_end how) {
    const std::lock_guard lock(mutex_);
    --open_choices_;
    if (end_ != request_end::none || (how == request_end::done && open_choices_ != 0)) return;
    end_ = how;
    news_.notify_all();
  }

 private:
  const completion_job job_;
  // only a wish: what the client and the engine share is under the mutex
  std::atomic<bool> given_up_{false};

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<produced_token> produced_;
  std::size_t open_choices_;
  request_end end_ = request_end::none;
};

}  // namespace triecheck::server
