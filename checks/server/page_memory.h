// Keys and values in pages: the memory that the pages of the cache number.
//
// The cache knows pages by number only. The server owns this array beside it: page p of the pool is
// the p-th slice.
//
// Threads: a page that is private to a lease is written by the owner of the lease alone; a cached
// page is only read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cache/types.h"

namespace triecheck::server {

/// Where the keys and values of one sequence lie: position p in row p % page_tokens of page pages[p
/// / page_tokens].
struct kv_rows {
  std::int32_t* memory;
  std::span<const page_id> pages;
  std::size_t page_tokens;
  std::size_t ints_per_token;

  /// Requires that the pages reach so far.
  std::int32_t* at(std::size_t position) const {
    const std::size_t row = index_of(pages[position / page_tokens]) * page_tokens + position % page_tokens;
    return memory + row * ints_per_token;
  }
};

class page_memory {
 public:
  page_memory(std::size_t pages, std::size_t page_tokens, std::size_t ints_per_token)
      : page_tokens_(page_tokens), ints_per_token_(ints_per_token), ints_(pages * page_tokens * ints_per_token) {}

  kv_rows rows(std::span<const page_id> pages) { return {ints_.data(), pages, page_tokens_, ints_per_token_}; }

  std::span<std::int32_t> contents(page_id page) {
    const std::size_t ints = page_tokens_ * ints_per_token_;
    return std::span(ints_).subspan(index_of(page) * ints, ints);
  }

  void copy(page_copy c) { std::ranges::copy(contents(c.from), contents(c.to).begin()); }

  std::size_t page_tokens() const { return page_tokens_; }

 private:
  std::size_t page_tokens_;
  std::size_t ints_per_token_;
  std::vector<std::int32_t> ints_;
};

}  // namespace triecheck::server
