#include "checks/oracles/structure.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "checks/oracles/statistics.h"

namespace triecheck::checks {
namespace {

using model::page;

std::string page_name(page p) { return "page " + std::to_string(p); }

bool is_cached(const structure& s, page p) {
  return p < s.pages.size() && s.pages[p].state == model::page_state::cached;
}

std::optional<std::string> check_chains(const structure& s) {
  std::map<std::tuple<model::key_space, std::optional<page>, std::vector<model::token>, std::uint64_t>, page> siblings;
  for (page p = 0; p < s.pages.size(); ++p) {
    if (!is_cached(s, p)) continue;
    if (s.pages[p].block.size() != s.tokens_per_page)
      return "I3: the block of " + page_name(p) + " does not fill a page";
    const std::optional<page> above = s.pages[p].parent;
    if (!s.pages[p].forgotten && above && is_cached(s, *above) && s.pages[*above].forgotten) {
      return "I11: " + page_name(p) + " hangs below " + page_name(*above) + ", which is forgotten";
    }
    if (s.pages[p].forgotten && s.pins[p] == 0)
      return "I11: " + page_name(p) + " is forgotten and nobody pins it, but it is not free";
    if (s.pages[p].forgotten) continue;
    const auto [twin, fresh] =
        siblings.try_emplace({s.pages[p].space, s.pages[p].parent, s.pages[p].block, s.pages[p].key}, p);
    if (!fresh) return "I7: " + page_name(twin->second) + " and " + page_name(p) + " have the same prefix";
    std::optional<page> at = s.pages[p].parent;
    for (std::size_t steps = 0; at.has_value(); ++steps) {
      if (!is_cached(s, *at)) return "I7: " + page_name(p) + " hangs below " + page_name(*at) + ", which is no node";
      if (steps == s.pages.size()) return "I7: " + page_name(p) + " is its own ancestor";
      if (s.pages[*at].space != s.pages[p].space)
        return "I3: " + page_name(p) + " hangs below " + page_name(*at) + " of another namespace";
      at = s.pages[*at].parent;
    }
  }
  return std::nullopt;
}

std::optional<std::string> check_index(const structure& s) {
  std::vector<unsigned> seen(s.pages.size());
  for (const page p : s.indexed) {
    if (!is_cached(s, p)) return "I7: the index leads to " + page_name(p) + ", which is no node";
    if (s.pages[p].forgotten) return "I11: the index leads to " + page_name(p) + ", which is forgotten";
    if (++seen[p] > 1) return "I7: the index leads to " + page_name(p) + " twice";
  }
  for (page p = 0; p < s.pages.size(); ++p) {
    if (is_cached(s, p) && !s.pages[p].forgotten && seen[p] == 0)
      return "I7: the index does not lead to the node " + page_name(p);
  }
  return std::nullopt;
}

std::optional<std::string> check_eviction_order(const structure& s) {
  constexpr std::size_t absent = static_cast<std::size_t>(-1);
  std::vector<std::size_t> place(s.pages.size(), absent);
  for (std::size_t i = 0; i < s.eviction_order.size(); ++i) {
    const page p = s.eviction_order[i];
    if (!is_cached(s, p)) return "I6: " + page_name(p) + " can be evicted, but it is no node";
    if (place[p] != absent) return "I6: " + page_name(p) + " is in the eviction order twice";
    if (s.pins[p] != 0) return "I6: " + page_name(p) + " can be evicted, but it is pinned";
    place[p] = i;
  }
  for (page p = 0; p < s.pages.size(); ++p) {
    if (!is_cached(s, p)) continue;
    if (s.pins[p] == 0 && place[p] == absent)
      return "I6: " + page_name(p) + " is not pinned, but it can never be evicted";
    const std::optional<page> parent = s.pages[p].parent;
    if (!parent.has_value() || place[*parent] == absent) continue;
    if (place[p] == absent || place[p] > place[*parent]) {
      return "I6: " + page_name(*parent) + " would be evicted before its child " + page_name(p);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_structure(const structure& s) {
  if (auto wrong = check_chains(s)) return wrong;
  if (auto wrong = check_index(s)) return wrong;
  return check_eviction_order(s);
}

std::optional<std::string> check_pins(const structure& s, const std::vector<std::vector<page>>& chains) {
  std::vector<std::size_t> expected(s.pages.size());
  for (const auto& chain : chains) {
    for (const page p : chain) ++expected[p];
  }
  for (page p = 0; p < s.pages.size(); ++p) {
    if (is_cached(s, p) && s.pins[p] != expected[p]) {
      return "I4: " + page_name(p) + " has " + std::to_string(s.pins[p]) + " pins, but " + std::to_string(expected[p]) +
             " open leases have it in their chain";
    }
  }
  return std::nullopt;
}

std::vector<model::token> path_of(const structure& s, page p) {
  std::vector<model::token> tokens;
  for (std::optional<page> at = p; at.has_value(); at = s.pages[*at].parent) {
    tokens.insert(tokens.begin(), s.pages[*at].block.begin(), s.pages[*at].block.end());
  }
  return tokens;
}

std::vector<model::block_key> path_keys_of(const structure& s, page p) {
  std::vector<model::block_key> keys;
  for (std::optional<page> at = p; at.has_value(); at = s.pages[*at].parent) keys.push_back({0, s.pages[*at].key});
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i].block = keys.size() - 1 - i;
  std::reverse(keys.begin(), keys.end());
  std::erase_if(keys, [](const model::block_key& k) { return k.key == 0; });
  return keys;
}

void tally(model::statistics& counted, const model::operation& op, const model::outcome& observed,
           const model::outcome& before, std::size_t tokens_per_page, const lease_attempt& attempt) {
  using enum model::operation_kind;
  counted.refused_too_large += observed.result == model::status::request_too_large;
  counted.refused_full += observed.result == model::status::cache_full;
  if (observed.result != model::status::ok) return;
  if (op.kind == lookup) {
    ++counted.lookups;
    ++counted.open_leases;
    counted.looked_up_pages += op.tokens.size() / tokens_per_page;
    counted.hit_pages += observed.cached;
  }
  if (op.kind == allocate) counted.allocated_pages += observed.pages.size() - before.pages.size();
  if (op.kind == fork) {
    ++counted.open_leases;
    counted.allocated_pages += observed.pages.size() - observed.cached;
  }
  if (op.kind == release) {
    --counted.open_leases;
    if (attempt.was_refused) {
      counted.refused_looked_up_pages += attempt.looked_up_pages;
      counted.refused_hit_pages += before.cached;
    }
  }
  for (std::size_t i = before.cached; op.kind == publish && i < observed.cached; ++i) {
    ++(observed.pages[i] == before.pages[i] ? counted.published_pages : counted.duplicate_pages);
  }
}

std::optional<std::string> check_conservation(const structure& s, const model::statistics& reported,
                                              const model::statistics& counted) {
  std::size_t free = 0;
  std::size_t cached = 0;
  for (const auto& view : s.pages) {
    free += view.state == model::page_state::free;
    cached += view.state == model::page_state::cached;
  }
  const auto differs = [](const char* what, std::uint64_t told,
                          std::uint64_t true_number) -> std::optional<std::string> {
    if (told == true_number) return std::nullopt;
    return std::string("I10: ") + what + " is reported as " + std::to_string(told) + ", but is " +
           std::to_string(true_number);
  };
  if (reported.free_pages + reported.private_pages + reported.cached_pages != s.pages.size()) {
    return "I5: free, private and cached pages are " + std::to_string(reported.free_pages) + " + " +
           std::to_string(reported.private_pages) + " + " + std::to_string(reported.cached_pages) + " of " +
           std::to_string(s.pages.size());
  }
  if (auto d = differs("free_pages", reported.free_pages, free)) return d;
  if (auto d = differs("cached_pages", reported.cached_pages, cached)) return d;
  if (auto d = differs("open_leases", reported.open_leases, counted.open_leases)) return d;
  for (const auto& [name, value] : answered_counters) {
    if (auto d = differs(name, reported.*value, counted.*value)) return d;
  }
  if (reported.forgotten_pages > reported.evicted_pages) {
    return "I10: " + std::to_string(reported.forgotten_pages) + " forgotten pages are reported as freed, but only " +
           std::to_string(reported.evicted_pages) + " pages as evicted";
  }
  return differs("evicted_pages", reported.evicted_pages, counted.published_pages - cached);
}

}  // namespace triecheck::checks
