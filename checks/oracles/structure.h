// Oracles over a snapshot, taken when no operation runs. Each returns what is wrong in one sentence, or nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/oracles/oracle.h"
#include "checks/subject/subject.h"

namespace triecheck::checks {

/// Structure (I3, I6, I7). Proves that the nodes form one trie: every parent is a node, every chain ends at the root,
/// no two siblings carry the same block, every block fills a page; that the index leads to every node exactly once; and
/// that the eviction order holds exactly the unpinned nodes, children before their parents. Of forgotten nodes (I11):
/// they are pinned, the index does not lead to them, and what hangs below one is forgotten.
std::optional<std::string> check_structure(const structure& s);

class sound_structure final : public oracle {
 public:
  static constexpr const char* kind = "structure";
  explicit sound_structure(const oracle_setting&) {}
  finding snapshot_taken(const structure& s, const interval&) override { return check_structure(s); }
  finding at_the_end(const final_state& s) override { return check_structure(s.shown); }
};

/// Pins (I4). Proves that every node has as many pins as there are open leases with it in their chain; `chains` are the
/// published prefixes of the open leases.
std::optional<std::string> check_pins(const structure& s, const std::vector<std::vector<model::page>>& chains);

class pins final : public oracle {
 public:
  static constexpr const char* kind = "pins";
  explicit pins(const oracle_setting&) {}
  finding at_the_end(const final_state& s) override { return check_pins(s.shown, {}); }
};

/// The tokens from the root to the end of a cached page. Requires a structure that `check_structure` accepts.
std::vector<model::token> path_of(const structure& s, model::page page);
std::vector<model::block_key> path_keys_of(const structure& s, model::page p);

/// What a lease asked for so far.
struct lease_attempt {
  std::size_t looked_up_pages = 0;  ///< full blocks, by its lookup; none by a fork
  bool was_refused = false;         ///< all that it asked for
  bool was_granted = false;         ///< something

  /// An operation on it returned; of a fork, on the new lease.
  void follow(const model::operation& op, const model::outcome& observed, std::size_t tokens_per_page) {
    if (op.kind == model::operation_kind::lookup) *this = {.looked_up_pages = op.tokens.size() / tokens_per_page};
    const bool forked = op.kind == model::operation_kind::fork && observed.result == model::status::ok;
    if (forked) *this = {.was_granted = true};  // the other one's lookup counts
    if (op.kind != model::operation_kind::allocate) return;
    was_granted = was_granted || observed.result == model::status::ok;
    was_refused = !was_granted;
  }
};

/// Adds one operation to `counted`, from its outcome alone; `before` is the outcome of the lease's operation before,
/// and `attempt` what the lease asked for before.
void tally(model::statistics& counted, const model::operation& op, const model::outcome& observed,
           const model::outcome& before, std::size_t tokens_per_page, const lease_attempt& attempt = {});

/// By how much an operation changes the length of its lease's chain; of fork, of the new lease's.
inline std::int64_t chain_growth(const model::operation& op, const model::outcome& observed,
                                 const model::outcome& before) {
  if (observed.result != model::status::ok) return 0;
  const auto length = static_cast<std::int64_t>(observed.cached);
  const bool opens = op.kind == model::operation_kind::lookup || op.kind == model::operation_kind::fork;
  return opens ? length : length - static_cast<std::int64_t>(before.cached);
}

/// Conservation (I5, I10). Proves that free, private and cached pages add up to the pool and that every counter is what
/// the outcomes of the history add up to.
std::optional<std::string> check_conservation(const structure& s, const model::statistics& reported,
                                              const model::statistics& counted);

}  // namespace triecheck::checks
