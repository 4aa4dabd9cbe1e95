// A cache that does something besides, for tests of how the explorer tells of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cache/coarse.h"
#include "checks/explore/relacy/sync.h"
#include "checks/subject/cache_subject.h"

namespace triecheck::explore {

/// The shipped cache, and something that happens in the middle of every publish.
template <void (*Happens)()>
class misbehaving final : public checks::subject {
 public:
  misbehaving(const model::config& c, std::size_t leases) : cache_(c, leases) {}
  model::outcome perform(const model::operation& op) override {
    if (op.kind == model::operation_kind::publish) Happens();
    return cache_.perform(op);
  }
  std::vector<model::page> pages_of(model::lease l) const override { return cache_.pages_of(l); }
  model::statistics stats() const override { return cache_.stats(); }
  checks::structure inspect() const override { return cache_.inspect(); }
  std::vector<std::string> shutdown() override { return cache_.shutdown(); }

  static std::unique_ptr<checks::subject> make(const checks::subject_config& c, std::size_t leases) {
    return std::make_unique<misbehaving>(c, leases);
  }

 private:
  checks::cache_subject<coarse_cache<relacy_sync>> cache_;
};

}  // namespace triecheck::explore
