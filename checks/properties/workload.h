// Sequential workloads as values: what the property generates, shrinks, prints and replays.
//
// A command restates its preconditions: it names a slot, and a run skips the command where the slot does not allow it.
// So every part of a workload is a workload, and shrinking never has to repair one. Slots hold one lease after the
// other, because a lease is never named twice in one history.
//
// Threads: plain values; nothing here is shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/operation.h"
#include "model/state.h"

namespace triecheck::checks {

enum class command_kind : std::uint8_t {
  lookup,         ///< opens a lease for the request `tokens`; skipped while the slot's lease is open
  allocate_rest,  ///< allocates what is left of the slot's request; skipped while the slot was never used
  extend,         ///< allocates for `tokens`, as decoding does; skipped likewise
  publish,        ///< the pages that `computed` tokens fill; skipped likewise
  release,        ///< skipped likewise
  fork,           ///< opens a lease in `other`; skipped likewise, or where `other` is `slot` or holds an open lease
  evict,
  clear,
  drop,       ///< the slot's lease goes out of scope; skipped while the slot was never used
  hand_over,  ///< the slot's lease goes on in the next thread; skipped likewise
  foreign,    ///< everything is tried with a lease of another cache
  match,      ///< asks how much of `tokens` is cached
  shrink,     ///< the slot's lease keeps `computed` tokens; skipped while the slot was never used
  forget,     ///< what is cached under `tokens` is not found any more
  reuse,  ///< `count` times a lookup of `tokens` and a release, so that other pages grow old; skipped while the slot's
          ///< lease is open
  set_time,  ///< the clock of the caller says `count`
};

/// A slot whose lease was released still takes `allocate_rest` .. `fork`: these are the uses after release.
struct command {
  command_kind kind = command_kind::clear;
  std::size_t slot = 0;
  std::size_t other = 0;               ///< of fork
  std::vector<model::token> tokens{};  ///< of lookup, match, forget, extend and reuse
  model::key_space space = 0;          ///< of lookup, match, forget and reuse
  std::vector<model::block_key>
      keys{};                   ///< of lookup, match, forget and reuse; of extend, counted from its first block
  std::size_t extra_slots = 0;  ///< of allocate_rest and extend
  bool free_only = false;       ///< of allocate_rest and extend: nothing is evicted for it
  std::optional<std::size_t>
      computed{};           ///< of publish and shrink: how many tokens of the lease, where it has as many; nothing: all
  std::size_t count = 0;    ///< of evict, reuse and set_time
  model::retention keep{};  ///< of publish and release
  friend bool operator==(const command&, const command&) = default;
};

struct workload {
  model::config cache;
  std::vector<command> commands;
};

/// The limits of a workload that is read from a token: far above what is generated, low enough to hold in memory.
inline constexpr std::size_t most_pages = 1024;
inline constexpr std::size_t most_tokens_per_page = 64;
inline constexpr std::size_t most_slots = 64;
inline constexpr std::size_t most_reuses = 1024;  // of one command

/// The workload as one word that a shell passes on unchanged: "2x1:l0-7.8,a0+1,p0,r0,f0.1,e2,c" is a cache of two pages
/// of one token, a lookup of [7 8] into slot 0, an allocation of the rest with one extra slot, publish, release, a fork
/// of slot 0 into slot 1, evict 2, clear. Further forms:
///  - "l0-7.8@1": a lookup in namespace 1
///  - "l0-7.8=0:5.1:6": it gives the first two blocks the keys 5 and 6
///  - "x0-5.6+1": an extension
///  - "a0+1_": an allocation that evicts nothing
///  - "p0.3": a publication of what the first three tokens fill
///  - "p0k20": a publication that asks for priority 20 for ever
///  - "r0k50.8": a release that asks for priority 50 until the time 8
///  - "t8": the time is 8
///  - "s0.3": the lease of slot 0 keeps three tokens
///  - "d0": the lease of slot 0 is dropped
///  - "h0": it goes on in the next thread
///  - "o": the uses of a lease of another cache
///  - "m-7.8@1": asks how much of [7 8] is cached in namespace 1
///  - "g-7.8@1": forgets it
///  - "u0-7.8*100": looks [7 8] up a hundred times and releases it
/// An eviction policy other than recency follows the cache: "2x1/priority:". The word is the workload itself and no
/// seed, so that it replays in any later version, whatever the generator has become.
std::string to_token(const workload& w);

/// The inverse; nothing where `token` is not such a word or exceeds the limits.
std::optional<workload> from_token(std::string_view token);

/// How many leases the commands can open, and how many slots they name.
std::size_t leases_opened(const workload& w);
std::size_t slots_named(const workload& w);

}  // namespace triecheck::checks
