// The rules: whole operations, atomic steps, and what each step accepts.
#include "state.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <stdexcept>

namespace triecheck::model {

namespace {

bool works_on_a_lease(operation_kind kind) { return has_lease(kind) && kind != operation_kind::lookup; }

bool contains(const std::vector<page>& pages, page p) {
  return std::find(pages.begin(), pages.end(), p) != pages.end();
}

std::string count_of(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string list_of(const std::vector<page>& pages) {
  if (pages.empty()) return "no page";
  return (pages.size() == 1 ? "page " : "pages ") + show(pages);
}

config checked(config c) {
  if (c.pages == 0 || c.pages >= 0xffff'ffff) throw std::invalid_argument("a cache has 1 .. 2^32 - 2 pages");
  if (c.tokens_per_page == 0) throw std::invalid_argument("a page holds at least one token");
  if (c.tokens_per_page > SIZE_MAX / c.pages) throw std::invalid_argument("the cache holds too many tokens");
  return c;
}

}  // namespace

bool state::edge_order::operator()(const edge& a, const edge& b) const {
  if (a.parent != b.parent) return a.parent < b.parent;
  if (a.space != b.space) return a.space < b.space;
  if (a.key != b.key) return a.key < b.key;
  return std::lexicographical_compare(a.block.begin(), a.block.end(), b.block.begin(), b.block.end());
}

state::state(config c) : config_(checked(c)), pages_(c.pages), ranks_(c.policy, c.pages) {
  stats_.free_pages = c.pages;
}

// ---- Whole operations

std::optional<violation> state::step(const operation& op, const outcome& observed, std::size_t evicted_on_refusal) {
  switch (op.kind) {
    case operation_kind::lookup:
      return apply({step_kind::lookup}, op, observed);
    case operation_kind::allocate:
    case operation_kind::fork:
      if (auto v = make_room(op, observed, evicted_on_refusal)) return v;
      return apply({step_kind::take}, op, observed);
    case operation_kind::publish:
      while (publishable(op) != 0) {
        if (auto v = apply({step_kind::publish_page}, op, observed)) return v;
      }
      return apply({step_kind::publish_end}, op, observed);
    case operation_kind::release:
    case operation_kind::shrink:
      for (const page p : returnable(op)) {
        if (auto v = apply({step_kind::free_page, p}, op, observed)) return v;
      }
      return apply({op.kind == operation_kind::release ? step_kind::drop_pin : step_kind::shrink_end}, op, observed);
    case operation_kind::match:
      return apply({step_kind::match}, op, observed);
    case operation_kind::forget:
      return apply({step_kind::forget}, op, observed);
    case operation_kind::set_time:
      return apply({step_kind::set_time}, op, observed);
    case operation_kind::evict:
    case operation_kind::clear:
      if (auto v = evict_oldest(op, observed, observed.evicted)) return v;
      return apply({step_kind::evict_end}, op, observed);
  }
  return "an operation of unknown kind";
}

// Evicts what an allocate or fork evicts when it runs alone: exactly the shortfall, or nothing when it is refused.
std::optional<violation> state::make_room(const operation& op, const outcome& observed,
                                          std::size_t evicted_on_refusal) {
  if (observed.result != status::ok && evicted_on_refusal != 0) {
    return model::show(op) + " returned " + model::show(observed.result) + ", which changes nothing, but evicted " +
           count_of(evicted_on_refusal, "page");
  }
  if (observed.result != status::ok || op.free_only) return std::nullopt;
  const std::size_t needed = shortage(op);
  const std::size_t shortfall = needed > stats_.free_pages ? needed - stats_.free_pages : 0;
  return evict_oldest(op, observed, std::min(shortfall, unpinned_));
}

std::optional<violation> state::evict_oldest(const operation& op, const outcome& observed, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (evictable_.empty()) {
      return model::show(op) + " evicted " + count_of(count, "page") + ", but only " + std::to_string(i) +
             " could be evicted";
    }
    if (auto v = apply({step_kind::evict_page, evictable_.begin()->second}, op, observed)) return v;
  }
  return std::nullopt;
}

// ---- Atomic steps

std::optional<violation> state::apply(const atomic_step& s, const operation& op, const outcome& observed,
                                      const withheld& missed) {
  if (s.kind == step_kind::evict_page) return apply_evict_page(s.target, op);
  if (auto v = wrong_status(op, observed)) return v;
  if (works_on_a_lease(op.kind) && !is_open(op.subject)) return std::nullopt;
  switch (s.kind) {
    case step_kind::lookup:
      return apply_lookup(op, observed);
    case step_kind::take:
      return apply_take(op, observed, missed);
    case step_kind::publish_page:
      return apply_publish_page(op, observed);
    case step_kind::publish_end:
      return apply_publish_end(op, observed);
    case step_kind::free_page:
      return apply_free_page(s.target, op);
    case step_kind::drop_pin:
      return apply_drop_pin(op, observed);
    case step_kind::match:
      return apply_match(op, observed);
    case step_kind::forget:
      return apply_forget(op, observed);
    case step_kind::forget_first:
      cut(s.target);
      return std::nullopt;
    case step_kind::forget_end:
      return apply_forget_end(op, observed, missed);
    case step_kind::set_time:
      return apply_set_time(op);
    case step_kind::shrink_end:
      return apply_shrink_end(op, observed);
    case step_kind::evict_end:
      return apply_evict_end(op, observed, missed);
    case step_kind::evict_page:
      break;  // done above: an eviction concerns no lease
  }
  return "a step of unknown kind";
}

std::optional<violation> state::apply_lookup(const operation& op, const outcome& observed) {
  if (is_open(op.subject)) return model::show(op) + " opens lease #" + std::to_string(op.subject) + ", which is open";
  std::vector<page> found = longest_prefix(op.tokens, op.space, op.keys);
  if (observed.pages != found || observed.cached != found.size()) {
    std::string claimed = list_of(observed.pages);
    if (observed.pages == found) claimed += " with " + std::to_string(observed.cached) + " of them published";
    return model::show(op) + " returned " + claimed + ", but the longest prefix then was " + list_of(found);
  }
  for (const page p : found) pin(p);
  ++stats_.lookups;
  stats_.looked_up_pages += op.tokens.size() / config_.tokens_per_page;
  stats_.hit_pages += found.size();
  open_lease l;
  l.space = op.space;
  l.cached = found.size();
  l.looked_up = op.tokens.size() / config_.tokens_per_page;
  l.tokens.assign(op.tokens.begin(),
                  op.tokens.begin() + static_cast<std::ptrdiff_t>(found.size() * config_.tokens_per_page));
  l.keys.look_up(op.keys, found.size());
  l.pages = std::move(found);
  leases_.emplace(op.subject, std::move(l));
  return std::nullopt;
}

std::optional<violation> state::apply_take(const operation& op, const outcome& observed, const withheld& missed) {
  if (op.kind == operation_kind::fork && is_open(op.forked)) {
    return model::show(op) + " opens lease #" + std::to_string(op.forked) + ", which is open";
  }
  if (observed.result != status::ok || too_large(op)) {
    if (auto v = wrong_refusal(op, observed, missed)) return v;
    ++(observed.result == status::request_too_large ? stats_.refused_too_large : stats_.refused_full);
    if (op.kind == operation_kind::allocate) leases_.at(op.subject).was_refused = true;
    return std::nullopt;
  }
  if (auto v = wrong_taking(op, observed)) return v;
  if (auto v = wrong_copies(op, observed)) return v;
  const std::size_t taken = shortage(op);
  for (std::size_t i = observed.pages.size() - taken; i < observed.pages.size(); ++i) {
    pages_[observed.pages[i]].state = page_state::leased;
  }
  stats_.allocated_pages += taken;
  stats_.free_pages -= taken;
  stats_.private_pages += taken;
  open_lease& subject = leases_.at(op.subject);
  if (op.kind == operation_kind::fork) {
    for (std::size_t i = 0; i < subject.cached; ++i) pin(subject.pages[i]);
    leases_.emplace(op.forked,
                    open_lease{subject.space, subject.tokens, subject.keys, observed.pages, subject.cached, 0, true});
  } else {
    subject.keys.append(op.keys, subject.tokens.size(), subject.tokens.size() + op.tokens.size(),
                        config_.tokens_per_page);
    subject.tokens.insert(subject.tokens.end(), op.tokens.begin(), op.tokens.end());
    subject.pages = observed.pages;
    subject.was_granted = true;
  }
  return std::nullopt;
}

std::optional<violation> state::apply_publish_page(const operation& op, const outcome& observed) {
  assert(publishable(op, observed) != 0);
  open_lease& l = leases_.at(op.subject);
  const std::size_t index = l.cached;
  const page own = l.pages[index];
  const edge wanted = next_edge(l);
  const bool forgotten = is_below_forgotten(l);
  const std::optional<page> standing = forgotten ? forgotten_child(wanted, observed, index) : find_child(wanted);
  if (observed.pages.size() <= index || observed.pages[index] != standing.value_or(own)) {
    const std::string position =
        "publish #" + std::to_string(op.subject) + " returned " +
        (observed.pages.size() <= index ? "no page" : "page " + std::to_string(observed.pages[index])) +
        " at position " + std::to_string(index) + ", but ";
    if (standing) return position + "page " + std::to_string(*standing) + " was cached there and is to be adopted";
    return position + "no page was cached there and its own page " + std::to_string(own) + " is to become the node";
  }
  if (standing) {
    pin(*standing);
    become_free(own);
    --stats_.private_pages;
    ++stats_.duplicate_pages;
    l.pages[index] = *standing;
  } else {
    page_record& node = pages_[own];
    node = {page_state::cached, wanted.parent,
            wanted.space,       1,
            forgotten,          std::make_shared<const std::vector<token>>(wanted.block.begin(), wanted.block.end()),
            wanted.key};
    if (!forgotten) children_.emplace(edge{node.parent, node.space, node.key, *node.block}, own);
    ranks_.published(own);
    --stats_.private_pages;
    ++stats_.cached_pages;
    ++stats_.published_pages;
  }
  ranks_.keep(standing.value_or(own), op.keep);
  ++l.cached;
  return std::nullopt;
}

std::optional<violation> state::apply_publish_end(const operation& op, const outcome& observed) const {
  const open_lease& l = leases_.at(op.subject);
  if (observed.pages == l.pages && observed.cached == l.cached) return std::nullopt;
  return model::show(op) + " returned " + model::show(op, observed) + ", but the lease has " + list_of(l.pages) +
         " of which " + std::to_string(l.cached) + " are published";
}

std::optional<violation> state::apply_free_page(page target, const operation& op) {
  if (!contains(returnable(op), target)) {
    return model::show(op) + " frees page " + std::to_string(target) +
           ", which is not private to the lease, or which it keeps";
  }
  open_lease& l = leases_.at(op.subject);
  l.pages.erase(std::find(l.pages.begin() + static_cast<std::ptrdiff_t>(l.cached), l.pages.end(), target));
  become_free(target);
  --stats_.private_pages;
  return std::nullopt;
}

std::optional<violation> state::apply_drop_pin(const operation& op, const outcome& observed) {
  const open_lease& l = leases_.at(op.subject);
  if (l.pages.size() != l.cached) return model::show(op) + " ends while the lease has private pages";
  if (!observed.pages.empty() || observed.cached != 0) {
    return model::show(op) + " left the lease " + list_of(observed.pages);
  }
  if (l.was_refused && !l.was_granted) {
    stats_.refused_looked_up_pages += l.looked_up;
    stats_.refused_hit_pages += l.cached;
  }
  follow_ranks(ranks_.released(l.pages, op.keep));
  for (const page p : l.pages) {
    if (--pages_[p].pins != 0) continue;
    if (pages_[p].forgotten) {
      fall_forgotten(p);
      continue;
    }
    ++unpinned_;
    if (!has_children(p)) evictable_.emplace(ranks_.of(p), p);
  }
  leases_.erase(op.subject);
  return std::nullopt;
}

std::optional<violation> state::apply_match(const operation& op, const outcome& observed) const {
  const std::size_t found = lookup_hits(op.tokens, op.space, op.keys);
  if (observed.cached == found && observed.pages.empty()) return std::nullopt;
  return model::show(op) + " found " + count_of(observed.cached, "page") + ", but the longest prefix then had " +
         std::to_string(found);
}

std::optional<violation> state::apply_forget(const operation& op, const outcome& observed) {
  const std::vector<page> tops = forgettable(op);
  if (observed.cached != (tops.empty() ? 0 : 1) || !observed.pages.empty()) {
    return model::show(op) + " returned " + model::show(op, observed) + ", but " +
           (tops.empty() ? "no such prefix was" : list_of(tops) + " was") + " cached then";
  }
  for (const page top : tops) cut(top);
  return std::nullopt;
}

// What was published meanwhile may stay.
std::optional<violation> state::apply_forget_end(const operation& op, const outcome& observed,
                                                 const withheld& missed) const {
  const std::size_t left = forgettable(op).size();
  if (left <= missed.free + missed.evictable + missed.either) return std::nullopt;
  return model::show(op) + " returned " + model::show(op, observed) + ", but " + count_of(left, "first page") +
         " of the namespace were cached then";
}

std::optional<violation> state::apply_set_time(const operation& op) {
  follow_ranks(ranks_.set_time(op.now));
  return std::nullopt;
}

std::optional<violation> state::apply_shrink_end(const operation& op, const outcome& observed) {
  open_lease& l = leases_.at(op.subject);
  if (!returnable(op).empty()) return model::show(op) + " ends while the lease has pages that it does not keep";
  if (observed.pages != l.pages || observed.cached != l.cached) {
    return model::show(op) + " returned " + model::show(op, observed) + ", but the lease keeps " + list_of(l.pages) +
           ", of which " + std::to_string(l.cached) + " are published";
  }
  if (observed.result != status::ok) return std::nullopt;
  l.tokens.resize(kept_tokens(op));
  l.keys.shrink(l.tokens.size(), config_.tokens_per_page);
  return std::nullopt;
}

std::optional<violation> state::apply_evict_page(page target, const operation& op) {
  if (!is_unpinned(target) || has_children(target)) {
    return model::show(op) + " evicts page " + std::to_string(target) + ", which was " + describe(target) +
           (is_unpinned(target) ? " and no leaf" : "");
  }
  const page_record& node = pages_[target];
  const page parent = node.parent;
  evictable_.erase({ranks_.of(target), target});
  ranks_.evicted(target);
  children_.erase(edge{parent, node.space, node.key, *node.block});
  become_free(target);
  --unpinned_;
  --stats_.cached_pages;
  ++stats_.evicted_pages;
  if (parent != root && is_unpinned(parent) && !has_children(parent)) evictable_.emplace(ranks_.of(parent), parent);
  return std::nullopt;
}

std::optional<violation> state::apply_evict_end(const operation& op, const outcome& observed,
                                                const withheld& missed) const {
  const bool limited = op.kind == operation_kind::evict;
  if (limited && observed.evicted > op.count) {
    return model::show(op) + " freed " + count_of(observed.evicted, "page") + ", which is more than asked for";
  }
  if ((limited && observed.evicted == op.count) || unpinned_ <= missed.evictable + missed.either) return std::nullopt;
  return model::show(op) + " stopped after " + count_of(observed.evicted, "page") + ", but page " +
         std::to_string(evictable_.begin()->second) + " was evictable";
}

// ---- What an outcome must obey

std::optional<violation> state::wrong_status(const operation& op, const outcome& observed) const {
  if (works_on_a_lease(op.kind) && !is_open(op.subject)) {
    const status expected = op.kind == operation_kind::release ? status::ok : status::lease_closed;
    if (observed.result == expected && observed.pages.empty() && observed.cached == 0) return std::nullopt;
    return model::show(op) + " returned " + model::show(op, observed) +
           ", but the lease was not open: it does nothing and returns " + model::show(expected);
  }
  const bool names_tokens = op.kind == operation_kind::publish || op.kind == operation_kind::shrink;
  const std::size_t named = op.kind == operation_kind::publish ? op.computed_tokens : op.kept_tokens;
  if (names_tokens && named > leases_.at(op.subject).tokens.size()) {
    if (observed.result == status::invalid_argument) return std::nullopt;
    return model::show(op) + " returned " + model::show(observed.result) + ", but the lease holds only " +
           count_of(leases_.at(op.subject).tokens.size(), "token");
  }
  if (op.kind == operation_kind::allocate) {
    const open_lease& l = leases_.at(op.subject);
    for (const block_key& k : op.keys) {
      if (!contradicts(l, k)) continue;
      if (observed.result == status::invalid_argument) return std::nullopt;
      return model::show(op) + " returned " + model::show(observed.result) + ", but block " + std::to_string(k.block) +
             " of the lease has " +
             (l.keys.of(k.block) == 0 ? "no key" : "the key " + std::to_string(l.keys.of(k.block)));
    }
  }
  const bool possible = observed.result == status::ok ||
                        (observed.result == status::request_too_large && op.kind == operation_kind::allocate) ||
                        (observed.result == status::cache_full &&
                         (op.kind == operation_kind::allocate || op.kind == operation_kind::fork));
  if (possible) return std::nullopt;
  return model::show(op) + " returned " + model::show(observed.result) + ", which it never does" +
         (works_on_a_lease(op.kind) ? " with an open lease" : "");
}

// Called when the operation was refused or had to be.
std::optional<violation> state::wrong_refusal(const operation& op, const outcome& observed,
                                              const withheld& missed) const {
  const open_lease& l = leases_.at(op.subject);
  const std::string returned = model::show(op) + " returned " + model::show(op, observed) + ", but ";
  if (too_large(op) != (observed.result == status::request_too_large)) {
    return returned + "the lease would hold " + (too_large(op) ? "more than all " : "no more than all ") +
           count_of(config_.pages, "page");
  }
  // An operation that needs no page is never refused.
  if (observed.result == status::cache_full && shortage(op) <= covered(op, missed)) {
    const std::size_t evictable = op.free_only ? 0 : unpinned_;
    const std::size_t hidden = stats_.free_pages + evictable - covered(op, missed);
    return returned + "its shortage of " + count_of(shortage(op), "page") + " was covered by " +
           std::to_string(stats_.free_pages) + " free" +
           (op.free_only ? "" : " and " + std::to_string(evictable) + " evictable") +
           (hidden == 0 ? "" : ", of which others could move no more than " + std::to_string(hidden));
  }
  const bool unchanged = op.kind == operation_kind::fork ? observed.pages.empty() && observed.cached == 0
                                                         : observed.pages == l.pages && observed.cached == l.cached;
  if (unchanged) return std::nullopt;
  return returned + "left " + list_of(observed.pages) + ": a refusal changes no lease";
}

std::optional<violation> state::wrong_taking(const operation& op, const outcome& observed) const {
  const open_lease& l = leases_.at(op.subject);
  const std::size_t kept = op.kind == operation_kind::fork ? l.cached : l.pages.size();
  const std::size_t needed = shortage(op);
  const bool extends =
      observed.pages.size() >= kept &&
      std::equal(l.pages.begin(), l.pages.begin() + static_cast<std::ptrdiff_t>(kept), observed.pages.begin());
  if (!extends || observed.cached != l.cached) {
    return model::show(op) + " returned " + model::show(op, observed) + ", but the lease keeps " +
           list_of({l.pages.begin(), l.pages.begin() + static_cast<std::ptrdiff_t>(kept)}) + ", of which " +
           std::to_string(l.cached) + " are published";
  }
  if (observed.pages.size() != kept + needed) {
    return model::show(op) + " took " + count_of(observed.pages.size() - kept, "page") + ", but needed " +
           std::to_string(needed);
  }
  for (std::size_t i = kept; i < observed.pages.size(); ++i) {
    const page p = observed.pages[i];
    const auto took = [&] { return model::show(op) + " took page " + std::to_string(p); };
    if (p >= config_.pages) return took() + ", which does not exist";
    if (pages_[p].state != page_state::free) return took() + ", which was " + describe(p);
    if (std::count(observed.pages.begin(), observed.pages.end(), p) != 1) return took() + " twice";
  }
  return std::nullopt;
}

// A fork copies the private pages that hold tokens; spare ones have no content yet.
std::optional<violation> state::wrong_copies(const operation& op, const outcome& observed) const {
  if (op.kind != operation_kind::fork) return std::nullopt;
  const open_lease& l = leases_.at(op.subject);
  const std::size_t written = (l.tokens.size() + config_.tokens_per_page - 1) / config_.tokens_per_page;
  std::vector<std::pair<page, page>> expected;
  for (std::size_t i = l.cached; i < written; ++i) expected.emplace_back(l.pages[i], observed.pages[i]);
  if (observed.copies == expected) return std::nullopt;
  return model::show(op) + " returned " + model::show(op, observed) + ", but the pages to copy are " +
         std::to_string(expected.size()) + ": each private page that holds tokens, in order";
}

// ---- Questions

std::vector<page> state::in_the_way(const atomic_step& s, const operation& op, const outcome& observed) const {
  std::vector<page> nodes;
  switch (s.kind) {
    case step_kind::lookup: {
      const std::vector<page> found = longest_prefix(op.tokens, op.space, op.keys);
      const std::size_t kept = observed.pages.size();
      if (kept < found.size() && is_unpinned(found[kept])) add_subtree(found[kept], nodes);
      break;
    }
    case step_kind::match: {
      const std::vector<page> found = longest_prefix(op.tokens, op.space, op.keys);
      if (observed.cached < found.size() && is_unpinned(found[observed.cached]))
        add_subtree(found[observed.cached], nodes);
      break;
    }
    case step_kind::take:
      for (const page p : observed.pages) {
        if (is_unpinned(p) && !contains(nodes, p)) add_subtree(p, nodes);
      }
      break;
    case step_kind::publish_page: {
      const open_lease& l = leases_.at(op.subject);
      if (is_below_forgotten(l)) break;
      const std::optional<page> standing = find_child(next_edge(l));
      const bool own = observed.pages.size() > l.cached && observed.pages[l.cached] == l.pages[l.cached];
      if (own && standing && is_unpinned(*standing)) add_subtree(*standing, nodes);
      break;
    }
    case step_kind::forget:
      if (observed.cached != 0) break;
      for (const page top : forgettable(op)) {
        if (is_unpinned(top)) add_subtree(top, nodes);
      }
      break;
    case step_kind::evict_end:
      if (op.kind == operation_kind::clear || observed.evicted < op.count) nodes = eviction_order();
      break;
    case step_kind::publish_end:
    case step_kind::free_page:
    case step_kind::drop_pin:
    case step_kind::set_time:
    case step_kind::shrink_end:
    case step_kind::evict_page:
    case step_kind::forget_first:
    case step_kind::forget_end:
      break;
  }
  return nodes;
}

std::vector<page> state::longest_prefix(const std::vector<token>& tokens, key_space space,
                                        const std::vector<block_key>& keys) const {
  std::vector<page> found;
  const auto key_of = [&](std::size_t block) {
    const auto named = std::find_if(keys.begin(), keys.end(), [block](const block_key& k) { return k.block == block; });
    return named == keys.end() ? 0 : named->key;
  };
  const std::size_t span_tokens = config_.tokens_per_page;
  page parent = root;
  for (std::size_t at = 0; at + span_tokens <= tokens.size(); at += span_tokens) {
    const std::optional<page> child =
        find_child({parent, space, key_of(found.size()), std::span(tokens).subspan(at, span_tokens)});
    if (!child) break;
    found.push_back(*child);
    parent = *child;
  }
  return found;
}

std::size_t state::shortage(const operation& op) const {
  const auto found = leases_.find(op.subject);
  if (found == leases_.end() || too_large(op)) return 0;
  const open_lease& l = found->second;
  if (op.kind == operation_kind::fork) return l.pages.size() - l.cached;
  const std::size_t slots = l.tokens.size() + op.tokens.size() + op.extra_slots;
  const std::size_t wanted = (slots + config_.tokens_per_page - 1) / config_.tokens_per_page;
  return wanted > l.pages.size() ? wanted - l.pages.size() : 0;
}

std::vector<page> state::forgettable(const operation& op) const {
  if (op.tokens.size() >= config_.tokens_per_page) {
    const std::vector<page> found = longest_prefix(op.tokens, op.space, op.keys);
    return found.size() == op.tokens.size() / config_.tokens_per_page ? std::vector{found.back()} : std::vector<page>{};
  }
  std::vector<page> first;
  for (auto child = children_.lower_bound(edge{root, op.space, 0, {}});
       child != children_.end() && child->first.parent == root && child->first.space == op.space; ++child) {
    first.push_back(child->second);
  }
  return first;
}

std::size_t state::publishable(const operation& op) const {
  const auto found = leases_.find(op.subject);
  return found != leases_.end() && is_below_forgotten(found->second) ? 0 : unpublished(op);
}

std::size_t state::publishable(const operation& op, const outcome& observed) const {
  const auto found = leases_.find(op.subject);
  if (found == leases_.end() || !is_below_forgotten(found->second)) return unpublished(op);
  return std::min(unpublished(op), observed.cached - std::min(observed.cached, found->second.cached));
}

std::size_t state::unpublished(const operation& op) const {
  const auto found = leases_.find(op.subject);
  if (found == leases_.end() || op.computed_tokens > found->second.tokens.size()) return 0;
  const std::size_t full = op.computed_tokens / config_.tokens_per_page;
  return full - std::min(full, found->second.cached);
}

std::vector<page> state::returnable(const operation& op) const {
  std::vector<page> own = private_pages(op.subject);
  if (op.kind == operation_kind::release) return own;
  const auto found = leases_.find(op.subject);
  if (op.kind != operation_kind::shrink || found == leases_.end() || op.kept_tokens > found->second.tokens.size())
    return {};
  const std::size_t kept =
      (kept_tokens(op) + config_.tokens_per_page - 1) / config_.tokens_per_page - found->second.cached;
  own.erase(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(std::min(kept, own.size())));
  return own;
}

std::vector<block_key> state::allowed_keys(lease number, const std::vector<block_key>& keys) const {
  const auto found = leases_.find(number);
  if (found == leases_.end()) return keys;
  std::vector<block_key> allowed;
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(allowed),
               [&](const block_key& k) { return !contradicts(found->second, k); });
  return allowed;
}

std::size_t state::kept_tokens(const operation& op) const {
  return std::max(op.kept_tokens, leases_.at(op.subject).cached * config_.tokens_per_page);
}

// ---- Parts

bool state::contradicts(const open_lease& l, const block_key& k) const {
  return l.keys.contradicts(k, l.tokens.size(), l.cached, config_.tokens_per_page);
}

// How many pages an operation finds at least: free ones, and evictable ones if it may evict.
std::size_t state::covered(const operation& op, const withheld& missed) const {
  const std::size_t evictable = op.free_only ? 0 : unpinned_;
  const std::size_t rest = stats_.free_pages - std::min<std::size_t>(stats_.free_pages, missed.free) + evictable -
                           std::min(evictable, missed.evictable);
  return rest - std::min(rest, missed.either);
}

bool state::too_large(const operation& op) const {
  if (op.kind == operation_kind::fork) return false;  // as many pages as a lease that is open
  const std::size_t room = config_.pages * config_.tokens_per_page - leases_.at(op.subject).tokens.size();
  return op.tokens.size() > room || op.extra_slots > room - op.tokens.size();
}

bool state::has_children(page node) const {
  const auto first = children_.lower_bound(edge{node, 0, 0, {}});
  return first != children_.end() && first->first.parent == node;
}

bool state::is_unpinned(page p) const {
  return p < config_.pages && pages_[p].state == page_state::cached && pages_[p].pins == 0;
}

// To the first private page, once it is published.
state::edge state::next_edge(const open_lease& l) const {
  return {l.cached == 0 ? root : l.pages[l.cached - 1], l.space, l.keys.of(l.cached),
          std::span(l.tokens).subspan(l.cached * config_.tokens_per_page, config_.tokens_per_page)};
}

std::optional<page> state::find_child(const edge& e) const {
  const auto found = children_.find(e);
  return found == children_.end() ? std::nullopt : std::optional(found->second);
}

void state::add_subtree(page node, std::vector<page>& nodes) const {
  for (auto child = children_.lower_bound(edge{node, 0, 0, {}});
       child != children_.end() && child->first.parent == node; ++child) {
    if (!contains(nodes, child->second)) add_subtree(child->second, nodes);
  }
  nodes.push_back(node);
}

// Puts the evictable nodes among them where they belong now.
void state::follow_ranks(const std::vector<eviction_ranks::change>& changed) {
  for (const auto& [node, before] : changed) {
    if (evictable_.erase({before, node}) != 0) evictable_.emplace(ranks_.of(node), node);
  }
}

void state::pin(page node) {
  page_record& record = pages_[node];
  if (record.pins++ != 0) return;
  evictable_.erase({ranks_.of(node), node});
  --unpinned_;
}

// The forgotten node that was observed where the edge leads, if it may have been adopted there.
std::optional<page> state::forgotten_child(const edge& e, const outcome& observed, std::size_t index) const {
  if (observed.pages.size() <= index || observed.pages[index] >= config_.pages) return std::nullopt;
  const page p = observed.pages[index];
  const page_record& node = pages_[p];
  const bool is_there = node.state == page_state::cached && node.forgotten && node.parent == e.parent &&
                        node.space == e.space && node.key == e.key &&
                        std::equal(node.block->begin(), node.block->end(), e.block.begin(), e.block.end());
  return is_there ? std::optional(p) : std::nullopt;
}

// Takes the edges to `top` and below it away; what has no pins there becomes free.
void state::cut(page top) {
  std::vector<page> nodes;
  add_subtree(top, nodes);
  const page parent = pages_[top].parent;
  for (const page p : nodes) {
    page_record& node = pages_[p];
    evictable_.erase({ranks_.of(p), p});
    children_.erase(edge{node.parent, node.space, node.key, *node.block});
    node.forgotten = true;
    if (node.pins != 0) continue;
    --unpinned_;
    fall_forgotten(p);
  }
  if (parent != root && is_unpinned(parent) && !has_children(parent)) evictable_.emplace(ranks_.of(parent), parent);
}

void state::fall_forgotten(page node) {
  ranks_.forgotten(node);
  become_free(node);
  --stats_.cached_pages;
  ++stats_.evicted_pages;
  ++stats_.forgotten_pages;
}

void state::become_free(page p) {
  pages_[p] = {};
  ++stats_.free_pages;
}

}  // namespace triecheck::model
