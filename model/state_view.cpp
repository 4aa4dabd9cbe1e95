// What a state shows: views, orders, keys, texts. The rules are in state.cpp.
#include <algorithm>
#include <functional>
#include <iterator>

#include "state.h"

namespace triecheck::model {

std::vector<page_view> state::view() const {
  std::vector<page_view> views(pages_.size());
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    const page_record& p = pages_[i];
    views[i].state = p.state;
    if (p.state != page_state::cached) continue;
    if (p.parent != root) views[i].parent = p.parent;
    views[i].space = p.space;
    views[i].block = *p.block;
    views[i].key = p.key;
    views[i].pinned = p.pins != 0;
    views[i].forgotten = p.forgotten;
  }
  return views;
}

std::vector<page> state::eviction_order() const {
  std::vector<page> order;
  order.reserve(unpinned_);
  auto candidates = evictable_;
  std::map<page, std::size_t> children_left;
  while (!candidates.empty()) {
    const page node = candidates.begin()->second;
    candidates.erase(candidates.begin());
    order.push_back(node);
    const page parent = pages_[node].parent;
    if (parent == root || !is_unpinned(parent)) continue;
    const auto [left, is_new] = children_left.try_emplace(parent, 0);
    if (is_new) {
      left->second = static_cast<std::size_t>(std::distance(children_.lower_bound(edge{parent, 0, 0, {}}),
                                                            children_.lower_bound(edge{parent + 1, 0, 0, {}})));
    }
    if (--left->second == 0) candidates.emplace(ranks_.of(parent), parent);
  }
  return order;
}

statistics state::stats() const {
  statistics s = stats_;
  s.open_leases = leases_.size();
  return s;
}

availability state::available() const {
  return {.free_pages = stats_.free_pages,
          .evictable_pages = unpinned_,
          .pinned_pages = stats_.cached_pages - unpinned_,
          .private_pages = stats_.private_pages};
}

availability state::available_by_chains() const {
  std::uint64_t held = 0;
  for (const auto& [number, l] : leases_) held += l.cached;
  const std::uint64_t pinned = std::min(held, stats_.cached_pages);
  return {.free_pages = stats_.free_pages,
          .evictable_pages = stats_.cached_pages - pinned,
          .pinned_pages = pinned,
          .private_pages = stats_.private_pages};
}

std::string show(const availability& a) {
  return "free " + std::to_string(a.free_pages) + ", evictable " + std::to_string(a.evictable_pages) + ", pinned " +
         std::to_string(a.pinned_pages) + ", private " + std::to_string(a.private_pages);
}

std::size_t state::lookup_hits(const std::vector<token>& tokens, key_space space,
                               const std::vector<block_key>& keys) const {
  return longest_prefix(tokens, space, keys).size();
}

std::vector<block_key> state::private_keys(lease number) const {
  const auto found = leases_.find(number);
  return found == leases_.end() ? std::vector<block_key>{} : found->second.keys.list(found->second.cached);
}

std::vector<page> state::published_pages(lease number) const {
  const auto found = leases_.find(number);
  if (found == leases_.end()) return {};
  const open_lease& l = found->second;
  return {l.pages.begin(), l.pages.begin() + static_cast<std::ptrdiff_t>(l.cached)};
}

std::vector<page> state::private_pages(lease number) const {
  const auto found = leases_.find(number);
  if (found == leases_.end()) return {};
  const open_lease& l = found->second;
  return {l.pages.begin() + static_cast<std::ptrdiff_t>(l.cached), l.pages.end()};
}

std::vector<page> state::chain(page node) const {
  std::vector<page> nodes;
  for (page p = node; p != root; p = pages_[p].parent) nodes.push_back(p);
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

std::vector<token> state::path(page node) const {
  std::vector<token> tokens;
  for (const page p : chain(node)) tokens.insert(tokens.end(), pages_[p].block->begin(), pages_[p].block->end());
  return tokens;
}

std::vector<block_key> state::path_keys(page node) const {
  std::vector<block_key> keys;
  const std::vector<page> nodes = chain(node);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (pages_[nodes[i]].key != 0) keys.push_back({i, pages_[nodes[i]].key});
  }
  return keys;
}

