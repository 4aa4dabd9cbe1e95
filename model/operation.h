// Operations on the cache as values: the alphabet that the model, the recorded histories and the scenarios share.
//
// The model knows nothing of cache/: pages and leases are plain numbers here. Which of the free pages an operation
// takes is not specified, so an outcome carries the pages that were observed, and the model accepts or rejects them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace triecheck::model {

using token = std::uint32_t;
using page = std::uint32_t;

/// A namespace of keys: equal tokens in different ones never share a page.
using key_space = std::uint64_t;

/// What the tokens of a block do not show; 0 is no key.
struct block_key {
  std::size_t block = 0;  ///< of the sequence, from 0
  std::uint64_t key = 0;
  friend bool operator==(const block_key&, const block_key&) = default;
};

/// The name of a lease, chosen by the recorder of the history; never reused within one history.
using lease = std::uint32_t;

enum class operation_kind : std::uint8_t {
  lookup,
  allocate,
  publish,
  release,
  fork,
  evict,
  clear,
  match,
  shrink,
  forget,
  set_time
};

/// Whether it works on a lease, or opens one; the others concern the cache as a whole.
constexpr bool has_lease(operation_kind kind) noexcept {
  return kind != operation_kind::evict && kind != operation_kind::clear && kind != operation_kind::match &&
         kind != operation_kind::forget && kind != operation_kind::set_time;
}

/// Whether all that it does is to evict.
constexpr bool only_evicts(operation_kind kind) noexcept {
  return kind == operation_kind::evict || kind == operation_kind::clear;
}

/// What the owner of a lease asks for at a publication or its release; only the policy `priority` listens.
struct retention {
  static constexpr std::uint64_t for_ever = std::numeric_limits<std::uint64_t>::max();
  unsigned priority = 0;                ///< 1 .. 100; 0 asks for nothing
  std::uint64_t expires_at = for_ever;  ///< by the clock that set_time sets
  friend bool operator==(const retention&, const retention&) = default;
};

struct operation {
  operation_kind kind = operation_kind::lookup;
  lease subject = 0;  ///< the lease operated on; the one opened, for lookup; unused where has_lease says no
  lease forked = 0;   ///< the lease that fork opens
  std::vector<token> tokens = {};  ///< of lookup, match, allocate and forget
  std::vector<block_key> keys =
      {};                       ///< likewise, in the order of the blocks, which count from the beginning of the lease
  key_space space = 0;          ///< of lookup, match and forget
  std::size_t extra_slots = 0;  ///< of allocate
  bool free_only = false;       ///< of allocate: it evicts nothing
  std::size_t computed_tokens = 0;  ///< of publish: how many tokens of the lease, from the first, have their contents
  std::size_t kept_tokens = 0;      ///< of shrink: how many tokens the lease keeps, at least its cached prefix
  std::size_t count = 0;            ///< of evict
  retention keep = {};              ///< of publish and release
  std::uint64_t now = 0;            ///< of set_time
  bool dropped = false;             ///< of release: the lease goes out of scope
  bool shuts_down = false;          ///< of clear: it is that of a shutdown
  friend bool operator==(const operation&, const operation&) = default;
};

enum class status : std::uint8_t { ok, request_too_large, cache_full, lease_closed, invalid_argument };

/// What was observed when the operation returned. The pages of a refused allocate are the unchanged ones of its lease;
/// a closed lease has none, and a fork that did not happen has none.
struct outcome {
  status result = status::ok;
  std::vector<page> pages = {};  ///< all pages of the subject afterwards (of fork: of the new lease)
  std::size_t cached = 0;   ///< how many of these are published; of match: how many pages it found; of forget: 1 where
                            ///< something was cached
  std::size_t evicted = 0;  ///< of evict and clear: how many pages that freed
  std::vector<std::pair<page, page>> copies = {};  ///< of fork: (page of the subject, page of the new lease)
  friend bool operator==(const outcome&, const outcome&) = default;
};

/// "lookup", "allocate", ...: a string literal.
const char* name_of(operation_kind kind) noexcept;

/// "lookup #3 [1 2 3]", "lookup #3 [1 2 3] keys 0:7 in 5", "allocate #3 [4] +2", "allocate #3 [4] without eviction",
/// "match [1 2]", "forget [1 2]", "shrink #3 to 4", "publish #3 to 4", "fork #3 as #4", "release #3 keep 50 until 3",
/// "drop #3", "evict 2", "time 7": one line for people.
std::string show(const operation& op);

/// "ok, pages 0 2 | 5" (published before the bar, private behind it), "cache_full", "3 pages": one line for people.
std::string show(const operation& op, const outcome& observed);

std::string show(status s);

/// " keys 0:7 2:8", nothing where there are none.
std::string show(const std::vector<block_key>& keys);

/// " keep 50 until 7", nothing where it asks for nothing.
std::string show(const retention& keep);

/// "1 2 3", of a long list the beginning and its length.
std::string show(const std::vector<std::uint32_t>& numbers);

/// "pages 0 2 | 5", "no page".
std::string show_pages(const std::vector<page>& pages, std::size_t cached);

}  // namespace triecheck::model
