// Several sets of numbers below one bound, each of which knows its least member: a tree of words of 64 bits, where a
// bit says whether the word below it has one. Above the trees is a bit for each set that has members.
//
// Cost: `set`, `clear` and `first` touch at most one word per layer, 6 layers for 2^33 numbers, and one more where a
// set gets its first member or loses its last; `test` one word; `first_set` one word for each 64 sets.
// Threads: not synchronised; the owner serialises every call.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "../sync/sync.h"

namespace triecheck::inline v0_1 {

template <sync_layer Sync>
class bit_sets {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// `sets` empty sets of numbers below `bound`. Requires bound >= 1.
  bit_sets(std::size_t sets, std::size_t bound) {
    for (std::size_t words = bound; layers_ == 0 || words > 1; ++layers_) {
      words = (words + 63) / 64;
      begins_[layers_] = words_per_set_;
      words_per_set_ += words;
    }
    words_ = std::make_unique<word[]>(sets * words_per_set_);
    for (std::size_t i = 0; i < sets * words_per_set_; ++i) {
      words_[i].set(0);
      Sync::label(words_[i], "eviction.bits", i);
    }
    used_words_ = (sets + 63) / 64;
    used_ = std::make_unique<word[]>(used_words_);
    for (std::size_t i = 0; i < used_words_; ++i) {
      used_[i].set(0);
      Sync::label(used_[i], "eviction.used_sets", i);
    }
  }

  bool test(std::size_t set, std::size_t number) const {
    return (at(set, 0, number / 64).get() >> (number % 64) & 1) != 0;
  }

  void set(std::size_t set, std::size_t number) {
    for (std::size_t layer = 0; layer < layers_; ++layer, number /= 64) {
      word& w = at(set, layer, number / 64);
      const std::uint64_t before = w.get();
      w.set(before | std::uint64_t{1} << (number % 64));
      if (before != 0) return;
    }
    used_[set / 64].set(used_[set / 64].get() | std::uint64_t{1} << (set % 64));
  }

  void clear(std::size_t set, std::size_t number) {
    for (std::size_t layer = 0; layer < layers_; ++layer, number /= 64) {
      word& w = at(set, layer, number / 64);
      const std::uint64_t left = w.get() & ~(std::uint64_t{1} << (number % 64));
      w.set(left);
      if (left != 0) return;
    }
    used_[set / 64].set(used_[set / 64].get() & ~(std::uint64_t{1} << (set % 64)));
  }

  /// The first set that has members, or `none`.
  std::size_t first_set() const {
    for (std::size_t i = 0; i < used_words_; ++i) {
      if (const std::uint64_t bits = used_[i].get(); bits != 0)
        return i * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    }
    return none;
  }

  /// The least member of the set, or `none`.
  std::size_t first(std::size_t set) const {
    std::size_t number = 0;
    for (std::size_t layer = layers_; layer-- > 0;) {
      const std::uint64_t bits = at(set, layer, number).get();
      if (bits == 0) return none;
      number = number * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    }
    return number;
  }

 private:
  using word = typename Sync::template var<std::uint64_t>;

  word& at(std::size_t set, std::size_t layer, std::size_t index) {
    return words_[set * words_per_set_ + begins_[layer] + index];
  }
  const word& at(std::size_t set, std::size_t layer, std::size_t index) const {
    return words_[set * words_per_set_ + begins_[layer] + index];
  }

  // Constant after construction.
  std::size_t layers_ = 0;
  std::array<std::size_t, 11> begins_{};  // of each layer in a set, the lowest first; 64^11 exceeds any bound
  std::size_t words_per_set_ = 0;
  std::size_t used_words_ = 0;

  std::unique_ptr<word[]> words_;
  std::unique_ptr<word[]> used_;  // by set: whether it has members
};

}  // namespace triecheck::inline v0_1
