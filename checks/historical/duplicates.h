// The list of duplicate pages that the original kept for its releases to free: defects 23 and 24.
//
// Threads: any, at once. As in the interpreter that the original ran in, each place and the length
// are read and written as a whole, with or without a lock; what makes several of these one step is
// the caller's lock.
#pragma once

#include <memory>

#include "cache/sync/sync.h"
#include "cache/types.h"

namespace triecheck::historical {

template <sync_layer Sync>
class duplicate_list {
 public:
  explicit duplicate_list(std::size_t pages) : capacity_(pages), pages_(std::make_unique<place[]>(pages)) {
    Sync::label(count_, "duplicates.count");
    for (std::size_t i = 0; i < pages; ++i) Sync::label(pages_[i], "duplicates.page", i);
  }

  void append(page_id page) {
    const std::uint32_t count = count_.load(memory_order::seq_cst);
    Sync::require(count < capacity_, "I5: there are no more duplicates than pages");
    pages_[count].store(static_cast<std::uint32_t>(page), memory_order::seq_cst);
    count_.store(count + 1, memory_order::seq_cst);
  }

  /// Calls `free` with every page, then forgets all that are in the list by then.
  template <class Free>
  void free_all(Free free) {
    const std::uint32_t count = count_.load(memory_order::seq_cst);
    for (std::uint32_t i = 0; i < count; ++i) free(page_id(pages_[i].load(memory_order::seq_cst)));
    count_.store(0, memory_order::seq_cst);
  }

 private:
  using place = typename Sync::template atomic<std::uint32_t>;

  const std::size_t capacity_;
  const std::unique_ptr<place[]> pages_;
  typename Sync::template atomic<std::uint32_t> count_{0};
};

}  // namespace triecheck::historical
