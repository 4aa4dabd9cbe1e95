#include "checks/oracles/events.h"

#include "cache/block_hash.h"

namespace triecheck::checks {
namespace {

std::string name(page_id page) { return page == no_page ? "the root" : "page " + std::to_string(index_of(page)); }

}  // namespace

void event_book::stored(const stored_page& p) {
  if (index_of(p.page) >= entries_.size()) return reject(name(p.page) + " was stored, but does not exist");
  if (stands(p.page)) return reject(name(p.page) + " was stored, but stands already: it was not removed");
  const bool first = p.parent == no_page;
  if (!first && !stands(p.parent)) return reject(name(p.page) + " was stored below " + name(p.parent) + ", which does not stand");
  if (!first && entries_[index_of(p.parent)].space != p.space) {
    return reject(name(p.page) + " was stored below " + name(p.parent) + " of another namespace");
  }
  const std::uint64_t before = first ? root_hash(p.space) : entries_[index_of(p.parent)].hash;
  if (block_hash(before, p.block) != p.hash) {
    return reject(name(p.page) + " was stored with a hash that does not continue that of " + name(p.parent));
  }
  entries_[index_of(p.page)] = {true, p.parent, p.space, p.hash, 0};
  if (!first) ++entries_[index_of(p.parent)].children;
}

void event_book::removed(page_id page) {
  if (!stands(page)) return reject(name(page) + " was removed, but does not stand");
  entry& e = entries_[index_of(page)];
  if (e.children != 0) return reject(name(page) + " was removed before its children");
  e.stands = false;
  if (e.parent != no_page) --entries_[index_of(e.parent)].children;
}

void event_book::cleared(std::size_t pages) {
  ++clears_;
  pages_cleared_ += pages;
}

std::optional<std::string> event_book::check_chain(std::span<const model::page> published) const {
  page_id parent = no_page;
  for (const model::page p : published) {
    const page_id page{static_cast<std::uint32_t>(p)};
    if (!stands(page)) return name(page) + " was returned as published, but was not stored";
    if (entries_[p].parent != parent) return name(page) + " was returned below " + name(parent) + ", but stored below " + name(entries_[p].parent);
    parent = page;
  }
  return std::nullopt;
}

std::optional<std::string> event_book::check_rest(const structure& s, std::size_t clears, std::size_t pages_cleared) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const page_id page{static_cast<std::uint32_t>(i)};
    const entry& e = entries_[i];
    const bool cached = i < s.pages.size() && s.pages[i].state == model::page_state::cached;
    if (e.stands != cached) return name(page) + (cached ? " is a node, but was not stored" : " was stored and not removed, but is no node");
    if (!cached) continue;
    const page_id parent = s.pages[i].parent ? page_id{static_cast<std::uint32_t>(*s.pages[i].parent)} : no_page;
    if (e.parent != parent) return name(page) + " stands below " + name(parent) + ", but was stored below " + name(e.parent);
    if (static_cast<model::key_space>(e.space) != s.pages[i].space) return name(page) + " was stored in another namespace";
  }
  if (clears_ == clears && pages_cleared_ == pages_cleared) return std::nullopt;
  return std::to_string(clears_) + " clears of " + std::to_string(pages_cleared_) + " pages were told; there were " +
         std::to_string(clears) + ", of " + std::to_string(pages_cleared);
}

}  // namespace triecheck::checks
