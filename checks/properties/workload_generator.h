// Draws workloads for RapidCheck and says how to make one smaller.
//
// What is drawn keeps a cache under pressure: pools of 1 to 8 pages of 1 to 3 tokens, 2 to 6 slots, requests that begin
// with a piece of one of a few documents that share their beginnings. So hits, duplicates by followers, evictions and
// refusals are the rule, and a slot goes through a request's life most of the time, but not always.
#pragma once

#include <cstddef>

#include <rapidcheck/Gen.h>

#include "checks/properties/workload.h"

namespace triecheck::checks {

/// Workloads of 1 to `max_length` commands under one eviction policy; RapidCheck's size, 0 to 100, scales the length.
rc::Gen<workload> workloads(std::size_t max_length, model::eviction_policy policy = model::eviction_policy::recency);

/// The smaller workloads that shrinking tries, the smallest first: fewer commands, then a smaller cache with the
/// requests to match, then simpler commands.
rc::Seq<workload> smaller_workloads(const workload& w);

}  // namespace triecheck::checks
