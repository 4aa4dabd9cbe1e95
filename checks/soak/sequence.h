// The tokens of a request, and what each of its pages has to hold: a digest of all tokens up to the end of the page
// (checks/simulate/page_contents.h).
//
// Threads: each object by one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "checks/simulate/page_contents.h"

namespace triecheck::checks {

class sequence {
 public:
  sequence() = default;
  sequence(std::size_t page_tokens, std::uint64_t space) : page_tokens_(page_tokens), space_(space) {}

  std::span<const std::uint32_t> tokens() const noexcept { return tokens_; }

  void append(std::span<const std::uint32_t> more) {
    tokens_.insert(tokens_.end(), more.begin(), more.end());
    while ((full_.size() + 1) * page_tokens_ <= tokens_.size())
      full_.push_back(next_digest(before(full_.size()), block(full_.size())));
  }

  void shrink(std::size_t tokens) {
    tokens_.resize(tokens);
    full_.resize(std::min(full_.size(), tokens / page_tokens_));
  }

  /// Of a page that has tokens.
  std::uint64_t digest_of(std::size_t page) const {
    return page < full_.size() ? full_[page] : next_digest(before(page), block(page));
  }

 private:
  std::uint64_t before(std::size_t page) const { return page == 0 ? first_digest(space_) : full_[page - 1]; }
  std::span<const std::uint32_t> block(std::size_t page) const {
    const auto rest = tokens().subspan(page * page_tokens_);
    return rest.first(std::min(rest.size(), page_tokens_));
  }

  std::size_t page_tokens_ = 1;
  std::uint64_t space_ = 0;
  std::vector<std::uint32_t> tokens_;
  std::vector<std::uint64_t> full_;  // of each full page
};

}  // namespace triecheck::checks
