// The adapter from any cache class to the subject interface. It names the cache's types only through the cache, so that
// the same text serves the shipped caches and their faulty twins.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "cache/event_hub.h"
#include "checks/subject/foreign_lease.h"
#include "checks/subject/observation.h"
#include "checks/subject/subject.h"

namespace triecheck::checks {

/// Whether the cache reports its changes to a subscriber.
template <class Cache>
concept tells_events = requires(Cache& cache, cache_events& subscriber) {
  cache.subscribe(subscriber);
};

/// Whether the cache has a queue for those whom it refused pages.
template <class Cache>
concept has_queue_for_pages = requires(Cache& cache) {
  typename Cache::page_place;
  cache.queue_for_pages();
};

/// The hub of a cache that reports events and names its layer; a faulty copy has a different hub.
template <class Cache>
struct hub_of {
  using type = void;
};
template <tells_events Cache>
requires requires { typename Cache::sync_type; }
struct hub_of<Cache> {
  using type = event_hub<typename Cache::sync_type>;
};

template <class Cache, class Hub = typename hub_of<Cache>::type>
class cache_subject final : public subject {
 public:
  cache_subject(const subject_config& c, std::size_t leases)
      : cache_({.pages = c.pages, .tokens_per_page = c.tokens_per_page, .index_buckets = c.index_buckets}),
        leases_(leases) {}

  model::outcome perform(const model::operation& op) override {
    using enum model::operation_kind;
    const std::vector<block_key> keys = to_block_keys(op.keys);
    switch (op.kind) {
      case lookup:
        leases_[op.subject] = watched([&] { return look_up(cache_, op.tokens, op.space, keys); });
        return observed_outcome(leases_[op.subject], model::status::ok);
      case allocate:
        return observed_outcome(
            leases_[op.subject],
            to_model_status(watched([&] { return allocate_with(cache_, leases_[op.subject], op, keys); })));
      case publish:
        return observed_outcome(leases_[op.subject], to_model_status(publish_with(cache_, leases_[op.subject],
                                                                                  op.computed_tokens, op.keep)));
      case set_time:
        set_time_of(cache_, op.now);
        return {};
      case release:
        if (op.dropped) {
          const lease_type dropped = std::move(leases_[op.subject]);
          return {};
        }
        return observed_outcome(leases_[op.subject],
                                to_model_status(release_with(cache_, leases_[op.subject], op.keep)));
      case fork:
        return fork_lease(op);
      case evict:
        return evicted(cache_.evict(op.count));
      case clear:
        return evicted(op.shuts_down ? cache_.shutdown().evicted : cache_.clear());
      case match:
        if constexpr (checks::schedules<Cache>) return match_in(cache_, op.tokens, op.space, keys);
        break;
      case forget:
        if constexpr (checks::forgets<Cache>)
          return watched([&] { return forget_in(cache_, op.tokens, op.space, keys); });
        break;
      case shrink:
        if constexpr (checks::schedules<Cache>) {
          return observed_outcome(leases_[op.subject],
                                  to_model_status(cache_.shrink(leases_[op.subject], op.kept_tokens)));
        }
        break;
    }
    return {};
  }

  bool schedules() const override { return checks::schedules<Cache>; }
  bool forgets() const override { return checks::forgets<Cache>; }
  bool knows_keys() const override { return checks::knows_keys<Cache>; }

  std::optional<model::availability> available() const override {
    if constexpr (checks::schedules<Cache>) {
      const auto a = cache_.available();
      return model::availability{a.free_pages, a.evictable_pages, a.pinned_pages, a.private_pages};
    }
    return std::nullopt;
  }

  bool counts_shared_pages_once() const override {
    if constexpr (checks::schedules<Cache>) return Cache::counts_shared_pages_once;
    return false;
  }

  std::vector<model::page> pages_of(model::lease l) const override { return to_page_numbers(leases_[l].pages()); }

  std::unique_ptr<waiting_place> queue_for_pages(model::lease l) override {
    if constexpr (has_queue_for_pages<Cache>) return std::make_unique<queued_lease<Cache>>(cache_, leases_[l]);
    return nullptr;
  }

  void wake_waiting() override {
    if constexpr (has_queue_for_pages<Cache>) cache_.wake_waiting();
  }

  std::optional<lease_view> view_of(model::lease number) const override {
    const lease_type& l = leases_[number];
    lease_view view{l.is_open(), static_cast<std::uint64_t>(l.id()), static_cast<model::key_space>(l.space()),
                    l.token_count(), l.cached_token_count()};
    if constexpr (checks::knows_keys<Cache>) {
      for (const block_key& k : l.keys()) view.keys.push_back({k.block, k.key});
    }
    return view;
  }

