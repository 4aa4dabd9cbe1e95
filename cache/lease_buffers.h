// The memory of closed leases, kept for the next ones: in steady state opening a lease allocates nothing.
//
// Every thread keeps the buffers of the leases that it closed for those that it opens, so nobody else touches them. A
// thread beyond the layer's number of indices keeps none, and allocates.
//
// A thread keeps `most` pairs of buffers at most, and no more bytes than the constructor was told: what one long request
// asked for is not kept for ever.
//
// Threads and progress: any; wait-free, but for the heap that a lease which is larger than any before it asks for.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "sync.h"
#include "types.h"

namespace triecheck {

template <sync_layer Sync>
class lease_buffers {
 public:
  using pages = std::vector<page_id>;
  using tokens = std::vector<token>;

  /// What a thread keeps at most, in all: what leases that hold every page of the cache need, and never more than 4 MiB.
  static constexpr std::size_t bytes_kept(const cache_config& c) noexcept {
    constexpr std::size_t enough = std::size_t{4} << 20;
    const std::size_t pages = std::min(c.pages, enough);  // so that nothing overflows
    const std::size_t tokens = std::min(c.tokens_per_page, enough);
    return std::max<std::size_t>(64 << 10, std::min(enough, 2 * pages * (sizeof(page_id) + tokens * sizeof(token))));
  }

  explicit lease_buffers(const cache_config& c) : most_bytes_(bytes_kept(c)), stashes_(std::make_unique<stash[]>(Sync::thread_indices)) {}

  /// Gives the empty `p` and `t` memory that an earlier lease had, if there is some.
  void lend(pages& p, tokens& t) {
    const std::size_t i = Sync::thread_index();
    if (i == Sync::thread_indices || stashes_[i].count == 0) return;
    stash& s = stashes_[i];
    auto& kept = s.kept[--s.count];
    p.swap(kept.first);
    t.swap(kept.second);
    s.bytes -= bytes(p, t);
  }

  /// Takes the memory of a lease that is closed, or frees it where that would be too much to keep; both are empty afterwards.
  void keep(pages& p, tokens& t) {
    const std::size_t i = Sync::thread_index();
    p.clear();
    t.clear();
    if (i != Sync::thread_indices && stashes_[i].count != most && stashes_[i].bytes + bytes(p, t) <= most_bytes_) {
      stash& s = stashes_[i];
      s.bytes += bytes(p, t);
      auto& kept = s.kept[s.count++];
      p.swap(kept.first);
      t.swap(kept.second);
    } else {
      pages().swap(p);
      tokens().swap(t);
    }
  }

 private:
  static constexpr std::size_t most = 16;  // open leases of a thread beyond these cost an allocation each

  static std::size_t bytes(const pages& p, const tokens& t) noexcept {
    return p.capacity() * sizeof(page_id) + t.capacity() * sizeof(token);
  }

  struct alignas(64) stash {
    std::size_t count = 0;
    std::size_t bytes = 0;  // of all that is kept
    std::array<std::pair<pages, tokens>, most> kept;
  };

  const std::size_t most_bytes_;
  const std::unique_ptr<stash[]> stashes_;
};

}  // namespace triecheck
