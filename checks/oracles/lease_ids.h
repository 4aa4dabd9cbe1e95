// Oracle: the ids of leases.
//
// What it proves: every lease that was opened has an id that is not 0 and that no lease of the cache had before, and
// those that one thread opens have growing ids (cache/types.h).
//
// Threads: called by the harness, one call at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/oracles/oracle.h"

namespace triecheck::checks {

class lease_ids final : public oracle {
 public:
  static constexpr const char* kind = "lease-state";

  lease_ids() = default;
  explicit lease_ids(const oracle_setting&) {}

  void clear() override {
    given_.clear();
    latest_.clear();
  }

  finding returned(const returned_operation& r) override {
    return r.opened ? opened(r.thread, r.opened->id) : std::nullopt;
  }

  /// `thread`, numbered from 0, opened a lease.
  std::optional<std::string> opened(std::size_t thread, std::uint64_t id) {
    const std::string lease = "a lease was opened with the id " + std::to_string(id);
    if (id == 0) return lease + ", which means no lease";
    if (!given_.insert(id).second) return lease + ", which another lease had before";
    if (thread >= latest_.size()) latest_.resize(thread + 1);
    if (id < latest_[thread])
      return lease + " after one with the id " + std::to_string(latest_[thread]) + ", by one thread";
    latest_[thread] = id;
    return std::nullopt;
  }

 private:
  std::set<std::uint64_t> given_;
  std::vector<std::uint64_t> latest_;  // by thread
};

}  // namespace triecheck::checks