// Every part starts with its kind or its length, so no two states share a key.
std::u32string state::key() const {
  std::u32string words;
  const auto add = [&words](std::size_t n) { words.push_back(static_cast<char32_t>(n)); };
  const auto add_both_halves = [&add](std::uint64_t n) {
    add(n & 0xffff'ffff);
    add(n >> 32);
  };
  for (const page_record& p : pages_) {
    add(static_cast<std::size_t>(p.state));
    if (p.state != page_state::cached) continue;
    add(p.parent);
    add_both_halves(p.space);
    add_both_halves(p.key);
    add(p.forgotten);
    words.append(p.block->begin(), p.block->end());
  }
  for (const auto& [number, l] : leases_) {
    add(number);
    add_both_halves(l.space);
    add(l.cached);
    add(l.pages.size());
    words.append(l.pages.begin(), l.pages.end());
    add(l.tokens.size());
    words.append(l.tokens.begin(), l.tokens.end());
    const std::vector<block_key> keys = l.keys.list(l.cached);
    add(keys.size());
    for (const block_key& k : keys) {
      add(k.block);
      add_both_halves(k.key);
    }
  }
  return words;
}

// Of the ranks the order of eviction is compared: with recency nothing else of them can matter later.
bool state::operator==(const state& other) const {
  return config_.pages == other.config_.pages && config_.tokens_per_page == other.config_.tokens_per_page &&
         key() == other.key() && eviction_order() == other.eviction_order();
}

std::size_t state::hash() const {
  std::u32string words = key();
  const std::vector<page> order = eviction_order();
  words.append(order.begin(), order.end());
  return std::hash<std::u32string>{}(words);
}

std::string state::show() const {
  std::string text = "trie:\n";
  show_children(root, 1, text);
  std::vector<page> forgotten;
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    if (pages_[i].forgotten) forgotten.push_back(static_cast<page>(i));
  }
  if (!forgotten.empty()) text += "forgotten: " + show_pages(forgotten, forgotten.size()) + "\n";
  text += "leases:\n";
  for (const auto& [number, l] : leases_) {
    text += "  #" + std::to_string(number) + (l.space == 0 ? "" : " in " + std::to_string(l.space)) + ": " +
            show_pages(l.pages, l.cached) + ", tokens " + model::show(l.tokens) + "\n";
  }
  std::vector<page> free;
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    if (pages_[i].state == page_state::free) free.push_back(static_cast<page>(i));
  }
  return text + "free: " + show_pages(free, free.size()) + "\n";
}

std::string state::describe(page p) const {
  if (p >= config_.pages) return "not a page of the cache";
  switch (pages_[p].state) {
    case page_state::free:
      return "free";
    case page_state::cached:
      return pages_[p].forgotten ? "forgotten and pinned" : pages_[p].pins == 0 ? "cached" : "cached and pinned";
    case page_state::leased:
      break;
  }
  for (const auto& [number, l] : leases_) {
    if (std::find(l.pages.begin(), l.pages.end(), p) != l.pages.end())
      return "private to lease #" + std::to_string(number);
  }
  return "private to no lease";
}

void state::show_children(page parent, std::size_t depth, std::string& text) const {
  for (auto child = children_.lower_bound(edge{parent, 0, 0, {}});
       child != children_.end() && child->first.parent == parent; ++child) {
    const page_record& node = pages_[child->second];
    text += std::string(2 * depth, ' ') + "page " + std::to_string(child->second) + " [" + model::show(*node.block) +
            "]" + (node.key == 0 ? "" : " key " + std::to_string(node.key)) +
            (parent != root || node.space == 0 ? "" : " in " + std::to_string(node.space)) +
            (node.pins == 0 ? "" : " pinned") + "\n";
    show_children(child->second, depth + 1, text);
  }
}

}  // namespace triecheck::model
