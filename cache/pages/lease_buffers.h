// The memory of closed leases, kept for the next ones: in steady state opening a lease allocates nothing.
//
// Every thread keeps the buffers of the leases that it closed for those that it opens, so no other thread touches them.
// A thread without an index keeps none, and allocates.
//
// A thread keeps `most` pairs of buffers at most, and no more than `bytes_kept`: what one long request asked for is not
// kept for ever.
//
// Threads and progress: any; wait-free, but for the heap that a lease which is larger than any before it asks for.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "../sync/sync.h"
#include "../types.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class lease_buffers {
 public:
  using pages = std::vector<page_id>;
  using tokens = std::vector<token>;

  /// What a thread keeps at most, in all: what leases that hold every page of the cache need, and never more than 4
  /// MiB.
  static constexpr std::size_t bytes_kept(const cache_config& c) noexcept {
    constexpr std::size_t enough = std::size_t{4} << 20;
    const std::size_t pages = std::min(c.pages, enough);  // so that nothing overflows
    const std::size_t tokens = std::min(c.tokens_per_page, enough);
    return std::max<std::size_t>(64 << 10, std::min(enough, 2 * pages * (sizeof(page_id) + tokens * sizeof(token))));
  }

  lease_buffers(const typename Sync::thread_indices& threads, const cache_config& c)
      : threads_(threads),
        most_bytes_(bytes_kept(c)),
        stashes_(std::make_unique<stash[]>(Sync::thread_indices::count)) {
    for (std::size_t i = 0; i < Sync::thread_indices::count; ++i) Sync::label(stashes_[i].count, "buffers.count", i);
  }

  /// Gives the empty `p` and `t` memory that an earlier lease had, if there is some.
  void lend(pages& p, tokens& t) {
    const std::size_t i = threads_.own();
    if (i == Sync::thread_indices::count) return;
    stash& s = stashes_[i];
    const std::size_t count = s.count.get();
    if (count == 0) return;
    s.count.set(count - 1);
    auto& kept = s.kept[count - 1];
    p.swap(kept.first);
    t.swap(kept.second);
    s.bytes -= bytes(p, t);
  }

  /// Takes the memory of a lease that is closed, or frees it where that would be too much to keep; both are empty
  /// afterwards.
  void keep(pages& p, tokens& t) {
    p.clear();
    t.clear();
    if (stash* s = room_for(bytes(p, t))) {
      const std::size_t count = s->count.get();
      s->count.set(count + 1);
      s->bytes += bytes(p, t);
      auto& kept = s->kept[count];
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
    typename Sync::template var<std::size_t> count{
        0};                 // of the layer: an exploration sees a second thread here as a race
    std::size_t bytes = 0;  // of all that is kept
    std::array<std::pair<pages, tokens>, most> kept;
  };

  // Where the calling thread keeps so many bytes more, if it does.
  stash* room_for(std::size_t more) {
    const std::size_t i = threads_.own();
    if (i == Sync::thread_indices::count) return nullptr;
    stash& s = stashes_[i];
    return s.count.get() != most && s.bytes + more <= most_bytes_ ? &s : nullptr;
  }

  const typename Sync::thread_indices threads_;
  const std::size_t most_bytes_;
  const std::unique_ptr<stash[]> stashes_;
};

}  // namespace triecheck::inline v0_1
