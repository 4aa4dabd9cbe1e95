#include "eviction.h"

#include <algorithm>

namespace triecheck::model {

eviction_ranks::eviction_ranks(eviction_policy policy, std::size_t pages)
    : policy_(policy), most_protected_(std::max<std::size_t>(pages * 3 / 10, 1)), records_(pages) {}

eviction_ranks::rank eviction_ranks::of(page node) const {
  const record& r = records_[node];
  switch (policy_) {
    case eviction_policy::recency:
      return {0, r.released};
    case eviction_policy::first_in:
      return {0, r.published};
    case eviction_policy::frequency:
      return {r.count, r.released};
    case eviction_policy::priority:
      return {r.retentions.empty() ? 0 : r.retentions.rbegin()->first, r.released};
    case eviction_policy::segmented:
      break;
  }
  return {protected_.count({r.released, node}), r.released};
}

void eviction_ranks::published(page node) {
  records_[node] = {};
  records_[node].published = ++events_;
}

void eviction_ranks::keep(page node, const retention& wanted) {
  if (policy_ != eviction_policy::priority || wanted.priority == 0) return;
  record& r = records_[node];
  std::uint64_t& end = r.retentions[std::min(wanted.priority, 100U)];
  end = std::max(end, wanted.expires_at);
  expiries_.emplace(end, node);
  drop_useless(r);
}

// Those that expired, those that another one outlives with a higher priority, and of the others all but the highest.
void eviction_ranks::drop_useless(record& r) const {
  std::erase_if(r.retentions, [&](const auto& w) { return w.second <= now_; });
  const auto retentions = r.retentions;
  std::erase_if(r.retentions, [&](const auto& w) {
    return std::any_of(retentions.upper_bound(w.first), retentions.end(),
                       [&](const auto& higher) { return higher.second >= w.second; });
  });
  while (r.retentions.size() > most_retentions) r.retentions.erase(r.retentions.begin());
}

std::vector<eviction_ranks::change> eviction_ranks::set_time(std::uint64_t now) {
  std::vector<change> others;
  now_ = std::max(now_, std::min(now, retention::for_ever - 1));
  while (!expiries_.empty() && expiries_.begin()->first <= now_) {
    const page node = expiries_.begin()->second;
    expiries_.erase(expiries_.begin());
    others.push_back({node, of(node)});
    drop_useless(records_[node]);
  }
  return others;
}

// The deepest node is released first, so that within one chain it ranks before its parent.
std::vector<eviction_ranks::change> eviction_ranks::released(const std::vector<page>& chain, const retention& wanted) {
  if (policy_ == eviction_policy::segmented) return protect(chain);
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    record& r = records_[*at];
    r.released = ++events_;
    r.uses = std::min<std::uint64_t>(r.uses + 1, 15);
    r.count = age_ + r.uses;
    keep(*at, wanted);
  }
  return {};
}

void eviction_ranks::evicted(page node) {
  age_ = records_[node].count;
  forgotten(node);
}

void eviction_ranks::forgotten(page node) {
  protected_.erase({records_[node].released, node});
  records_[node] = {};
}

// Where too many are protected, those that were released first are not any more; they keep the place of their release.
std::vector<eviction_ranks::change> eviction_ranks::protect(const std::vector<page>& chain) {
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    record& r = records_[*at];
    const bool again = r.released != 0;
    protected_.erase({r.released, *at});
    r.released = ++events_;
    if (again) protected_.emplace(r.released, *at);
  }
  std::vector<change> others;
  while (protected_.size() > most_protected_) {
    const page node = protected_.begin()->second;
    others.push_back({node, of(node)});
    protected_.erase(protected_.begin());
  }
  return others;
}

}  // namespace triecheck::model
