// Blocks of tokens as the small numbers of a scenario.
//
// Threads: each object by one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "model/operation.h"

namespace triecheck::checks {

/// Equal blocks get equal numbers. A page of the scenario holds one token, or two, of which a page that is
/// filled in part has the first.
class small_tokens {
 public:
  small_tokens(std::size_t tokens_per_page, bool has_partial) : from_(tokens_per_page), to_(has_partial ? 2 : 1) {}

  std::size_t tokens_per_page() const { return to_; }

  /// How many tokens so many tokens are.
  std::size_t count(std::size_t tokens) const { return tokens / from_ * to_ + (tokens % from_ == 0 ? 0 : 1); }

  std::vector<std::uint32_t> of(const std::vector<model::token>& sequence) {
    std::vector<std::uint32_t> small;
    for (std::size_t at = 0; at < sequence.size(); at += from_) {
      const auto begin = sequence.begin() + static_cast<std::ptrdiff_t>(at);
      const auto end = sequence.begin() + static_cast<std::ptrdiff_t>(std::min(at + from_, sequence.size()));
      const auto number =
          numbers_.try_emplace(std::vector<model::token>(begin, end), static_cast<std::uint32_t>(numbers_.size() + 1))
              .first->second;
      const std::size_t tokens = static_cast<std::size_t>(end - begin) == from_ ? to_ : 1;
      small.insert(small.end(), tokens, number);
    }
    return small;
  }

  /// A block that nothing else has.
  std::uint32_t unused() { return static_cast<std::uint32_t>(1000 + ++unused_); }

 private:
  const std::size_t from_;
  const std::size_t to_;
  std::map<std::vector<model::token>, std::uint32_t> numbers_;
  std::uint32_t unused_ = 0;
};

}  // namespace triecheck::checks
