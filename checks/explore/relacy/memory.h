// The heap that a simulated program allocates from, given to Relacy in place of Relacy's own header.
//
// It promises what Relacy's does: memory goes back to blocks of exactly its size, a freed block is kept back until 63
// more were freed (a use after free shows there), and what is freed must be a block that is in use. Relacy looks that
// up in a std::map, whose nodes cost as much as the blocks; here a block knows its place in the list of those in use.
#pragma once

#define RL_MEMORY_HPP

#include <relacy/base.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <ostream>
#include <span>
#include <vector>

namespace rl {

/// Whether a request is refused (failing_memory.h); none is where this is not set.
inline bool (*refuses_memory)() = nullptr;

class memory_mgr {
 public:
  memory_mgr() { current_ = this; }
  ~memory_mgr() { current_ = nullptr; }
  memory_mgr(const memory_mgr&) = delete;
  memory_mgr& operator=(const memory_mgr&) = delete;

  void* alloc(std::size_t size) {
    if (refuses_memory != nullptr && refuses_memory()) throw std::bad_alloc();
    block*& list = free_blocks(size);
    block* b = list;
    if (b != nullptr) {
      list = b->next;
    } else {
      b = carve(size);
    }
    b->place = in_use_.size();
    in_use_.push_back(b);
    return b + 1;
  }

  /// False when `memory` is nothing that may be freed now, be it any address at all.
  bool free(void* memory, bool defer) {
    if (memory == nullptr) return true;
    if (!is_inside(memory)) return false;
    block* b = static_cast<block*>(memory) - 1;
    const std::size_t place = b->place;
    if (place >= in_use_.size() || in_use_[place] != b) return false;
    in_use_[place] = in_use_.back();
    in_use_[place]->place = place;
    in_use_.pop_back();
    if (defer) {
      kept_back_[oldest_] = b;
      oldest_ = (oldest_ + 1) % kept_back_.size();
      b = kept_back_[oldest_];
      if (b == nullptr) return true;
    }
    block*& list = free_blocks(b->size);
    b->next = list;
    list = b;
    return true;
  }

  /// Calls `look` with everything that blocks were ever made of, of the program that runs.
  template <class Look>
  static void each_area(Look look) {
    for (std::size_t i = 0; i < current_->areas_.size() && i <= current_->area_; ++i) {
      const area& a = current_->areas_[i];
      look(std::as_bytes(std::span(a.blocks.get(), i == current_->area_ ? current_->used_ : a.count)));
    }
  }

  /// Whether everything was freed. Then the next execution begins as the first one did: equal executions have equal
  /// addresses, which a program may store in words.
  bool iteration_end() {
    if (!in_use_.empty()) return false;
    small_.fill(nullptr);
    for (auto& [size, list] : large_) list = nullptr;  // the map keeps its nodes: here they could not be freed
    kept_back_.fill(nullptr);
    oldest_ = area_ = used_ = 0;
    return true;
  }

  void output_allocs(std::ostream& stream) const {
    stream << "memory allocations:\n";
    for (block* b : in_use_) stream << static_cast<void*>(b + 1) << " [" << b->size << "]\n";
    stream << std::endl;
  }

 private:
  static inline memory_mgr* current_ = nullptr;

  // In front of the memory that was asked for.
  struct alignas(alignment) block {
    std::size_t size;
    union {
      std::size_t place;  // while in use: in in_use_
      block* next;        // while free
    };
  };

  struct area {
    std::unique_ptr<block[]> blocks;
    std::size_t count = 0;
  };

  block*& free_blocks(std::size_t size) { return size < small_.size() ? small_[size] : large_[size]; }

  block* carve(std::size_t size) {
    constexpr std::size_t usual_area = (256U << 10) / sizeof(block);
    const std::size_t count = 1 + (size + sizeof(block) - 1) / sizeof(block);
    while (area_ != areas_.size() && areas_[area_].count - used_ < count) {
      ++area_;
      used_ = 0;
    }
    if (area_ == areas_.size()) {
      const std::size_t wanted = std::max(count, usual_area);
      areas_.push_back({std::make_unique_for_overwrite<block[]>(wanted), wanted});
    }
    block* b = &areas_[area_].blocks[used_];
    used_ += count;
    b->size = size;
    return b;
  }

  // Whether there is memory for a block in front of this address: only then may one look.
  bool is_inside(const void* memory) const {
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    return address % sizeof(block) == 0 && std::any_of(areas_.begin(), areas_.end(), [&](const area& a) {
             const auto begin = reinterpret_cast<std::uintptr_t>(a.blocks.get());
             return address > begin && address - begin < a.count * sizeof(block);
           });
  }

  std::vector<block*> in_use_;
  std::array<block*, 1024> small_{};  // free blocks by size
  std::map<std::size_t, block*> large_;
  std::array<block*, 64> kept_back_{};
  std::size_t oldest_ = 0;  // of kept_back_: goes next
  std::vector<area> areas_;
  std::size_t area_ = 0;  // that new blocks are made of
  std::size_t used_ = 0;  // of its blocks
};

// What Relacy's log says of them.

struct memory_alloc_event {
  void* addr_;
  std::size_t size_;
  bool is_array_;
  void output(std::ostream& s) const { s << "memory allocation: addr=" << addr_ << ", size=" << size_; }
};

struct memory_free_event {
  void* addr_;
  bool is_array_;
  void output(std::ostream& s) const { s << "memory deallocation: addr=" << addr_; }
};

}  // namespace rl
