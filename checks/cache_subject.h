// The adapter from any cache class to the subject interface. It names the cache's types only through the cache, so that
// the same text serves the shipped caches and their faulty twins.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checks/event_recorder.h"
#include "checks/observation.h"
#include "checks/subject.h"

namespace triecheck::checks {

/// Whether the cache tells a subscriber of its changes.
template <class Cache>
concept tells_events = requires(Cache& cache, cache_events& subscriber) {
  typename Cache::sync_type;
  cache.subscribe(subscriber);
};

template <class Cache>
class cache_subject final : public subject {
 public:
  cache_subject(const model::config& c, std::size_t leases)
      : pages_(c.pages), cache_({.pages = c.pages, .tokens_per_page = c.tokens_per_page}), leases_(leases) {}

  model::outcome perform(const model::operation& op) override {
    using enum model::operation_kind;
    switch (op.kind) {
      case lookup:
        leases_[op.subject] = look_up(cache_, op.tokens, op.space);
        return observed_outcome(leases_[op.subject], model::status::ok);
      case allocate:
        return observed_outcome(leases_[op.subject],
                                to_model_status(cache_.allocate(leases_[op.subject], op.tokens, op.extra_slots)));
      case publish:
        return observed_outcome(leases_[op.subject], to_model_status(cache_.publish(leases_[op.subject])));
      case release:
        return observed_outcome(leases_[op.subject], to_model_status(release_with(cache_, leases_[op.subject], op.keep)));
      case fork:
        return fork_lease(op);
      case evict:
        return evicted(cache_.evict(op.count));
      case clear:
        return evicted(cache_.clear());
    }
    return {};
  }

  std::vector<model::page> pages_of(model::lease l) const override { return to_page_numbers(leases_[l].pages()); }

  model::statistics stats() const override { return to_model_statistics(cache_.stats()); }
  structure inspect() const override { return to_structure(cache_.snapshot()); }

  bool follow_events() override {
    if constexpr (tells_events<Cache>) {
      recorder_ = std::make_unique<recorder>(pages_);
      cache_.subscribe(*recorder_);
    }
    return tells_events<Cache>;
  }
  const event_book* events() override {
    if constexpr (tells_events<Cache>) return recorder_ == nullptr ? nullptr : &recorder_->look();
    return nullptr;
  }

  std::vector<std::string> shutdown() override {
    std::vector<std::string> lines;
    for (const auto& lost : cache_.shutdown().lost) lines.push_back(show_lost_page(lost));
    return lines;
  }

 private:
  using lease_type = typename Cache::lease_type;

  struct no_recorder {};
  template <class C>
  struct recorder_of {
    using type = no_recorder;
  };
  template <tells_events C>
  struct recorder_of<C> {
    using type = event_recorder<typename C::sync_type>;
  };
  using recorder = typename recorder_of<Cache>::type;

  static model::outcome evicted(std::size_t pages) {
    model::outcome o;
    o.evicted = pages;
    return o;
  }

  model::outcome fork_lease(const model::operation& op) {
    auto forked = cache_.fork(leases_[op.subject]);
    model::outcome o = observed_outcome(forked.forked, to_model_status(forked.result));
    for (const auto& copy : forked.copies) {
      o.copies.emplace_back(static_cast<model::page>(copy.from), static_cast<model::page>(copy.to));
    }
    if (o.result == model::status::ok) leases_[op.forked] = std::move(forked.forked);
    return o;
  }

  const std::size_t pages_;
  std::unique_ptr<recorder> recorder_;  // outlives the cache
  Cache cache_;
  std::vector<lease_type> leases_;  // declared behind the cache: leases go first
};

template <class Cache>
std::unique_ptr<subject> make_subject(const model::config& c, std::size_t leases) {
  return std::make_unique<cache_subject<Cache>>(c, leases);
}

}  // namespace triecheck::checks
