#include "checks/oracles/events.h"

#include <algorithm>

#include "cache/pages/block_hash.h"

namespace triecheck::checks {
namespace {

using model::operation_kind;

// Of a cache that was not configured with another seed.
const hash_key usual_key(cache_config{}.hash_seed);

std::string name(page_id page) { return page == no_page ? "the root" : "page " + std::to_string(index_of(page)); }

page_id id_of(model::page p) { return page_id{static_cast<std::uint32_t>(p)}; }

bool may_evict(operation_kind kind) {
  return model::only_evicts(kind) || kind == operation_kind::allocate || kind == operation_kind::fork ||
         kind == operation_kind::forget;
}

std::string tokens_of(std::span<const model::token> tokens) {
  return "[" + model::show(std::vector<model::token>(tokens.begin(), tokens.end())) + "]";
}

}  // namespace

// ---- Operations

event_book::running_operation& event_book::running_in(std::size_t thread) {
  if (thread >= running_.size()) running_.resize(thread + 1);
  return running_[thread];
}

void event_book::begins(std::size_t thread, const model::operation& op) {
  if (!is_told_) return;
  follows_operations_ = true;
  running_in(thread) = {.op = op, .stored = {}};
  if (op.kind != operation_kind::release) return;
  const auto closing = leases_.find(op.subject);
  if (closing == leases_.end()) return;
  hold(closing->second, 0, static_cast<std::size_t>(-1));
  leases_.erase(closing);
}

oracle::finding event_book::returned(const returned_operation& r) {
  if (!is_told_) return std::nullopt;
  returned(r.thread, r.answer);
  return violation_;
}

void event_book::returned(std::size_t thread, const model::outcome& observed) {
  running_operation& r = running_in(thread);
  for (const page_id page : r.taken_back) {
    const auto published = std::span(observed.pages).first(observed.cached);
    const bool is_published = std::find(published.begin(), published.end(), index_of(page)) != published.end();
    if (!is_published || is_stored(page)) continue;  // it stayed private, or was stored again
    entries_[index_of(page)].is_forgotten = true;
    ++evicted_;
  }
  if (auto wrong = wrong_answer(r, observed)) reject(*wrong);
  if (observed.result == model::status::ok) follow(*r.op, observed);
  r.op.reset();
}

std::optional<std::string> event_book::wrong_answer(const running_operation& r, const model::outcome& observed) const {
  const model::operation& op = *r.op;
  const bool only_evicts = model::only_evicts(op.kind);
  if (only_evicts && r.removed != observed.evicted) {
    return model::show(op) + " evicted " + std::to_string(observed.evicted) + " pages, but told of " +
           std::to_string(r.removed);
  }
  if (op.kind == operation_kind::clear && r.clears != 1) {
    return "`cleared` was reported " + std::to_string(r.clears) + " times";
  }
  return wrong_chain(op, observed);
}

std::optional<std::string> event_book::wrong_chain(const model::operation& op, const model::outcome& observed) const {
  const bool has_pages =
      observed.result == model::status::ok && model::has_lease(op.kind) && op.kind != operation_kind::release;
  if (!has_pages) return std::nullopt;
  page_id parent = no_page;
  for (const model::page p : std::span(observed.pages).first(observed.cached)) {
    const page_id page = id_of(p);
    if (!is_stored(page) && !entries_[p].is_forgotten)
      return name(page) + " was returned as published, but was not stored";
    if (entries_[p].parent != parent) {
      return name(page) + " was returned below " + name(parent) + ", but stored below " + name(entries_[p].parent);
    }
    parent = page;
  }
  return std::nullopt;
}

// What the lease of an operation is after it.
void event_book::follow(const model::operation& op, const model::outcome& observed) {
  if (!model::has_lease(op.kind) || op.kind == operation_kind::release) return;
  const bool forks = op.kind == operation_kind::fork;
  lease_record& l = leases_[forks ? op.forked : op.subject];
  const std::size_t held = l.cached;
  if (op.kind == operation_kind::lookup) {
    l.space = op.space;
    l.tokens = op.tokens;
    l.tokens.resize(std::min(op.tokens.size(), observed.cached * tokens_per_page_));
    l.keys.look_up(op.keys, observed.cached);
  }
  if (op.kind == operation_kind::allocate) {
    l.keys.append(op.keys, l.tokens.size(), l.tokens.size() + op.tokens.size(), tokens_per_page_);
    l.tokens.insert(l.tokens.end(), op.tokens.begin(), op.tokens.end());
  }
  if (op.kind == operation_kind::shrink) {
    l.tokens.resize(std::min(l.tokens.size(), std::max(op.kept_tokens, held * tokens_per_page_)));
    l.keys.shrink(l.tokens.size(), tokens_per_page_);
  }
  if (forks) {
    const lease_record& first = leases_[op.subject];
    l.space = first.space;
    l.tokens = first.tokens;
    l.keys = first.keys;
  }
  l.pages = observed.pages;
  l.cached = observed.cached;
  hold(l, held, 1);
}

void event_book::hold(const lease_record& l, std::size_t first, std::size_t change) {
  for (std::size_t i = first; i < l.cached; ++i) {
    if (l.pages[i] < entries_.size()) entries_[l.pages[i]].holders += change;
  }
}

// ---- Events

std::uint64_t event_book::hash_of(key_space space, std::span<const model::token> prefix,
                                  const model::held_keys& keys) const {
  std::uint64_t hash = root_hash(usual_key, space);
  for (std::size_t at = 0; at < prefix.size(); at += tokens_per_page_) {
    hash = block_hash(usual_key, hash, prefix.subspan(at, tokens_per_page_), keys.of(at / tokens_per_page_));
  }
  return hash;
}

void event_book::stored(std::size_t thread, const stored_page& p) {
  if (auto wrong = wrong_place(p)) return reject(*wrong);
  running_operation& by = running_in(thread);
  if (follows_operations_) {
    if (auto wrong = wrong_publication(by, p)) return reject(*wrong);
  }
  if (follows_operations_) by.stored.push_back(p.page);
  entry& e = at(p.page);
  e = {true, false, p.parent, p.space, p.hash, {p.block.begin(), p.block.end()}, 0, e.holders, p.key};
  if (p.parent != no_page) ++at(p.parent).children;
}

// Whether the page can have become a node there, by the events alone.
std::optional<std::string> event_book::wrong_place(const stored_page& p) const {
  if (index_of(p.page) >= entries_.size()) return name(p.page) + " was stored, but does not exist";
  if (is_stored(p.page)) return name(p.page) + " was stored, but is stored already: it was not removed";
  const bool first = p.parent == no_page;
  const auto is_forgotten = [&] {
    return index_of(p.parent) < entries_.size() && entries_[index_of(p.parent)].is_forgotten;
  };
  if (!first && !is_stored(p.parent) && !is_forgotten())
    return name(p.page) + " was stored below " + name(p.parent) + ", which is not stored";
  if (!first && entries_[index_of(p.parent)].space != p.space) {
    return name(p.page) + " was stored below " + name(p.parent) + " of another namespace";
  }
  if (p.block.size() != tokens_per_page_) return name(p.page) + " was stored with a block that does not fill a page";
  const std::uint64_t before = first ? root_hash(usual_key, p.space) : entries_[index_of(p.parent)].hash;
  if (block_hash(usual_key, before, p.block, p.key) != p.hash) {
    return name(p.page) + " was stored with a hash that does not continue that of " + name(p.parent);
  }
  return std::nullopt;
}

// Whether the publication that reports it has the page, with these tokens, at this place. Where the page before is one
// that it adopted, its return says which that was (wrong_chain).
std::optional<std::string> event_book::wrong_publication(const running_operation& by, const stored_page& p) const {
  if (!by.op || by.op->kind != operation_kind::publish)
    return name(p.page) + " was stored by an operation that publishes nothing";
  const auto found = leases_.find(by.op->subject);
  if (found == leases_.end()) return name(p.page) + " was stored by a lease that is not open";
  const lease_record& l = found->second;
  const auto place =
      std::find(l.pages.begin() + static_cast<std::ptrdiff_t>(l.cached), l.pages.end(), index_of(p.page));
  if (place == l.pages.end()) return name(p.page) + " was stored by a lease that does not have it privately";
  const auto i = static_cast<std::size_t>(place - l.pages.begin());
  const std::size_t end = (i + 1) * tokens_per_page_;
  if (std::min(l.tokens.size(), by.op->computed_tokens) < end)
    return name(p.page) + " was stored, but its tokens are not all computed";
  if (static_cast<model::key_space>(p.space) != l.space)
    return name(p.page) + " was stored in another namespace than that of its lease";
  const auto prefix = std::span(l.tokens).first(end);
  const auto block = prefix.last(tokens_per_page_);
  if (!std::equal(block.begin(), block.end(), p.block.begin())) {
    return name(p.page) + " was stored with the tokens " + tokens_of(p.block) + ", but holds " + tokens_of(block);
  }
  if (p.key != l.keys.of(i)) {
    return name(p.page) + " was stored with the key " + std::to_string(p.key) + ", but its block has " +
           std::to_string(l.keys.of(i));
  }
  if (hash_of(p.space, prefix, l.keys) != p.hash)
    return name(p.page) + " was stored with a hash that is not that of its prefix";
  const bool is_known = i <= l.cached;  // which page is before it
  const page_id before = i == 0 ? no_page : id_of(l.pages[i - 1]);
  if ((is_known || p.parent == no_page) && p.parent != before) {
    return name(p.page) + " was stored below " + name(p.parent) + ", but its lease has it below " + name(before);
  }
  return std::nullopt;
}

void event_book::removed(std::size_t thread, page_id page) {
  if (!is_stored(page)) return reject(name(page) + " was removed, but is not stored");
  entry& e = at(page);
  running_operation& by = running_in(thread);
  const bool forgets = by.op && by.op->kind == operation_kind::forget;
  if (e.children != 0 && !(forgets && somebody_publishes(thread)))
    return reject(name(page) + " was removed before its children");
  const auto told = std::find(by.stored.begin(), by.stored.end(), page);
  const bool takes_back = by.op && by.op->kind == operation_kind::publish && told != by.stored.end();
  if (takes_back) {
    by.stored.erase(told);
    by.taken_back.push_back(page);
  } else if (follows_operations_ && (!by.op || !may_evict(by.op->kind))) {
    return reject(name(page) + " was removed by an operation that evicts nothing");
  } else {
    ++by.removed;
    ++evicted_;
  }
  if (e.holders != 0 && !forgets) return reject(name(page) + " was removed while an open lease has it in its prefix");
  e.is_stored = false;
  e.is_forgotten = forgets;
  if (e.parent != no_page) --at(e.parent).children;
}

bool event_book::somebody_publishes(std::size_t other_than) const {
  for (std::size_t t = 0; t < running_.size(); ++t) {
    if (t != other_than && running_[t].op && running_[t].op->kind == operation_kind::publish) return true;
  }
  return false;
}

void event_book::cleared(std::size_t thread, std::size_t pages) {
  running_operation& by = running_in(thread);
  ++by.clears;
  ++clears_;
  pages_cleared_ += pages;
  if (!follows_operations_) return;
  if (!by.op || by.op->kind != operation_kind::clear) return reject("`cleared` was reported by another operation");
  if (by.removed != pages) {
    reject("`cleared` reported " + std::to_string(pages) + " pages, but it had removed " + std::to_string(by.removed));
  }
}

// ---- The end

oracle::finding event_book::at_the_end(const final_state& s) {
  if (!is_told_) return std::nullopt;
  if (auto wrong = check_rest(s.shown)) return wrong;
  return check_evictions(s.reported.evicted_pages, s.shown);
}

oracle::finding event_book::after_shutdown(const final_state&, std::size_t thread, std::size_t evicted) {
  if (!is_told_) return std::nullopt;
  model::outcome cleared;
  cleared.evicted = evicted;
  returned(thread, cleared);
  return violation_;
}

std::optional<std::string> event_book::check_rest(const structure& s) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const page_id page = id_of(static_cast<model::page>(i));
    const entry& e = entries_[i];
    const bool cached = i < s.pages.size() && s.pages[i].state == model::page_state::cached;
    if (cached && s.pages[i].forgotten) {
      if (e.is_stored) return name(page) + " is forgotten, but was not removed";
      continue;
    }
    if (e.is_stored != cached) {
      return name(page) + (cached ? " is a node, but was not stored" : " was stored and not removed, but is no node");
    }
    if (!cached) continue;
    const page_id parent = s.pages[i].parent ? id_of(*s.pages[i].parent) : no_page;
    if (e.parent != parent)
      return name(page) + " is below " + name(parent) + ", but was stored below " + name(e.parent);
    if (static_cast<model::key_space>(e.space) != s.pages[i].space)
      return name(page) + " was stored in another namespace";
    if (e.key != s.pages[i].key) {
      return name(page) + " was stored with the key " + std::to_string(e.key) + ", but its block has " +
             std::to_string(s.pages[i].key);
    }
    if (e.block != s.pages[i].block) {
      return name(page) + " was stored with the tokens " + tokens_of(e.block) + ", but holds " +
             tokens_of(s.pages[i].block);
    }
  }
  return std::nullopt;
}

std::optional<std::string> event_book::check_evictions(std::uint64_t evicted_pages, const structure& s) const {
  const auto pinned =
      std::count_if(s.pages.begin(), s.pages.end(), [](const model::page_view& p) { return p.forgotten; });
  if (evicted_ == evicted_pages + static_cast<std::uint64_t>(pinned)) return std::nullopt;
  return std::to_string(evicted_) + " pages were reported as removed; the statistics say " +
         std::to_string(evicted_pages);
}

}  // namespace triecheck::checks
