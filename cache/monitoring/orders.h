// The memory orders of the operation log (operation_log.h): a ledger like that of the lock-free cache
// (../lockfree/orders.h), whose numbers it goes on with.
#pragma once

#include "../sync/sync.h"

namespace triecheck::inline v0_1::orders {

// (50) with (51): writes a word of a ring, how far it is written, or what is under way: publishes what the thread wrote
// before. A thread that reads a word of a new entry learns with it that the old one in its place is gone.
inline constexpr memory_order log_publish = memory_order::release;
// (51) with (50): reads them.
inline constexpr memory_order log_collect = memory_order::acquire;
// (52) alone: what a thread reads of itself, a count, and how far it is going to write: the words that it writes next
// publish that.
inline constexpr memory_order log_own = memory_order::relaxed;

}  // namespace triecheck::inline v0_1::orders
