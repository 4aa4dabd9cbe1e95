// Oracle: page ownership (I1, I2).
//
// What it proves: in no execution of the class that is explored does a lease hold a page that another live lease holds,
// unless both hold it as published. It keeps its own book of claims from what the operations returned and never looks
// into the cache. A claim that an operation may give up is struck with the first step of that operation and entered
// again from its outcome, so a page that changes hands inside the operation raises no false alarm.
//
// Why one execution speaks for its class. A lease holds a page from the return of the operation that got it to the call
// of the one that may give it up, at most; as little as that is from the last step of the former to the first step of
// the latter. Let leases L and M claim a page, and M's claim be entered later in the execution at hand.
//  - L's claim is not struck by then: both hold the page in this very execution.
//  - It is struck, and the strike happens before the step that M's claim is entered with: so it does in every execution
//    of the class, and M holds the page later.
//  - It is struck, but the happens-before order does not say so. M is struck after that, and a lease is struck after it
//    was entered, so nothing orders M's strike before L's entry either: some execution of the class has both entries
//    before both strikes, and there both hold the page.
// Hence an entry needs the strikes of all earlier conflicting claims: the page could be taken because of them.
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "checks/explore/clock_vector.h"
#include "checks/oracles/oracle.h"
#include "model/operation.h"

namespace triecheck::checks {

class page_ownership final : public oracle {
 public:
  static constexpr const char* kind = "page-ownership";

  page_ownership(std::size_t pages, std::size_t leases) : holders_(pages), claims_(leases) {}
  explicit page_ownership(const oracle_setting& s) : page_ownership(s.cache.pages, s.leases) {}

  void clear() override {
    for (auto& page : holders_) page = {};
    for (auto& claim : claims_) claim.clear();
  }

  void gives_up(model::lease l, const moment& first_step) override { strike(l, first_step); }

  finding returned(const returned_operation& r) override {
    const bool has_lease = model::has_lease(r.op.kind);
    const bool refused_fork = r.op.kind == model::operation_kind::fork && r.answer.result != model::status::ok;
    return has_lease && !refused_fork ? enter(r.lease(), r.answer.pages, r.answer.cached, r.when.closed) : std::nullopt;
  }

  /// At the first step of publish and release: the lease may lose pages during the operation.
  void strike(model::lease l, const moment& first_step) {
    if (first_step.thread != moment::outside) {
      const std::uint32_t number = first_step.clock[first_step.thread];
      for (const model::page page : claims_[l]) {
        holder& h = holders_[page];
        h.struck[first_step.thread] = number;  // the latest of a thread happens after its earlier ones
        if (h.owner == l + 1) h.struck_by_owner[first_step.thread] = number;
      }
    }
    drop(l);
  }

  /// After an operation: the lease holds exactly `pages`, the first `cached` of them published.
  std::optional<std::string> enter(model::lease l, const std::vector<model::page>& pages, std::size_t cached,
                                   const moment& last_step) {
    drop(l);
    for (std::size_t i = 0; i < pages.size(); ++i) {
      const model::page page = pages[i];
      if (page >= holders_.size()) return "page " + std::to_string(page) + " does not exist";
      holder& h = holders_[page];
      const bool is_private = i >= cached;
      const auto what = [&] {
        return "page " + std::to_string(page) + (is_private ? " was handed out" : " is read as published");
      };
      if (h.owner != 0 || (is_private && h.claims != 0)) {
        return what() + " while another lease holds it" + (h.owner != 0 ? " privately" : " published");
      }
      if (last_step.thread != moment::outside && !within(is_private ? h.struck : h.struck_by_owner, last_step.clock)) {
        return what() +
               ", and nothing orders that behind the operation by which another lease gave it up: in another order of "
               "steps that commute that lease still holds it";
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
    model::lease owner = 0;          // 1 + the lease that holds it privately
    clock_vector struck{};           // by thread: the number of the step that struck a claim last
    clock_vector struck_by_owner{};  // of those, claims of who held it privately
  };

  void drop(model::lease l) {
    for (const model::page page : claims_[l]) {
      holder& h = holders_[page];
      if (h.owner == l + 1) h.owner = 0;
      --h.claims;
    }
    claims_[l].clear();
  }

  std::vector<holder> holders_;
  std::vector<std::vector<model::page>> claims_;
};

}  // namespace triecheck::checks
