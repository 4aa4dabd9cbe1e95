// The memory of closed leases, kept for the next ones: in steady state opening a lease allocates nothing.
//
// Every thread keeps the buffers of the leases that it closed for those that it opens, so nobody else touches them. A
// thread beyond the layer's number of indices keeps none, and allocates.
//
// Threads and progress: any; wait-free, but for the heap that a lease which is larger than any before it asks for.
#pragma once

#include <array>
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

  lease_buffers() : stashes_(std::make_unique<stash[]>(Sync::thread_indices)) {}

  /// Gives the empty `p` and `t` memory that an earlier lease had, if there is some.
  void lend(pages& p, tokens& t) {
    const std::size_t i = Sync::thread_index();
    if (i == Sync::thread_indices || stashes_[i].count == 0) return;
    auto& kept = stashes_[i].kept[--stashes_[i].count];
    p.swap(kept.first);
    t.swap(kept.second);
  }

  /// Takes the memory of a lease that is closed; both are empty afterwards.
  void keep(pages& p, tokens& t) {
    const std::size_t i = Sync::thread_index();
    p.clear();
    t.clear();
    if (i == Sync::thread_indices || stashes_[i].count == most) return;
    auto& kept = stashes_[i].kept[stashes_[i].count++];
    p.swap(kept.first);
    t.swap(kept.second);
  }

 private:
  static constexpr std::size_t most = 16;  // open leases of a thread beyond these cost an allocation each

  struct alignas(64) stash {
    std::size_t count = 0;
    std::array<std::pair<pages, tokens>, most> kept;
  };

  const std::unique_ptr<stash[]> stashes_;
};

}  // namespace triecheck
