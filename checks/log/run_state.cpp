#include "checks/log/run_state.h"

#include <algorithm>
#include <utility>

namespace triecheck::checks {

using model::operation_kind;

std::vector<path_id> path_table::of(const std::vector<model::token>& sequence, std::size_t tokens,
                                    model::key_space space, const model::held_keys& keys, std::size_t tokens_per_page) {
  std::vector<path_id> found;
  const std::size_t end = std::min(tokens, sequence.size());
  path_id parent = 0;
  for (std::size_t at = 0; at + tokens_per_page <= end; at += tokens_per_page) {
    const auto begin = sequence.begin() + static_cast<std::ptrdiff_t>(at);
    entry e{parent,
            space,
            {begin, begin + static_cast<std::ptrdiff_t>(tokens_per_page)},
            keys.of(found.size()),
            found.size() + 1};
    const auto [known, is_new] = numbers_.try_emplace(std::move(e), entries_.size() + 1);
    if (is_new) entries_.push_back(known->first);
    parent = known->second;
    found.push_back(parent);
  }
  return found;
}

std::vector<model::token> path_table::tokens(path_id p) const {
  std::vector<model::token> all;
  for (; p != 0; p = at(p).parent) all.insert(all.begin(), at(p).block.begin(), at(p).block.end());
  return all;
}

std::vector<model::block_key> path_table::keys(path_id p) const {
  std::vector<model::block_key> all;
  for (; p != 0; p = at(p).parent) {
    if (at(p).key != 0) all.insert(all.begin(), {at(p).depth - 1, at(p).key});
  }
  return all;
}

lease_record opened_by(const logged_event& lookup, std::size_t tokens_per_page) {
  lease_record l{true, lookup.op.space, lookup.op.tokens, lookup.observed.pages, lookup.observed.cached};
  l.tokens.resize(std::min(l.tokens.size(), l.cached * tokens_per_page));
  l.keys.look_up(lookup.op.keys, l.cached);
  return l;
}

run_state::run_state(const logged_run& run, bool is_complete)
    : tokens_per_page_(run.tokens_per_page), pages_(run.pages) {
  if (!is_complete) return;
  for (page_record& p : pages_) p.is = page_record::kind::free;
}

void run_state::apply(const logged_event& e, path_table& paths) {
  const bool ok = e.observed.result == model::status::ok;
  switch (e.op.kind) {
    case operation_kind::lookup: {
      lease_record l = opened_by(e, tokens_per_page_);
      hold_cached(l, 0, e.end_ns, paths);
      leases_[e.op.subject] = std::move(l);
      return;
    }
    case operation_kind::allocate: {
      if (e.observed.result == model::status::cache_full) latest_eviction_ns_ = std::max(latest_eviction_ns_, e.end_ns);
      if (!ok) return;
      lease_record& l = leases_[e.op.subject];
      const std::size_t before = l.pages.size();
      l.keys.append(e.op.keys, l.tokens.size(), l.tokens.size() + e.op.tokens.size(), tokens_per_page_);
      l.tokens.insert(l.tokens.end(), e.op.tokens.begin(), e.op.tokens.end());
      l.pages = e.observed.pages;
      if (!l.is_known) l.cached = e.observed.cached;
      set_private(l, std::max(before, l.cached), e.op.subject);
      if (l.pages.size() > before) latest_eviction_ns_ = std::max(latest_eviction_ns_, e.end_ns);
      return;
    }
    case operation_kind::fork: {
      if (!ok) return;
      lease_record l = leases_[e.op.subject];
      l.pages = e.observed.pages;
      l.cached = e.observed.cached;
      set_private(l, l.cached, e.op.forked);
      if (l.pages.size() > l.cached) latest_eviction_ns_ = std::max(latest_eviction_ns_, e.end_ns);
      hold_cached(l, 0, e.end_ns, paths);
      leases_[e.op.forked] = std::move(l);
      return;
    }
    case operation_kind::publish:
      if (ok) published(leases_[e.op.subject], e, paths);
      return;
    case operation_kind::release:
      released(e);
      return;
    case operation_kind::evict:
    case operation_kind::clear:
      latest_eviction_ns_ = std::max(latest_eviction_ns_, e.end_ns);
      return;
    case operation_kind::match:
    case operation_kind::shrink:
    case operation_kind::forget:
    case operation_kind::set_time:  // the log has no entry of these four
      return;
  }
}

// The cached pages of the lease from the `first` on are nodes, which it holds.
void run_state::hold_cached(const lease_record& l, std::size_t first, std::uint64_t now_ns, path_table& paths) {
  const std::size_t cached = std::min(l.cached, l.pages.size());
  std::vector<path_id> path(cached, 0);
  if (l.is_known) path = paths.of(l.tokens, cached * tokens_per_page_, l.space, l.keys, tokens_per_page_);
  path.resize(cached, 0);
  for (std::size_t i = first; i < cached; ++i) {
    set_node(l.pages[i], path[i]);
    ++pages_[l.pages[i]].holders;
    pages_[l.pages[i]].seen_ns = std::max(pages_[l.pages[i]].seen_ns, now_ns);
  }
}

void run_state::set_node(model::page p, path_id path) {
  page_record& page = pages_[p];
  if (page.is == page_record::kind::cached && (path == 0 || page.path == path)) return;
  if (page.is == page_record::kind::cached) nodes_.erase(page.path);
  page = {.is = page_record::kind::cached, .path = path};
  if (path == 0) return;
  const auto [node, is_new] = nodes_.try_emplace(path, p);
  if (is_new || node->second == p) return;
  page_record& before = pages_[node->second];
  if (before.holders == 0) before = {.is = page_record::kind::free};
  node->second = p;
}

void run_state::set_private(const lease_record& l, std::size_t first, model::lease owner) {
  for (std::size_t i = first; i < l.pages.size(); ++i) {
    page_record& page = pages_[l.pages[i]];
    const auto node = nodes_.find(page.path);
    if (page.is == page_record::kind::cached && node != nodes_.end() && node->second == l.pages[i]) nodes_.erase(node);
    page = {.is = page_record::kind::leased, .owner = owner};
  }
}

void run_state::free_private(model::page p, model::lease owner) {
  page_record& page = pages_[p];
  if (page.is == page_record::kind::leased && page.owner == owner) page = {.is = page_record::kind::free};
}

void run_state::published(lease_record& l, const logged_event& e, path_table& paths) {
  const std::vector<model::page> before = std::exchange(l.pages, e.observed.pages);
  const std::size_t first = l.is_known ? l.cached : std::min(l.cached, e.observed.cached);
  l.cached = e.observed.cached;
  hold_cached(l, first, e.end_ns, paths);
  for (std::size_t i = first; i < std::min(before.size(), l.pages.size()); ++i) {
    if (before[i] != l.pages[i]) free_private(before[i], e.op.subject);
  }
  set_private(l, l.cached, e.op.subject);
}

void run_state::released(const logged_event& e) {
  const auto found = leases_.find(e.op.subject);
  if (found == leases_.end()) return;
  const lease_record& l = found->second;
  for (std::size_t i = 0; i < l.pages.size(); ++i) {
    page_record& page = pages_[l.pages[i]];
    if (i >= l.cached) {
      free_private(l.pages[i], e.op.subject);
    } else if (page.is == page_record::kind::cached && page.holders != 0) {
      --page.holders;
      page.seen_ns = std::max(page.seen_ns, e.begin_ns);
    }
  }
  leases_.erase(found);
}

}  // namespace triecheck::checks
