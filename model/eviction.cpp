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
      return {living_step(r), r.released};
    case eviction_policy::segmented:
      break;
  }
  return {protected_.count({r.released, node}), r.released};
}

void eviction_ranks::published(page node) {
  records_[node] = {};
  records_[node].published = ++events_;
}

// The deepest node is released first, so that within one chain it ranks before its parent.
std::vector<eviction_ranks::change> eviction_ranks::released(const std::vector<page>& chain, const retention& keep) {
  std::vector<change> others;
  if (policy_ == eviction_policy::priority) others = turn_the_clock();
  if (policy_ == eviction_policy::segmented) return protect(chain);
  const std::uint64_t asked = std::min<std::uint64_t>(keep.priority, 100);
  const std::size_t step = (asked * steps + 99) / 100;
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    record& r = records_[*at];
    r.released = ++events_;
    r.uses = std::min<std::uint64_t>(r.uses + 1, 15);
    r.count = age_ + r.uses;
    if (policy_ != eviction_policy::priority || step == 0) continue;
    const bool endless = keep.ttl_ticks >= retention::for_ever - releases_;
    r.ends[step] = std::max(r.ends[step], endless ? retention::for_ever : releases_ + keep.ttl_ticks);
    if (!endless) ends_.emplace(r.ends[step], *at);
  }
  return others;
}

void eviction_ranks::evicted(page node) {
  age_ = records_[node].count;
  forgotten(node);
}

void eviction_ranks::forgotten(page node) {
  protected_.erase({records_[node].released, node});
  records_[node] = {};
}

std::uint64_t eviction_ranks::living_step(const record& r) const {
  std::uint64_t step = steps;
  while (step != 0 && r.ends[step] <= releases_) --step;
  return step;
}

std::vector<eviction_ranks::change> eviction_ranks::turn_the_clock() {
  std::vector<change> others;
  for (auto end = ends_.begin(); end != ends_.end() && end->first <= releases_ + 1; end = ends_.erase(end)) {
    others.push_back({end->second, of(end->second)});
  }
  ++releases_;
  return others;
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
