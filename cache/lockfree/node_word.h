// The words that the lock-free trie works on, and what is packed into them.
//
// Threads: plain values.
#pragma once

#include <cstdint>

#include "../types.h"

namespace triecheck::inline v0_1 {

/// The state of a page in one word: how often it was a node, whether it is one, whether it is forgotten, of which kind
/// it is, and how many references it has: leases that end on it, and children. So one compare-exchange pins a node only
/// if it still is the one that was found, and evicts it only if it is an unpinned leaf.
struct node_word {
  std::uint32_t references = 0;
  bool is_node = false;
  bool is_forgotten = false;     ///< no lookup finds it
  std::uint8_t kind = 0;         ///< of a node: has_extra, has_upper
  std::uint32_t generation = 0;  ///< 28 bits; grows when the node is evicted

  static constexpr std::uint8_t has_extra = 1;  ///< its block has a key beside the tokens
  static constexpr std::uint8_t has_upper = 2;  ///< a first node whose namespace has the bit that node_ref lacks

  static constexpr std::uint64_t one_reference = 1;
  static constexpr std::uint64_t forgotten = std::uint64_t{1} << 33;

  constexpr std::uint64_t packed() const noexcept {
    return std::uint64_t{generation & generation_mask} << 36 | std::uint64_t{kind} << 34 |
           (is_forgotten ? forgotten : 0) | std::uint64_t{is_node} << 32 | references;
  }
  static constexpr node_word of(std::uint64_t packed) noexcept {
    return {.references = static_cast<std::uint32_t>(packed),
            .is_node = (packed >> 32 & 1) != 0,
            .is_forgotten = (packed & forgotten) != 0,
            .kind = static_cast<std::uint8_t>(packed >> 34 & 3),
            .generation = static_cast<std::uint32_t>(packed >> 36)};
  }
  constexpr bool is_evictable() const noexcept { return is_node && !is_forgotten && references == 0; }

  /// Whether lookups find it.
  static constexpr bool is_findable(std::uint64_t packed) noexcept { return (packed >> 32 & 3) == 1; }

  /// The same where they look for a node of that kind.
  static constexpr bool is_findable(std::uint64_t packed, std::uint8_t kind) noexcept {
    return (packed >> 32 & 15) == (1U | std::uint32_t{kind} << 2);
  }

  /// Whether both words are of one node, with as many references as each may have.
  static constexpr bool of_one_node(std::uint64_t a, std::uint64_t b) noexcept {
    return a >> 32 == b >> 32 && (a >> 32 & 1) != 0;
  }

 private:
  static constexpr std::uint32_t generation_mask = 0x0fff'ffff;
};

/// A node as its children name it: a page together with its generation, so that a page that became another node has no
/// children of the old one. Or the root of a namespace.
struct node_ref {
  page_id page = no_page;        ///< `no_page`: a root
  std::uint64_t generation = 0;  ///< of a root, its namespace

  static constexpr node_ref root(key_space space) noexcept {
    return {.page = no_page, .generation = static_cast<std::uint64_t>(space)};
  }

  /// Of a namespace all bits but the uppermost: `upper` is that one.
  constexpr std::uint64_t packed() const noexcept {
    return page == no_page ? root_mark | generation : generation << 32 | static_cast<std::uint32_t>(page);
  }
  constexpr bool upper() const noexcept { return page == no_page && (generation & root_mark) != 0; }

  static constexpr node_ref of(std::uint64_t packed) noexcept {
    if ((packed & root_mark) != 0) return {.page = no_page, .generation = packed & ~root_mark};
    return {.page = page_id(static_cast<std::uint32_t>(packed)), .generation = packed >> 32};
  }
  friend constexpr bool operator==(const node_ref&, const node_ref&) = default;

 private:
  static constexpr std::uint64_t root_mark = std::uint64_t{1} << 63;  // above every generation
};

/// The field that leads to the next node of a chain, or to the top of a stack: a page, a version that every change to
/// another page raises, so that a link that was changed and changed back is not taken for the old one, and a mark: the
/// node whose link it is leaves the chain.
struct link_word {
  page_id page = no_page;
  bool marked = false;
  std::uint32_t version = 0;  ///< 31 bits

  constexpr std::uint64_t packed() const noexcept {
    return std::uint64_t{version & 0x7fff'ffff} << 33 | std::uint64_t{marked} << 32 | static_cast<std::uint32_t>(page);
  }
  static constexpr link_word of(std::uint64_t packed) noexcept {
    return {.page = page_id(static_cast<std::uint32_t>(packed)),
            .marked = (packed >> 32 & 1) != 0,
            .version = static_cast<std::uint32_t>(packed >> 33)};
  }
  /// The link that replaces this one.
  constexpr std::uint64_t leading_to(page_id next) const noexcept {
    return link_word{.page = next, .marked = false, .version = version + 1}.packed();
  }
  static constexpr std::uint64_t mark = std::uint64_t{1} << 32;
};

}  // namespace triecheck::inline v0_1
