// Oracle: page ownership (I1, I2).
//
// What it proves: at every return of an operation, no page that a lease holds privately is in any other live lease, and
// no page that a live lease holds was handed out again. It keeps its own book of claims from what the operations
// returned and never looks into the cache. A claim that an operation may give up is struck before the operation starts
// and entered again from its outcome, so a page that changes hands inside the operation raises no false alarm.
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/operation.h"

namespace triecheck::checks {

class page_ownership {
 public:
  page_ownership(std::size_t pages, std::size_t leases) : holders_(pages), claims_(leases) {}

  void clear() {
    for (auto& page : holders_) page = {};
    for (auto& claim : claims_) claim.clear();
  }

  /// Before publish and release: the lease may lose pages during the operation.
  void strike(model::lease l) {
    for (const model::page page : claims_[l]) {
      holder& h = holders_[page];
      if (h.owner == l + 1) h.owner = 0;
      --h.claims;
    }
    claims_[l].clear();
  }

  /// After an operation: the lease holds exactly `pages`, the first `cached` of them published.
  std::optional<std::string> enter(model::lease l, const std::vector<model::page>& pages, std::size_t cached) {
    strike(l);
    for (std::size_t i = 0; i < pages.size(); ++i) {
      const model::page page = pages[i];
      if (page >= holders_.size()) return "page " + std::to_string(page) + " does not exist";
      holder& h = holders_[page];
      const bool is_private = i >= cached;
      if (h.owner != 0 || (is_private && h.claims != 0)) {
        return "page " + std::to_string(page) + (is_private ? " was handed out" : " is read as published") +
               " while another lease holds it" + (h.owner != 0 ? " privately" : " published");
      }
      ++h.claims;
      if (is_private) h.owner = l + 1;
      claims_[l].push_back(page);
    }
    return std::nullopt;
  }

 private:
  struct holder {
    std::size_t claims = 0;
    model::lease owner = 0;  // 1 + the lease that holds it privately
  };
  std::vector<holder> holders_;
  std::vector<std::vector<model::page>> claims_;
};

}  // namespace triecheck::checks
