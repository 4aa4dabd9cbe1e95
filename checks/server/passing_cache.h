// What is put around a cache, and changes or notes a part of what it does.
//
// Threads: those of the cache inside.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "checks/server/any_cache.h"

namespace triecheck::server {

/// A lease that does what another one does, but for what its class overrides.
class passing_lease : public any_lease {
 public:
  explicit passing_lease(std::unique_ptr<any_lease> inner) : inner_(std::move(inner)) {}

  lease_id id() const override { return inner_->id(); }
  std::span<const page_id> pages() const override { return inner_->pages(); }
  std::size_t token_count() const override { return inner_->token_count(); }
  std::size_t cached_token_count() const override { return inner_->cached_token_count(); }
  status allocate(std::span<const token> tokens) override { return inner_->allocate(tokens); }
  status publish(std::size_t computed_tokens) override { return inner_->publish(computed_tokens); }
  any_fork fork() const override { return inner_->fork(); }

 protected:
  std::unique_ptr<any_lease> inner_;
};

/// A cache, likewise.
class passing_cache : public any_cache {
 public:
  explicit passing_cache(std::unique_ptr<any_cache> inner) : inner_(std::move(inner)) {}

  std::unique_ptr<any_lease> lookup(std::span<const token> tokens) override { return inner_->lookup(tokens); }
  std::unique_ptr<any_place> queue_for_pages() override { return inner_->queue_for_pages(); }
  void wake_waiting() override { inner_->wake_waiting(); }
  page_counts counts() const override { return inner_->counts(); }
  std::optional<cache_reading> reading() override { return inner_->reading(); }
  checks::structure inspect() const override { return inner_->inspect(); }
  std::vector<std::string> shutdown() override { return inner_->shutdown(); }

 protected:
  std::unique_ptr<any_cache> inner_;
};

}  // namespace triecheck::server
