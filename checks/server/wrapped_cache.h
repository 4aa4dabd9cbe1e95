// Any class of caches as any_cache. It needs the members that checks/subject/cache_subject.h needs; a queue
// for pages may be missing.
//
// Threads: those of the cache.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "checks/server/any_cache.h"
#include "checks/subject/cache_subject.h"
#include "checks/subject/observation.h"

namespace triecheck::server {

template <class Cache>
class wrapped_lease final : public any_lease {
 public:
  using lease_type = typename Cache::lease_type;
  wrapped_lease(Cache& cache, lease_type l) : cache_(cache), lease_(std::move(l)) {}

  lease_id id() const override { return lease_.id(); }
  std::span<const page_id> pages() const override { return lease_.pages(); }
  std::size_t token_count() const override { return lease_.token_count(); }
  std::size_t cached_token_count() const override { return lease_.cached_token_count(); }
  status allocate(std::span<const token> tokens) override { return cache_.allocate(lease_, tokens); }
  status publish(std::size_t computed_tokens) override { return cache_.publish(lease_, computed_tokens); }

  any_fork fork() const override {
    auto f = cache_.fork(lease_);
    if (f.result != status::ok) return {f.result, nullptr, {}};
    return {f.result, std::make_unique<wrapped_lease>(cache_, std::move(f.forked)), std::move(f.copies)};
  }

 private:
  Cache& cache_;
  lease_type lease_;
};

template <checks::has_queue_for_pages Cache>
class wrapped_place final : public any_place {
 public:
  explicit wrapped_place(Cache& cache) : place_(cache.queue_for_pages()) {}
  bool wait(lease_id tried) override { return place_.wait(tried); }

 private:
  typename Cache::page_place place_;
};

template <class Cache>
class wrapped_cache final : public any_cache {
 public:
  /// `rest`: what else the constructor of the cache takes.
  template <class... Rest>
  explicit wrapped_cache(const cache_config& config, const Rest&... rest) : config_(config), cache_(config, rest...) {}

  Cache& cache() { return cache_; }

  std::unique_ptr<any_lease> lookup(std::span<const token> tokens) override {
    return std::make_unique<wrapped_lease<Cache>>(cache_, cache_.lookup(tokens));
  }

  std::unique_ptr<any_place> queue_for_pages() override {
    if constexpr (checks::has_queue_for_pages<Cache>) return std::make_unique<wrapped_place<Cache>>(cache_);
    return nullptr;
  }

  void wake_waiting() override {
    if constexpr (checks::has_queue_for_pages<Cache>) cache_.wake_waiting();
  }

  page_counts counts() const override {
    const auto s = cache_.stats();
    return {.pool = config_.pages,
            .free = s.free_pages,
            .cached = s.cached_pages,
            .leased = s.private_pages,
            .open_leases = s.open_leases,
            .evicted = s.evicted_pages,
            .duplicates = s.duplicate_pages,
            .refused = s.refused_full};
  }

  std::optional<cache_reading> reading() override {
    if constexpr (requires(Cache & c) { c.read(); }) {
      return cache_.read();
    } else {
      return std::nullopt;
    }
  }

  checks::structure inspect() const override { return checks::to_structure(cache_.snapshot()); }

  std::vector<std::string> shutdown() override {
    std::vector<std::string> lines;
    for (const auto& lost : cache_.shutdown().lost) lines.push_back(checks::show_lost_page(lost));
    return lines;
  }

 private:
  const cache_config config_;
  Cache cache_;
};

}  // namespace triecheck::server
