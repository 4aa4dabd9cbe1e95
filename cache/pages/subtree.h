// The nodes at and below others, parents before their children. A trie knows the parent of each node, not its children,
// so they are found by going up from every page, as far as no earlier way went.
//
// Cost: O(pages), and as much memory: 5 bytes for each page.
// Threads: belongs to one operation. Where others change the trie meanwhile, pages may be missing, or be no nodes by
// now.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../types.h"

namespace triecheck::inline v0_1 {

class subtree {
 public:
  /// What `collect` asks of a page.
  struct place {
    bool is_top = false;       ///< it belongs to the subtree, and what is below it
    page_id parent = no_page;  ///< of a node that is no top; of another page nothing
  };

  /// Throws std::bad_alloc. Nothing after that does.
  explicit subtree(std::size_t pages) : verdicts_(pages) { found_.reserve(pages); }

  /// Looks at every page once; finds those whose way up leads to a top. `look(page)` answers a `place`.
  template <class Look>
  void collect(Look look) {
    found_.clear();
    std::fill(verdicts_.begin(), verdicts_.end(), verdict::unknown);
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
      const auto known = static_cast<std::ptrdiff_t>(found_.size());
      const verdict v = go_up(page_id(static_cast<std::uint32_t>(i)), look);
      const auto way = found_.begin() + known;
      for (auto at = way; at != found_.end(); ++at) verdicts_[index_of(*at)] = v;
      if (v == verdict::inside) {
        std::reverse(way, found_.end());
      } else {
        found_.erase(way, found_.end());
      }
    }
  }

  /// What the last `collect` found.
  std::span<const page_id> pages() const noexcept { return found_; }

 private:
  enum class verdict : std::uint8_t { unknown, on_the_way, inside, outside };

  template <class Look>
  verdict go_up(page_id page, Look& look) {
    for (;;) {
      verdict& v = verdicts_[index_of(page)];
      if (v == verdict::on_the_way) return verdict::outside;  // what changes meanwhile may look like a circle
      if (v != verdict::unknown) return v;
      v = verdict::on_the_way;
      found_.push_back(page);
      const place at = look(page);
      if (at.is_top) return verdict::inside;
      if (at.parent == no_page) return verdict::outside;
      page = at.parent;
    }
  }

  std::vector<verdict> verdicts_;
  std::vector<page_id> found_;
};

}  // namespace triecheck::inline v0_1
