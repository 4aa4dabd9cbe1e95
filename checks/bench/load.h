// What a benchmark replays: the requests of a trace, expanded to tokens beforehand, so that nothing but the cache is
// measured.
//
// Threads: read by any number of threads once it is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cache/types.h"
#include "checks/trace/trace.h"

namespace triecheck::checks {

/// Requests, their tokens one behind the other.
struct request_list {
  std::vector<token> tokens;              ///< of all requests
  std::vector<std::size_t> starts = {0};  ///< of each request in `tokens`, and the end of the last

  std::size_t requests() const noexcept { return starts.size() - 1; }
  std::span<const token> request(std::size_t i) const noexcept {
    return std::span(tokens).subspan(starts[i], starts[i + 1] - starts[i]);
  }

  void add(std::span<const token> request);

  /// A copy of the requests first, first + step, ... .
  request_list share(std::size_t first, std::size_t step) const;
};

struct load : request_list {
  std::string name;
  std::string description;
  std::size_t page_tokens = 16;
  std::size_t distinct_pages = 0;  ///< full pages that the requests have together: what a cache for all of them holds
  std::size_t pages = 0;           ///< of all requests, full or not
  std::size_t longest_pages = 0;   ///< of one request
  token unused = 0;                ///< no request has this token or a higher one

  std::size_t pages_of(std::size_t i) const noexcept {
    return (starts[i + 1] - starts[i] + page_tokens - 1) / page_tokens;
  }
};

/// As many rows from the front of `t` as have `most_tokens` tokens together, at least one. A block is expanded to
/// `t.block_tokens` tokens, which have to be a multiple of `page_tokens`. Rows without tokens are left out. Throws
/// trace_error for a row in a namespace, which the baselines do not have.
load make_load(std::string name, std::string description, const trace& t, std::size_t page_tokens,
               std::size_t most_tokens);

}  // namespace triecheck::checks
