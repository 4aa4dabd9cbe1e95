// What a real cache shows, in the words of the model: outcomes, statistics, structure. It names the cache's types only
// through what it is given, so that the same text serves the shipped caches and their faulty twins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cache/types.h"
#include "checks/process/isolation.h"
#include "checks/subject/subject.h"
#include "model/operation.h"
#include "model/state.h"

namespace triecheck::checks {

/// The calling thread shows that it begins `op`.
inline void show_beginning(activity& shown, const model::operation& op) noexcept {
  shown.begin(model::name_of(op.kind), model::has_lease(op.kind) ? op.subject : activity::no_lease);
}

// The enumerators have the same names in every copy of the cache's vocabulary.
template <class Status>
model::status to_model_status(Status s) {
  if (s == Status::ok) return model::status::ok;
  if (s == Status::request_too_large) return model::status::request_too_large;
  if (s == Status::cache_full) return model::status::cache_full;
  if (s == Status::lease_closed) return model::status::lease_closed;
  return model::status::invalid_argument;
}

template <class Pages>
std::vector<model::page> to_page_numbers(const Pages& pages) {
  std::vector<model::page> result;
  result.reserve(pages.size());
  for (const auto page : pages) result.push_back(static_cast<model::page>(page));
  return result;
}

/// Whether the owner of a lease can say until when its pages are to be kept: the policy `priority`.
template <class Cache>
concept takes_retention = requires(typename Cache::policy::terms wanted) {
  wanted.expires_at;
};

/// Publishes, with what the owner asks for where the cache listens.
template <class Cache, class Lease>
auto publish_with(Cache& cache, Lease& l, std::size_t computed_tokens, const model::retention& keep) {
  if constexpr (takes_retention<Cache>) {
    return cache.publish(l, computed_tokens, {.priority = keep.priority, .expires_at = keep.expires_at});
  } else {
    return cache.publish(l, computed_tokens);
  }
}

/// Releases, with what the owner asks for where the cache listens.
template <class Cache, class Lease>
auto release_with(Cache& cache, Lease& l, const model::retention& keep) {
  if constexpr (takes_retention<Cache>) {
    return cache.release(l, {.priority = keep.priority, .expires_at = keep.expires_at});
  } else {
    return cache.release(l);
  }
}

/// The time of the caller, for a cache that has a clock.
template <class Cache>
void set_time_of(Cache& cache, std::uint64_t now) {
  if constexpr (takes_retention<Cache>) cache.set_time(now);
}

/// Whether the cache knows keys of blocks.
template <class Cache>
concept knows_keys = requires(Cache& cache, const keyed_tokens& prompt) {
  cache.lookup(prompt);
};

/// The keys of an operation, as a cache takes them. Asks for no memory where there are none.
inline std::vector<block_key> to_block_keys(std::span<const model::block_key> keys) {
  std::vector<block_key> result;
  if (!keys.empty()) result.reserve(keys.size());
  for (const model::block_key& k : keys) result.push_back({k.block, k.key});
  return result;
}

/// What the cache takes as a prompt: with keys where it knows them.
template <class Cache>
auto prompt_for(std::span<const model::token> tokens, std::span<const block_key> keys) {
  if constexpr (knows_keys<Cache>) {
    return keyed_tokens(tokens, keys);
  } else {
    return tokens;
  }
}

/// Looks up in a namespace.
template <class Cache>
auto look_up(Cache& cache, std::span<const model::token> tokens, model::key_space space,
             std::span<const block_key> keys = {}) {
  using key_space = decltype(std::declval<typename Cache::lease_type>().space());
  return cache.lookup(prompt_for<Cache>(tokens, keys), key_space(space));
}

/// Whether the cache knows what a scheduler asks for.
template <class Cache>
concept schedules = requires(Cache& cache, typename Cache::lease_type& l) {
  cache.match({});
  cache.shrink(l, 0);
  cache.available();
};

/// Whether the cache can forget a prefix.
template <class Cache>
concept forgets = requires(Cache& cache) {
  cache.forget({});
};

/// Forgets a prefix, in a namespace.
template <forgets Cache>
model::outcome forget_in(Cache& cache, std::span<const model::token> tokens, model::key_space space,
                         std::span<const block_key> keys = {}) {
  using key_space = decltype(std::declval<typename Cache::lease_type>().space());
  return {.result = model::status::ok,
          .cached = cache.forget(prompt_for<Cache>(tokens, keys), key_space(space)) ? 1U : 0U};
}

/// Allocates, from free pages alone if the operation says so.
template <class Cache, class Lease>
auto allocate_with(Cache& cache, Lease& l, const model::operation& op, std::span<const block_key> keys = {}) {
  if constexpr (schedules<Cache>) {
    if (op.free_only)
      return cache.allocate(l, prompt_for<Cache>(op.tokens, keys), op.extra_slots, page_source::free_only);
  }
  return cache.allocate(l, prompt_for<Cache>(op.tokens, keys), op.extra_slots);
}

/// How much is cached, in a namespace.
template <schedules Cache>
model::outcome match_in(Cache& cache, std::span<const model::token> tokens, model::key_space space,
                        std::span<const block_key> keys = {}) {
  using key_space = decltype(std::declval<typename Cache::lease_type>().space());
  const auto found = cache.match(prompt_for<Cache>(tokens, keys), key_space(space));
  const bool is_whole = found.tokens == found.pages * cache.config().tokens_per_page;
  return {.result = is_whole ? model::status::ok : model::status::invalid_argument, .cached = found.pages};
}

/// The outcome of an operation on `l` that answered `s`.
template <class Lease>
model::outcome observed_outcome(const Lease& l, model::status s) {
  model::outcome o;
  o.result = s;
  o.pages = to_page_numbers(l.pages());
  o.cached = l.cached_pages().size();
  return o;
}

template <class Stats>
model::statistics to_model_statistics(const Stats& s) {
  return {.lookups = s.lookups,
          .looked_up_pages = s.looked_up_pages,
          .hit_pages = s.hit_pages,
          .allocated_pages = s.allocated_pages,
          .published_pages = s.published_pages,
          .duplicate_pages = s.duplicate_pages,
          .evicted_pages = s.evicted_pages,
          .forgotten_pages = s.forgotten_pages,
          .refused_too_large = s.refused_too_large,
          .refused_full = s.refused_full,
          .refused_looked_up_pages = s.refused_looked_up_pages,
          .refused_hit_pages = s.refused_hit_pages,
          .free_pages = s.free_pages,
          .private_pages = s.private_pages,
          .cached_pages = s.cached_pages,
          .open_leases = s.open_leases};
}

template <class Snapshot>
structure to_structure(const Snapshot& seen) {
  structure s;
  s.tokens_per_page = seen.tokens_per_page;
  s.pages.resize(seen.pages.size());
  s.pins.resize(seen.pages.size());
  for (std::size_t i = 0; i < seen.pages.size(); ++i) {
    const auto& page = seen.pages[i];
    s.pages[i].state = static_cast<model::page_state>(page.state);
    s.pages[i].space = static_cast<model::key_space>(page.space);
    s.pages[i].block = page.block;
    s.pages[i].key = page.key;
    s.pages[i].pinned = page.pins != 0;
    s.pages[i].forgotten = page.forgotten;
    s.pins[i] = page.pins;
    const auto parent = static_cast<model::page>(page.parent);
    if (s.pages[i].state == model::page_state::cached && parent < seen.pages.size()) s.pages[i].parent = parent;
  }
  s.eviction_order = to_page_numbers(seen.eviction_order);
  s.indexed = to_page_numbers(seen.indexed);
  return s;
}

/// One page that shutdown could not free, and who holds it: one line for people.
template <class LostPage>
std::string show_lost_page(const LostPage& lost) {
  const std::string page = "page " + std::to_string(static_cast<model::page>(lost.page));
  const auto holder = static_cast<std::uint64_t>(lost.holder);
  if (lost.pins != 0) return page + " is cached with " + std::to_string(lost.pins) + " pins";
  if (holder != 0) return page + " is private to lease " + std::to_string(holder);
  return page + " is held by nobody";
}

}  // namespace triecheck::checks
