// What a shutdown and a snapshot say of the pages, one text for every variant.
//
// A variant shows a pool (`state` and `holder` of a page), a trie (`parent`, `space`, `block` and `extra` of a node,
// and `is_forgotten`, and `for_each_indexed`), and how many open leases have a node in their chain.
//
// Threads: not synchronised; no thread changes the pages meanwhile. For checks and diagnosis: it asks for memory as it
// goes.
#pragma once

#include <utility>
#include <vector>

#include "../types.h"

namespace triecheck::inline v0_1 {

template <class Pool, class Trie, class Pins>
class inspection {
 public:
  /// Keeps references to `pool` and `trie`. `pins(page)` is asked for nodes only.
  inspection(const cache_config& config, const Pool& pool, const Trie& trie, Pins pins)
      : config_(config), pool_(pool), trie_(trie), pins_(std::move(pins)) {}

  /// Every page that is not free. O(pages).
  shutdown_report lost_pages() const {
    shutdown_report report;
    for (std::size_t i = 0; i < config_.pages; ++i) {
      const page_id page{static_cast<std::uint32_t>(i)};
      const page_state state = pool_.state(page);
      if (state == page_state::free) continue;
      report.lost.push_back({page, state, pool_.holder(page), state == page_state::cached ? pins_(page) : 0});
    }
    if (!report.lost.empty()) report.result = status::pages_lost;
    return report;
  }

  /// All but the order of eviction. O(pages x tokens per page).
  cache_snapshot snapshot() const {
    cache_snapshot s;
    s.tokens_per_page = config_.tokens_per_page;
    s.pages.resize(config_.pages);
    for (std::size_t i = 0; i < config_.pages; ++i) {
      const page_id page{static_cast<std::uint32_t>(i)};
      page_view& view = s.pages[i];
      view.state = pool_.state(page);
      view.holder = pool_.holder(page);
      if (view.state != page_state::cached) continue;
      view.parent = trie_.parent(page);
      view.space = trie_.space(page);
      view.pins = pins_(page);
      view.block = trie_.block(page);
      view.key = trie_.extra(page);
      view.forgotten = trie_.is_forgotten(page);
    }
    trie_.for_each_indexed([&](page_id page) { s.indexed.push_back(page); });
    return s;
  }

 private:
  const cache_config& config_;
  const Pool& pool_;
  const Trie& trie_;
  Pins pins_;
};

/// For each node how many open leases have it in their chain, where a node knows only of those that end on it: `own`,
/// by page. The result is what `inspection` asks. O(pages, and for each node that a lease ends on the length of its
/// chain).
template <class Trie>
auto pins_of_chains(const std::vector<std::uint32_t>& own, const Trie& trie) {
  std::vector<std::uint32_t> pins = own;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i] == 0) continue;
    std::size_t steps = 0;  // a damaged trie may have a cycle: the checks say so, this must end
    for (page_id above = trie.parent(page_id(static_cast<std::uint32_t>(i))); above != no_page && ++steps <= own.size();
         above = trie.parent(above)) {
      pins[index_of(above)] += own[i];
    }
  }
  return [pins = std::move(pins)](page_id page) { return pins[index_of(page)]; };
}

}  // namespace triecheck::inline v0_1
