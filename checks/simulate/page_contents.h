// What the pages of a simulation hold: in place of keys and values one digest for each page, of the namespace and all
// tokens from the start of the sequence up to and including that page. A page that was recycled too early, handed out
// twice or attached under the wrong prefix shows as a wrong digest, the way it would show in a server as a wrong
// generation.
//
// The digests are atomic words, not plain ones. A correct cache orders every write before every read of the same page,
// so plain words would do. Under a broken one they would be a data race, whose outcome the language leaves undefined,
// and this check must still be able to report it. Relaxed is enough: it adds no order that could hide one that the
// cache forgot.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace triecheck::checks {

class page_contents {
 public:
  explicit page_contents(std::size_t pages) : digests_(std::make_unique<std::atomic<std::uint64_t>[]>(pages)) {}

  void write(std::size_t page, std::uint64_t digest) noexcept {
    digests_[page].store(digest, std::memory_order_relaxed);
  }
  std::uint64_t read(std::size_t page) const noexcept { return digests_[page].load(std::memory_order_relaxed); }

 private:
  const std::unique_ptr<std::atomic<std::uint64_t>[]> digests_;
};

/// The digest of no tokens in a namespace.
inline std::uint64_t first_digest(std::uint64_t space) noexcept { return (space + 1) * 0x9e37'79b9'7f4a'7c15; }

/// The digest of a prefix and the tokens that follow it.
inline std::uint64_t next_digest(std::uint64_t digest, std::span<const std::uint32_t> tokens) noexcept {
  for (const std::uint32_t token : tokens) digest = ((digest ^ (digest >> 32)) + token + 1) * 0x9e37'79b9'7f4a'7c15;
  return digest;
}

/// The contents of the pages of a sequence, the last of which may be partial.
inline std::vector<std::uint64_t> prefix_digests(std::span<const std::uint32_t> tokens, std::size_t page_tokens,
                                                 std::uint64_t space = 0) {
  std::vector<std::uint64_t> digests;
  digests.reserve(tokens.size() / page_tokens + 1);
  std::uint64_t digest = first_digest(space);
  for (std::size_t at = 0; at < tokens.size(); at += page_tokens) {
    digest = next_digest(digest, tokens.subspan(at, std::min(page_tokens, tokens.size() - at)));
    digests.push_back(digest);
  }
  return digests;
}

}  // namespace triecheck::checks
