#include "withheld.h"

#include <algorithm>
#include <map>

#include "linearizability.h"

namespace triecheck::model {
namespace {

// What a lease has, as far as the answers say.
struct held {
  std::size_t tokens = 0;
  outcome last;
};

// The pages that an operation touches. `before`: its lease before it.
withheld touched_by(const config& c, const event& e, const held& before, bool forgets) {
  const std::vector<page>& pages = e.observed.pages;
  switch (e.op.kind) {
    case operation_kind::lookup:
      if (forgets)
        return {.free = e.op.tokens.size() / c.tokens_per_page, .evictable = e.op.tokens.size() / c.tokens_per_page};
      return {.evictable = e.observed.cached};
    case operation_kind::allocate: {
      if (e.observed.result == status::request_too_large) return {};
      const std::size_t slots = before.tokens + e.op.tokens.size() + e.op.extra_slots;
      const std::size_t wanted = (slots + c.tokens_per_page - 1) / c.tokens_per_page;
      const std::size_t needed = wanted - std::min(wanted, before.last.pages.size());
      if (e.op.free_only) return {.free = needed};
      return {.evictable = needed, .either = needed};
    }
    case operation_kind::fork: {
      const std::size_t needed = before.last.pages.size() - before.last.cached;
      return {.evictable = needed, .either = needed};
    }
    case operation_kind::publish: {
      std::size_t adopted = 0;
      for (std::size_t i = 0; i < std::min(pages.size(), before.last.pages.size()); ++i)
        adopted += pages[i] != before.last.pages[i];
      return {.free = adopted, .evictable = adopted};
    }
    case operation_kind::release:
      return {.free = before.last.pages.size() - (forgets ? 0 : before.last.cached), .evictable = before.last.cached};
    case operation_kind::shrink:
      return {.free = before.last.pages.size() - std::min(before.last.pages.size(), pages.size())};
    case operation_kind::match:
    case operation_kind::set_time:
      return {};
    case operation_kind::forget:
      return {.free = c.pages, .evictable = c.pages, .beside_forget = true};
    case operation_kind::evict:
    case operation_kind::clear:
      break;
  }
  return {.evictable = e.observed.evicted, .either = e.observed.evicted};
}

// A lease is used by one operation at a time, so the order of the calls is the order in which it changed.
std::vector<withheld> touched_by_each(const config& c, std::span<const std::reference_wrapper<const event>> history) {
  std::vector<withheld> touched;
  std::map<lease, held> leases;
  const bool forgets =
      std::any_of(history.begin(), history.end(), [](const event& e) { return e.op.kind == operation_kind::forget; });
  for (const event& e : history) {
    held& subject = leases[e.op.subject];
    touched.push_back(touched_by(c, e, subject, forgets));
    if (!has_lease(e.op.kind) || e.observed.result != status::ok) continue;
    if (e.op.kind == operation_kind::fork) {
      leases[e.op.forked] = {subject.tokens, e.observed};
      continue;
    }
    if (e.op.kind == operation_kind::lookup) subject.tokens = e.observed.cached * c.tokens_per_page;
    if (e.op.kind == operation_kind::allocate) subject.tokens += e.op.tokens.size();
    if (e.op.kind == operation_kind::shrink) {
      subject.tokens = std::min(subject.tokens, std::max(e.op.kept_tokens, e.observed.cached * c.tokens_per_page));
    }
    subject.last = e.observed;
  }
  return touched;
}

// Whether the operation may have found too little, or forgotten too little.
bool looked_for_pages(const event& e) {
  return e.observed.result == status::cache_full || e.op.kind == operation_kind::evict ||
         e.op.kind == operation_kind::clear || e.op.kind == operation_kind::forget;
}

}  // namespace

std::vector<withheld> moved_by_others(const config& c, std::span<const std::reference_wrapper<const event>> history) {
  std::vector<withheld> missed(history.size());
  if (std::none_of(history.begin(), history.end(), looked_for_pages)) return missed;
  const std::vector<withheld> touched = touched_by_each(c, history);
  for (std::size_t i = 0; i < history.size(); ++i) {
    const event& own = history[i];
    if (!looked_for_pages(own)) continue;
    for (std::size_t j = 0; j < history.size(); ++j) {
      const event& other = history[j];
      if (other.thread == own.thread || other.returned < own.called || own.returned < other.called) continue;
      missed[i].free += touched[j].free;
      missed[i].evictable += touched[j].evictable;
      missed[i].either += touched[j].either;
      missed[i].beside_forget = missed[i].beside_forget || touched[j].beside_forget;
    }
  }
  return missed;
}

}  // namespace triecheck::model
