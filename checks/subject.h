// A cache under test, behind one interface for every variant, sync layer and seeded fault.
//
// A subject speaks the model's alphabet: an operation goes in, what was observed comes out. Leases live in numbered
// slots that exist from the start, so operations on different leases may run at once, as on the cache itself.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "model/operation.h"
#include "model/state.h"

namespace triecheck::checks {

class event_book;

/// What the structure checks read, at a moment when no operation runs.
struct structure {
  std::size_t tokens_per_page = 0;
  std::vector<model::page_view> pages;            ///< by page id
  std::vector<std::size_t> pins;                  ///< by page id, of cached pages
  std::vector<model::page> eviction_order;        ///< what the cache holds to be evictable, the next one first
  std::vector<model::page> indexed;               ///< every node that a lookup could reach through the index
};

class subject {
 public:
  subject() = default;
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  virtual ~subject() = default;

  /// Runs one operation. Requires lease numbers below the number of slots. Threads: different leases at the same time.
  virtual model::outcome perform(const model::operation& op) = 0;

  /// The pages of an open lease (published prefix first), without touching the cache.
  virtual std::vector<model::page> pages_of(model::lease l) const = 0;

  virtual model::statistics stats() const = 0;

  /// Requires that no operation runs.
  virtual structure inspect() const = 0;

  /// From now on keeps a book of the events that the cache tells. False where it tells none. Requires that nothing ran yet.
  virtual bool follow_events() { return false; }

  /// The book as it is now; null where none is kept.
  virtual const event_book* events() { return nullptr; }

  /// Shuts down; returns one line per page that was lost.
  virtual std::vector<std::string> shutdown() = 0;
};

/// Makes subjects of one variant: what the registries of variants and faults hold.
using subject_factory = std::unique_ptr<subject> (*)(const model::config&, std::size_t leases);

}  // namespace triecheck::checks