  void move(model::lease l) override {
    lease_type elsewhere = std::move(leases_[l]);
    leases_[l] = std::move(elsewhere);
  }

  void make_foreign_cache() override { foreign_ = std::make_unique<Cache>(cache_.config()); }

  std::optional<std::string> use_foreign_lease(const std::vector<model::token>& tokens) override {
    if (foreign_ == nullptr) make_foreign_cache();
    return foreign_use(*foreign_, cache_, tokens);
  }

  void watch_memory(memory_watch* w) override { memory_ = w; }

  model::statistics stats() const override {
    const model::statistics s = to_model_statistics(cache_.stats());
    return checks::schedules<Cache> ? s : without_refused_lookups(s);
  }
  structure inspect() const override { return to_structure(cache_.snapshot()); }

  bool follow_events(cache_events& subscriber) override {
    if constexpr (tells_events<Cache>) cache_.subscribe(subscriber);
    return tells_events<Cache>;
  }

  bool open_hub(cache_events* first) override {
    if constexpr (has_hub) {
      hub_.emplace(cache_.config(), first);
      cache_.subscribe(*hub_);
    }
    return has_hub;
  }
  void join(cache_events& s) override {
    if constexpr (has_hub) hub_->hub.join(s);
  }
  void leave(cache_events& s) override {
    if constexpr (has_hub) hub_->hub.leave(s);
  }

  std::vector<std::string> shutdown() override {
    std::vector<std::string> lines;
    for (const auto& lost : cache_.shutdown().lost) lines.push_back(show_lost_page(lost));
    return lines;
  }

 private:
  using lease_type = typename Cache::lease_type;
  static constexpr bool has_hub = !std::is_void_v<Hub>;

  // One subscriber that receives all events, and then the hub.
  template <class H>
  struct hub_behind final : cache_events {
    hub_behind(const cache_config& c, cache_events* f) : first(f), hub(c) {}
    void stored(const stored_page& p) noexcept override {
      if (first != nullptr) first->stored(p);
      hub.stored(p);
    }
    void removed(page_id page) noexcept override {
      if (first != nullptr) first->removed(page);
      hub.removed(page);
    }
    void cleared(std::size_t pages) noexcept override {
      if (first != nullptr) first->cleared(pages);
      hub.cleared(pages);
    }
    cache_events* const first;
    H hub;
  };
  struct no_hub {};
  using hub_place =
      typename std::conditional_t<has_hub, std::type_identity<hub_behind<Hub>>, std::type_identity<no_hub>>::type;

  template <has_queue_for_pages C>
  class queued_lease final : public waiting_place {
   public:
    queued_lease(C& cache, const lease_type& l) : place_(cache.queue_for_pages()), lease_(l) {}
    bool wait() override { return place_.wait(lease_.id()); }

   private:
    typename C::page_place place_;
    const lease_type& lease_;
  };

  static model::outcome evicted(std::size_t pages) {
    model::outcome o;
    o.evicted = pages;
    return o;
  }

  model::outcome fork_lease(const model::operation& op) {
    auto forked = watched([&] { return cache_.fork(leases_[op.subject]); });
    model::outcome o = observed_outcome(forked.forked, to_model_status(forked.result));
    for (const auto& copy : forked.copies) {
      o.copies.emplace_back(static_cast<model::page>(copy.from), static_cast<model::page>(copy.to));
    }
    if (o.result == model::status::ok) leases_[op.forked] = std::move(forked.forked);
    return o;
  }

  // Ends the watch on every way out of the call.
  struct watching {
    explicit watching(memory_watch* w) : watch(w) {
      if (watch != nullptr) watch->begin();
    }
    ~watching() {
      if (watch != nullptr) watch->end();
    }
    watching(const watching&) = delete;
    watching& operator=(const watching&) = delete;
    memory_watch* const watch;
  };
  template <class Call>
  auto watched(Call call) {
    const watching w(memory_);
    return call();
  }

  memory_watch* memory_ = nullptr;
  std::optional<hub_place> hub_;  // it outlives the cache
  Cache cache_;
  std::unique_ptr<Cache> foreign_;
  std::vector<lease_type> leases_;  // declared behind the cache: leases go first
};

template <class Cache, class Hub = typename hub_of<Cache>::type>
std::unique_ptr<subject> make_subject(const subject_config& c, std::size_t leases) {
  return std::make_unique<cache_subject<Cache, Hub>>(c, leases);
}

}  // namespace triecheck::checks
