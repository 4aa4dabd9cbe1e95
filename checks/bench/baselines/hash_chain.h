// The baseline "hash chain": the hash of a block chained with that of its prefix leads to the page, in one
// std::unordered_map, as the block pools of serving systems do. Equal hashes of 64 bits are taken for equal prefixes;
// no token is compared, which spares this baseline work that the variants of cache/ do.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "cache/types.h"
#include "checks/bench/baselines/one_day_cache.h"

namespace triecheck::checks {

class hash_chain_index {
 public:
  using cursor = std::uint64_t;

  explicit hash_chain_index(std::size_t pages) { pages_.reserve(pages); }

  static cursor start(key_space space) { return static_cast<cursor>(space); }
  static cursor step(cursor prefix, std::span<const token> block) { return hash_of(prefix, block); }
  page_id find(cursor prefix) const {
    const auto found = pages_.find(prefix);
    return found == pages_.end() ? no_page : found->second;
  }
  static cursor behind(page_id, cursor prefix) { return prefix; }
  cursor add(cursor prefix, std::span<const token>, page_id page) {
    pages_.emplace(prefix, page);
    return prefix;
  }
  void remove(cursor prefix) { pages_.erase(prefix); }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [prefix, page] : pages_) visit(page);
  }

 private:
  std::unordered_map<cursor, page_id> pages_;
};

using hash_chain_cache = one_day_cache<hash_chain_index>;

}  // namespace triecheck::checks
